//! The log as the room sees it: what it reads back, and what it writes.

use thiserror::Error;

use super::chain::Chain;
use crate::codec::{DecodeError, Reader, write_number};
use crate::protocol::Close;
use crate::time::Millis;
use crate::update::{EMPTY, Malformed, StateVector};

/// What a room reads back from its storage. Everything appended before is in it, and every checksum
/// was compared: what is not as it was written comes back as [`LogError::Damaged`].
pub trait Log {
    /// The last snapshot, unless it is quarantined; nothing if there is none.
    fn snapshot(&self) -> Result<Option<Snapshot>, LogError>;
    /// The document of that snapshot, if storage keeps it in columns and deflated.
    fn deflated(&self) -> Result<Option<Deflated>, LogError> {
        Ok(None)
    }
    /// What is known of that snapshot without reading the document.
    fn snapshot_head(&self) -> Result<Option<SnapshotHead>, LogError>;
    /// The rows behind sequence number `after`, in order, without the quarantined: as many as hold
    /// `bytes_max` bytes of updates together, and at least one.
    fn rows(&self, after: u64, bytes_max: u64) -> Result<Vec<Row>, LogError>;
    /// The row with this sequence number, also if it is quarantined.
    fn row(&self, sequence: u64) -> Result<Row, LogError>;
    /// The sequence numbers of all rows that are not quarantined, in order.
    fn sequences(&self) -> Result<Vec<u64>, LogError>;
    /// The sequence numbers of the quarantined rows that are there, in order.
    fn quarantined(&self) -> Result<Vec<u64>, LogError>;
    /// The last sequence number of each segment of the history, in order.
    fn segments(&self) -> Result<Vec<u64>, LogError>;
    /// The rows in the segment that ends with this sequence number, in order.
    fn segment(&self, sequence: u64) -> Result<Vec<Row>, LogError>;
}

/// Why the log could not be read.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum LogError {
    /// Storage failed. Trying again may help.
    #[error("storage: {0}")]
    Storage(String),
    /// A newer build wrote the storage; this one must not touch it.
    #[error("storage has version {found}, and this build knows {known}")]
    Newer {
        /// The version of the storage.
        found: u64,
        /// The newest version that this build knows.
        known: u64,
    },
    /// What was read is not what was written.
    #[error("damaged: {0}")]
    Damaged(String),
    /// A stored field cannot be read.
    #[error("stored: {0}")]
    Decode(#[from] DecodeError),
    /// A stored update cannot be walked.
    #[error("stored update: {0}")]
    Malformed(#[from] Malformed),
}

impl LogError {
    /// Whether trying again cannot help: what is stored is not what was written.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged(_) | Self::Decode(_) | Self::Malformed(_))
    }

    /// Nothing if `found` is the checksum that was `stored`.
    pub fn compare(stored: u32, found: u32) -> Result<(), Self> {
        if stored == found {
            return Ok(());
        }
        Err(Self::Damaged(format!("checksum {found:08x} instead of {stored:08x}")))
    }
}

impl From<LogError> for Close {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Newer { .. } => Self::Newer,
            LogError::Storage(_)
            | LogError::Damaged(_)
            | LogError::Decode(_)
            | LogError::Malformed(_) => Self::Storage,
        }
    }
}

/// One commit.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Row {
    /// The sequence number of its last update. The row before ends at `sequence - updates`.
    pub sequence: u64,
    /// How many updates it holds.
    pub updates: u32,
    /// When it was committed.
    pub at: Millis,
    /// For each author in it, the next clock afterwards; see [`write_clocks`].
    pub clocks: Vec<u8>,
    /// The client ids that appear first in it, and whose they are: pairs of id and number.
    pub authors: Vec<u8>,
    /// Whether it deletes anything.
    pub deletes: bool,
    /// What was decided in it; see [`Decision`](super::Decision).
    pub decisions: Vec<u8>,
    /// What holds it to the rows before it; nothing if a build wrote it that did not know that.
    pub chain: Option<Chain>,
    /// Its updates, merged; [`EMPTY`] if it only holds decisions.
    pub update: Vec<u8>,
    /// The quarantined rows whose rest it brings back. Not part of the row; their marks say it.
    pub returns: Vec<u64>,
}

impl Row {
    /// One without an update.
    pub(super) fn of_decisions() -> Self {
        Self { updates: 1, update: EMPTY.to_vec(), ..Self::default() }
    }

    /// What a room reads of it to start.
    pub fn head(&self) -> RowHead {
        RowHead {
            sequence: self.sequence,
            updates: self.updates,
            bytes: self.update.len() as u64,
            clocks: self.clocks.clone(),
            authors: self.authors.clone(),
            chain: self.chain,
        }
    }

