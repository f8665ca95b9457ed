//! What a room tells the registry, so that the list of rooms wakes none of them.
//!
//! A room tells while it is awake: when something was committed and a minute has passed, and when
//! the last session has left. No timer and no alarm is set for that. What happened since is told
//! the next time, or not at all if the room falls asleep before: reports are for people who watch,
//! and the log is what counts.

use super::Room;
use super::metrics::{Counter, Gauges, Metrics};
use super::session::{Carrier, Session};
use crate::codec::{Reader, write_number};
use crate::time::Millis;

/// The least time between two reports while somebody is here.
const EVERY_MS: u64 = 60_000;
/// And between two of a room that becomes empty, since nothing may follow for long.
const EMPTY_EVERY_MS: u64 = 10_000;

/// What happened since the last report, and how the room is now.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Report {
    /// What was counted since.
    pub metrics: Metrics,
    /// How the room is.
    pub gauges: Gauges,
}

/// The first byte of a report. Another build's numbers may mean something else.
const VERSION: u8 = 4;

impl Report {
    /// The encoding.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        for number in self.gauges.numbers().into_iter().chain(self.metrics.numbers()) {
            write_number(&mut out, number);
        }
        out
    }

    /// Read a report; nothing if another build wrote it.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        if reader.byte().ok()? != VERSION {
            return None;
        }
        let mut report = Self::default();
        let Self { metrics, gauges } = &mut report;
        for number in gauges.numbers_mut().into_iter().chain(metrics.numbers_mut()) {
            *number = reader.number().ok()?;
        }
        reader.is_empty().then_some(report)
    }
}

impl Room {
    /// A report, if one is due.
    pub(super) fn report(&mut self, now: Millis) -> Option<Report> {
        let (observed, is_empty) = (&mut self.observed, self.sessions.is_empty());
        let (last, every_ms) = if is_empty {
            (observed.emptied_at, EMPTY_EVERY_MS)
        } else {
            (observed.reported_at, EVERY_MS)
        };
        let is_early = last.is_some_and(|at| now.since(at) < every_ms);
        let has_commits = observed.metrics.count(Counter::Commits) > 0;
        // Not of a newcomer who has done nothing yet: the next report is a minute away.
        let is_first = observed.reported_at.is_none() && !has_commits && !is_empty;
        if is_early || is_first || observed.metrics == observed.reported {
            return None;
        }
        observed.reported_at = Some(now);
        if is_empty {
            observed.emptied_at = Some(now);
        }
        let metrics = observed.metrics.since(&observed.reported);
        observed.reported = observed.metrics.clone();
        Some(Report { metrics, gauges: self.gauges() })
    }

    /// How the room is now.
    pub fn gauges(&self) -> Gauges {
        let behind = self.sessions.values().filter_map(|session| session.behind);
        let carried_by = |carrier| {
            let is_it = |session: &&Session| session.carrier == carrier;
            self.sessions.values().filter(is_it).count() as u64
        };
        Gauges {
            sessions: self.sessions.len() as u64,
            sessions_behind: behind.clone().count() as u64,
            backlog: behind.map(|has| self.head.saturating_sub(has)).sum(),
            polls_held: carried_by(Carrier::Poll),
            event_streams_open: carried_by(Carrier::Events),
            present: self.presence.count() as u64,
            sequence: self.head,
            log_rows: self.size.rows,
            log_bytes: self.size.bytes,
            snapshot_bytes: self.size.snapshot_bytes,
            quarantined: self.quarantine.marked().count() as u64,
            heap_bytes: 0,
        }
    }
}
