//! The tables, and how those of an older version become those of this one.
//!
//! A migration is one transaction: it is whole, or the storage is what it was.

use super::pieces::Owner;
use super::{RoomStorage, Values, blob, columns, inflate, integer, number, pack};
use crate::room::{LogError, Row, Snapshot, checksum};
use crate::time::Millis;
use worker::SqlStorageValue;

/// Changes with the tables. Storage that is newer than its code is not touched.
const STORAGE_VERSION: u64 = 4;

const LASTING: &str = "
    CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE piece (
        owner INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        part INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (owner, sequence, part)
    ) WITHOUT ROWID;
";

/// Large columns come last: what stands before them is read without them.
const TABLES: &str = "
    CREATE TABLE log (
        sequence INTEGER PRIMARY KEY,
        updates INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        deletes INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        head_checksum INTEGER,
        checksum INTEGER,
        clocks BLOB NOT NULL,
        authors BLOB NOT NULL,
        chain BLOB NOT NULL,
        decisions BLOB NOT NULL,
        body BLOB
    );
    CREATE TABLE snapshot (
        id INTEGER PRIMARY KEY,
        sequence INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        head_checksum INTEGER,
        checksum INTEGER,
        state_vector BLOB NOT NULL,
        authors BLOB NOT NULL,
        chain BLOB NOT NULL,
        packed_checksum INTEGER
    );
    CREATE TABLE history (
        sequence INTEGER PRIMARY KEY,
        first INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        checksum INTEGER
    );
    CREATE TABLE quarantine (
        id INTEGER PRIMARY KEY,
        part INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        follows INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        repair INTEGER NOT NULL,
        waits INTEGER NOT NULL,
        returned INTEGER,
        reason TEXT NOT NULL,
        lost BLOB NOT NULL
    );
    CREATE TABLE subject (
        number INTEGER PRIMARY KEY,
        subject TEXT,
        name TEXT,
        erased INTEGER NOT NULL
    );
";

impl RoomStorage {
    /// Make the tables of a new document, or bring old ones to this version.
    pub(super) fn bring_up_to_date(&self, epoch: u64) -> Result<(), LogError> {
        let tables = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'meta'";
        if self.number(tables)? == Some(0) {
            return self.transaction(|| {
                self.run(LASTING, vec![])?;
                self.run(TABLES, vec![])?;
                let insert = "INSERT INTO meta VALUES ('version', ?), ('epoch', ?)";
                self.run(insert, vec![integer(STORAGE_VERSION), integer(epoch)])
            });
        }
        match self.number("SELECT value FROM meta WHERE key = 'version'")? {
            Some(STORAGE_VERSION) => Ok(()),
            Some(1) => self.transaction(|| self.migrate_from_1()),
            Some(2) => self.transaction(|| self.migrate_from_2()),
            Some(3) => self.transaction(|| self.migrate_from_3()),
            Some(found) if found > STORAGE_VERSION => {
                Err(LogError::Newer { found, known: STORAGE_VERSION })
            }
            found => Err(LogError::Storage(format!("there was no version {found:?}"))),
        }
    }

    /// Version 3 stored documents deflated, but not in columns.
    fn migrate_from_3(&self) -> Result<(), LogError> {
        self.run("ALTER TABLE snapshot ADD COLUMN packed_checksum INTEGER", vec![])?;
        self.pack_snapshots()?;
        self.migrated(3, &[])
    }

    /// Store documents that were only deflated as this version does.
    fn pack_snapshots(&self) -> Result<(), LogError> {
        for id in self.numbers("SELECT id FROM snapshot ORDER BY id", vec![])? {
            match self.pack_snapshot(id) {
                // It stays as it is, without a checksum, and is quarantined when it is read.
                Err(error) if error.is_damage() => {}
                done => done?,
            }
        }
        Ok(())
    }

    fn pack_snapshot(&self, id: u64) -> Result<(), LogError> {
        let select = "SELECT bytes, checksum FROM snapshot WHERE id = ?";
        let [bytes, before] = columns(self.only(select, id)?)?;
        let pieces = self.pieces(Owner::Snapshot);
        let document = inflate(&pieces.read(id)?, number(bytes)? as usize)?;
        // Or what is damaged would get a checksum that says that it is not.
        LogError::compare(number(before)? as u32, checksum(&[&document]))?;
        let packed = pack(&document)?;
        pieces.delete(id)?;
        pieces.write(id, &packed)?;
        let update = "UPDATE snapshot SET packed_checksum = ? WHERE id = ?";
        self.run(update, vec![integer(checksum(&[&packed]).into()), integer(id)])
    }

