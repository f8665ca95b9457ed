//! The room's storage: the only place with SQL.
//!
//! | table | what it holds |
//! |---|---|
//! | `meta` | the storage version and the epoch |
//! | `log` | one row a commit; the update itself, unless it is in pieces |
//! | `snapshot` | the last snapshot; its update is in pieces, deflated |
//! | `history` | a segment for each compaction: the rows that a snapshot took the place of |
//! | `piece` | large bytes, at most [`PIECE_BYTES_MAX`] a row |
//!
//! The platform refuses rows over 2 MB; a local run does not, so the limit is held here.

mod pieces;
mod segment;

use worker::wasm_bindgen::JsValue;
use worker::{SqlStorage, SqlStorageValue, Storage};

use super::platform;
use crate::room::{Log, LogError, Row, Snapshot, Stored, StoredRow};
use pieces::{Owner, PIECE_BYTES_MAX, Pieces};

/// Changes with the tables. A room whose storage is newer than its code is not opened.
const STORAGE_VERSION: i64 = 1;

const SCHEMA: &str = "
    CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE log (
        sequence INTEGER PRIMARY KEY,
        updates INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        deletes INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        clocks BLOB NOT NULL,
        body BLOB
    );
    CREATE TABLE snapshot (
        sequence INTEGER PRIMARY KEY,
        bytes INTEGER NOT NULL,
        state_vector BLOB NOT NULL
    );
    CREATE TABLE history (
        sequence INTEGER PRIMARY KEY,
        first INTEGER NOT NULL,
        bytes INTEGER NOT NULL
    );
    CREATE TABLE piece (
        owner INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        part INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (owner, sequence, part)
    ) WITHOUT ROWID;
";

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
        let tables = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'meta'";
        if self.number(tables)? == Some(0) {
            self.transaction(|| {
                self.run(SCHEMA, vec![])?;
                let insert = "INSERT INTO meta VALUES ('version', ?), ('epoch', ?)";
                self.run(insert, vec![STORAGE_VERSION.into(), integer(epoch)])
            })?;
        }
        let version = self.number("SELECT value FROM meta WHERE key = 'version'")?;
        if version != Some(STORAGE_VERSION as u64) {
            let text =
                format!("version {version:?} is not {STORAGE_VERSION}, which this build reads");
            return Err(LogError::Storage(text));
        }
        let epoch = self.number("SELECT value FROM meta WHERE key = 'epoch'")?;
        let mut stored = Stored {
            epoch: epoch.ok_or_else(|| LogError::Storage("no epoch".into()))?,
            ..Stored::default()
        };
        for row in self.query("SELECT sequence, bytes, state_vector FROM snapshot", vec![])? {
            let [sequence, bytes, state_vector] = columns(row)?;
            stored.snapshot_sequence = number(sequence)?;
            stored.snapshot_bytes = number(bytes)?;
            stored.state_vector = blob(state_vector)?;
        }
        let rows = "SELECT sequence, bytes, clocks FROM log ORDER BY sequence";
        for row in self.query(rows, vec![])? {
            let [sequence, bytes, clocks] = columns(row)?;
            stored.rows.push(StoredRow {
                sequence: number(sequence)?,
                bytes: number(bytes)?,
                clocks: blob(clocks)?,
            });
        }
        Ok(stored)
    }

    /// Add a row to the log.
    pub(super) fn append(&self, row: &Row) -> Result<(), LogError> {
        let body = match row.update.len() {
            0..=PIECE_BYTES_MAX => SqlStorageValue::Blob(row.update.clone()),
            _ => SqlStorageValue::Null,
        };
        let insert = || {
            let bindings = vec![
                integer(row.sequence),
                integer(u64::from(row.updates)),
                integer(row.at.0),
                SqlStorageValue::Integer(i64::from(row.deletes)),
                integer(row.update.len() as u64),
                SqlStorageValue::Blob(row.clocks.clone()),
                body.clone(),
            ];
            self.run("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)", bindings)
        };
        if body != SqlStorageValue::Null {
            return insert();
        }
        self.transaction(|| {
            self.pieces(Owner::Log).write(row.sequence, &row.update)?;
            insert()
        })
    }

    /// Put `snapshot` in the place of the rows that it covers, and move these to the history.
    pub(super) fn compact(&self, snapshot: &Snapshot) -> Result<(), LogError> {
        let through = snapshot.sequence;
        self.transaction(|| {
            let rows = self.rows(0, through)?;
            let Some(first) = rows.first() else { return Ok(()) };
            let first = first.sequence - u64::from(first.updates) + 1;
            let segment = deflate(&segment::encode(&rows));
            self.pieces(Owner::History).write(through, &segment)?;
            let bindings = vec![integer(through), integer(first), integer(segment.len() as u64)];
            self.run("INSERT INTO history VALUES (?, ?, ?)", bindings)?;
            for row in &rows {
                self.pieces(Owner::Log).delete(row.sequence)?;
            }
            self.run("DELETE FROM log WHERE sequence <= ?", vec![integer(through)])?;

            for row in self.query("SELECT sequence FROM snapshot", vec![])? {
                let [sequence] = columns(row)?;
                self.pieces(Owner::Snapshot).delete(number(sequence)?)?;
            }
            self.run("DELETE FROM snapshot", vec![])?;
            self.pieces(Owner::Snapshot).write(through, &deflate(&snapshot.update))?;
            let bindings = vec![
                integer(through),
                integer(snapshot.update.len() as u64),
                SqlStorageValue::Blob(snapshot.state_vector.clone()),
            ];
            self.run("INSERT INTO snapshot VALUES (?, ?, ?)", bindings)
        })
    }

    fn rows(&self, after: u64, through: u64) -> Result<Vec<Row>, LogError> {
        let select = "SELECT sequence, updates, at_ms, deletes, clocks, body FROM log
            WHERE sequence > ? AND sequence <= ? ORDER BY sequence";
        let rows = self.query(select, vec![integer(after), integer(through)])?;
        let row = |row| {
            let [sequence, updates, at_ms, deletes, clocks, body] = columns(row)?;
            let sequence = number(sequence)?;
            Ok(Row {
                sequence,
                updates: number(updates)? as u32,
                at: crate::time::Millis(number(at_ms)?),
                clocks: blob(clocks)?,
                deletes: number(deletes)? != 0,
                update: match body {
                    SqlStorageValue::Null => self.pieces(Owner::Log).read(sequence)?,
                    body => blob(body)?,
                },
            })
        };
        rows.into_iter().map(row).collect()
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

    fn query(&self, statement: &str, bindings: Values) -> Result<Vec<Values>, LogError> {
        let cursor = self.sql.exec(statement, bindings).map_err(failed)?;
        cursor.raw().map(|row| row.map_err(failed)).collect()
    }

    /// The only value of a result; nothing if it has no rows.
    fn number(&self, statement: &str) -> Result<Option<u64>, LogError> {
        let Some(row) = self.query(statement, vec![])?.pop() else { return Ok(None) };
        let [value] = columns(row)?;
        number(value).map(Some)
    }
}

