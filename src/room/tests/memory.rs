//! A log in memory that does what storage does: it keeps checksums, marks and a history.

use super::super::*;
use super::shell::EPOCH;
use crate::policy::Schema;
use crate::update::EMPTY;

/// Stands for what deflating does: a room does not look into it.
pub(super) const DEFLATED: &[u8] = b"deflated ";

/// Something stored, with the checksums of its head and of the rest.
#[derive(Clone, Debug)]
pub(in crate::room) struct Kept<T> {
    pub(in crate::room) value: T,
    sums: (u32, u32),
}

impl Kept<Row> {
    pub(in crate::room) fn row(value: Row) -> Self {
        Self { sums: (value.head().checksum(), value.checksum()), value }
    }

    fn read(&self) -> Result<&Row, LogError> {
        LogError::compare(self.sums.0, self.value.head().checksum())?;
        LogError::compare(self.sums.1, self.value.checksum())?;
        Ok(&self.value)
    }
}

impl Kept<Snapshot> {
    fn snapshot(value: Snapshot) -> Self {
        Self { sums: (value.head().checksum(), value.checksum()), value }
    }
}

#[derive(Default)]
pub(in crate::room) struct Memory {
    /// The last counts, unless it is quarantined; then nothing does until there is another.
    pub(in crate::room) snapshots: Vec<Kept<Snapshot>>,
    pub(in crate::room) rows: Vec<Kept<Row>>,
    pub(in crate::room) history: Vec<(u64, Result<Vec<Row>, LogError>)>,
    /// With the sequence number of the repair, and whether it was given back.
    pub(in crate::room) marks: Vec<(Mark, u64)>,
    pub(in crate::room) suspects: Suspects,
    pub(in crate::room) schema: Option<Rc<Schema>>,
    pub(in crate::room) revoked: Revoked,
    pub(in crate::room) subjects: BTreeMap<u32, Option<Subject>>,
}

impl Memory {
    pub(in crate::room) fn append(&mut self, row: Row) {
        self.marks.iter_mut().for_each(|(mark, _)| {
            mark.waits &= !(mark.part == Part::Row && row.returns.contains(&mark.sequence));
        });
        self.rows.push(Kept::row(row));
    }

    pub(in crate::room) fn compact(&mut self, snapshot: Snapshot) {
        let through = snapshot.sequence;
        let is_covered = |row: &Row| row.sequence <= through && !self.is_marked(row.sequence);
        let rows: Vec<_> = self.rows.iter().map(|row| &row.value).collect();
        let covered: Vec<_> = rows.into_iter().filter(|row| is_covered(row)).cloned().collect();
        self.rows.retain(|row| !covered.contains(&row.value));
        self.history.push((through, Ok(covered)));
        self.snapshots.pop();
        self.snapshots.push(Kept::snapshot(snapshot));
    }

    pub(in crate::room) fn repair(&mut self, repair: Repair) {
        let repaired = repair.row.sequence;
        self.marks.extend(repair.marks.into_iter().map(|mark| (mark, repaired)));
        self.snapshots.extend(repair.snapshot.map(Kept::snapshot));
        self.append(repair.row);
    }

    pub(in crate::room) fn stored(&self) -> Stored {
        let mut stored = Stored::new(EPOCH)
            .with_suspects(self.suspects.clone())
            .with_revoked(self.revoked.clone())
            .with_schema(self.schema.clone());
        for (mark, repaired) in &self.marks {
            stored.add_mark(mark, *repaired);
        }
        for (&number, subject) in &self.subjects {
            stored.add_subject(number, subject.clone());
        }
        if let Some(head) = self.snapshot_head().transpose() {
            stored.add_snapshot(head).unwrap();
        }
        for row in self.rows.iter().filter(|row| !self.is_marked(row.value.sequence)) {
            let head = row.value.head();
            let read = LogError::compare(row.sums.0, head.checksum()).map(|()| head);
            stored.add_row(row.value.sequence, read).unwrap();
        }
        stored
    }

    /// The updates of the rows that have one.
    pub(in crate::room) fn updates(&self) -> Vec<Vec<u8>> {
        let updates = self.rows(0, u64::MAX).unwrap().into_iter().map(|row| row.update);
        updates.filter(|update| update[..] != EMPTY).collect()
    }

    fn is_marked(&self, sequence: u64) -> bool {
        let is_it = |mark: &Mark| mark.part == Part::Row && mark.sequence == sequence;
        self.marks.iter().any(|(mark, _)| is_it(mark))
    }
}

impl Log for Memory {
    fn snapshot(&self) -> Result<Option<Snapshot>, LogError> {
        if self.snapshot_head()?.is_none() {
            return Ok(None);
        }
        let Some(kept) = self.snapshots.last() else { return Ok(None) };
        LogError::compare(kept.sums.1, kept.value.checksum())?;
        Ok(Some(kept.value.clone()))
    }

    fn deflated(&self) -> Result<Option<Deflated>, LogError> {
        let Some(snapshot) = self.snapshot()? else { return Ok(None) };
        let bytes = [DEFLATED, &snapshot.update].concat();
        Ok(Some(Deflated { sequence: snapshot.sequence, bytes }))
    }

    fn snapshot_head(&self) -> Result<Option<SnapshotHead>, LogError> {
        let Some(kept) = self.snapshots.last() else { return Ok(None) };
        let head = kept.value.head();
        LogError::compare(kept.sums.0, head.checksum())?;
        Ok(Some(head))
    }

    fn rows(&self, after: u64, bytes_max: u64) -> Result<Vec<Row>, LogError> {
        let mut bytes = 0;
        let mut rows = Vec::new();
        for row in self.rows.iter().filter(|row| row.value.sequence > after) {
            if self.is_marked(row.value.sequence) {
                continue;
            }
            bytes += row.value.update.len() as u64;
            if bytes > bytes_max && !rows.is_empty() {
                break;
            }
            rows.push(row.read()?.clone());
        }
        Ok(rows)
    }

    fn row(&self, sequence: u64) -> Result<Row, LogError> {
        let row = self.rows.iter().find(|row| row.value.sequence == sequence);
        row.ok_or_else(|| LogError::Damaged("not there".into()))?.read().cloned()
    }

    fn sequences(&self) -> Result<Vec<u64>, LogError> {
        let sequences = self.rows.iter().map(|row| row.value.sequence);
        Ok(sequences.filter(|sequence| !self.is_marked(*sequence)).collect())
    }

    fn quarantined(&self) -> Result<Vec<u64>, LogError> {
        let sequences = self.rows.iter().map(|row| row.value.sequence);
        Ok(sequences.filter(|sequence| self.is_marked(*sequence)).collect())
    }

    fn segments(&self) -> Result<Vec<u64>, LogError> {
        Ok(self.history.iter().map(|(sequence, _)| *sequence).collect())
    }

    fn segment(&self, sequence: u64) -> Result<Vec<Row>, LogError> {
        let segment = self.history.iter().find(|(through, _)| *through == sequence);
        segment.map_or(Ok(Vec::new()), |(_, rows)| rows.clone())
    }
}
