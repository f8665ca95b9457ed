//! What of a copy is kept in the browser's storage (D3).
//!
//! A list of records, oldest first: what was taken in, what was edited, what was acknowledged. Any
//! first part of the list is a copy that can go on, so a crash costs at most the last records. Once
//! the list is long, one record takes the place of all. The shell stores records in the order in
//! which they come and stops at the first that fails.
//!
//! A page that opens again writes under another client id. So what it had written last may be lost
//! here although the room has it: then it comes back as somebody else's.

mod history;
mod record;
mod restored;

use std::collections::VecDeque;

use super::connection::Connection;
use super::{Aside, Output, Replica};
use crate::protocol::Close;
use crate::time::Millis;
use crate::update;

use history::History;
use restored::Restored;

pub(super) use record::Record;

/// How many records may follow one that holds all.
const RECORDS_MAX: usize = 512;
/// And how many bytes, if the one that holds all is smaller than that.
const BYTES_MIN: usize = 128 << 10;
/// A page that is busy makes one record of all this much later, in milliseconds.
const QUIET_MS: u64 = 1_000;
/// How much is kept of what can be undone, in bytes.
const STEPS_BYTES_MAX: usize = 32 << 10;
/// How long a storage may take for what has to wait for it, in milliseconds: to say what it has,
/// and to store into which history that goes.
const STORAGE_MS_MAX: u64 = 5_000;
/// Looked at later than this, in milliseconds, the machine slept, and the storage as well.
const LATE_MS: u64 = 500;

#[derive(Debug, Default, Eq, PartialEq)]
enum State {
    /// Nothing is kept.
    #[default]
    Off,
    /// Another tab does it.
    Elsewhere,
    /// What was kept before is being read. Before it is there, nothing is connected.
    Reading,
    On,
}

/// Where keeping stands.
#[derive(Debug, Default)]
pub(super) struct Keep {
    state: State,
    /// The page wants to be connected once it is known what was kept.
    wants_connect: bool,
    /// How many records were asked to be kept, and are.
    asked: u64,
    kept: u64,
    /// Records with an edit that are not kept yet, and its number.
    edits: VecDeque<(u64, u64)>,
    /// Every edit up to this number is kept.
    here: u64,
    /// How large the record is that holds all, and what has come behind it.
    all_bytes: usize,
    tail_bytes: usize,
    tail_records: usize,
    all_at: Option<Millis>,
    /// When it is to be kept what can be undone.
    steps_at: Option<Millis>,
    history: History,
    /// How long the storage may take for what has to wait for it.
    until: Millis,
}

impl Keep {
    pub(super) fn is_on(&self) -> bool {
        self.state == State::On
    }

    /// When something is due.
    pub(super) fn due_at(&self) -> Option<Millis> {
        let answers = self.waits_for_storage().then_some(self.until);
        let writes = [self.all_at, self.steps_at].map(|at| at.filter(|_| self.is_on()));
        writes.into_iter().flatten().chain(answers).min()
    }

    fn waits_for_storage(&self) -> bool {
        self.is_reading() || self.history.is_awaited()
    }

    /// Whether the page's wish to be connected has to wait.
    pub(super) fn holds_back(&mut self, wants_connect: bool) -> bool {
        self.wants_connect = self.is_reading() && wants_connect;
        self.is_reading()
    }

    /// How many edits up to `last` are neither here nor, as far as `acknowledged`, there.
    pub(super) fn pending(&self, last: u64, acknowledged: u64) -> u64 {
        let here = if self.state == State::Off { 0 } else { self.here };
        last - acknowledged.max(here).min(last)
    }

    /// Keep a record.
    pub(super) fn push(&mut self, now: Millis, record: &Record<'_>, out: &mut Vec<Output>) {
        if !self.is_on() {
            return;
        }
        self.asked += 1;
        if let Record::Edit { number, .. } = record {
            self.edits.push_back((self.asked, *number));
            self.steps_at.get_or_insert(now + QUIET_MS);
        }
        let bytes = record.encode();
        self.tail_bytes += bytes.len();
        self.tail_records += 1;
        let is_long = self.tail_bytes > BYTES_MIN.max(self.all_bytes);
        if is_long || self.tail_records > RECORDS_MAX {
            self.all_at.get_or_insert(now + QUIET_MS);
        }
        out.push(Output::Keep(bytes));
    }

    pub(super) fn is_reading(&self) -> bool {
        self.state == State::Reading
    }

    /// Every edit up to this number is kept.
    pub(super) fn here(&self) -> u64 {
        self.here
    }

