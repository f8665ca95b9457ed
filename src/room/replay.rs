//! The document as it was (S6).

use super::log::{Log, LogError};
use super::past::Past;
use crate::update::{self, EMPTY, StateVector};

/// How many bytes of rows are merged at a time.
const BATCH_BYTES_MAX: usize = 8 << 20;

/// A document as it was.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Replayed {
    /// The sequence number up to which this is. The updates of one commit became visible at once,
    /// so it is the last one of a commit.
    pub sequence: u64,
    /// The document.
    pub update: Vec<u8>,
}

/// The document at the last commit that ended at sequence number `through` or before it. From the
/// snapshot on, if that is no later; otherwise from the first row on, with the content of what was
/// deleted later. What storage lost is not in it.
pub fn replay(log: &impl Log, through: u64) -> Result<Replayed, LogError> {
    let head = log.snapshot_head()?.filter(|head| head.sequence <= through);
    let snapshot = if head.is_some() { log.snapshot()? } else { None };
    match snapshot {
        Some(snapshot) => Fold::of(snapshot.sequence, snapshot.update)?.run(log, through),
        None => Fold::of(0, EMPTY.to_vec())?.run(log, through),
    }
}

/// The same, but from the first row on in any case.
pub fn replay_all(log: &impl Log, through: u64) -> Result<Replayed, LogError> {
    Fold::of(0, EMPTY.to_vec())?.run(log, through)
}

/// Rows, being merged.
struct Fold {
    sequence: u64,
    known: StateVector,
    /// What is merged, and what is to be.
    parts: Vec<Vec<u8>>,
    bytes: usize,
}

impl Fold {
    fn of(sequence: u64, base: Vec<u8>) -> Result<Self, LogError> {
        let known = update::state_vector(&base)?;
        Ok(Self { sequence, known, parts: vec![base], bytes: 0 })
    }

    fn run(mut self, log: &impl Log, through: u64) -> Result<Replayed, LogError> {
        let quarantined = log.quarantined()?;
        for found in Past::behind(log, self.sequence)? {
            let (sequence, row) = found?;
            if sequence > through && row.is_ok() {
                break;
            }
            match row {
                Ok(row) if self.sequence == 0 && row.sequence > u64::from(row.updates) => {
                    let from = row.sequence - u64::from(row.updates);
                    return Err(LogError::Damaged(format!("rows up to {from} are not there")));
                }
                Ok(row) => self.add(&row.update)?,
                // What is known to be lost is not part of the document.
                Err(_) if quarantined.contains(&sequence) => {}
                Err(error) => return Err(error),
            }
            self.sequence = sequence;
        }
        self.merge()?;
        let update = self.parts.pop().unwrap_or_default();
        Ok(Replayed { sequence: self.sequence, update })
    }

    /// Take what is ready of a row: all of it, unless storage lost what it refers to.
    fn add(&mut self, row: &[u8]) -> Result<(), LogError> {
        let admission = update::admit(row, &self.known)?;
        for &(client, clock) in &admission.ends {
            self.known.advance(client, clock);
        }
        self.bytes += admission.fresh.len();
        self.parts.push(admission.fresh.into_owned());
        if self.bytes > BATCH_BYTES_MAX { self.merge() } else { Ok(()) }
    }

    fn merge(&mut self) -> Result<(), LogError> {
        let parts: Vec<_> = self.parts.iter().map(|part| &part[..]).collect();
        self.parts = vec![update::merge(&parts)?];
        self.bytes = 0;
        Ok(())
    }
}
