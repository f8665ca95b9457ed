//! Reading the log back. What is not as it was written comes back as damage.

use worker::SqlStorageValue;

use super::pieces::Owner;
use super::{RoomStorage, Values, blob, columns, inflate, integer, number, segment};
use crate::room::{
    Log, LogError, Row, RowHead, Snapshot, SnapshotHead, Stored, checksum as checksum_of,
};
use crate::time::Millis;

/// The rows that are not in quarantine.
const SOUND: &str = "sequence NOT IN (SELECT sequence FROM quarantine WHERE part = 0)";

/// The most bytes of rows in one segment: a multiple of what a compaction takes in, since older
/// builds took all there was.
const SEGMENT_BYTES_MAX: usize = 256 << 20;

impl RoomStorage {
    /// Everything of snapshot and log that a room has to know to start.
    pub(super) fn add_heads(&self, stored: &mut Stored) -> Result<(), LogError> {
        if let Some(head) = self.snapshot_head().transpose() {
            stored.add_snapshot(head)?;
        }
        let select = format!(
            "SELECT sequence, updates, bytes, head_checksum, clocks FROM log
            WHERE {SOUND} ORDER BY sequence"
        );
        for row in self.query(&select, vec![])? {
            let [sequence, updates, bytes, checksum, clocks] = columns(row?)?;
            let sequence = number(sequence)?;
            stored.add_row(sequence, row_head(sequence, updates, bytes, checksum, clocks))?;
        }
        Ok(())
    }

    pub(super) fn sequences_through(&self, through: u64) -> Result<Vec<u64>, LogError> {
        let select =
            format!("SELECT sequence FROM log WHERE {SOUND} AND sequence <= ? ORDER BY sequence");
        self.numbers(&select, vec![integer(through)])
    }

    pub(super) fn read_row(&self, sequence: u64) -> Result<Row, LogError> {
        let select = "SELECT sequence, updates, at_ms, deletes, bytes, head_checksum, checksum,
            clocks, body FROM log WHERE sequence = ?";
        let row = self.one(select, vec![integer(sequence)])?;
        self.checked_row(row.ok_or_else(|| LogError::Damaged("not there".into()))?)
    }

    fn checked_row(&self, row: Values) -> Result<Row, LogError> {
        let [sequence, updates, at_ms, deletes, bytes, head_checksum, checksum, clocks, body] =
            columns(row)?;
        let sequence = number(sequence)?;
        let head = row_head(sequence, updates, bytes, head_checksum, clocks)?;
        let row = Row {
            sequence,
            updates: head.updates,
            at: Millis(number(at_ms)?),
            clocks: head.clocks,
            deletes: number(deletes)? != 0,
            update: self.body(Owner::Log, sequence, body)?,
            returns: Vec::new(),
        };
        of_size(head.bytes, &row.update)?;
        LogError::compare(checksum_in(checksum)?, row.checksum())?;
        Ok(row)
    }

    /// The bytes in a column, or in pieces if that is null.
    pub(super) fn body(
        &self,
        owner: Owner,
        sequence: u64,
        body: SqlStorageValue,
    ) -> Result<Vec<u8>, LogError> {
        match body {
            SqlStorageValue::Null => self.pieces(owner).read(sequence),
            body => blob(body),
        }
    }

    /// The id of the snapshot that counts and the checksum of its document, and its head.
    fn snapshot_row(&self) -> Result<Option<(u64, SqlStorageValue, SnapshotHead)>, LogError> {
        let select = "SELECT id, sequence, bytes, head_checksum, checksum, state_vector
            FROM snapshot ORDER BY id DESC LIMIT 1";
        let Some(row) = self.one(select, vec![])? else { return Ok(None) };
        let [id, sequence, bytes, head_checksum, checksum, state_vector] = columns(row)?;
        let head = SnapshotHead {
            sequence: number(sequence)?,
            bytes: number(bytes)?,
            state_vector: blob(state_vector)?,
        };
        LogError::compare(checksum_in(head_checksum)?, head.checksum())?;
        Ok(Some((number(id)?, checksum, head)))
    }
}

