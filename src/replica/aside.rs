//! A copy that cannot go on is put aside for the page, and an empty one takes its place: nothing
//! that was written here is lost, and nothing is merged that must not be (O3).

use super::{Output, Replica};
use crate::document::Json;
use crate::protocol::Close;
use crate::update::EMPTY;

/// A copy that was put aside.
#[derive(Clone, Debug, PartialEq)]
pub struct Aside {
    /// All of it, as an encoded update.
    pub update: Vec<u8>,
    /// What the page had asked for of it, by name.
    pub content: Json,
    /// How many of its edits were not acknowledged.
    pub pending: u64,
    /// Why it cannot go on.
    pub why: Close,
}

impl Replica {
    /// Put this copy aside, if there is anything in it, and begin with an empty one under another
    /// client id: the ids of what is in the old one must never be used again.
    pub(super) fn start_over(&mut self, why: Close, out: &mut Vec<Output>) {
        self.close_followers(why, out);
        (self.epoch, self.sequence, self.asked) = (0, 0, None);
        let update = self.document.encode();
        if update != EMPTY {
            let (content, pending) = (self.document.content(), self.pending());
            let client_id = self.connection.next_random() as u32;
            self.document.start_over(client_id.into());
            self.presence.rename(client_id);
            self.outbox.give_up();
            self.made.give_up();
            out.push(Output::SetAside(Aside { update, content, pending, why }));
        }
        // Behind it, so that what is kept of this copy is never nowhere.
        self.keep_all(out);
    }
}
