//! The chain that holds the log together (S6).
//!
//! Each row carries a SHA-256 over itself and the one before it. Whoever keeps the last of them can
//! tell later whether anything before it was changed, left out, put elsewhere or put between.

use sha2::{Digest, Sha256};

use super::log::Row;

/// The link of a row to all before it.
pub type Chain = [u8; 32];

/// What the first row of a history follows.
pub fn origin(epoch: u64) -> Chain {
    let mut hasher = Sha256::new();
    hasher.update(b"selvedge epoch ");
    hasher.update(epoch.to_le_bytes());
    hasher.finalize().into()
}

impl Row {
    /// What its chain has to be if it follows a row with the chain `before`.
    pub fn chained(&self, before: &Chain) -> Chain {
        let mut hasher = Sha256::new();
        hasher.update(before);
        hasher.update(self.sequence.to_le_bytes());
        hasher.update(self.updates.to_le_bytes());
        hasher.update(self.at.0.to_le_bytes());
        hasher.update([u8::from(self.deletes)]);
        for field in [&self.clocks, &self.authors, &self.decisions] {
            // Otherwise a byte could move from one into the next.
            hasher.update((field.len() as u32).to_le_bytes());
            hasher.update(field);
        }
        // By its digest, so that the chain can be followed also without the content.
        hasher.update(Sha256::digest(&self.update));
        hasher.finalize().into()
    }

    /// The row, with the chain that it has behind `before`.
    pub(super) fn chain_to(mut self, before: &Chain) -> Self {
        self.chain = Some(self.chained(before));
        self
    }
}
