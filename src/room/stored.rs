//! What a room has to know of its storage to start. It is folded as it is read, so that a long log
//! takes no memory.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::authors::Authors;
use super::chain::Chain;
use super::log::{Log, LogError, Row, RowHead, SnapshotHead, advance};
use super::repair::{Mark, Part};
use super::revoked::Revoked;
use super::subjects::{Subject, Subjects};
use super::suspects::Suspects;
use crate::policy::Schema;
use crate::update::{EMPTY, StateVector};

/// What a room has to know of its storage to start.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Stored {
    pub(super) epoch: u64,
    /// The last sequence number.
    pub(super) head: u64,
    /// Which clocks there are.
    pub(super) known: StateVector,
    pub(super) authors: Authors,
    pub(super) subjects: Subjects,
    /// That of the last row; nothing if no row has one.
    pub(super) chain: Option<Chain>,
    pub(super) size: Size,
    pub(super) quarantine: Quarantine,
    pub(super) suspects: Suspects,
    pub(super) schema: Option<Rc<Schema>>,
    pub(super) revoked: Revoked,
    last_row: Option<u64>,
}

/// What is not served although it is stored.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Quarantine {
    /// Something was found that nobody has looked into yet.
    pub(super) is_due: bool,
    /// The sequence number of the last repair; 0 if there was none.
    pub(super) repaired: u64,
    /// Rows that are marked, and behind which sequence number they were: not in the log any more,
    /// but not a gap that nobody knows of either.
    rows: BTreeMap<u64, u64>,
    /// Those of them that wait for what is lost.
    pub(super) waiting: BTreeSet<u64>,
    /// Whose ids these need, and how far each of them was known when the rows were looked at;
    /// nothing if nobody has since the room was loaded.
    pub(super) needs: Option<BTreeMap<u64, u32>>,
    /// Which clocks the log had when it was damaged, as far as its room knew.
    pub(super) lost: StateVector,
}

impl Quarantine {
    /// [`Log::rows`], of which none may be missing.
    pub(super) fn rows(
        &self,
        log: &impl Log,
        after: u64,
        bytes_max: u64,
    ) -> Result<Vec<Row>, LogError> {
        let rows = log.rows(after, bytes_max)?;
        let mut before = after;
        for row in &rows {
            if let Some(gap) = self.gap(before, row.sequence, row.updates) {
                return Err(LogError::Damaged(format!("row {gap} is not there")));
            }
            before = row.sequence;
        }
        Ok(rows)
    }

    /// Whether some of what waits may be ready in a log that has the clocks `known`. It is not read
    /// to find out.
    pub(super) fn may_return(&self, known: &StateVector) -> bool {
        let is_further = |(&client, &clock): (&u64, &u32)| known.clock(client) > clock;
        let needs = self.needs.as_ref();
        !self.waiting.is_empty() && needs.is_none_or(|needs| needs.iter().any(is_further))
    }

    /// All rows that are marked, in order.
    pub(super) fn marked(&self) -> impl Iterator<Item = u64> {
        self.rows.keys().copied()
    }

    /// The last sequence number of what nobody knows of between `before` and a row.
    pub(super) fn gap(&self, before: u64, sequence: u64, updates: u32) -> Option<u64> {
        let mut follows = sequence.saturating_sub(u64::from(updates));
        while follows > before {
            match self.rows.get(&follows) {
                Some(&next) if next < follows => follows = next,
                _ => return Some(follows),
            }
        }
        None
    }
}

/// How much the log holds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Size {
    pub(super) snapshot_sequence: u64,
    pub(super) snapshot_bytes: u64,
    /// Rows behind the snapshot.
    pub(super) rows: u64,
    /// Bytes of their updates.
    pub(super) bytes: u64,
    /// There is a row without an update behind the snapshot: that which says that it was made, and
    /// is not counted. Otherwise a short log would be compacted for ever.
    says_so: bool,
    /// How many rows and bytes there were when a compaction was given up.
    pub(super) refused: (u64, u64),
}

