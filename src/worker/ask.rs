//! What is asked about a document over HTTP. The room decides whether it may be.

mod audit;
mod authors;
mod past;
mod value;

use std::rc::Rc;

use serde_json::{Value, json};
use wasm_bindgen_futures::JsFuture;
use worker::{Request, Response, Result};

use super::durable_object::Cell;
use super::{entrance, platform, refuse, refuse_saying, registry};
use crate::access::{Access, Action};
use crate::policy::Schema;
use crate::protocol::Dialect;
use crate::protocol::route::{self, Ask, BODY_BYTES_MAX, Problem, is_subject};
use crate::room::{Input, Level, LogError, Room};

/// An answer, or why there is none.
type Answer<T = Response> = std::result::Result<T, Problem>;

impl Cell {
    /// The answer to what somebody asks about the document.
    pub(super) async fn answer(self: &Rc<Self>, ask: &Ask, request: Request) -> Result<Response> {
        let Some(access) = entrance::access_of(&request) else { return refuse(Problem::Token) };
        match self.answer_to(ask, &access, request).await {
            Ok(response) => Ok(response),
            Err(problem) => refuse(problem),
        }
    }

    /// Whether the room would not let somebody in.
    pub(super) fn turns_away(self: &Rc<Self>, access: &Access) -> bool {
        let permits = || self.with(|room| room.permits(access, Action::Read));
        !access.is_nobody() && permits() == Ok(false)
    }

    async fn answer_to(self: &Rc<Self>, ask: &Ask, access: &Access, request: Request) -> Answer {
        // What has gathered is part of it, and what is damaged is seen to first.
        self.run(Input::Commit);
        if !self.with(|room| room.permits(access, Action::of_ask(ask)))? {
            return Err(Problem::Forbidden);
        }
        let url = request.inner().url();
        let query = route::query_of(&url).unwrap_or_default();
        match ask {
            Ask::About => self.with(|room| {
                let gauges = room.gauges();
                self.json(
                    room,
                    json!({
                        "bytes": gauges.log_bytes + gauges.snapshot_bytes,
                        "sessions": gauges.sessions,
                    }),
                )
            })?,
            Ask::Create => self.create(),
            Ask::Delete => self.delete().await,
            Ask::Audit => self.audit(route::page(query)?),
            Ask::At { sequence } => self.at(*sequence, query, &request),
            Ask::Blame => self.blame(&route::root(query)?),
            Ask::Who => self.who(route::position(query)?),
            Ask::Schema => self.schema(),
            Ask::SetSchema => self.set_schema(request).await,
            Ask::Sessions => self.with(|room| self.json(room, sessions(room)))?,
            Ask::Revoke => self.revoke(access, request).await,
            Ask::Erase { subject } => self.erase(subject),
        }
    }

    fn create(self: &Rc<Self>) -> Answer {
        let had_history = self.with(|room| room.has_history())?;
        self.run(Input::Create);
        let response = self.with_performed(|room| self.json(room, json!({})))??;
        Ok(response.with_status(if had_history { 200 } else { 201 }))
    }

    async fn delete(self: &Rc<Self>) -> Answer {
        self.run(Input::Delete);
        let deletion = self.deletion.take().ok_or(Problem::Unavailable)?;
        if let Err(error) = JsFuture::from(deletion).await {
            self.complain("not-deleted", &platform::message_of(&error));
            return Err(Problem::Unavailable);
        }
        if let Err(error) = registry::forget(&self.env, &self.document).await {
            let fields = json!({ "document": self.document, "reason": error.to_string() });
            self.logs.say(Level::Warn, "not-reported", fields);
        }
        self.done(Response::empty()).map(|response| response.with_status(204))
    }

    async fn revoke(self: &Rc<Self>, access: &Access, request: Request) -> Answer {
        let subject = subject_in(&self.body_of(request).await?)?;
        if !self.with(|room| room.may_revoke(platform::now()))? {
            return Err(Problem::Full);
        }
        let before = self.with(|room| room.sessions().count())?;
        self.run(Input::Revoke { subject: subject.as_deref(), asked_by: access });
        self.with_performed(|room| {
            let ended = before.saturating_sub(room.sessions().count());
            let until = room.revoked_before().map(|before| before.0);
            self.json(room, json!({ "before": until, "ended": ended }))
        })?
    }

