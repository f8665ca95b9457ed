//! Finding those who are gone without a word.
//!
//! A socket whose other end lost its power or its network stays open for as long as the platform
//! believes in it, and peers see somebody who is not there. A live client is heard: ours pings,
//! which the platform answers without waking the room, and y-websocket renews its presence. So an
//! alarm looks now and then whom nothing was heard of.
//!
//! A room that slept does not know what was said before it did. So silence is counted from the
//! first sweep that finds it, which is kept with the socket until the session speaks.

use super::session::SessionId;
use super::{Output, Room};
use crate::protocol::{Close, Dialect};
use crate::time::Millis;

/// The most time between two sweeps of a room in which nothing happens.
const SWEEP_MS_MAX: u64 = 3_600_000;

impl Room {
    /// The time from something that happens to the next sweep.
    pub(super) fn sweep_ms(&self) -> u64 {
        self.limits.silence_ms_max / 2
    }

    /// Whether anybody could be shown somebody who is gone.
    pub(super) fn may_mislead(&self) -> bool {
        self.sessions.len() > 1 && self.presence.count() > 0
    }

    /// A frame came. Something to do if its session was marked.
    pub(super) fn hear(&mut self, now: Millis, id: SessionId) -> Option<Output> {
        let was_marked = self.sessions.get_mut(&id)?.hear(now);
        if was_marked { self.attach(id) } else { None }
    }

    /// The platform answered a ping of the session's.
    pub(super) fn pinged(&mut self, id: SessionId, at: Millis) -> Vec<Output> {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.pinged_at = session.pinged_at.max(at);
        }
        Vec::new()
    }

    /// Mark whom nothing was heard of, and close who has been silent for too long.
    pub(super) fn sweep(&mut self, now: Millis) -> Vec<Output> {
        if self.alarm.rounds.sweep_at.is_some_and(|at| now < at) {
            return Vec::new();
        }
        self.alarm.rounds.sweep_at = None;
        if !self.may_mislead() {
            return Vec::new();
        }
        let (silence_ms_max, sweep_ms) = (self.limits.silence_ms_max, self.sweep_ms());
        let quiet_ms = now.since(self.alarm.rounds.active_at);
        // As long again as nothing has happened.
        let mut next_ms = quiet_ms.min(SWEEP_MS_MAX).max(sweep_ms);
        let shown = self.presence.owners();
        let (mut marked, mut gone) = (Vec::new(), Vec::new());
        for (&id, session) in &mut self.sessions {
            // A stock client that shows nothing has nothing to renew.
            if session.dialect == Dialect::Stock && !shown.contains(&id) {
                continue;
            }
            let silence_ms = now.since(session.heard_at.max(session.pinged_at));
            let is_known = session.is_heard || now.since(session.pinged_at) < sweep_ms;
            if silence_ms >= silence_ms_max {
                gone.push(id);
            } else if silence_ms >= sweep_ms || !is_known {
                next_ms = sweep_ms;
                if !std::mem::replace(&mut session.is_marked, true) {
                    marked.push(id);
                }
            }
        }
        let mut out: Vec<_> = marked.into_iter().filter_map(|id| self.attach(id)).collect();
        if !gone.is_empty() {
            out.extend(gone.into_iter().flat_map(|id| self.close(now, id, Close::Silent)));
            out.extend(self.commit(now));
        }
        self.sweep_by(now + next_ms);
        out
    }
}
