//! Local changes that the room has not acknowledged (D3).

use std::collections::VecDeque;

use crate::time::Millis;
use crate::update;

/// Changes within this time go out as one update, in milliseconds: a frame of the screen.
const BATCH_MS: u64 = 16;
/// Changes go out as one update up to this size; a larger one goes alone.
const BATCH_BYTES_MAX: usize = 8 << 20;
/// How long an acknowledgement may take before the connection counts as dead.
const ACK_MS_MAX: u64 = 10_000;
/// The slowest upload that is waited for, in bytes per millisecond.
const UPLOAD_BYTES_PER_MS_MIN: u64 = 16;

#[derive(Clone, Debug)]
struct Change {
    /// The number of the first edit in what goes out with it.
    first: u64,
    /// The number of the last edit in it.
    number: u64,
    update: Vec<u8>,
    /// When the first edit in it was made, if that was while the room could be told at once.
    edited_at: Option<Millis>,
}

/// A change that goes out.
pub(super) struct Batch<'a> {
    /// Covers every edit up to this number.
    pub(super) number: u64,
    pub(super) update: &'a [u8],
    /// When the first edit in it was made, if that was while the room could be told at once.
    pub(super) edited_at: Option<Millis>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Outbox {
    /// The last number that was given to an edit.
    last: u64,
    /// Everything up to this number is acknowledged.
    acknowledged: u64,
    /// Not acknowledged, in the order of their numbers. The first `sent` were sent.
    changes: VecDeque<Change>,
    sent: usize,
    /// When the oldest change that was not sent was made.
    waiting_since: Millis,
    batch_sent_at: Millis,
    /// Since when an acknowledgement is awaited, and for how many bytes.
    awaiting: Option<(Millis, usize)>,
    /// The room takes nothing before this.
    held_until: Option<Millis>,
    /// The room failed while changes were on their way. Until all of them are acknowledged each
    /// goes alone, so that no other is taken for the one that it cannot take.
    alone: bool,
}

impl Outbox {
    /// How many edits are not acknowledged.
    pub(super) fn pending(&self) -> u64 {
        self.last - self.acknowledged
    }

    /// The last number that was given to an edit.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Everything up to this number is acknowledged.
    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// Whether one edit alone went out as update `number`.
    pub(super) fn is_alone(&self, number: u64) -> bool {
        self.changes.iter().any(|change| change.number == number && change.first == number)
    }

    /// What is not acknowledged and behind `number`, with the last number in each.
    pub(super) fn after(&self, number: u64) -> impl Iterator<Item = (u64, &[u8])> {
        let changes = self.changes.iter().skip_while(move |change| change.number <= number);
        changes.map(|change| (change.number, change.update.as_slice()))
    }

    /// Another life of this copy gave numbers up to `last`, and has still to send `changes`. What
    /// is here comes behind that.
    pub(super) fn restore(
        &mut self,
        last: u64,
        acknowledged: u64,
        changes: impl Iterator<Item = (u64, Vec<u8>)>,
    ) {
        self.unsend();
        let pending = self.pending();
        for change in &mut self.changes {
            let renumbered = |number: u64| (number + last).saturating_sub(self.acknowledged);
            change.number = renumbered(change.number);
            change.first = renumbered(change.first);
        }
        let before = changes.map(|(number, update)| {
            // How many edits it holds is not known any more.
            Change { first: 0, number, update, edited_at: None }
        });
        let behind = std::mem::take(&mut self.changes);
        self.changes = before.chain(behind).collect();
        (self.last, self.acknowledged) = (last + pending, acknowledged);
    }

    /// Number an edit.
    pub(super) fn push(&mut self, now: Millis, is_live: bool, update: Vec<u8>) {
        if self.sent == self.changes.len() {
            self.waiting_since = now;
        }
        self.last += 1;
        let edited_at = is_live.then_some(now);
        let first = self.last;
        self.changes.push_back(Change { first, number: first, update, edited_at });
    }

    /// When the next batch is due: at once after a quiet time, else a frame after the last one;
    /// when the wait is over, if there is one.
    pub(super) fn due_at(&self) -> Option<Millis> {
        if self.held_until.is_some() {
            return self.held_until;
        }
        let may_send = self.sent < self.changes.len() && !self.waits();
        may_send.then(|| self.waiting_since.max(self.batch_sent_at + BATCH_MS))
    }

    /// When the connection counts as dead for want of an acknowledgement.
    pub(super) fn overdue_at(&self) -> Option<Millis> {
        let (since, bytes) = self.awaiting?;
        Some(since + ACK_MS_MAX + bytes as u64 / UPLOAD_BYTES_PER_MS_MIN)
    }

