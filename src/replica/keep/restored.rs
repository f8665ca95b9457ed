//! What a storage has of a copy.

use std::collections::VecDeque;

use super::Record;

/// What records say of a copy.
#[derive(Debug, Default)]
pub(super) struct Restored<'a> {
    pub(super) epoch: u64,
    pub(super) sequence: u64,
    pub(super) last: u64,
    pub(super) acknowledged: u64,
    pub(super) changes: VecDeque<(u64, &'a [u8])>,
    pub(super) updates: Vec<&'a [u8]>,
    pub(super) steps: &'a [u8],
    /// Some of it cannot be read.
    pub(super) is_damaged: bool,
}

impl<'a> Restored<'a> {
    pub(super) fn read(records: &'a [Vec<u8>]) -> Self {
        let mut all = Self::default();
        for record in records {
            match Record::decode(record) {
                Ok(record) => all.add(record),
                Err(_) => all.is_damaged = true,
            }
        }
        all
    }

    fn add(&mut self, record: Record<'a>) {
        match record {
            Record::All { epoch, sequence, last, acknowledged, changes, document } => {
                (self.epoch, self.sequence) = (epoch, sequence);
                (self.last, self.acknowledged) = (last, acknowledged);
                (self.changes, self.updates) = (changes.into(), vec![document]);
            }
            Record::Taken { sequence, update } => {
                self.sequence = sequence;
                self.updates.push(update);
            }
            Record::Edit { number, update } => {
                self.last = self.last.max(number);
                self.changes.push_back((number, update));
                self.updates.push(update);
            }
            Record::Acknowledged { number, sequence } => {
                self.acknowledged = self.acknowledged.max(number.min(self.last));
                self.sequence = sequence;
                while self.changes.front().is_some_and(|(last, _)| *last <= number) {
                    self.changes.pop_front();
                }
            }
            Record::Epoch(epoch) => self.epoch = epoch,
            Record::Steps(steps) => self.steps = steps,
        }
    }
}
