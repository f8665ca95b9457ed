//! The room's storage: the only place with SQL.
//!
//! | table | what it holds |
//! |---|---|
//! | `meta` | the storage version, the epoch, what made the room fail how often, what is revoked |
//! | `log` | one row a commit; the update itself, unless it is in pieces |
//! | `snapshot` | the last snapshot; its update is in pieces, in columns and deflated |
//! | `history` | a segment for each compaction: the rows that a snapshot took the place of |
//! | `piece` | large bytes, and the document's own schema, at most [`PIECE_BYTES_MAX`] a row |
//! | `quarantine` | what is damaged, and what waits for that; it stays in its own table as it is |
//! | `subject` | who has which number in the rows; nobody, if they were erased |
//!
//! Checksums are written with what they are of and compared whenever it is read. The platform
//! refuses rows over 2 MB; a local run does not, so the limit is held here.

mod meta;
mod pieces;
mod quarantine;
mod read;
mod rows;
mod subject;
mod version;

use worker::wasm_bindgen::JsValue;
use worker::{SqlStorage, SqlStorageValue, Storage};

use super::platform;
use crate::room::{Chain, LogError, Revoked, Row, Segment, Snapshot, Stored, checksum};
use crate::update::{from_columns, to_columns};
use pieces::{Owner, PIECE_BYTES_MAX, Pieces};
use read::SOUND;
use rows::Rows;

/// One row of a result.
type Values = Vec<SqlStorageValue>;

/// The storage of one room.
pub(super) struct RoomStorage {
    storage: Storage,
    sql: SqlStorage,
}

impl RoomStorage {
    pub(super) fn new(storage: Storage) -> Self {
        let sql = storage.sql();
        Self { storage, sql }
    }

    /// What the room has to know to start. `epoch` is for a document that has no history yet.
    pub(super) fn open(&self, epoch: u64) -> Result<Stored, LogError> {
        self.bring_up_to_date(epoch)?;
        let mut stored = self.read_meta()?.with_schema(self.read_schema()?);
        self.add_subjects(&mut stored)?;
        self.add_marks(&mut stored)?;
        self.add_heads(&mut stored)?;
        Ok(stored)
    }

    /// Add a row to the log.
    pub(super) fn append(&self, row: &Row) -> Result<(), LogError> {
        if is_small(row) && row.returns.is_empty() {
            return self.insert_row(row);
        }
        self.transaction(|| self.insert_row(row))
    }

    fn insert_row(&self, row: &Row) -> Result<(), LogError> {
        let body = if is_small(row) {
            SqlStorageValue::Blob(row.update.clone())
        } else {
            self.pieces(Owner::Log).write(row.sequence, &row.update)?;
            SqlStorageValue::Null
        };
        let head = row.head();
        let bindings = vec![
            integer(row.sequence),
            integer(u64::from(row.updates)),
            integer(row.at.0),
            SqlStorageValue::Integer(i64::from(row.deletes)),
            integer(head.bytes),
            integer(head.checksum().into()),
            integer(row.checksum().into()),
            SqlStorageValue::Blob(head.clocks),
            SqlStorageValue::Blob(head.authors),
            chain(row.chain),
            SqlStorageValue::Blob(row.decisions.clone()),
            body,
        ];
        self.run("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", bindings)?;
        self.returned(row)
    }

    /// Put `snapshot` in the place of the rows that it covers, move these to the history, and add
    /// the row that says so.
    pub(super) fn compact(&self, snapshot: &Snapshot, says_so: &Row) -> Result<(), LogError> {
        let through = snapshot.sequence;
        self.transaction(|| {
            let mut first = through;
            let mut segment = Segment::default();
            for row in self.rows_between(0, integer(through))? {
                let row = row?;
                first = first.min((row.sequence + 1).saturating_sub(row.updates.into()));
                segment.add(&row);
            }
            let covered = format!("FROM log WHERE {SOUND} AND sequence <= ?");
            let pieces = format!(
                "DELETE FROM piece WHERE owner = ? AND sequence IN (SELECT sequence {covered})"
            );
            self.run(&pieces, vec![integer(Owner::Log as u64), integer(through)])?;
            self.run(&format!("DELETE {covered}"), vec![integer(through)])?;
            let segment = deflate(&segment.finish());
            self.pieces(Owner::History).write(through, &segment)?;
            let bindings = vec![
                integer(through),
                integer(first),
                integer(segment.len() as u64),
                integer(checksum(&[&segment]).into()),
            ];
            self.run("INSERT INTO history VALUES (?, ?, ?, ?)", bindings)?;

            // Those before it are in quarantine.
            if let Some(last) = self.number("SELECT MAX(id) FROM snapshot")? {
                self.pieces(Owner::Snapshot).delete(last)?;
                self.run("DELETE FROM snapshot WHERE id = ?", vec![integer(last)])?;
            }
            self.insert_snapshot(snapshot)?;
            self.insert_row(says_so)
        })
    }

    fn insert_snapshot(&self, snapshot: &Snapshot) -> Result<(), LogError> {
        let id = self.number("SELECT COALESCE(MAX(id), 0) + 1 FROM snapshot")?.unwrap_or(1);
        let packed = pack(&snapshot.update)?;
        self.pieces(Owner::Snapshot).write(id, &packed)?;
        let head = snapshot.head();
        let bindings = vec![
            integer(id),
            integer(head.sequence),
            integer(head.bytes),
            integer(head.checksum().into()),
            integer(snapshot.checksum().into()),
            SqlStorageValue::Blob(head.state_vector),
            SqlStorageValue::Blob(head.authors),
            chain(head.chain),
            integer(checksum(&[&packed]).into()),
        ];
        self.run("INSERT INTO snapshot VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", bindings)
    }

