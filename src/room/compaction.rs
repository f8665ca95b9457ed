//! Making joining cheap again once the log has grown.
//!
//! A snapshot takes the place of the rows that it covers; the rows move to the history. Nothing is
//! forgotten but the content of what was deleted, and that only in the snapshot.

use super::log::{Log, LogError, Size, Snapshot};
use super::{Output, Room};
use crate::time::Millis;
use crate::update;

/// Bytes of rows behind the snapshot before the next one is due, if the snapshot is small.
const BYTES_MAX: u64 = 256 << 10;
/// How long the log may grow on before it is compacted: a burst is compacted once.
const DELAY_MS: u64 = 1_000;

impl Room {
    /// An alarm, once the log has grown enough. Half of the snapshot's size keeps the work for
    /// each byte that is written constant as a document grows.
    pub(super) fn compact_later(&mut self, now: Millis) -> Option<Output> {
        let rows = self.size.rows - self.size.rows_refused;
        let due = rows >= self.limits.log_rows_max
            || self.size.bytes >= BYTES_MAX.max(self.size.snapshot_bytes / 2);
        if !due || self.alarm_set {
            return None;
        }
        self.alarm_set = true;
        Some(Output::SetAlarm(now + DELAY_MS))
    }

    /// Compact, if the result is what it has to be; otherwise leave everything as it is.
    pub(super) fn compact(&mut self, log: &impl Log) -> Vec<Output> {
        if self.size.rows == 0 {
            return Vec::new();
        }
        match self.compacted(log) {
            Ok(Some(snapshot)) => {
                self.answers.drop_kept();
                self.size = Size {
                    snapshot_sequence: self.head,
                    snapshot_bytes: snapshot.update.len() as u64,
                    ..Size::default()
                };
                vec![Output::Compact(snapshot)]
            }
            Ok(None) | Err(_) => {
                // Trying again at every commit would cost more than the long log.
                self.size.rows_refused = self.size.rows;
                Vec::new()
            }
        }
    }

    /// A snapshot up to the head; nothing if it would not be the document.
    fn compacted(&self, log: &impl Log) -> Result<Option<Snapshot>, LogError> {
        let (snapshot, rows) = (log.snapshot()?, log.updates(0)?);
        let parts: Vec<_> = std::iter::once(&snapshot).chain(&rows).map(|u| &u[..]).collect();
        let update = update::compact(&parts)?;
        let state_vector = update::state_vector(&update)?;
        let same = update::delete_set(&[&update])? == update::delete_set(&parts)?
            && state_vector == self.logged;
        let state_vector = state_vector.encode();
        Ok(same.then_some(Snapshot { sequence: self.head, state_vector, update }))
    }
}
