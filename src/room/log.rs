//! The log as the room sees it: what it reads back, and what it writes.

use thiserror::Error;

use crate::codec::{DecodeError, Reader, write_number};
use crate::time::Millis;
use crate::update::{Malformed, StateVector};

/// What a room reads back from its storage. Everything appended before is in it.
pub trait Log {
    /// The last snapshot's update; the empty update if there is none.
    fn snapshot(&self) -> Result<Vec<u8>, LogError>;
    /// The updates of the rows behind sequence number `after`, in order.
    fn updates(&self, after: u64) -> Result<Vec<Vec<u8>>, LogError>;
}

/// Why the log could not be read.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum LogError {
    /// Storage failed.
    #[error("storage: {0}")]
    Storage(String),
    /// What was read is not what was written.
    #[error("stored: {0}")]
    Decode(#[from] DecodeError),
    /// A stored update cannot be walked.
    #[error("stored update: {0}")]
    Malformed(#[from] Malformed),
}

/// One commit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Row {
    /// The sequence number of its last update. The row before ends at `sequence - updates`.
    pub sequence: u64,
    /// How many updates it holds.
    pub updates: u32,
    /// When it was committed.
    pub at: Millis,
    /// For each author in it, the next clock afterwards; see [`write_clocks`].
    pub clocks: Vec<u8>,
    /// Whether it deletes anything.
    pub deletes: bool,
    /// Its updates, merged.
    pub update: Vec<u8>,
}

/// The document up to a sequence number, compacted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Snapshot {
    /// The last sequence number that it covers.
    pub sequence: u64,
    /// The encoded state vector of the update.
    pub state_vector: Vec<u8>,
    /// The document.
    pub update: Vec<u8>,
}

/// What a room has to know of its storage to start.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Stored {
    /// The id of the document's history.
    pub epoch: u64,
    /// The last sequence number that the snapshot covers; 0 if there is none.
    pub snapshot_sequence: u64,
    /// The snapshot's encoded state vector; empty if there is none.
    pub state_vector: Vec<u8>,
    /// The size of the snapshot's update, in bytes.
    pub snapshot_bytes: u64,
    /// The rows behind the snapshot, in order.
    pub rows: Vec<StoredRow>,
}

/// A row without its update.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredRow {
    /// The sequence number of its last update.
    pub sequence: u64,
    /// For each author in it, the next clock afterwards; see [`write_clocks`].
    pub clocks: Vec<u8>,
    /// The size of its update, in bytes.
    pub bytes: u64,
}

impl Stored {
    pub(super) fn head(&self) -> u64 {
        self.rows.last().map_or(self.snapshot_sequence, |row| row.sequence)
    }

    pub(super) fn state_vector(&self) -> Result<StateVector, LogError> {
        let mut known = match &self.state_vector[..] {
            [] => StateVector::default(),
            bytes => StateVector::decode(bytes)?,
        };
        for row in &self.rows {
            for (client, clock) in read_clocks(&row.clocks)? {
                known.advance(client, clock);
            }
        }
        Ok(known)
    }

    pub(super) fn size(&self) -> Size {
        Size {
            snapshot_sequence: self.snapshot_sequence,
            snapshot_bytes: self.snapshot_bytes,
            rows: self.rows.len() as u64,
            bytes: self.rows.iter().map(|row| row.bytes).sum(),
            rows_refused: 0,
        }
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
    /// How many rows there were when a compaction was given up.
    pub(super) rows_refused: u64,
}

/// Pairs of client id and clock: two numbers each.
pub(super) fn write_clocks(clocks: &[(u64, u32)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(8 * clocks.len());
    for &(client, clock) in clocks {
        write_number(&mut out, client);
        write_number(&mut out, u64::from(clock));
    }
    out
}

fn read_clocks(bytes: &[u8]) -> Result<Vec<(u64, u32)>, DecodeError> {
    let mut r = Reader::new(bytes);
    let mut clocks = Vec::new();
    while !r.is_empty() {
        clocks.push((r.number()?, r.number_u32()?));
    }
    Ok(clocks)
}
