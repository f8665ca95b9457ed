//! How long edits take, as their author sees it: until they are durable, and until somebody else
//! has them.
//!
//! The latter is looked at now and then. The client marks an edit with a [`FromClient::Probe`]; the
//! room hands it to one other client behind the commit; that client says so, and the room tells the
//! author. So only one clock is needed, and the way back is part of what is measured.

use super::{Output, Replica, send};
use crate::protocol::{FromClient, Measured};
use crate::time::Millis;

/// The least time between two edits of which it is looked at who sees them.
const PROBE_EVERY_MS: u64 = 10_000;
/// The least time between two times that the room is told, and the most that a probe may take.
const TELL_EVERY_MS: u64 = 60_000;

#[derive(Clone, Debug, Default)]
pub(super) struct Latency {
    pub(super) measured: Measured,
    /// What of it the room was told, and when.
    told: Measured,
    told_at: Option<Millis>,
    /// Whether the room is told at all, and others are asked.
    pub(super) is_told: bool,
    /// When the edit was made that was marked last.
    marked_at: Option<Millis>,
    /// Nobody has said yet to have it.
    is_awaited: bool,
}

impl Latency {
    /// An edit is durable.
    pub(super) fn durable(&mut self, now: Millis, edited_at: Millis) {
        self.measured.durable.record(now.since(edited_at));
    }

    /// An edit goes out. What to mark it with, if it is marked.
    pub(super) fn probe(&mut self, now: Millis, edited_at: Millis) -> Option<u64> {
        let is_early = self.marked_at.is_some_and(|at| now.since(at) < PROBE_EVERY_MS);
        if !self.is_told || is_early {
            return None;
        }
        (self.marked_at, self.is_awaited) = (Some(edited_at), true);
        Some(edited_at.0)
    }

    /// Somebody else has the edit that was marked with `stamp`.
    pub(super) fn seen(&mut self, now: Millis, stamp: u64) {
        let took_ms = now.since(Millis(stamp));
        let is_answer = self.is_awaited && self.marked_at == Some(Millis(stamp));
        if is_answer && took_ms < TELL_EVERY_MS {
            self.measured.seen.record(took_ms);
            self.is_awaited = false;
        }
    }

    /// What the room is to be told now: what is new, a minute after the last time.
    fn news(&mut self, now: Millis) -> Option<Measured> {
        let is_early = self.told_at.is_some_and(|at| now.since(at) < TELL_EVERY_MS);
        if !self.is_told || is_early || self.measured == self.told {
            return None;
        }
        let news = self.measured.since(&self.told);
        (self.told, self.told_at) = (self.measured, Some(now));
        Some(news)
    }
}

impl Replica {
    /// Have the room told how long edits take.
    pub fn tell_latency(&mut self) {
        self.latency.is_told = true;
    }

    /// How long edits took.
    pub fn latency(&self) -> &Measured {
        &self.latency.measured
    }

    /// Tell the room how long edits took, if that is due.
    pub(super) fn flush_latency(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.connection.is_live()
            && let Some(news) = self.latency.news(now)
        {
            send(out, self.frame_bytes_max, &FromClient::Measured(&news.encode()));
        }
    }
}