    /// Version 2 had no authors, decisions and chain, and no subjects. Its checksums are right for
    /// rows without these, and its segments are read as they are.
    fn migrate_from_2(&self) -> Result<(), LogError> {
        for table in ["log", "snapshot", "history", "quarantine"] {
            self.run(&format!("ALTER TABLE {table} RENAME TO {table}_2"), vec![])?;
        }
        self.run(TABLES, vec![])?;
        for insert in [
            "INSERT INTO log SELECT sequence, updates, at_ms, deletes, bytes, head_checksum,
                checksum, clocks, x'', x'', x'', body FROM log_2",
            "INSERT INTO snapshot SELECT id, sequence, bytes, head_checksum, checksum,
                state_vector, x'', x'', NULL FROM snapshot_2",
            "INSERT INTO history SELECT * FROM history_2",
            "INSERT INTO quarantine SELECT *, x'' FROM quarantine_2",
        ] {
            self.run(insert, vec![])?;
        }
        self.pack_snapshots()?;
        self.migrated(2, &["log", "snapshot", "history", "quarantine"])
    }

    /// What was version `before` is of this version now.
    fn migrated(&self, before: u64, tables: &[&str]) -> Result<(), LogError> {
        for table in tables {
            self.run(&format!("DROP TABLE {table}_{before}"), vec![])?;
        }
        let update = "UPDATE meta SET value = ? WHERE key = 'version'";
        self.run(update, vec![integer(STORAGE_VERSION)])
    }

    /// Version 1 had no checksums: they are computed from what is there. Its history gets none,
    /// since all of it would have to be read.
    fn migrate_from_1(&self) -> Result<(), LogError> {
        for table in ["log", "snapshot", "history"] {
            self.run(&format!("ALTER TABLE {table} RENAME TO {table}_1"), vec![])?;
        }
        self.run(TABLES, vec![])?;
        for sequence in self.numbers("SELECT sequence FROM log_1 ORDER BY sequence", vec![])? {
            // What cannot be read even now gets none, and is quarantined when it is read.
            let [head, rest] = match self.row_of_1(sequence) {
                Ok(row) => [row.head().checksum(), row.checksum()].map(|sum| integer(sum.into())),
                Err(error) if error.is_damage() => [SqlStorageValue::Null, SqlStorageValue::Null],
                Err(error) => return Err(error),
            };
            let insert = "INSERT INTO log SELECT sequence, updates, at_ms, deletes, bytes, ?, ?,
                clocks, x'', x'', x'', body FROM log_1 WHERE sequence = ?";
            self.run(insert, vec![head, rest, integer(sequence)])?;
        }
        for sequence in self.numbers("SELECT sequence FROM snapshot_1", vec![])? {
            let [head, rest] = match self.snapshot_of_1(sequence) {
                Ok(snapshot) => {
                    [snapshot.head().checksum(), snapshot.checksum()].map(|sum| integer(sum.into()))
                }
                Err(error) if error.is_damage() => [SqlStorageValue::Null, SqlStorageValue::Null],
                Err(error) => return Err(error),
            };
            let insert =
                "INSERT INTO snapshot SELECT sequence, sequence, bytes, ?, ?, state_vector,
                x'', x'', NULL FROM snapshot_1 WHERE sequence = ?";
            self.run(insert, vec![head, rest, integer(sequence)])?;
        }
        self.pack_snapshots()?;
        self.run("INSERT INTO history SELECT sequence, first, bytes, NULL FROM history_1", vec![])?;
        self.migrated(1, &["log", "snapshot", "history"])
    }

    fn row_of_1(&self, sequence: u64) -> Result<Row, LogError> {
        let select = "SELECT updates, at_ms, deletes, clocks, body FROM log_1 WHERE sequence = ?";
        let [updates, at_ms, deletes, clocks, body] = columns(self.only(select, sequence)?)?;
        Ok(Row {
            sequence,
            updates: number(updates)? as u32,
            at: Millis(number(at_ms)?),
            clocks: blob(clocks)?,
            deletes: number(deletes)? != 0,
            update: self.body(Owner::Log, sequence, body)?,
            ..Row::default()
        })
    }

    fn snapshot_of_1(&self, sequence: u64) -> Result<Snapshot, LogError> {
        let select = "SELECT bytes, state_vector FROM snapshot_1 WHERE sequence = ?";
        let [bytes, state_vector] = columns(self.only(select, sequence)?)?;
        let deflated = self.pieces(Owner::Snapshot).read(sequence)?;
        let update = inflate(&deflated, number(bytes)? as usize)?;
        let state_vector = blob(state_vector)?;
        Ok(Snapshot { sequence, state_vector, update, ..Snapshot::default() })
    }

    fn only(&self, select: &str, sequence: u64) -> Result<Values, LogError> {
        let row = self.one(select, vec![integer(sequence)])?;
        row.ok_or_else(|| LogError::Damaged("not there".into()))
    }
}
