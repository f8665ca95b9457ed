//! Large bytes in rows of a bounded size.

use worker::SqlStorageValue;

use super::{RoomStorage, blob, columns, integer};
use crate::room::LogError;

/// The most bytes in one row. The platform's limit is 2 MB for all of a row.
pub(super) const PIECE_BYTES_MAX: usize = 1 << 20;

/// Whose pieces they are.
#[derive(Clone, Copy)]
pub(super) enum Owner {
    Log = 0,
    Snapshot = 1,
    History = 2,
    /// The document's own schema, as number 0.
    Schema = 3,
}

pub(super) struct Pieces<'a> {
    pub(super) storage: &'a RoomStorage,
    pub(super) owner: Owner,
}

impl Pieces<'_> {
    pub(super) fn write(&self, sequence: u64, bytes: &[u8]) -> Result<(), LogError> {
        for (part, piece) in bytes.chunks(PIECE_BYTES_MAX).enumerate() {
            let mut bindings = self.key(sequence);
            bindings.push(integer(part as u64));
            bindings.push(SqlStorageValue::Blob(piece.to_vec()));
            self.storage.run("INSERT INTO piece VALUES (?, ?, ?, ?)", bindings)?;
        }
        Ok(())
    }

    pub(super) fn read(&self, sequence: u64) -> Result<Vec<u8>, LogError> {
        let select = "SELECT body FROM piece WHERE owner = ? AND sequence = ? ORDER BY part";
        let mut bytes = Vec::new();
        for row in self.storage.query(select, self.key(sequence))? {
            let [piece] = columns(row?)?;
            bytes.append(&mut blob(piece)?);
        }
        Ok(bytes)
    }

    pub(super) fn delete(&self, sequence: u64) -> Result<(), LogError> {
        let delete = "DELETE FROM piece WHERE owner = ? AND sequence = ?";
        self.storage.run(delete, self.key(sequence))
    }

    fn key(&self, sequence: u64) -> Vec<SqlStorageValue> {
        vec![integer(self.owner as u64), integer(sequence)]
    }
}
