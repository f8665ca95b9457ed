//! The room's storage: reads see every write at once, a crash forgets those that were not durable,
//! and what is durable can be damaged.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use fastrand::Rng;
use miniz_oxide::deflate::compress_to_vec;
use selvedge::policy::Schema;
use selvedge::room::{
    Deflated, Log, LogError, Mark, Part, Repair, Row, Segment, Snapshot, SnapshotHead, Stored,
    Subject, Suspects,
};
use selvedge::time::Millis;
use selvedge::update::to_columns;

use crate::faults::Sabotage;

/// Something stored, with the checksums of its head and of the rest.
#[derive(Clone, Debug)]
pub struct Kept<T> {
    pub value: T,
    head: u32,
    rest: u32,
}

/// What is stored of one document.
#[derive(Clone, Default)]
pub struct Tables {
    pub epoch: u64,
    /// The last counts.
    snapshots: Vec<Rc<Kept<Snapshot>>>,
    pub rows: Vec<Rc<Kept<Row>>>,
    /// The rows that each compaction took in.
    history: Vec<(u64, Rc<[u8]>)>,
    subjects: BTreeMap<u32, Option<Subject>>,
    /// With the sequence numbers of their repairs.
    marks: Vec<(Mark, u64)>,
    pub alarm: Option<Millis>,
    suspects: Suspects,
    pub schema: Option<Rc<Schema>>,
    /// What is broken on purpose.
    pub is_unchecked: bool,
    pub drops_damaged: bool,
    pub rewrites: bool,
}

#[derive(Clone)]
pub enum Write {
    Append(Rc<Row>),
    Compact(Rc<(Snapshot, Row)>),
    Name(u32, Option<Subject>),
    Repair(Rc<Repair>),
    Alarm(Option<Millis>),
    Suspects(Suspects),
    Schema(Rc<Schema>),
}

fn keep_row(value: Row) -> Rc<Kept<Row>> {
    Rc::new(Kept { head: value.head().checksum(), rest: value.checksum(), value })
}

fn keep_snapshot(value: Snapshot) -> Rc<Kept<Snapshot>> {
    Rc::new(Kept { head: value.head().checksum(), rest: value.checksum(), value })
}

impl Tables {
    /// A document with nothing but a snapshot.
    pub fn of_snapshot(snapshot: &Snapshot) -> Self {
        Self { snapshots: vec![keep_snapshot(snapshot.clone())], ..Self::default() }
    }

    fn apply(&mut self, write: &Write) {
        match write {
            Write::Append(row) => self.append(row),
            Write::Compact(compacted) => {
                let (snapshot, row) = &**compacted;
                let marks = std::mem::take(&mut self.marks);
                let is_covered = |row: &Rc<Kept<Row>>| {
                    let sequence = row.value.sequence;
                    sequence <= snapshot.sequence && !is_marked(&marks, sequence)
                };
                let rows = std::mem::take(&mut self.rows);
                let (covered, rows) = rows.into_iter().partition::<Vec<_>, _>(is_covered);
                (self.rows, self.marks) = (rows, marks);
                let mut segment = Segment::default();
                covered.iter().for_each(|row| segment.add(&row.value));
                self.history.push((snapshot.sequence, segment.finish().into()));
                self.snapshots.pop();
                self.snapshots.push(keep_snapshot(snapshot.clone()));
                self.append(row);
            }
            Write::Name(number, subject) => {
                self.subjects.insert(*number, subject.clone());
            }
            Write::Repair(repair) => self.repair(repair),
            Write::Alarm(at) => self.alarm = *at,
            Write::Suspects(suspects) => self.suspects = suspects.clone(),
            Write::Schema(schema) => self.schema = Some(Rc::clone(schema)),
        }
    }

    fn append(&mut self, row: &Row) {
        for (mark, _) in &mut self.marks {
            mark.waits &= !(mark.part == Part::Row && row.returns.contains(&mark.sequence));
        }
        let at = if self.rewrites { row.at + 1 } else { row.at };
        self.rows.push(keep_row(Row { at, ..row.clone() }));
    }