impl Size {
    /// There is another row, with an update of so many bytes.
    pub(super) fn add(&mut self, bytes: u64) {
        let says_so = bytes <= EMPTY.len() as u64 && !self.says_so;
        self.says_so |= says_so;
        self.rows += u64::from(!says_so);
        self.bytes += bytes;
    }

    /// A snapshot of so many bytes took the place of so many rows and bytes.
    pub(super) fn compacted(&mut self, sequence: u64, snapshot_bytes: u64, rows: u64, bytes: u64) {
        let (rows, bytes) = (self.rows.saturating_sub(rows), self.bytes.saturating_sub(bytes));
        *self =
            Self { snapshot_sequence: sequence, snapshot_bytes, rows, bytes, ..Self::default() };
    }
}

impl Stored {
    /// The storage of a document with nothing in it yet. `epoch` is the id of its history.
    pub fn new(epoch: u64) -> Self {
        Self { epoch, ..Self::default() }
    }

    /// What made its room fail, and how often.
    pub fn with_suspects(self, suspects: Suspects) -> Self {
        Self { suspects, ..self }
    }

    /// The rules of the document, unless it has its own.
    pub fn with_schema(self, schema: Option<Rc<Schema>>) -> Self {
        Self { schema: self.schema.or(schema), ..self }
    }

    /// What was revoked.
    pub fn with_revoked(self, revoked: Revoked) -> Self {
        Self { revoked, ..self }
    }

    /// Somebody wrote here, under this number; nobody knows who any more if they were erased.
    pub fn add_subject(&mut self, number: u32, subject: Option<Subject>) {
        self.subjects.add(number, subject);
    }

    /// The repair with the sequence number `repaired` marked this. Marks come first.
    pub fn add_mark(&mut self, mark: &Mark, repaired: u64) {
        self.quarantine.repaired = self.quarantine.repaired.max(repaired);
        self.head = self.head.max(repaired);
        // Of what cannot be read the rest is as good as lost.
        let _ = advance(&mut self.quarantine.lost, &mark.lost);
        if mark.part == Part::Row {
            self.quarantine.rows.insert(mark.sequence, mark.follows);
            if mark.waits {
                self.quarantine.waiting.insert(mark.sequence);
            }
        }
    }

    /// There is a snapshot, if it could be read.
    pub fn add_snapshot(&mut self, head: Result<SnapshotHead, LogError>) -> Result<(), LogError> {
        let read = head.and_then(|head| Ok((head.vector()?, head)));
        if let Some((vector, head)) = self.intact(read)? {
            self.known = vector;
            self.authors.add(&head.authors)?;
            self.chain = head.chain;
            self.head = self.head.max(head.sequence);
            self.size.snapshot_sequence = head.sequence;
            self.size.snapshot_bytes = head.bytes;
        }
        Ok(())
    }

    /// There is a row with this sequence number, and this is its head, if it could be read. Rows
    /// come after the snapshot and in order; those that are marked do not come at all.
    pub fn add_row(
        &mut self,
        sequence: u64,
        head: Result<RowHead, LogError>,
    ) -> Result<(), LogError> {
        let before = self.last_row.replace(sequence);
        self.head = self.head.max(sequence);
        let read = head.and_then(|head| {
            advance(&mut self.known, &head.clocks)?;
            self.authors.add(&head.authors)?;
            Ok(head)
        });
        if let Some(head) = self.intact(read)? {
            let before = before.unwrap_or(self.size.snapshot_sequence);
            self.quarantine.is_due |= self.quarantine.gap(before, sequence, head.updates).is_some();
            self.chain = head.chain.or(self.chain);
            self.size.add(head.bytes);
        }
        Ok(())
    }

    /// What is damaged is looked into before the room does anything else.
    fn intact<T>(&mut self, read: Result<T, LogError>) -> Result<Option<T>, LogError> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(error) if error.is_damage() => {
                self.quarantine.is_due = true;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
