//! How long edits take, as clients see it: the room's part in measuring, and what it is told.

use super::session::{Session, SessionId, Stage};
use super::{Counter, Delay, Output, Room};
use crate::protocol::{Close, Dialect, FromRoom, Measured};

impl Room {
    /// An update was marked. Behind the commit that holds it somebody else is asked for it.
    pub(super) fn probe(&mut self, id: SessionId, stamp: u64) -> Vec<Output> {
        self.probes.insert(id, stamp);
        Vec::new()
    }

    /// Ask one other client for each marked update of what was committed.
    pub(super) fn ask_for_probes(&mut self) -> Vec<Output> {
        let mut out = Vec::new();
        for (id, stamp) in std::mem::take(&mut self.probes) {
            let can_tell = |(other, session): &(&SessionId, &Session)| {
                session.dialect == Dialect::Native
                    && session.stage == Stage::Live
                    && session.behind.is_none()
                    && **other != id
            };
            // The next one, so that the same is not asked always.
            let mut others = self.sessions.range(id..).chain(self.sessions.range(..id));
            let other = others.find(can_tell).map(|(other, _)| *other);
            let probe = FromRoom::Probe { session: id.0, stamp };
            out.extend(other.and_then(|other| self.send(other, &probe)));
        }
        out
    }

    /// Somebody has what another one marked.
    pub(super) fn seen(&mut self, session: u32, stamp: u64) -> Vec<Output> {
        self.send(SessionId(session), &FromRoom::Seen { stamp }).into_iter().collect()
    }

    /// A client tells how long its edits took.
    pub(super) fn measured(&mut self, measured: &[u8]) -> Result<Vec<Output>, Close> {
        let Measured { durable, seen } = Measured::decode(measured).map_err(|_| Close::BadFrame)?;
        let metrics = &mut self.observed.metrics;
        let slow = durable.above(self.limits.durable_budget_ms);
        metrics.add(Counter::SlowDurable, slow);
        let slow = seen.above(self.limits.seen_budget_ms);
        metrics.add(Counter::SlowSeen, slow);
        metrics.delay_mut(Delay::Durable).extend(&durable);
        metrics.delay_mut(Delay::Seen).extend(&seen);
        Ok(Vec::new())
    }
}