    /// Another tab keeps the document.
    pub(super) fn follow(&mut self) {
        *self = Self { state: State::Elsewhere, ..Self::default() };
    }

    /// Another tab keeps every edit of this one up to `number`.
    pub(super) fn kept_by_leader(&mut self, number: u64) {
        self.here = self.here.max(number);
    }

    /// No other tab keeps it any more; what it kept is to be read.
    pub(super) fn read_again(&mut self, now: Millis, wants_connect: bool) {
        (self.state, self.until) = (State::Reading, now + STORAGE_MS_MAX);
        self.wants_connect = wants_connect;
    }

    /// So many more records are kept.
    fn kept(&mut self, count: u64) {
        self.kept = (self.kept + count).min(self.asked);
        self.history.kept(self.kept);
        while let Some(&(record, number)) = self.edits.front()
            && record <= self.kept
        {
            self.edits.pop_front();
            self.here = self.here.max(number);
        }
    }
}

impl Replica {
    /// Wait for what a storage has of this document, with [`Input::Restored`](super::Input), before
    /// connecting. Later on it is kept up to date.
    pub fn await_stored(&mut self, now: Millis) {
        self.keep.read_again(now, false);
    }

    /// How many edits are in no storage: neither in the browser's nor in the room's.
    pub fn pending_here(&self) -> u64 {
        self.keep.pending(self.outbox.last(), self.outbox.acknowledged())
    }

    /// Whether this copy is kept in the browser's storage, by the tab that leads.
    pub fn is_kept(&self) -> bool {
        self.tabs.leader_keeps().unwrap_or_else(|| self.keep.is_on())
    }

    /// Begin with what the storage has, and keep what follows.
    pub(super) fn restored(&mut self, now: Millis, records: &[Vec<u8>], out: &mut Vec<Output>) {
        // It may have come too late.
        if !self.keep.is_reading() {
            return;
        }
        // Numbers that the room knows must not change.
        if self.connection.has_socket() {
            self.keep.wants_connect = true;
            self.disconnect(out, Connection::rest);
        }
        let mut all = Restored::read(records);
        let is_other = all.epoch != 0 && self.epoch != 0 && all.epoch != self.epoch;
        if is_other {
            // The tab that led was about to leave it behind (O3).
            out.extend(self.stored_aside(&all));
            all = Restored { is_damaged: true, ..Restored::default() };
        }
        // What came from the tab that led, and is not stored, may have come from nowhere else.
        let came = std::mem::take(&mut self.tabs.compares).then(|| self.beyond(&all.updates));
        let is_whole = self.take_in_stored(&all.updates, out) && !all.is_damaged;
        if came.is_none() {
            // What cannot be undone any more is none of what can.
            let _ = self.document.restore_steps(all.steps);
        }
        if all.epoch != 0 {
            // What is damaged here the room has, or it is lost: it is asked for everything.
            self.sequence = if is_whole { all.sequence.max(self.sequence) } else { 0 };
            self.epoch = all.epoch;
        }
        if let Some(came) = came {
            self.outbox.give_up();
            self.made.give_up();
            if let Some(update) = came {
                self.outbox.push(now, false, update);
            }
        }
        self.document.wrote_before(all.changes.make_contiguous());
        let changes = all.changes.into_iter().map(|(number, update)| (number, update.to_vec()));
        let before = self.outbox.acknowledged();
        self.made.renumber(before, all.last);
        self.document.is_renumbered(before, all.last);
        self.outbox.restore(all.last, all.acknowledged, changes);
        let (state, here, history) = (State::On, all.last, History::stored(all.epoch));
        let until = now + STORAGE_MS_MAX;
        self.keep = Keep { state, here, history, until, ..std::mem::take(&mut self.keep) };
        self.keep.tail_records = records.len();
        self.keep.tail_bytes = records.iter().map(Vec::len).sum();
        // What was edited while it was read, and all of it if the list is long, damaged or new.
        if !is_whole || records.is_empty() || records.len() > RECORDS_MAX {
            self.keep_all(out);
        } else {
            for (number, update) in self.outbox.after(all.last) {
                self.keep.push(now, &Record::Edit { number, update }, out);
            }
        }
        self.keep_history(now, out);
        self.stop_waiting(now, out);
    }

    /// What of this copy `updates` do not have.
    fn beyond(&self, updates: &[&[u8]]) -> Option<Vec<u8>> {
        let stored = update::merge(updates).unwrap_or(update::EMPTY.to_vec());
        let own = self.document.encode();
        update::beyond(&own, &stored).ok().filter(|beyond| beyond[..] != update::EMPTY)
    }