    /// Make one change of those that were not sent, as many as fit into `bytes_max`, and return it
    /// as sent.
    pub(super) fn take_batch(&mut self, now: Millis, bytes_max: usize) -> Option<Batch<'_>> {
        if self.waits() {
            return None;
        }
        let bytes_max = if self.alone { 0 } else { BATCH_BYTES_MAX.min(bytes_max) };
        let mut bytes = 0;
        let fits = self.changes.range(self.sent..).take_while(|change| {
            bytes += change.update.len();
            bytes <= bytes_max
        });
        let count = fits.count().max(1).min(self.changes.len() - self.sent);
        self.merge(count);
        let change = self.changes.get(self.sent)?;
        self.sent += 1;
        self.batch_sent_at = now;
        let awaited = self.awaiting.map_or(0, |(_, bytes)| bytes);
        self.awaiting = Some((now, awaited + change.update.len()));
        let Change { number, ref update, edited_at, .. } = *change;
        Some(Batch { number, update, edited_at })
    }

    /// Everything goes out in another way, as `bytes`. Returns the number that covers it; 0 if
    /// there is nothing.
    pub(super) fn send_all(&mut self, now: Millis, bytes: usize) -> u64 {
        self.sent = self.changes.len();
        if self.changes.is_empty() {
            return 0;
        }
        for change in &mut self.changes {
            change.first = 0;
        }
        self.batch_sent_at = now;
        self.awaiting = Some((now, bytes));
        self.last
    }

    /// Send nothing before this time, and then everything.
    pub(super) fn hold(&mut self, until: Millis) {
        self.unsend();
        self.held_until = Some(until);
    }

    /// Whether the room has to be left alone.
    pub(super) fn is_held(&self) -> bool {
        self.held_until.is_some()
    }

    /// The wait is over. Whether there was one.
    pub(super) fn release(&mut self) -> bool {
        self.held_until.take().is_some()
    }

    /// Everything up to `number` is durable. `durable` hears when each of it was made.
    pub(super) fn acknowledge(
        &mut self,
        now: Millis,
        number: u64,
        mut durable: impl FnMut(Millis),
    ) {
        self.acknowledged = self.acknowledged.max(number.min(self.last));
        while self.changes.front().is_some_and(|change| change.number <= self.acknowledged) {
            let change = self.changes.pop_front();
            change.and_then(|change| change.edited_at).into_iter().for_each(&mut durable);
            self.sent = self.sent.saturating_sub(1);
        }
        let bytes = self.changes.range(..self.sent).map(|change| change.update.len()).sum();
        self.awaiting = (self.sent > 0).then_some((now, bytes));
        self.alone &= !self.changes.is_empty();
    }

    /// The room failed. Whether one of the changes that are on their way was why is not known.
    pub(super) fn suspect(&mut self) {
        self.alone |= self.sent > 0;
    }

    /// Whether the change that is on its way has to be acknowledged before the next one goes.
    fn waits(&self) -> bool {
        self.alone && self.sent > 0
    }

    /// The connection is lost: all that was sent has to be sent again.
    pub(super) fn unsend(&mut self) {
        self.sent = 0;
        self.awaiting = None;
        self.held_until = None;
    }

    /// Acknowledgements may be lost, and what they are for is sent again.
    pub(super) fn send_again(&mut self) {
        (self.sent, self.awaiting) = (0, None);
    }

    /// What was not acknowledged never will be.
    pub(super) fn give_up(&mut self) {
        self.unsend();
        self.changes.clear();
        (self.acknowledged, self.alone) = (self.last, false);
    }

    /// Merge `count` changes that were not sent into one.
    fn merge(&mut self, count: usize) {
        if count < 2 {
            return;
        }
        let batch = self.changes.range(self.sent..self.sent + count);
        let updates: Vec<&[u8]> = batch.clone().map(|change| change.update.as_slice()).collect();
        let edited_at = batch.clone().find_map(|change| change.edited_at);
        let first = batch.clone().map(|change| change.first).min();
        let number = batch.map(|change| change.number).max();
        // They are our own, so they are well formed. If they were not, they would go one by one.
        if let (Ok(update), Some(first), Some(number)) = (update::merge(&updates), first, number) {
            self.changes.drain(self.sent..self.sent + count - 1);
            if let Some(change) = self.changes.get_mut(self.sent) {
                *change = Change { first, number, update, edited_at };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const MAX: usize = usize::MAX;

    fn outbox(edits: u64) -> Outbox {
        let mut outbox = Outbox::default();
        for at in 0..edits {
            outbox.push(Millis(1_000 + at), true, update::EMPTY.to_vec());
        }
        outbox
    }

    #[test]
    fn the_first_change_after_a_quiet_time_waits_for_nothing() {
        let mut outbox = outbox(2);
        assert_eq!(outbox.due_at(), Some(Millis(1_000)));
        assert_eq!(outbox.take_batch(Millis(1_002), MAX).map(|batch| batch.number), Some(2));
        assert!(outbox.take_batch(Millis(1_002), MAX).is_none());
        outbox.push(Millis(1_003), true, update::EMPTY.to_vec());
        assert_eq!(outbox.due_at(), Some(Millis(1_018)));
    }

    #[test]
    fn d3_what_was_not_acknowledged_is_sent_again_as_one() {
        let mut outbox = outbox(3);
        outbox.take_batch(Millis(0), MAX);
        outbox.push(Millis(0), true, update::EMPTY.to_vec());
        outbox.take_batch(Millis(0), MAX);
        outbox.acknowledge(Millis(0), 3, |_| {});
        assert_eq!(outbox.pending(), 1);
        outbox.push(Millis(0), true, update::EMPTY.to_vec());
        outbox.unsend();
        assert_eq!(outbox.take_batch(Millis(0), MAX).map(|batch| batch.number), Some(5));
        outbox.acknowledge(Millis(0), 5, |_| {});
        assert_eq!((outbox.pending(), outbox.overdue_at()), (0, None));
    }

    #[test]
    fn an_ack_beyond_what_was_sent_acknowledges_no_later_edit() {
        let mut outbox = outbox(1);
        outbox.acknowledge(Millis(0), 99, |_| {});
        outbox.push(Millis(0), true, update::EMPTY.to_vec());
        assert_eq!(outbox.pending(), 1);
        assert!(outbox.take_batch(Millis(0), MAX).is_some());
    }

    #[test]
    fn an_edit_is_alone_in_an_update_that_holds_no_other() {
        let push = |outbox: &mut Outbox| outbox.push(Millis(0), true, update::EMPTY.to_vec());
        let mut outbox = outbox(1);
        outbox.take_batch(Millis(0), MAX);
        (0..2).for_each(|_| push(&mut outbox));
        outbox.take_batch(Millis(0), MAX);
        assert_eq!([0, 1, 2, 3].map(|it| outbox.is_alone(it)), [false, true, false, false]);
        push(&mut outbox);
        assert_eq!(outbox.send_all(Millis(0), 9), 4);
        assert!(!outbox.is_alone(4), "it went out with all others");
        outbox.acknowledge(Millis(0), 4, |_| {});
        push(&mut outbox);
        outbox.take_batch(Millis(0), MAX);
        assert!(outbox.is_alone(5));
    }

    #[test]
    fn a_batch_has_a_largest_size() {
        let mut outbox = Outbox::default();
        let large = vec![0; BATCH_BYTES_MAX];
        for update in [large.clone(), update::EMPTY.to_vec(), large] {
            outbox.push(Millis(0), true, update);
        }
        let mut numbers = Vec::new();
        while let Some(batch) = outbox.take_batch(Millis(0), MAX) {
            numbers.push(batch.number);
        }
        assert_eq!(numbers, [1, 2, 3]);
    }

    #[test]
    fn s1_after_the_room_failed_changes_go_one_by_one() {
        let mut outbox = outbox(1);
        outbox.suspect();
        outbox.unsend();
        outbox.push(Millis(0), true, update::EMPTY.to_vec());
        let number = |batch: Option<Batch<'_>>| batch.map(|batch| batch.number);
        assert_eq!(number(outbox.take_batch(Millis(0), MAX)), Some(2), "nothing was on its way");
        outbox.suspect();
        outbox.unsend();
        for _ in 0..2 {
            outbox.push(Millis(0), true, update::EMPTY.to_vec());
        }
        for expected in 2..=4 {
            assert_eq!(number(outbox.take_batch(Millis(0), MAX)), Some(expected));
            assert_eq!((number(outbox.take_batch(Millis(0), MAX)), outbox.due_at()), (None, None));
            outbox.acknowledge(Millis(0), expected, |_| {});
        }
        for _ in 0..2 {
            outbox.push(Millis(0), true, update::EMPTY.to_vec());
        }
        assert_eq!(number(outbox.take_batch(Millis(0), MAX)), Some(6), "all is well again");
    }

    #[test]
    fn s2_nothing_is_sent_before_a_wait_is_over() {
        let mut outbox = outbox(2);
        outbox.take_batch(Millis(1_000), MAX);
        outbox.hold(Millis(5_000));
        assert_eq!((outbox.due_at(), outbox.overdue_at()), (Some(Millis(5_000)), None));
        assert!(outbox.release() && !outbox.release());
        assert_eq!(outbox.take_batch(Millis(5_000), MAX).map(|batch| batch.number), Some(2));
    }
}
