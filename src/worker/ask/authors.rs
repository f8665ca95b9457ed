//! Who wrote what.

use std::rc::Rc;

use serde_json::{Value, json};

use super::past::{WRONG_KIND, kind, load, problem_of};
use super::{Answer, Cell};
use crate::document::Run;
use crate::protocol::route::{Position, Problem, Root, RootKind};
use crate::room::Room;

/// Parts of a shared type, and who wrote each.
enum Parts {
    Runs(Vec<Run>),
    Keys(Vec<(String, u64)>),
}

impl Cell {
    pub(super) fn blame(self: &Rc<Self>, root: &Root) -> Answer {
        let parts = self.parts(root)?;
        self.with(|room| {
            let said = match &parts {
                Parts::Runs(runs) => {
                    json!({ "runs": runs.iter().map(|run| of_run(room, run)).collect::<Vec<_>>() })
                }
                Parts::Keys(keys) => {
                    json!({ "keys": keys.iter().map(|it| of_key(room, it)).collect::<Vec<_>>() })
                }
            };
            self.json(room, said)
        })?
    }

    pub(super) fn who(self: &Rc<Self>, (root, position): (Root, Position)) -> Answer {
        let parts = self.parts(&root)?;
        self.with(|room| {
            let found = match (&parts, &position) {
                (Parts::Runs(runs), Position::Index(index)) => {
                    let mut runs = runs.iter();
                    let run = runs.find(|run| (run.start..run.start + run.len).contains(index));
                    run.map(|run| of_run(room, run))
                }
                (Parts::Keys(keys), Position::Key(key)) => {
                    keys.iter().find(|(name, _)| name == key).map(|it| of_key(room, it))
                }
                _ => None,
            };
            let found = found.ok_or(Problem::Missing("There is nothing at this place."))?;
            self.json(room, found)
        })?
    }

    fn parts(self: &Rc<Self>, root: &Root) -> Answer<Parts> {
        let head = self.with(|room| room.sequence())?;
        let mut document = load(&self.replay(head)?.update)?;
        let shared = document.root(&root.name, kind(root.kind)).map_err(|_| WRONG_KIND)?;
        let parts = match root.kind {
            RootKind::Text => document.authors_of_text(&shared).map(Parts::Runs),
            RootKind::Array | RootKind::Xml => document.authors_of_list(&shared).map(Parts::Runs),
            RootKind::Map => document.authors_of_map(&shared).map(Parts::Keys),
        };
        parts.map_err(problem_of)
    }
}

fn of_run(room: &Room, run: &Run) -> Value {
    let mut all = author(room, run.client);
    (all["start"], all["len"]) = (run.start.into(), run.len.into());
    all
}

fn of_key(room: &Room, (key, client): &(String, u64)) -> Value {
    let mut all = author(room, *client);
    all["key"] = key.as_str().into();
    all
}

/// Who a client id belongs to: nobody in particular, if that is everyone's, and nobody any more, if
/// who it was is erased.
fn author(room: &Room, client: u64) -> Value {
    let number = room.authors().number(client).unwrap_or_default();
    let who = room.subjects().get(number);
    json!({
        "client": client,
        "number": number,
        "subject": who.map(|who| &who.subject),
        "name": who.and_then(|who| who.name.as_ref()),
    })
}
