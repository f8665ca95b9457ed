//! Reading the log back. What is not as it was written comes back as damage.

use worker::SqlStorageValue;

use super::pieces::Owner;
use super::{RoomStorage, Values, blob, columns, inflate, integer, number, of_size, unpack};
use crate::room::{
    Deflated, Log, LogError, Row, RowHead, Segment, Snapshot, SnapshotHead, Stored,
    checksum as checksum_of,
};
use crate::time::Millis;

/// The rows that are not in quarantine.
pub(super) const SOUND: &str = "sequence NOT IN (SELECT sequence FROM quarantine WHERE part = 0)";

/// The columns of a row's head, and those of all of it.
const HEAD: &str = "sequence, updates, bytes, head_checksum, clocks, authors, chain";
const REST: &str = "at_ms, deletes, checksum, decisions, body";

/// The most bytes of rows in one segment: a multiple of what a compaction takes in, since older
/// builds took all there was.
const SEGMENT_BYTES_MAX: usize = 256 << 20;

impl RoomStorage {
    /// Everything of snapshot and log that a room has to know to start.
    pub(super) fn add_heads(&self, stored: &mut Stored) -> Result<(), LogError> {
        if let Some(head) = self.snapshot_head().transpose() {
            stored.add_snapshot(head)?;
        }
        let select = format!("SELECT {HEAD} FROM log WHERE {SOUND} ORDER BY sequence");
        for row in self.query(&select, vec![])? {
            let head: [_; 7] = columns(row?)?;
            stored.add_row(number(head[0].clone())?, row_head(head))?;
        }
        Ok(())
    }

    /// The rows behind sequence number `after` and up to `through`, in order.
    pub(super) fn rows_between(
        &self,
        after: u64,
        through: SqlStorageValue,
    ) -> Result<impl Iterator<Item = Result<Row, LogError>>, LogError> {
        let select = format!(
            "SELECT {HEAD}, {REST} FROM log
            WHERE {SOUND} AND sequence > ? AND sequence <= ? ORDER BY sequence"
        );
        let rows = self.query(&select, vec![integer(after), through])?;
        Ok(rows.map(|row| self.checked_row(row?)))
    }

    pub(super) fn read_row(&self, sequence: u64) -> Result<Row, LogError> {
        let select = format!("SELECT {HEAD}, {REST} FROM log WHERE sequence = ?");
        let row = self.one(&select, vec![integer(sequence)])?;
        self.checked_row(row.ok_or_else(|| LogError::Damaged("not there".into()))?)
    }