impl Log for RoomStorage {
    fn snapshot(&self) -> Result<Vec<u8>, LogError> {
        let Some(row) = self.query("SELECT sequence, bytes FROM snapshot", vec![])?.pop() else {
            return Ok(crate::update::EMPTY.to_vec());
        };
        let [sequence, bytes] = columns(row)?;
        inflate(&self.pieces(Owner::Snapshot).read(number(sequence)?)?, number(bytes)?)
    }

    fn updates(&self, after: u64) -> Result<Vec<Vec<u8>>, LogError> {
        let select = "SELECT sequence, body FROM log WHERE sequence > ? ORDER BY sequence";
        let update = |row| {
            let [sequence, body] = columns(row)?;
            match body {
                SqlStorageValue::Null => self.pieces(Owner::Log).read(number(sequence)?),
                body => blob(body),
            }
        };
        self.query(select, vec![integer(after)])?.into_iter().map(update).collect()
    }
}

impl From<JsValue> for LogError {
    fn from(error: JsValue) -> Self {
        Self::Storage(platform::message_of(&error))
    }
}

/// zlib's default: a level higher costs more time than it saves bytes.
const DEFLATE_LEVEL: u8 = 6;

fn deflate(bytes: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec(bytes, DEFLATE_LEVEL)
}

fn inflate(bytes: &[u8], len: u64) -> Result<Vec<u8>, LogError> {
    let len = usize::try_from(len).map_err(|_| LogError::Storage("snapshot too large".into()))?;
    miniz_oxide::inflate::decompress_to_vec_with_limit(bytes, len)
        .map_err(|error| LogError::Storage(error.to_string()))
}

fn failed(error: worker::Error) -> LogError {
    LogError::Storage(error.to_string())
}

fn integer(number: u64) -> SqlStorageValue {
    // Sequence numbers, sizes, times and ids are below 2^53.
    SqlStorageValue::Integer(number as i64)
}

fn columns<const N: usize>(row: Values) -> Result<[SqlStorageValue; N], LogError> {
    row.try_into().map_err(|_| LogError::Storage("a row has other columns".into()))
}

fn number(value: SqlStorageValue) -> Result<u64, LogError> {
    match value {
        SqlStorageValue::Integer(number) if number >= 0 => Ok(number as u64),
        other => Err(LogError::Storage(format!("{other:?} is no number"))),
    }
}

fn blob(value: SqlStorageValue) -> Result<Vec<u8>, LogError> {
    match value {
        SqlStorageValue::Blob(bytes) => Ok(bytes),
        other => Err(LogError::Storage(format!("{other:?} is no blob"))),
    }
}