    fn repair(&mut self, repair: &Repair) {
        let marks = repair.marks.iter().map(|mark| (mark.clone(), repair.row.sequence));
        self.marks.extend(marks);
        if self.drops_damaged {
            let marks = &self.marks;
            self.rows.retain(|row| !is_marked(marks, row.value.sequence));
        }
        self.snapshots.extend(repair.snapshot.clone().map(keep_snapshot));
        self.append(&repair.row);
    }

    pub fn stored(&self) -> Stored {
        let mut stored = Stored::new(self.epoch)
            .with_suspects(self.suspects.clone())
            .with_schema(self.schema.clone());
        for (mark, repaired) in &self.marks {
            stored.add_mark(mark, *repaired);
        }
        for (&number, subject) in &self.subjects {
            stored.add_subject(number, subject.clone());
        }
        if let Some(head) = self.snapshot_head().transpose() {
            stored.add_snapshot(head).expect("storage that can be read");
        }
        for row in self.sound_rows() {
            let head = row.value.head();
            let read = self.compare(row.head, head.checksum()).map(|()| head);
            stored.add_row(row.value.sequence, read).expect("storage that can be read");
        }
        stored
    }

    pub fn snapshot_sequence(&self) -> u64 {
        self.snapshots.last().map_or(0, |kept| kept.value.sequence)
    }

    /// The sequence number of the last repair.
    pub fn repaired(&self) -> u64 {
        self.marks.iter().map(|(_, repaired)| *repaired).max().unwrap_or(0)
    }

    /// The snapshot and the rows behind it, in order.
    pub fn replay(&self) -> impl Iterator<Item = &[u8]> {
        let snapshot = self.snapshots.last().map(|kept| &kept.value.update[..]);
        snapshot.into_iter().chain(self.sound_rows().map(|row| &row.value.update[..]))
    }

    /// Whether the row is there, and its damage is named.
    pub fn names(&self, sequence: u64, is_gone: bool) -> bool {
        let is_there = self.rows.iter().any(|row| row.value.sequence == sequence);
        // One that is gone may be named together with the one behind it.
        let names = |mark: &Mark| mark.follows < sequence && sequence <= mark.sequence;
        let is_named = self.marks.iter().any(|(mark, _)| mark.part == Part::Row && names(mark));
        is_named && (is_there || is_gone)
    }

    fn sound_rows(&self) -> impl Iterator<Item = &Kept<Row>> {
        let rows = self.rows.iter().map(|row| &**row);
        rows.filter(|row| !is_marked(&self.marks, row.value.sequence))
    }

    fn compare(&self, stored: u32, found: u32) -> Result<(), LogError> {
        if self.is_unchecked { Ok(()) } else { LogError::compare(stored, found) }
    }

    fn read(&self, row: &Kept<Row>) -> Result<Row, LogError> {
        self.compare(row.head, row.value.head().checksum())?;
        self.compare(row.rest, row.value.checksum())?;
        Ok(row.value.clone())
    }
}

fn is_marked(marks: &[(Mark, u64)], sequence: u64) -> bool {
    marks.iter().any(|(mark, _)| mark.part == Part::Row && mark.sequence == sequence)
}

impl Log for Tables {
    fn snapshot(&self) -> Result<Option<Snapshot>, LogError> {
        let Some(kept) = self.snapshots.last() else { return Ok(None) };
        self.compare(kept.head, kept.value.head().checksum())?;
        self.compare(kept.rest, kept.value.checksum())?;
        Ok(Some(kept.value.clone()))
    }

    fn deflated(&self) -> Result<Option<Deflated>, LogError> {
        let Some(Snapshot { sequence, update, .. }) = self.snapshot()? else { return Ok(None) };
        let columns = to_columns(&update)?;
        Ok(Some(Deflated { sequence, bytes: compress_to_vec(&columns, 1) }))
    }

    fn snapshot_head(&self) -> Result<Option<SnapshotHead>, LogError> {
        let Some(kept) = self.snapshots.last() else { return Ok(None) };
        self.compare(kept.head, kept.value.head().checksum())?;
        Ok(Some(kept.value.head()))
    }