    /// A copy that is stored, and is of another history.
    fn stored_aside(&self, all: &Restored<'_>) -> Option<Output> {
        let mut copy = self.document.empty_alike();
        for update in &all.updates {
            let _ = copy.apply(update);
        }
        let (update, content) = (copy.encode(), copy.content());
        let pending = all.last - all.acknowledged;
        let aside = Aside { update, content, pending, why: Close::EpochMismatch };
        (aside.update[..] != update::EMPTY).then_some(Output::SetAside(aside))
    }

    /// Whether all of it could be read.
    fn take_in_stored(&mut self, updates: &[&[u8]], out: &mut Vec<Output>) -> bool {
        let is_whole = match updates {
            [] => return true,
            [only] => self.take_in(only, out).is_ok(),
            several => match update::merge(several) {
                Ok(merged) => self.take_in(&merged, out).is_ok(),
                Err(_) => false,
            },
        };
        if is_whole && !self.document.has_missing_updates() {
            return true;
        }
        // What cannot be read is left out, and what needs it.
        for update in updates {
            let _ = self.take_in(update, out);
        }
        false
    }

    /// The storage failed: nothing more is kept, and what was is as it was.
    pub(super) fn stop_keeping(&mut self, now: Millis, out: &mut Vec<Output>) {
        let (was_reading, wants_connect) = (self.keep.is_reading(), self.keep.wants_connect);
        let was_unbound = self.is_unbound();
        self.keep = Keep { wants_connect, ..Keep::default() };
        if was_reading {
            self.stop_waiting(now, out);
        }
        self.bound(now, was_unbound, out);
    }

    /// The storage says nothing. Who cannot be shown what it has goes on without it, and what it
    /// may not have is sent all the same: it must not be kept from the room.
    fn storage_is_late(&mut self, now: Millis, out: &mut Vec<Output>) {
        if now.since(self.keep.until) > LATE_MS {
            self.keep.until = now + STORAGE_MS_MAX;
        } else if self.keep.is_reading() {
            out.push(Output::StopKeeping);
            self.stop_keeping(now, out);
        } else {
            self.keep.history.await_no_longer();
            self.bound(now, true, out);
        }
    }

    fn stop_waiting(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.tell_leading(out);
        if std::mem::take(&mut self.keep.wants_connect) && self.connection.want(now) {
            out.push(Output::Connect);
        }
    }

    pub(super) fn kept(&mut self, now: Millis, records: u64, out: &mut Vec<Output>) {
        let was_unbound = self.is_unbound();
        self.keep.kept(records);
        self.tell_kept(out);
        self.bound(now, was_unbound, out);
    }

    /// What is due with the storage.
    pub(super) fn keep_due(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.keep.due_at().is_none_or(|at| now < at) {
            return;
        }
        if self.keep.waits_for_storage() && self.keep.until <= now {
            return self.storage_is_late(now, out);
        }
        if self.keep.all_at.is_some_and(|at| at <= now) {
            self.keep_all(out);
        }
        self.keep_steps(now, out);
    }

    /// The page may end: what was to be kept soon is kept now.
    pub(super) fn keep_steps_now(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.keep.steps_at.is_some() {
            self.keep_steps(now, out);
        }
    }

    /// What can be undone outlives the page as well.
    fn keep_steps(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.keep.steps_at = None;
        let steps = self.document.encode_steps(STEPS_BYTES_MAX);
        self.keep.push(now, &Record::Steps(&steps), out);
    }

    /// One record takes the place of all.
    pub(super) fn keep_all(&mut self, out: &mut Vec<Output>) {
        if !self.keep.is_on() {
            return;
        }
        let (epoch, sequence) = (self.epoch, self.sequence);
        let (last, acknowledged) = (self.outbox.last(), self.outbox.acknowledged());
        let document = &self.document.encode();
        let changes = self.outbox.after(0).collect();
        let record = Record::All { epoch, sequence, last, acknowledged, changes, document };
        let bytes = record.encode();
        self.keep.asked += 1;
        self.keep.history.named(epoch, self.keep.asked);
        self.keep.edits.push_back((self.keep.asked, last));
        (self.keep.all_bytes, self.keep.all_at) = (bytes.len(), None);
        (self.keep.tail_bytes, self.keep.tail_records) = (0, 0);
        out.push(Output::KeepAll(bytes));
    }
}
