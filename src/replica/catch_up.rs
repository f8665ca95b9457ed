//! Comparing state vectors with the room, where sequence numbers do not tell who lacks what.

use super::refused::send;
use super::{Output, Replica};
use crate::protocol::{Close, FromClient};
use crate::time::Millis;

impl Replica {
    /// The room does not know something that an update of ours refers to, or cannot serve by
    /// sequence number. It takes no numbered update before the SyncStep2.
    pub(super) fn answer(&mut self, now: Millis, state_vector: &[u8], out: &mut Vec<Output>) {
        if self.is_unbound() {
            self.asked = Some((state_vector.to_vec(), u64::MAX));
            return;
        }
        match self.document.diff(state_vector) {
            Ok(update) => {
                let number = self.outbox.send_all(now, update.len());
                self.asked = Some((state_vector.to_vec(), number));
                send(out, self.frame_bytes_max, &FromClient::SyncStep2 { number, update: &update });
                // Behind it: whoever answers this has what was given.
                self.resynchronize(out);
            }
            Err(_) => self.close(Close::BadFrame, out),
        }
    }

    /// What the room sends live comes behind everything before it, but for what a SyncStep2 still
    /// has to bring. Counting it early would let a resume skip that.
    pub(super) fn advance(&mut self, sequence: u64) {
        if !self.resynchronizing {
            self.sequence = sequence;
        }
    }

    /// Ask for everything that this copy lacks, once at a time.
    pub(super) fn resynchronize(&mut self, out: &mut Vec<Output>) {
        if !std::mem::replace(&mut self.resynchronizing, true) {
            send(out, self.frame_bytes_max, &FromClient::SyncStep1(&self.document.state_vector()));
        }
    }
}
