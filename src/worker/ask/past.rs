//! The document as it was.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::json;
use worker::{Request, Response};

use super::value::as_json;
use super::{Answer, Cell};
use crate::document::{self, ApplyError, Document, EditError, Kind};
use crate::protocol::route::{self, Problem, RootKind};
use crate::room::{Replayed, replay};
use crate::update;

impl Cell {
    pub(super) fn at(
        self: &Rc<Self>,
        sequence: Option<u64>,
        query: &str,
        request: &Request,
    ) -> Answer {
        let accept = request.headers().get("accept").ok().flatten().unwrap_or_default();
        let (head, epoch) = self.with(|room| (room.sequence(), room.epoch()))?;
        let through = sequence.unwrap_or(head);
        if through > head {
            return Err(Problem::Missing("There is no such sequence number yet."));
        }
        if accept.contains("application/json") {
            let roots = route::roots(query)?;
            let replayed = self.replay(through)?;
            let named = roots.into_iter().map(|root| (root.name, kind(root.kind))).collect();
            let said =
                json!({ "sequence": replayed.sequence, "roots": content(&replayed, named)? });
            return self.with(|room| self.json(room, said))?;
        }
        let Replayed { sequence, update } = self.replay(through)?;
        let response = self.done(Response::from_bytes(update))?;
        let headers = response.headers();
        let said = headers
            .set("content-type", "application/octet-stream")
            .and_then(|()| headers.set("selvedge-sequence", &sequence.to_string()))
            .and_then(|()| headers.set("selvedge-epoch", &epoch.to_string()));
        self.done(said.map(|()| response))
    }

    pub(super) fn replay(&self, through: u64) -> Answer<Replayed> {
        replay(&self.storage, through).map_err(|error| self.failed(&error))
    }
}

/// What the shared types of a document hold: those that are named, and those whose kinds what they
/// hold tells.
fn content(replayed: &Replayed, named: Vec<(String, Kind)>) -> Answer<serde_json::Value> {
    let mut document = load(&replayed.update)?;
    let mut wanted: BTreeMap<_, _> = document::roots(&replayed.update);
    wanted.extend(named);
    let mut roots = serde_json::Map::new();
    for (name, kind) in wanted {
        let root = document.root(&name, kind).map_err(|_| WRONG_KIND)?;
        let value = document.json(&root).map_err(problem_of)?;
        roots.insert(name, json!({ "kind": kind_name(kind), "value": as_json(&value) }));
    }
    Ok(roots.into())
}

/// A document that holds `update`, without what was deleted from it.
pub(super) fn load(update: &[u8]) -> Answer<Document> {
    // What is deleted is nothing any more before the CRDT sees it, however deep it was nested.
    let compact = update::compact(&[update]).map_err(|_| Problem::Damaged)?;
    let mut document = Document::new(0);
    match document.apply(&compact) {
        Ok(()) => Ok(document),
        Err(ApplyError::Malformed) => Err(Problem::Damaged),
        Err(ApplyError::Unreadable) => Err(Problem::Unreadable),
    }
}

pub(super) const WRONG_KIND: Problem =
    Problem::Parameter("A shared type of this name is of another kind.");

pub(super) fn problem_of(error: EditError) -> Problem {
    if error == EditError::Kind { WRONG_KIND } else { Problem::Unreadable }
}

pub(super) fn kind(kind: RootKind) -> Kind {
    match kind {
        RootKind::Text => Kind::Text,
        RootKind::Map => Kind::Map,
        RootKind::Array => Kind::Array,
        RootKind::Xml => Kind::XmlFragment,
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => RootKind::Text,
        Kind::Map => RootKind::Map,
        Kind::Array => RootKind::Array,
        Kind::XmlFragment | Kind::XmlElement | Kind::XmlText => RootKind::Xml,
    }
    .name()
}
