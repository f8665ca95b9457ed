//! What the document's rules undid of this replica's changes (S4).

use super::{Output, Replica};
use crate::document::{Json, PathSegment};
use crate::protocol::{Close, FromRoom, Rejection, Rejections};

/// A part of a change that was undone.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejected {
    /// Where, and which rule it broke.
    pub rejection: Rejection,
    /// What stood there until then, if it is a plain value, or what its shared type held.
    pub value: Option<Json>,
    /// The number of the edit that it was part of; nothing if that is not known.
    pub edit: Option<u64>,
}

impl Replica {
    /// The number of the last edit that changed something; 0 before the first.
    pub fn last_edit(&self) -> u64 {
        self.made.last()
    }

    /// The room undid something. The update that does it here as well comes behind this.
    pub(super) fn rejected(&mut self, rejections: &[u8], out: &mut Vec<Output>) {
        let Ok(Rejections { all, number }) = Rejections::decode(rejections) else {
            return self.close(Close::BadFrame, out);
        };
        // In another tab it has another number.
        let handed_on = Rejections { all: all.clone(), number: 0 }.encode();
        self.hand_on(&FromRoom::Rejected(&handed_on), out);
        let content = self.document.content();
        let own = self.document.client_id();
        let rejected = all.into_iter().map(|rejection| {
            let value = at(&content, &rejection.path).cloned();
            let edit = match rejection.id {
                Some((client, clock)) if client == own => self.made.at(clock),
                // Written by another replica of the same person.
                Some(_) => None,
                None => self.made.numbered(number).filter(|_| self.outbox.is_alone(number)),
            };
            Rejected { rejection, value, edit }
        });
        out.push(Output::Rejected(rejected.collect()));
        // What the room brings back of what was deleted here must not come back a second time.
        self.document.forget_steps();
    }
}

/// What stands at a path.
fn at<'a>(content: &'a Json, path: &str) -> Option<&'a Json> {
    path.split('/').try_fold(content, |inside, segment| match inside {
        Json::Object(entries) => {
            let key = PathSegment::key_of(segment);
            entries.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
        }
        Json::Array(items) => items.get(segment.parse::<usize>().ok()?),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_value_is_found_by_its_path() {
        let inner = Json::Object(vec![("a/~b".to_owned(), Json::Bool(true))]);
        let content = Json::Object(vec![("log".to_owned(), Json::Array(vec![Json::Null, inner]))]);
        assert_eq!(at(&content, "log/1/a~1~0b"), Some(&Json::Bool(true)));
        assert_eq!(at(&content, "log/0"), Some(&Json::Null));
        for path in ["", "log/2", "log/x", "log/0/a", "other"] {
            assert_eq!(at(&content, path), None, "{path}");
        }
    }
}
