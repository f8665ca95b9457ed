//! Updates as bytes, in and out: for a page that keeps the document in a stock Yjs document too.

use super::keep::Record;
use super::{Output, Replica, TabId};
use crate::document::{Applied, ApplyError, BringError, Conflict};
use crate::protocol::Close;
use crate::time::Millis;

impl Replica {
    /// Take in an update that the page made elsewhere as an edit of this replica: all of it or
    /// nothing. It goes out like any edit. The rules of the document are not asked: the room is.
    pub fn bring(&mut self, now: Millis, update: &[u8]) -> (Result<(), BringError>, Vec<Output>) {
        let mut out = Vec::new();
        let brought = self.document.bring(self.may_write(), update);
        let returned = brought.map(|new| self.wrote(now, new, &mut out));
        if returned == Err(BringError::Torn) {
            self.close(Close::Unreadable, &mut out);
        }
        self.tell(now, &mut out);
        (returned, out)
    }

    /// Have [`Output::Updated`] tell every update that this replica takes in, or not.
    pub fn tell_updates(&mut self, tells: bool) {
        self.tells_updates = tells;
    }

    /// The page wrote this, if anything. It is in the document already.
    pub(super) fn wrote(&mut self, now: Millis, update: Option<Vec<u8>>, out: &mut Vec<Output>) {
        let Some(update) = update else { return };
        if self.tells_updates {
            out.push(Output::Updated { update: update.clone(), local: true });
        }
        self.push(now, None, update, out);
        let number = self.outbox.last();
        self.made.push(number, self.document.clock());
        self.document.is_numbered(number);
    }

    /// Number an edit of this tab or of another one, and keep it.
    pub(super) fn push(
        &mut self,
        now: Millis,
        tab: Option<TabId>,
        update: Vec<u8>,
        out: &mut Vec<Output>,
    ) {
        self.tell_tabs(tab, &update, out);
        let number = self.outbox.last() + 1;
        self.keep.push(now, &Record::Edit { number, update: &update }, out);
        self.outbox.push(now, self.connection.is_live(), update);
    }

    /// Take in an update from outside, and tell the page if it wants that. Returns what of this
    /// replica's changes loses by that.
    pub(super) fn take_in(
        &mut self,
        update: &[u8],
        out: &mut Vec<Output>,
    ) -> Result<Vec<Conflict>, ApplyError> {
        let Applied { fresh, lost } = self.document.apply_and_compare(update)?;
        if let Some(update) = fresh.filter(|_| self.tells_updates) {
            out.push(Output::Updated { update: update.into_owned(), local: false });
        }
        Ok(lost)
    }

    /// The room sent this.
    pub(super) fn apply(
        &mut self,
        now: Millis,
        sequence: u64,
        update: &[u8],
        out: &mut Vec<Output>,
    ) {
        match self.take_in(update, out) {
            Ok(lost) => {
                self.advance(sequence);
                let sequence = self.sequence;
                self.keep.push(now, &Record::Taken { sequence, update }, out);
                self.tell_tabs(None, update, out);
                self.lost(now, lost, out);
            }
            Err(ApplyError::Malformed) => self.close(Close::BadFrame, out),
            Err(ApplyError::Unreadable) => self.close(Close::Unreadable, out),
        }
    }
}
