//! What the room decided, as JSON.

use std::rc::Rc;

use serde_json::{Value, json};

use super::{Answer, Cell};
use crate::protocol::route::Page;
use crate::room::{Audit, Break, Entry, Flaw, OPERATOR, Part, Room, What};

impl Cell {
    pub(super) fn audit(self: &Rc<Self>, page: Page) -> Answer {
        self.with(|room| {
            let audit = room.audit(&self.storage, page.since, page.limit);
            let audit = audit.map_err(|error| self.failed(&error))?;
            self.json(room, as_json(room, &audit))
        })?
    }
}

fn as_json(room: &Room, audit: &Audit) -> Value {
    let hex = |chain: &[u8]| chain.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    json!({
        "entries": audit.entries.iter().map(|entry| as_entry(room, entry)).collect::<Vec<_>>(),
        "breaks": audit.breaks.iter().map(as_break).collect::<Vec<_>>(),
        "sequence": audit.sequence,
        "chain": audit.chain.as_ref().map(|chain| hex(&chain[..])),
        "hasMore": audit.has_more,
    })
}

fn as_entry(room: &Room, entry: &Entry) -> Value {
    let decision = &entry.decision;
    let mut all = json!({
        "sequence": entry.sequence,
        "at": entry.at.0,
        "kind": decision.what.name(),
        "number": decision.subject,
        "subject": entry.who.as_ref().map(|who| &who.subject),
        "name": entry.who.as_ref().and_then(|who| who.name.as_ref()),
        "session": Some(decision.session).filter(|session| *session > 0),
    });
    if let (Some(all), Value::Object(more)) = (all.as_object_mut(), details(room, &decision.what)) {
        all.extend(more);
    }
    all
}

fn details(room: &Room, what: &What) -> Value {
    match what {
        What::Accepted { updates, clients } => json!({ "updates": updates, "clients": clients }),
        What::Refused { why, times } => json!({ "why": why.name(), "times": times }),
        What::Compensated { clients, violations } => {
            let violations =
                violations.iter().map(|it| json!({ "path": it.path, "rule": it.rule }));
            json!({ "clients": clients, "violations": violations.collect::<Vec<_>>() })
        }
        What::Compacted { sequence } => json!({ "through": sequence }),
        What::Quarantined { part, sequence } => {
            let part = match part {
                Part::Row => "row",
                Part::Snapshot => "snapshot",
                Part::Segment => "segment",
            };
            json!({ "part": part, "through": sequence })
        }
        What::Revoked { before, by } => {
            let subject = room.subjects().get(*by).map(|who| &who.subject);
            json!({ "before": before, "by": subject, "byOperator": *by == OPERATOR })
        }
        What::Schema { version } => json!({ "version": version }),
        What::Epoch { epoch } => json!({ "epoch": epoch }),
        What::Erased { number } => json!({ "erased": number }),
        What::Conflict { path, by, times } => json!({ "path": path, "by": by, "times": times }),
        What::Other { kind, .. } => json!({ "code": kind }),
    }
}

fn as_break(found: &Break) -> Value {
    let (flaw, reason) = match &found.flaw {
        Flaw::Missing => ("missing", None),
        Flaw::Unreadable(reason) => ("unreadable", Some(reason)),
        Flaw::Changed => ("changed", None),
    };
    let mut all = json!({ "sequence": found.sequence, "flaw": flaw });
    if let Some(reason) = reason {
        all["reason"] = json!(reason);
    }
    all
}
