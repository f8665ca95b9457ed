//! What of a copy is kept in the browser's storage (D3).
//!
//! A list of records, oldest first: what was taken in, what was edited, what was acknowledged. Any
//! first part of the list is a copy that can go on, so a crash costs at most the last records. Once
//! the list is long, one record takes the place of all. The shell stores records in the order in
//! which they come and stops at the first that fails.
//!
//! A page that opens again writes under another client id. So what it had written last may be lost
//! here although the room has it: then it comes back as somebody else's.

use std::collections::VecDeque;

use super::{Output, Replica};
use crate::codec::{DecodeError, Reader, write_bytes, write_number};
use crate::time::Millis;
use crate::update;

/// How many records may follow one that holds all.
const RECORDS_MAX: usize = 512;
/// And how many bytes, if the one that holds all is smaller than that.
const BYTES_MIN: usize = 128 << 10;
/// A page that is busy makes one record of all this much later, in milliseconds.
const QUIET_MS: u64 = 1_000;
/// How long a storage may take to say what it has, in milliseconds. A document that cannot wait any
/// longer goes on without it.
const RESTORE_MS_MAX: u64 = 5_000;

mod tag {
    pub(super) const ALL: u64 = 0;
    pub(super) const TAKEN: u64 = 1;
    pub(super) const EDIT: u64 = 2;
    pub(super) const ACKNOWLEDGED: u64 = 3;
    pub(super) const EPOCH: u64 = 4;
}

/// One record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Record<'a> {
    /// All of the copy. Takes the place of what is before it.
    All {
        epoch: u64,
        sequence: u64,
        /// The last number that was given to an edit.
        last: u64,
        /// Everything up to this number is acknowledged.
        acknowledged: u64,
        /// What is not: the last number in it, and the update.
        changes: Vec<(u64, &'a [u8])>,
        document: &'a [u8],
    },
    /// An update from outside; everything up to `sequence` is here with it.
    Taken { sequence: u64, update: &'a [u8] },
    /// An edit of this copy, or of one that it speaks for.
    Edit { number: u64, update: &'a [u8] },
    /// Everything up to `number` is acknowledged.
    Acknowledged { number: u64, sequence: u64 },
    /// The history that this copy belongs to.
    Epoch(u64),
}

impl<'a> Record<'a> {
    pub(super) fn encode(&self) -> Vec<u8> {
        let (numbers, rest): (&[u64], &[u8]) = match self {
            Self::All { epoch, sequence, last, acknowledged, changes, document } => {
                let mut out = Vec::with_capacity(document.len() + 64);
                let count = changes.len() as u64;
                for number in [tag::ALL, *epoch, *sequence, *last, *acknowledged, count] {
                    write_number(&mut out, number);
                }
                for (number, update) in changes {
                    write_number(&mut out, *number);
                    write_bytes(&mut out, update);
                }
                out.extend_from_slice(document);
                return out;
            }
            Self::Taken { sequence, update } => (&[tag::TAKEN, *sequence], update),
            Self::Edit { number, update } => (&[tag::EDIT, *number], update),
            Self::Acknowledged { number, sequence } => {
                (&[tag::ACKNOWLEDGED, *number, *sequence], &[])
            }
            Self::Epoch(epoch) => (&[tag::EPOCH, *epoch], &[]),
        };
        let mut out = Vec::with_capacity(rest.len() + 20);
        numbers.iter().for_each(|&number| write_number(&mut out, number));
        out.extend_from_slice(rest);
        out
    }

    fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes);
        Ok(match r.number()? {
            tag::ALL => {
                let (epoch, sequence) = (r.number()?, r.number()?);
                let (last, acknowledged, count) = (r.number()?, r.number()?, r.number()?);
                let mut changes = Vec::new();
                for _ in 0..count {
                    changes.push((r.number()?, r.bytes()?));
                }
                let document = r.rest();
                Self::All { epoch, sequence, last, acknowledged, changes, document }
            }
            tag::TAKEN => Self::Taken { sequence: r.number()?, update: r.rest() },
            tag::EDIT => Self::Edit { number: r.number()?, update: r.rest() },
            tag::ACKNOWLEDGED => {
                Self::Acknowledged { number: r.number()?, sequence: r.number()? }
            }
            tag::EPOCH => Self::Epoch(r.number()?),
            _ => return Err(DecodeError::Range),
        })
    }
}

/// What records say of a copy.
#[derive(Debug, Default)]
struct Restored<'a> {
    epoch: u64,
    sequence: u64,
    last: u64,
    acknowledged: u64,
    changes: VecDeque<(u64, &'a [u8])>,
    updates: Vec<&'a [u8]>,
    /// Some of it cannot be read.
    is_damaged: bool,
}