    fn rows(&self, after: u64, bytes_max: u64) -> Result<Vec<Row>, LogError> {
        let mut bytes = 0;
        let rows = self.sound_rows().filter(|row| row.value.sequence > after);
        let fits = rows.take_while(|row| {
            let is_first = bytes == 0;
            bytes += row.value.update.len() as u64;
            bytes <= bytes_max || is_first
        });
        fits.map(|row| self.read(row)).collect()
    }

    fn row(&self, sequence: u64) -> Result<Row, LogError> {
        match self.rows.iter().find(|row| row.value.sequence == sequence) {
            Some(row) => self.read(row),
            None => Err(LogError::Damaged("not there".into())),
        }
    }

    fn sequences(&self) -> Result<Vec<u64>, LogError> {
        Ok(self.sound_rows().map(|row| row.value.sequence).collect())
    }

    fn quarantined(&self) -> Result<Vec<u64>, LogError> {
        let marked = self.rows.iter().map(|row| row.value.sequence);
        Ok(marked.filter(|sequence| is_marked(&self.marks, *sequence)).collect())
    }

    fn segments(&self) -> Result<Vec<u64>, LogError> {
        Ok(self.history.iter().map(|(sequence, _)| *sequence).collect())
    }

    fn segment(&self, sequence: u64) -> Result<Vec<Row>, LogError> {
        let segment = self.history.iter().find(|(through, _)| *through == sequence);
        segment.map_or(Ok(Vec::new()), |(_, segment)| Segment::read(segment))
    }
}

/// What a fault did to a row.
pub struct Damaged {
    pub sequence: u64,
    pub is_gone: bool,
}

fn flip(rng: &mut Rng, bytes: &mut [u8]) {
    let at = rng.usize(..bytes.len());
    bytes[at] ^= 1 << rng.u8(..8);
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
    pub fn new(epoch: u64, schema: Option<Rc<Schema>>, sabotage: Option<Sabotage>) -> Self {
        let is_forgotten = sabotage == Some(Sabotage::SchemaForgotten);
        let tables = Tables {
            epoch,
            schema: schema.filter(|_| !is_forgotten),
            is_unchecked: sabotage == Some(Sabotage::ChecksumsIgnored),
            drops_damaged: sabotage == Some(Sabotage::DamagedDropped),
            rewrites: sabotage == Some(Sabotage::RowsRewritten),
            ..Tables::default()
        };
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

    /// Damage a row. Not while writes are under way: they may hold what was read before.
    pub fn damage_row(&mut self, rng: &mut Rng) -> Option<Damaged> {
        // Damaged again it could be whole again.
        let whole = self.durable.sound_rows().filter(|row| self.durable.read(row).is_ok());
        let sound: Vec<_> = whole.map(|row| row.value.sequence).collect();
        if self.is_pending() || sound.is_empty() {
            return None;
        }
        let sequence = sound[rng.usize(..sound.len())];
        // Nobody can say that the last one was ever there.
        let is_gone = rng.u8(..4) == 0 && Some(&sequence) != sound.last();
        if is_gone {
            self.durable.rows.retain(|row| row.value.sequence != sequence);
        } else {
            let mut rows = self.durable.rows.iter_mut();
            let row = Rc::make_mut(rows.find(|row| row.value.sequence == sequence)?);
            let in_head = rng.bool() && !row.value.clocks.is_empty();
            flip(rng, if in_head { &mut row.value.clocks } else { &mut row.value.update });
        }
        self.current = self.durable.clone();
        Some(Damaged { sequence, is_gone })
    }

    /// Damage the snapshot. Whether there is one.
    pub fn damage_snapshot(&mut self, rng: &mut Rng) -> bool {
        if self.is_pending() {
            return false;
        }
        let Some(kept) = self.durable.snapshots.last_mut() else { return false };
        let snapshot = &mut Rc::make_mut(kept).value;
        let in_head = rng.bool();
        flip(rng, if in_head { &mut snapshot.state_vector } else { &mut snapshot.update });
        self.current = self.durable.clone();
        true
    }
}
