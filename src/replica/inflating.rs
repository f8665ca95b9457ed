//! A document that comes in columns and deflated. The shell inflates it, which takes a moment; what
//! the room says meanwhile waits, since it is behind that.

use super::{Output, Replica};
use crate::protocol::FromRoom;
use crate::time::Millis;
use crate::update::from_columns;

/// The document while it is inflated.
#[derive(Debug)]
pub(super) struct Inflating {
    /// The last sequence number that it covers.
    sequence: u64,
    /// What came behind it.
    frames: Vec<Vec<u8>>,
}

impl Replica {
    /// A frame came.
    pub(super) fn arrived(&mut self, now: Millis, frame: &[u8], out: &mut Vec<Output>) {
        if self.connection.heard(now) {
            self.in_order(now, frame, out);
            self.confirm(frame.len(), out);
        }
    }

    fn in_order(&mut self, now: Millis, frame: &[u8], out: &mut Vec<Output>) {
        match &mut self.inflating {
            Some(inflating) => inflating.frames.push(frame.to_vec()),
            None => self.frame(now, frame, out),
        }
    }

    /// The room sent the document.
    pub(super) fn inflate(&mut self, sequence: u64, deflated: &[u8], out: &mut Vec<Output>) {
        self.inflating = Some(Inflating { sequence, frames: Vec::new() });
        out.push(Output::Inflate(deflated.to_vec()));
    }

    /// The document is inflated, or cannot be here: then it is asked for as it is.
    pub(super) fn inflated(&mut self, now: Millis, columns: Option<&[u8]>, out: &mut Vec<Output>) {
        let Some(Inflating { sequence, frames }) = self.inflating.take() else { return };
        let Some(update) = columns.and_then(|columns| from_columns(columns).ok()) else {
            self.inflates = false;
            return self.disconnect(out, |connection| connection.lost(now));
        };
        self.message(now, FromRoom::SyncStep2 { sequence, update: &update }, out);
        for frame in &frames {
            // One of them may end the connection.
            if self.connection.is_live() {
                self.in_order(now, frame, out);
            }
        }
    }
}