impl<'a> Restored<'a> {
    fn read(records: &'a [Vec<u8>]) -> Self {
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
        }
    }
}

#[derive(Debug, Default, Eq, PartialEq)]
enum State {
    /// Nothing is kept.
    #[default]
    Off,
    /// What was kept before is being read. Until it is there, or until then, nothing is connected.
    Reading { until: Millis },
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
}

impl Keep {
    fn is_on(&self) -> bool {
        self.state == State::On
    }

    /// When something is due.
    pub(super) fn due_at(&self) -> Option<Millis> {
        match self.state {
            State::Off => None,
            State::Reading { until } => Some(until),
            State::On => self.all_at,
        }
    }

    /// Whether the page's wish to be connected has to wait.
    pub(super) fn holds_back(&mut self, wants_connect: bool) -> bool {
        let is_reading = matches!(self.state, State::Reading { .. });
        self.wants_connect = is_reading && wants_connect;
        is_reading
    }

    /// How many edits up to `last` are neither here nor, as far as `acknowledged`, there.
    pub(super) fn pending(&self, last: u64, acknowledged: u64) -> u64 {
        let here = if self.is_on() { self.here } else { 0 };
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

    /// So many more records are kept.
    fn kept(&mut self, count: u64) {
        self.kept = (self.kept + count).min(self.asked);
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
        self.keep.state = State::Reading { until: now + RESTORE_MS_MAX };
    }

    /// How many edits are in no storage: neither in the browser's nor in the room's.
    pub fn pending_here(&self) -> u64 {
        self.keep.pending(self.outbox.last(), self.outbox.acknowledged())
    }

    /// Whether this copy is kept in the browser's storage.
    pub fn is_kept(&self) -> bool {
        self.keep.is_on()
    }

    /// Begin with what the storage has, and keep what follows.
    pub(super) fn restored(&mut self, now: Millis, records: &[Vec<u8>], out: &mut Vec<Output>) {
        // It may have come too late.
        if !matches!(self.keep.state, State::Reading { .. }) {
            return;
        }
        let all = Restored::read(records);
        let is_whole = self.take_in_stored(&all.updates) && !all.is_damaged;
        // What is damaged here the room has, or it is lost: it is asked for everything.
        let of_same = all.epoch != 0 && (self.epoch == 0 || self.epoch == all.epoch);
        if of_same {
            self.sequence = if is_whole { all.sequence.max(self.sequence) } else { 0 };
            self.epoch = all.epoch;
        }
        let changes = all.changes.into_iter().map(|(number, update)| (number, update.to_vec()));
        self.outbox.restore(all.last, all.acknowledged, changes);
        let (state, here) = (State::On, all.last);
        self.keep = Keep { state, here, ..std::mem::take(&mut self.keep) };
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
        self.stop_waiting(now, out);
    }

    /// Whether all of it could be read.
    fn take_in_stored(&mut self, updates: &[&[u8]]) -> bool {
        let is_whole = match updates {
            [] => return true,
            [only] => self.document.apply(only).is_ok(),
            several => match update::merge(several) {
                Ok(merged) => self.document.apply(&merged).is_ok(),
                Err(_) => false,
            },
        };
        if is_whole && !self.document.has_missing_updates() {
            return true;
        }
        // What cannot be read is left out, and what needs it.
        for update in updates {
            let _ = self.document.apply(update);
        }
        false
    }

    /// The storage failed: nothing more is kept, and what was is as it was.
    pub(super) fn stop_keeping(&mut self, now: Millis, out: &mut Vec<Output>) {
        let wants_connect = self.keep.wants_connect;
        self.keep = Keep { wants_connect, ..Keep::default() };
        self.stop_waiting(now, out);
    }

    fn stop_waiting(&mut self, now: Millis, out: &mut Vec<Output>) {
        if std::mem::take(&mut self.keep.wants_connect) && self.connection.want(now) {
            out.push(Output::Connect);
        }
    }

    pub(super) fn kept(&mut self, records: u64) {
        self.keep.kept(records);
    }

    /// What is due with the storage.
    pub(super) fn keep_due(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.keep.due_at().is_none_or(|at| now < at) {
            return;
        }
        match self.keep.state {
            State::Off => {}
            State::Reading { .. } => {
                out.push(Output::StopKeeping);
                self.stop_keeping(now, out);
            }
            State::On => self.keep_all(out),
        }
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
        self.keep.edits.push_back((self.keep.asked, last));
        (self.keep.all_bytes, self.keep.all_at) = (bytes.len(), None);
        (self.keep.tail_bytes, self.keep.tail_records) = (0, 0);
        out.push(Output::KeepAll(bytes));
    }
}