    fn erase(self: &Rc<Self>, subject: &str) -> Answer {
        if self.with(|room| room.subjects().number(subject))?.is_none() {
            return Err(Problem::Missing("Nobody of this subject ever wrote in the document."));
        }
        self.run(Input::Erase { subject });
        self.with_performed(|_| ())?;
        self.done(Response::empty()).map(|response| response.with_status(204))
    }

    /// The schema, as it was written.
    fn schema(self: &Rc<Self>) -> Answer {
        let source = self.with(|room| room.schema().map(|schema| schema.source().to_owned()))?;
        let source = source.ok_or(Problem::Missing("The document has no schema."))?;
        let response = self.done(Response::ok(source))?;
        let told = response.headers().set("content-type", "application/json");
        self.done(told.map(|()| response))
    }

    async fn set_schema(self: &Rc<Self>, request: Request) -> Answer {
        let body = self.body_of(request).await?;
        let wrong = Problem::Body("The body is a schema: JSON, see docs/schemas.md.");
        let source = String::from_utf8(body).map_err(|_| wrong)?;
        let schema = match Schema::parse(&source) {
            Ok(schema) => schema,
            // Which place of it is wrong, and why.
            Err(error) => return self.done(refuse_saying(wrong, &error.to_string())),
        };
        self.run(Input::Schema(&schema));
        let version = schema.version();
        self.with_performed(|room| self.json(room, json!({ "version": version })))?
    }

    async fn body_of(&self, mut request: Request) -> Answer<Vec<u8>> {
        let length = request.headers().get("content-length").ok().flatten();
        if length.and_then(|it| it.parse().ok()).is_some_and(|it: usize| it > BODY_BYTES_MAX) {
            return Err(Problem::BodyTooLarge);
        }
        let body = request.bytes().await.map_err(|_| Problem::Unavailable)?;
        if body.len() > BODY_BYTES_MAX { Err(Problem::BodyTooLarge) } else { Ok(body) }
    }

    /// Ask the room.
    pub(super) fn with<T>(self: &Rc<Self>, ask: impl FnOnce(&mut Room) -> T) -> Answer<T> {
        match self.wake(&mut self.live.borrow_mut()) {
            Ok(live) => Ok(ask(&mut live.room)),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// The same, after it was told something: if that could not be performed, the room is gone.
    fn with_performed<T>(self: &Rc<Self>, ask: impl FnOnce(&mut Room) -> T) -> Answer<T> {
        let is_there = self.live.borrow().is_some();
        if is_there { self.with(ask) } else { Err(Problem::Unavailable) }
    }

    /// An answer about this document, as it is now.
    fn json(&self, room: &Room, said: Value) -> Answer {
        let mut answer = json!({
            "document": self.document,
            "epoch": room.epoch(),
            "sequence": room.sequence(),
        });
        if let (Some(answer), Value::Object(said)) = (answer.as_object_mut(), said) {
            answer.extend(said);
        }
        self.done(Response::from_json(&answer))
    }

    fn done(&self, response: Result<Response>) -> Answer {
        response.map_err(|error| {
            self.complain("no-answer", &error);
            Problem::Unavailable
        })
    }

    fn failed(&self, error: &LogError) -> Problem {
        self.complain("not-answered", error);
        if error.is_damage() { Problem::Damaged } else { Problem::Unavailable }
    }
}

fn sessions(room: &Room) -> Value {
    let sessions = room.sessions().map(|(id, dialect, access)| {
        json!({
            "session": id.0,
            "subject": said(&access.subject),
            "name": access.name,
            "role": said(&access.role),
            "dialect": match dialect {
                Dialect::Stock => "stock",
                Dialect::Native => "native",
            },
            "until": access.until.map(|until| until.0),
        })
    });
    json!({ "sessions": sessions.collect::<Vec<_>>() })
}

/// What is empty if it was not said.
fn said(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// Whose access a body says is over; everybody's, if nobody is named.
fn subject_in(body: &[u8]) -> Answer<Option<String>> {
    let wrong = Problem::Body(
        "The body is JSON: an object with `subject`, 1 to 255 bytes without control characters, or \
         an empty one for everybody.",
    );
    let Ok(Value::Object(mut said)) = serde_json::from_slice(body) else { return Err(wrong) };
    let subject = said.remove("subject");
    match subject {
        _ if !said.is_empty() => Err(wrong),
        None => Ok(None),
        Some(Value::String(subject)) if is_subject(&subject) => Ok(Some(subject)),
        Some(_) => Err(wrong),
    }
}