    /// Forget everything but what is revoked; a promise says when that is durable. `epoch` is for
    /// the history that may follow.
    pub(super) fn delete_all_but(
        &self,
        revoked: &Revoked,
        epoch: u64,
    ) -> Result<js_sys::Promise, LogError> {
        let deletion = platform::delete_all(self.storage.as_raw())?;
        if !revoked.is_empty() {
            self.bring_up_to_date(epoch)?;
            self.keep_revoked(revoked)?;
        }
        Ok(deletion)
    }

    fn pieces(&self, owner: Owner) -> Pieces<'_> {
        Pieces { storage: self, owner }
    }

    fn transaction(&self, work: impl FnMut() -> Result<(), LogError>) -> Result<(), LogError> {
        platform::transaction(self.storage.as_raw(), work)
    }

    fn run(&self, statement: &str, bindings: Values) -> Result<(), LogError> {
        self.sql.exec(statement, bindings).map(|_| ()).map_err(failed)
    }

    /// The rows of a result.
    fn query(&self, statement: &str, bindings: Values) -> Result<Rows, LogError> {
        Rows::of(&self.sql, statement, bindings)
    }

    /// The only row of a result; nothing if there is none.
    fn one(&self, statement: &str, bindings: Values) -> Result<Option<Values>, LogError> {
        let rows: Result<Vec<_>, _> = self.query(statement, bindings)?.collect();
        Ok(rows?.pop())
    }

    /// The only value of a result; nothing if it has no rows, or it is null.
    fn number(&self, statement: &str) -> Result<Option<u64>, LogError> {
        let Some(row) = self.one(statement, vec![])? else { return Ok(None) };
        match columns(row)? {
            [SqlStorageValue::Null] => Ok(None),
            [value] => number(value).map(Some),
        }
    }

    /// The numbers in the only column of a result.
    fn numbers(&self, statement: &str, bindings: Values) -> Result<Vec<u64>, LogError> {
        let numbers = self.query(statement, bindings)?.map(|row| {
            let [value] = columns(row?)?;
            number(value)
        });
        numbers.collect()
    }
}

impl From<JsValue> for LogError {
    fn from(error: JsValue) -> Self {
        Self::Storage(platform::message_of(&error))
    }
}

/// Of the columns of a typed document of 276,979 bytes it makes 56,913; zlib's default, which is 6,
/// makes 55,831 in twice the time. A room does nothing else meanwhile.
const DEFLATE_LEVEL: u8 = 4;

fn deflate(bytes: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec(bytes, DEFLATE_LEVEL)
}

/// What was deflated, unless that is more than `len` bytes.
fn inflate(bytes: &[u8], len: usize) -> Result<Vec<u8>, LogError> {
    miniz_oxide::inflate::decompress_to_vec_with_limit(bytes, len)
        .map_err(|error| LogError::Damaged(format!("cannot be inflated: {}", error.status as i32)))
}

/// A document as it is stored, and as it is sent to our own client: nobody looks into it then, so
/// it is read back first. An error leaves the log as it is.
fn pack(update: &[u8]) -> Result<Vec<u8>, LogError> {
    let columns = to_columns(update)?;
    if from_columns(&columns)? != update {
        return Err(LogError::Damaged("columns say something else".into()));
    }
    Ok(deflate(&columns))
}

/// The document of so many bytes that was packed.
fn unpack(packed: &[u8], bytes: u64) -> Result<Vec<u8>, LogError> {
    // No field takes more than four times as much in a column.
    let max = usize::try_from(bytes).unwrap_or(usize::MAX).saturating_mul(4).saturating_add(64);
    let update = from_columns(&inflate(packed, max)?)?;
    of_size(bytes, &update)?;
    Ok(update)
}

fn failed(error: worker::Error) -> LogError {
    LogError::Storage(error.to_string())
}

fn integer(number: u64) -> SqlStorageValue {
    // Sequence numbers, sizes, times and ids are below 2^53.
    SqlStorageValue::Integer(number as i64)
}

/// Whether all of a row fits in one of the table's.
fn is_small(row: &Row) -> bool {
    let others = row.clocks.len() + row.authors.len() + row.decisions.len();
    row.update.len() + others <= PIECE_BYTES_MAX
}

/// 32 bytes, or none.
fn chain(chain: Option<Chain>) -> SqlStorageValue {
    SqlStorageValue::Blob(chain.map_or(Vec::new(), Vec::from))
}

fn of_size(size: u64, bytes: &[u8]) -> Result<(), LogError> {
    match bytes.len() as u64 {
        len if len == size => Ok(()),
        len => Err(LogError::Damaged(format!("{len} bytes instead of {size}"))),
    }
}

fn columns<const N: usize>(row: Values) -> Result<[SqlStorageValue; N], LogError> {
    row.try_into().map_err(|_| LogError::Damaged("a row has other columns".into()))
}

fn number(value: SqlStorageValue) -> Result<u64, LogError> {
    match value {
        SqlStorageValue::Integer(number) if number >= 0 => Ok(number as u64),
        other => Err(LogError::Damaged(format!("{} is no number", kind(&other)))),
    }
}

fn blob(value: SqlStorageValue) -> Result<Vec<u8>, LogError> {
    match value {
        SqlStorageValue::Blob(bytes) => Ok(bytes),
        other => Err(LogError::Damaged(format!("{} is no blob", kind(&other)))),
    }
}

/// What a value is. What it says could be someone's text, and ends in a log.
fn kind(value: &SqlStorageValue) -> &'static str {
    match value {
        SqlStorageValue::Null => "null",
        SqlStorageValue::Blob(_) => "a blob",
        SqlStorageValue::String(_) => "a string",
        _ => "a value",
    }
}
