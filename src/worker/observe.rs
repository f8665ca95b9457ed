//! How a room is, for those who run it.

use core::fmt::Display;
use std::rc::Rc;

use serde_json::{Value, json};
use worker::{Response, Result};

use super::durable_object::Cell;
use super::registry::{self, open_metrics_response};
use super::{analytics, json as as_json, platform, refuse};
use crate::protocol::route::Problem;
use crate::room::{Gauges, Level, Report, Room, open_metrics};

impl Cell {
    /// Whether this object can write and read what it wrote.
    pub(super) fn probe(&self) -> Result<Response> {
        match self.storage.probe(platform::now()) {
            Ok(()) => Response::ok("ready\n"),
            Err(error) => {
                self.complain("not-ready", &error);
                refuse(Problem::Unavailable)
            }
        }
    }

    /// How the room is, and what happened last.
    pub(super) fn status(self: &Rc<Self>) -> Result<Response> {
        self.with_room(|room| {
            let mut numbers = as_json::numbers(room.metrics(), &gauges(room));
            numbers.insert("document".into(), self.document.clone().into());
            numbers.insert("commit_delays".into(), as_json::commit_delays(room.metrics()));
            numbers.insert("now".into(), platform::now().0.into());
            numbers.insert("events".into(), as_json::events(room.events()));
            Response::from_json(&Value::Object(numbers))
        })
    }

    /// What the room counted since it woke.
    pub(super) fn metrics(self: &Rc<Self>) -> Result<Response> {
        self.with_room(|room| {
            let gauges = gauges(room);
            let document = Some(&self.document[..]);
            open_metrics_response(open_metrics(room.metrics(), gauges.described(), document))
        })
    }

    fn with_room(
        self: &Rc<Self>,
        answer: impl FnOnce(&Room) -> Result<Response>,
    ) -> Result<Response> {
        match self.wake(&mut self.live.borrow_mut()) {
            Ok(live) => answer(&live.room),
            Err(error) => {
                self.complain("not-opened", &error);
                refuse(Problem::Unavailable)
            }
        }
    }

    /// Tell those who watch. Nobody waits for that, and nothing is lost if it fails.
    pub(super) fn report(self: &Rc<Self>, mut report: Report) {
        report.gauges.heap_bytes = platform::heap_bytes();
        analytics::write(&self.env, &self.document, &report);
        let cell = Rc::clone(self);
        wasm_bindgen_futures::spawn_local(async move {
            if let Err(error) = registry::tell(&cell.env, &cell.document, &report).await {
                cell.logs.say(
                    Level::Warn,
                    "not-reported",
                    json!({ "document": cell.document, "reason": error.to_string() }),
                );
            }
        });
    }

    /// Something is wrong, and somebody has to look.
    pub(super) fn complain(&self, event: &str, reason: &impl Display) {
        let fields = json!({ "document": self.document, "reason": reason.to_string() });
        self.logs.say(Level::Error, event, fields);
    }
}

fn gauges(room: &Room) -> Gauges {
    Gauges { heap_bytes: platform::heap_bytes(), ..room.gauges() }
}
