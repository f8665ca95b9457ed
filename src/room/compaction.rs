//! Making joining cheap again once the log has grown.
//!
//! A snapshot takes the place of the rows that it covers; the rows move to the history. Nothing is
//! forgotten but the content of what was deleted, and that only in the snapshot.
//!
//! A compaction reads a bounded part of the log. If more is left, the next alarm goes on from
//! there; a document that is too large by itself is left as it is.

use super::authors::Authors;
use super::decision::{Decision, What};
use super::log::{Log, LogError, Row, Snapshot, advance};
use super::session::{Session, SessionId, Stage};
use super::{Event, Output, Room};
use crate::protocol::Dialect;
use crate::time::Millis;
use crate::update::{self, Malformed};

/// Bytes of rows behind the snapshot before the next one is due, if the snapshot is small.
const BYTES_MAX: u64 = 256 << 10;
/// How long the log may grow on before it is compacted: a burst is compacted once.
const DELAY_MS: u64 = 1_000;
/// And after something was deleted in a full document, if the log is short. A room that fell asleep
/// would forget that; it takes longer to.
const FULL_DELAY_MS: u64 = 5_000;
/// What one compaction may take of the 128 MB that all rooms of an isolate share.
const MEMORY_BYTES_MAX: u64 = 64 << 20;
/// What it takes for each byte that it reads, and for each struct and each deleted range. Measured
/// on 64 bits, see `tests/memory.rs`; on 32 it is less.
const MEMORY_PER_BYTE: u64 = 4;
const MEMORY_PER_PART: u64 = 80;
/// So it never reads more bytes than this, the snapshot included.
const INPUT_BYTES_MAX: u64 = MEMORY_BYTES_MAX / MEMORY_PER_BYTE;

/// A snapshot, and how many rows and bytes it took in.
struct Compacted {
    snapshot: Snapshot,
    rows: u64,
    bytes: u64,
}

impl Room {
    /// Whether the log has grown enough. Half of the snapshot's size keeps the work for each byte
    /// that is written constant as a document grows.
    pub(super) fn is_long(&self) -> bool {
        let (rows, bytes) = self.size.refused;
        self.size.rows - rows >= self.limits.log_rows_max
            || self.size.bytes - bytes >= BYTES_MAX.max((self.size.snapshot_bytes + bytes) / 2)
    }

    /// See to it that an alarm comes once the log has grown enough, or something was deleted that
    /// makes room for those who wait for it.
    pub(super) fn compact_later(&mut self, now: Millis, deletes: bool) {
        if self.is_long() {
            let at = now + DELAY_MS;
            self.alarm.compact_at = Some(self.alarm.compact_at.map_or(at, |before| before.min(at)));
        } else if deletes && self.sessions.values().any(Session::waits) {
            self.alarm.compact_at.get_or_insert(now + FULL_DELAY_MS);
        }
    }

    /// Ask stock clients once for what did not fit, if it does now.
    fn ask_waiting(&mut self) -> Vec<Output> {
        let fits = |(_, it): &(&SessionId, &Session)| match it.stage {
            Stage::Waiting { bytes } => {
                it.dialect == Dialect::Stock && self.too_full(bytes as usize).is_none()
            }
            _ => false,
        };
        let fitting: Vec<_> = self.sessions.iter().filter(fits).map(|(id, _)| *id).collect();
        fitting.into_iter().flat_map(|id| self.ask(id)).collect()
    }

    /// Compact, if the result is what it has to be; otherwise leave everything as it is.
    pub(super) fn compact(&mut self, now: Millis, log: &impl Log) -> Vec<Output> {
        match self.compacted(log) {
            Ok(Some(compacted)) => {
                let Compacted { snapshot, rows, bytes } = compacted;
                let (sequence, snapshot_bytes) = (snapshot.sequence, snapshot.update.len() as u64);
                self.answers.drop_kept();
                self.observed.tell(Event::Compacted {
                    sequence,
                    bytes_before: self.size.snapshot_bytes + bytes,
                    bytes: snapshot_bytes,
                });
                self.size.compacted(sequence, snapshot_bytes, rows, bytes);
                let mut decisions = Vec::new();
                Decision::of_room(What::Compacted { sequence }).write(&mut decisions);
                let row = self.extend(Row { at: now, decisions, ..Row::of_decisions() });
                self.compact_later(now, false);
                let asked = self.ask_waiting();
                [Output::Compact { snapshot, row }].into_iter().chain(asked).collect()
            }
            Err(error) if error.is_damage() => self.repair(now, log).unwrap_or_default(),
            Ok(None) | Err(_) => {
                // Trying again at every commit would cost more than the long log.
                self.size.refused = (self.size.rows, self.size.bytes);
                Vec::new()
            }
        }
    }

    /// A snapshot of as much of the log as fits; nothing if it would not be the document.
    fn compacted(&self, log: &impl Log) -> Result<Option<Compacted>, LogError> {
        let bytes_max = INPUT_BYTES_MAX.saturating_sub(self.size.snapshot_bytes);
        if bytes_max < BYTES_MAX {
            return Ok(None);
        }
        let snapshot = log.snapshot()?.unwrap_or_else(Snapshot::of_nothing);
        let mut known = snapshot.head().vector()?;
        let mut authors = Authors::default();
        authors.add(&snapshot.authors)?;
        let Snapshot { sequence: after, mut chain, update: base, .. } = snapshot;
        let mut rows = self.quarantine.rows(log, after, bytes_max)?;
        let mut memory = memory_for(&base)?;
        let (mut fits, mut bytes) = (0, 0);
        for row in &rows {
            memory += memory_for(&row.update)?;
            if memory > MEMORY_BYTES_MAX {
                break;
            }
            fits += 1;
            bytes += row.update.len() as u64;
        }
        rows.truncate(fits);
        let Some(last) = rows.last() else { return Ok(None) };
        let sequence = last.sequence;
        for row in &rows {
            advance(&mut known, &row.clocks)?;
            authors.add(&row.authors)?;
            chain = row.chain.or(chain);
        }
        let updates = rows.iter().map(|row| &row.update[..]);
        let parts: Vec<_> = std::iter::once(&base[..]).chain(updates).collect();
        let update = update::compact(&parts)?;
        let same = update::delete_set(&[&update])? == update::delete_set(&parts)?
            && update::state_vector(&update)? == known
            && (sequence < self.head || known == self.logged);
        let (state_vector, authors) = (known.encode(), authors.encode());
        let snapshot = Snapshot { sequence, state_vector, authors, chain, update };
        let rows = rows.len() as u64;
        Ok(same.then_some(Compacted { snapshot, rows, bytes }))
    }
}

/// What compacting takes for one of the updates that it reads, in bytes.
fn memory_for(update: &[u8]) -> Result<u64, Malformed> {
    let mut parts = 0;
    for part in update::walk(update) {
        part?;
        parts += 1;
    }
    Ok(MEMORY_PER_BYTE * update.len() as u64 + MEMORY_PER_PART * parts)
}