    /// The checksum of what is not in its head.
    pub fn checksum(&self) -> u32 {
        let (at, deletes) = (self.at.0.to_le_bytes(), [u8::from(self.deletes)]);
        checksum(&[&at, &deletes, &self.decisions, &self.update])
    }

    /// A chain as it is stored: 32 bytes, or none.
    pub fn chain_of(bytes: &[u8]) -> Result<Option<Chain>, LogError> {
        match bytes.len() {
            0 => Ok(None),
            _ => match bytes.try_into() {
                Ok(chain) => Ok(Some(chain)),
                Err(_) => Err(LogError::Damaged(format!("a chain of {} bytes", bytes.len()))),
            },
        }
    }
}

/// A row without its update.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RowHead {
    /// The sequence number of its last update.
    pub sequence: u64,
    /// How many updates it holds.
    pub updates: u32,
    /// The size of its update, in bytes.
    pub bytes: u64,
    /// For each author in it, the next clock afterwards; see [`write_clocks`].
    pub clocks: Vec<u8>,
    /// As in [`Row`].
    pub authors: Vec<u8>,
    /// As in [`Row`].
    pub chain: Option<Chain>,
}

impl RowHead {
    /// The checksum of the head. It has one of its own: a room relies on heads when it wakes, and
    /// does not read the updates then.
    pub fn checksum(&self) -> u32 {
        let (sequence, bytes) = (self.sequence.to_le_bytes(), self.bytes.to_le_bytes());
        // A row of a build before has neither, and the checksum that it had.
        let (authors, chain) = (&self.authors, self.chain.as_slice().as_flattened());
        checksum(&[&sequence, &self.updates.to_le_bytes(), &bytes, &self.clocks, authors, chain])
    }
}

/// The document up to a sequence number, compacted.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Snapshot {
    /// The last sequence number that it covers.
    pub sequence: u64,
    /// The encoded state vector of the update.
    pub state_vector: Vec<u8>,
    /// Whose the client ids are up to there: pairs of id and number.
    pub authors: Vec<u8>,
    /// The chain of the last row that it covers.
    pub chain: Option<Chain>,
    /// The document.
    pub update: Vec<u8>,
}

impl Snapshot {
    /// Of a document in which nothing was written.
    pub(super) fn of_nothing() -> Self {
        let state_vector = StateVector::default().encode();
        Self { state_vector, update: EMPTY.to_vec(), ..Self::default() }
    }

    /// What a room reads of it to start.
    pub fn head(&self) -> SnapshotHead {
        SnapshotHead {
            sequence: self.sequence,
            bytes: self.update.len() as u64,
            state_vector: self.state_vector.clone(),
            authors: self.authors.clone(),
            chain: self.chain,
        }
    }

    /// The checksum of the document, as the room uses it: whatever storage does to make it smaller
    /// is checked as well.
    pub fn checksum(&self) -> u32 {
        checksum(&[&self.update])
    }
}

/// The document of a snapshot as it is stored, which is as it is sent to whoever can inflate it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Deflated {
    /// The last sequence number that it covers.
    pub sequence: u64,
    /// [`Snapshot::update`] in columns ([`to_columns`](crate::update::to_columns)), deflated (RFC
    /// 1951, without a head).
    pub bytes: Vec<u8>,
}

/// A snapshot without the document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SnapshotHead {
    /// The last sequence number that it covers.
    pub sequence: u64,
    /// The size of the document, in bytes.
    pub bytes: u64,
    /// The encoded state vector of the document.
    pub state_vector: Vec<u8>,
    /// As in [`Snapshot`].
    pub authors: Vec<u8>,
    /// As in [`Snapshot`].
    pub chain: Option<Chain>,
}

impl SnapshotHead {
    /// The checksum of the head.
    pub fn checksum(&self) -> u32 {
        let (sequence, bytes) = (self.sequence.to_le_bytes(), self.bytes.to_le_bytes());
        // As with rows.
        let (authors, chain) = (&self.authors, self.chain.as_slice().as_flattened());
        checksum(&[&sequence, &bytes, &self.state_vector, authors, chain])
    }

    pub(super) fn vector(&self) -> Result<StateVector, LogError> {
        Ok(StateVector::decode(&self.state_vector)?)
    }
}

/// CRC-32 of all `parts`, one behind the other. It is there to notice damage, not forgery: whoever
/// can write the storage can write the checksum.
pub fn checksum(parts: &[&[u8]]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize()
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

/// `vector` gets as far as `clocks` say.
pub(super) fn advance(vector: &mut StateVector, clocks: &[u8]) -> Result<(), DecodeError> {
    let mut r = Reader::new(clocks);
    while !r.is_empty() {
        let client = r.number()?;
        vector.advance(client, r.number_u32()?);
    }
    Ok(())
}
