//! What is kept goes into one history (O3).
//!
//! What was edited before a room was heard of is of no history yet. Once sent it is of the room's,
//! and must not go into the one that takes its place. A page that is loaded again knows only what
//! was stored. So nothing is sent, once, until it is stored which history it goes into.

use super::super::{Output, Replica};
use super::{Record, STORAGE_MS_MAX};
use crate::time::Millis;

/// The history that the records name.
#[derive(Debug, Default)]
pub(super) struct History {
    epoch: u64,
    /// The record that names it, until that is kept.
    awaits: Option<u64>,
}

impl History {
    /// What was stored before is of this one.
    pub(super) fn stored(epoch: u64) -> Self {
        Self { epoch, ..Self::default() }
    }

    /// A record names it, the last of `asked`.
    pub(super) fn named(&mut self, epoch: u64, asked: u64) {
        if self.epoch != epoch {
            self.awaits = (epoch != 0).then_some(asked);
            self.epoch = epoch;
        }
    }

    pub(super) fn kept(&mut self, kept: u64) {
        self.awaits.take_if(|asked| *asked <= kept);
    }

    pub(super) fn await_no_longer(&mut self) {
        self.awaits = None;
    }

    /// Whether that record is not kept yet.
    pub(super) fn is_awaited(&self) -> bool {
        self.awaits.is_some()
    }
}

impl Replica {
    /// Have the records name the history that this copy belongs to.
    pub(in crate::replica) fn keep_history(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.keep.is_on() && self.keep.history.epoch != self.epoch {
            self.keep.push(now, &Record::Epoch(self.epoch), out);
            self.keep.history.named(self.epoch, self.keep.asked);
            // Not with each welcome: whoever polls is welcomed with each answer.
            self.keep.until = now + STORAGE_MS_MAX;
        }
    }

    /// Whether an edit may not be sent yet: its history is not stored.
    pub(in crate::replica) fn is_unbound(&self) -> bool {
        self.keep.history.is_awaited()
    }
}