impl Log for RoomStorage {
    fn snapshot(&self) -> Result<Option<Snapshot>, LogError> {
        let Some((id, checksum, head)) = self.snapshot_row()? else { return Ok(None) };
        let len = usize::try_from(head.bytes).map_err(|_| out_of_range())?;
        let update = inflate(&self.pieces(Owner::Snapshot).read(id)?, len)?;
        let snapshot =
            Snapshot { sequence: head.sequence, state_vector: head.state_vector, update };
        of_size(head.bytes, &snapshot.update)?;
        LogError::compare(checksum_in(checksum)?, snapshot.checksum())?;
        Ok(Some(snapshot))
    }

    fn snapshot_head(&self) -> Result<Option<SnapshotHead>, LogError> {
        Ok(self.snapshot_row()?.map(|(_, _, head)| head))
    }

    fn rows(&self, after: u64, bytes_max: u64) -> Result<Vec<Row>, LogError> {
        let total = format!(
            "SELECT sequence, SUM(bytes) OVER (ORDER BY sequence) AS total FROM log
            WHERE {SOUND} AND sequence > ?"
        );
        let through = format!(
            "SELECT COALESCE(MAX(sequence) FILTER (WHERE total <= ?), MIN(sequence)) FROM ({total})"
        );
        let Some(row) = self.one(&through, vec![integer(bytes_max), integer(after)])? else {
            return Ok(Vec::new());
        };
        let [through] = columns(row)?;
        if through == SqlStorageValue::Null {
            return Ok(Vec::new());
        }
        let select = format!(
            "SELECT sequence, updates, at_ms, deletes, bytes, head_checksum, checksum, clocks, body
            FROM log WHERE {SOUND} AND sequence > ? AND sequence <= ? ORDER BY sequence"
        );
        let rows = self.query(&select, vec![integer(after), through])?;
        rows.map(|row| self.checked_row(row?)).collect()
    }

    fn row(&self, sequence: u64) -> Result<Row, LogError> {
        self.read_row(sequence)
    }

    fn sequences(&self) -> Result<Vec<u64>, LogError> {
        self.sequences_through(crate::codec::NUMBER_MAX)
    }

    fn segments(&self) -> Result<Vec<u64>, LogError> {
        self.numbers("SELECT sequence FROM history ORDER BY sequence", vec![])
    }

    fn segment(&self, sequence: u64) -> Result<Vec<Vec<u8>>, LogError> {
        let select = "SELECT bytes, checksum FROM history WHERE sequence = ?";
        let row = self.one(select, vec![integer(sequence)])?;
        let [bytes, checksum] = columns(row.ok_or_else(out_of_range)?)?;
        let deflated = self.pieces(Owner::History).read(sequence)?;
        of_size(number(bytes)?, &deflated)?;
        // Version 1 wrote none.
        if checksum != SqlStorageValue::Null {
            LogError::compare(checksum_in(checksum)?, checksum_of(&[&deflated]))?;
        }
        Ok(segment::updates(&inflate(&deflated, SEGMENT_BYTES_MAX)?)?)
    }
}

fn row_head(
    sequence: u64,
    updates: SqlStorageValue,
    bytes: SqlStorageValue,
    checksum: SqlStorageValue,
    clocks: SqlStorageValue,
) -> Result<RowHead, LogError> {
    let updates = u32::try_from(number(updates)?).map_err(|_| out_of_range())?;
    let head = RowHead { sequence, updates, bytes: number(bytes)?, clocks: blob(clocks)? };
    LogError::compare(checksum_in(checksum)?, head.checksum())?;
    Ok(head)
}

fn checksum_in(value: SqlStorageValue) -> Result<u32, LogError> {
    u32::try_from(number(value)?).map_err(|_| out_of_range())
}

fn of_size(size: u64, bytes: &[u8]) -> Result<(), LogError> {
    match bytes.len() as u64 {
        len if len == size => Ok(()),
        len => Err(LogError::Damaged(format!("{len} bytes instead of {size}"))),
    }
}

fn out_of_range() -> LogError {
    LogError::Damaged("a number is out of range".into())
}
