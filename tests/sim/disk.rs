//! The room's storage: reads see every write at once, a crash forgets those that were not durable.

use std::collections::VecDeque;
use std::rc::Rc;

use selvedge::room::{Log, LogError, Row, Snapshot, Stored, StoredRow};
use selvedge::time::Millis;
use selvedge::update::EMPTY;

/// What is stored of one document.
#[derive(Clone, Default)]
pub struct Tables {
    pub epoch: u64,
    pub snapshot: Option<Rc<Snapshot>>,
    pub rows: Vec<Rc<Row>>,
    pub alarm: Option<Millis>,
}

#[derive(Clone)]
pub enum Write {
    Append(Rc<Row>),
    Compact(Rc<Snapshot>),
    Alarm(Option<Millis>),
}

impl Tables {
    fn apply(&mut self, write: &Write) {
        match write {
            Write::Append(row) => self.rows.push(Rc::clone(row)),
            Write::Compact(snapshot) => {
                self.rows.retain(|row| row.sequence > snapshot.sequence);
                self.snapshot = Some(Rc::clone(snapshot));
            }
            Write::Alarm(at) => self.alarm = *at,
        }
    }

    pub fn stored(&self) -> Stored {
        let snapshot = self.snapshot.as_deref();
        let row = |row: &Rc<Row>| StoredRow {
            sequence: row.sequence,
            clocks: row.clocks.clone(),
            bytes: row.update.len() as u64,
        };
        Stored {
            epoch: self.epoch,
            snapshot_sequence: self.snapshot_sequence(),
            state_vector: snapshot.map_or(Vec::new(), |s| s.state_vector.clone()),
            snapshot_bytes: snapshot.map_or(0, |s| s.update.len() as u64),
            rows: self.rows.iter().map(row).collect(),
        }
    }

    pub fn snapshot_sequence(&self) -> u64 {
        self.snapshot.as_ref().map_or(0, |snapshot| snapshot.sequence)
    }

    /// The snapshot and the rows behind it, in order.
    pub fn replay(&self) -> impl Iterator<Item = &[u8]> {
        let rows = self.rows.iter().map(|row| &row.update[..]);
        self.snapshot.iter().map(|snapshot| &snapshot.update[..]).chain(rows)
    }
}

impl Log for Tables {
    fn snapshot(&self) -> Result<Vec<u8>, LogError> {
        Ok(self.snapshot.as_ref().map_or(EMPTY.to_vec(), |snapshot| snapshot.update.clone()))
    }

    fn updates(&self, after: u64) -> Result<Vec<Vec<u8>>, LogError> {
        let rows = self.rows.iter().filter(|row| row.sequence > after);
        Ok(rows.map(|row| row.update.clone()).collect())
    }
}

#[derive(Default)]
pub struct Disk {
    /// What a crash would leave.
    pub durable: Tables,
    /// What the room reads.
    pub current: Tables,
    pending: VecDeque<Write>,
    /// How many writes were made, ever.
    pub written: u64,
}

impl Disk {
    pub fn new(epoch: u64) -> Self {
        let tables = Tables { epoch, ..Tables::default() };
        Self { durable: tables.clone(), current: tables, ..Self::default() }
    }

    pub fn write(&mut self, write: Write) {
        self.current.apply(&write);
        self.pending.push_back(write);
        self.written += 1;
    }

    pub fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// The oldest write that was not durable is now. Returns it and how many are durable.
    pub fn settle(&mut self) -> Option<(Write, u64)> {
        let write = self.pending.pop_front()?;
        self.durable.apply(&write);
        Some((write, self.written - self.pending.len() as u64))
    }

    pub fn crash(&mut self) {
        self.written -= self.pending.len() as u64;
        self.pending.clear();
        self.current = self.durable.clone();
    }
}