    fn checked_row(&self, mut row: Values) -> Result<Row, LogError> {
        let rest = row.split_off(row.len().min(7));
        let head = row_head(columns(row)?)?;
        let [at_ms, deletes, checksum, decisions, body] = columns(rest)?;
        let row = Row {
            sequence: head.sequence,
            updates: head.updates,
            at: Millis(number(at_ms)?),
            clocks: head.clocks,
            authors: head.authors,
            deletes: number(deletes)? != 0,
            decisions: blob(decisions)?,
            chain: head.chain,
            update: self.body(Owner::Log, head.sequence, body)?,
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

    /// The snapshot that counts without its document, and how that is stored.
    fn snapshot_row(&self) -> Result<Option<(SnapshotHead, Packed)>, LogError> {
        let select = "SELECT id, sequence, bytes, head_checksum, checksum, state_vector, authors,
            chain, packed_checksum FROM snapshot ORDER BY id DESC LIMIT 1";
        let Some(row) = self.one(select, vec![])? else { return Ok(None) };
        let [id, sequence, bytes, head_checksum, checksum, state_vector, authors, chain, packed] =
            columns(row)?;
        let head = SnapshotHead {
            sequence: number(sequence)?,
            bytes: number(bytes)?,
            state_vector: blob(state_vector)?,
            authors: blob(authors)?,
            chain: Row::chain_of(&blob(chain)?)?,
        };
        LogError::compare(checksum_in(head_checksum)?, head.checksum())?;
        Ok(Some((head, Packed { id: number(id)?, checksum: packed, unpacked: checksum })))
    }

    fn read_packed(&self, id: u64, checksum: SqlStorageValue) -> Result<Vec<u8>, LogError> {
        let packed = self.pieces(Owner::Snapshot).read(id)?;
        LogError::compare(checksum_in(checksum)?, checksum_of(&[&packed]))?;
        Ok(packed)
    }
}

/// A document as it is stored.
struct Packed {
    /// The number of its pieces.
    id: u64,
    /// That of the pieces.
    checksum: SqlStorageValue,
    /// That of the document.
    unpacked: SqlStorageValue,
}

impl Log for RoomStorage {
    fn snapshot(&self) -> Result<Option<Snapshot>, LogError> {
        let Some((head, Packed { id, checksum, unpacked })) = self.snapshot_row()? else {
            return Ok(None);
        };
        let update = unpack(&self.read_packed(id, checksum)?, head.bytes)?;
        let SnapshotHead { sequence, state_vector, authors, chain, .. } = head;
        let snapshot = Snapshot { sequence, state_vector, authors, chain, update };
        LogError::compare(checksum_in(unpacked)?, snapshot.checksum())?;
        Ok(Some(snapshot))
    }

    fn deflated(&self) -> Result<Option<Deflated>, LogError> {
        let Some((SnapshotHead { sequence, .. }, Packed { id, checksum, .. })) =
            self.snapshot_row()?
        else {
            return Ok(None);
        };
        Ok(Some(Deflated { sequence, bytes: self.read_packed(id, checksum)? }))
    }

    fn snapshot_head(&self) -> Result<Option<SnapshotHead>, LogError> {
        Ok(self.snapshot_row()?.map(|(head, _)| head))
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
        self.rows_between(after, through)?.collect()
    }

    fn row(&self, sequence: u64) -> Result<Row, LogError> {
        self.read_row(sequence)
    }

    fn sequences(&self) -> Result<Vec<u64>, LogError> {
        let select = format!("SELECT sequence FROM log WHERE {SOUND} ORDER BY sequence");
        self.numbers(&select, vec![])
    }

    fn quarantined(&self) -> Result<Vec<u64>, LogError> {
        self.numbers(
            &format!("SELECT sequence FROM log WHERE NOT {SOUND} ORDER BY sequence"),
            vec![],
        )
    }

    fn segments(&self) -> Result<Vec<u64>, LogError> {
        self.numbers("SELECT sequence FROM history ORDER BY sequence", vec![])
    }

    fn segment(&self, sequence: u64) -> Result<Vec<Row>, LogError> {
        let select = "SELECT bytes, checksum FROM history WHERE sequence = ?";
        let row = self.one(select, vec![integer(sequence)])?;
        let [bytes, checksum] = columns(row.ok_or_else(out_of_range)?)?;
        let deflated = self.pieces(Owner::History).read(sequence)?;
        of_size(number(bytes)?, &deflated)?;
        // Version 1 wrote none.
        if checksum != SqlStorageValue::Null {
            LogError::compare(checksum_in(checksum)?, checksum_of(&[&deflated]))?;
        }
        Segment::read(&inflate(&deflated, SEGMENT_BYTES_MAX)?)
    }
}

/// Of the columns in [`HEAD`].
fn row_head(columns: [SqlStorageValue; 7]) -> Result<RowHead, LogError> {
    let [sequence, updates, bytes, checksum, clocks, authors, chain] = columns;
    let head = RowHead {
        sequence: number(sequence)?,
        updates: u32::try_from(number(updates)?).map_err(|_| out_of_range())?,
        bytes: number(bytes)?,
        clocks: blob(clocks)?,
        authors: blob(authors)?,
        chain: Row::chain_of(&blob(chain)?)?,
    };
    LogError::compare(checksum_in(checksum)?, head.checksum())?;
    Ok(head)
}

fn checksum_in(value: SqlStorageValue) -> Result<u32, LogError> {
    u32::try_from(number(value)?).map_err(|_| out_of_range())
}

fn out_of_range() -> LogError {
    LogError::Damaged("a number is out of range".into())
}
