//! What those who run a room can see of it: counts, and what happened last.

use std::collections::VecDeque;

use super::Room;
use super::event::Event;
use super::interface::{Input, Output};
use super::metrics::{Counter, Metrics};
use super::session::{Carrier, SessionId};
use crate::access::Access;
use crate::protocol::{Dialect, Trace};
use crate::time::Millis;

/// How many events a room remembers. Commits are not among them: they would be all.
const EVENTS_MAX: usize = 64;

/// What was seen since the object that runs the room began.
#[derive(Debug, Default)]
pub struct Observed {
    pub(super) metrics: Metrics,
    /// What of it the registry knows, and since when.
    pub(super) reported: Metrics,
    pub(super) reported_at: Option<Millis>,
    /// The last report of the room without sessions.
    pub(super) emptied_at: Option<Millis>,
    /// What happened last, and when.
    last: VecDeque<(Millis, Event)>,
    /// What happened during the present input.
    told: Vec<Event>,
}

impl Observed {
    /// Of a room that was just loaded.
    pub(super) fn woken() -> Self {
        let mut observed = Self::default();
        observed.metrics.add(Counter::Wakes, 1);
        observed
    }

    /// Something happened.
    pub(super) fn tell(&mut self, event: Event) {
        let metrics = &mut self.metrics;
        match &event {
            Event::Opened { carrier, .. } => {
                metrics.add(Counter::Sessions, 1);
                match carrier {
                    Carrier::Socket => {}
                    Carrier::Poll => metrics.add(Counter::Polls, 1),
                    Carrier::Events => metrics.add(Counter::EventStreams, 1),
                }
            }
            Event::CaughtUp { by, .. } => metrics.caught_up(*by),
            Event::Ended { close, .. } => close.iter().for_each(|&close| metrics.closed(close)),
            Event::Refused { refusal, .. } => metrics.refused(refusal.limit),
            Event::Denied { .. } => metrics.add(Counter::Denials, 1),
            Event::Compensated { .. } => metrics.add(Counter::Compensations, 1),
            Event::Asked { .. } => metrics.add(Counter::Asks, 1),
            Event::Committed { updates, bytes, peers, .. } => {
                metrics.add(Counter::Commits, 1);
                metrics.add(Counter::Relays, *peers);
                metrics.add(Counter::CommitBytes, *bytes);
                metrics.add(Counter::Updates, u64::from(*updates));
            }
            Event::Compacted { bytes_before, bytes, .. } => {
                metrics.add(Counter::Compactions, 1);
                metrics.add(Counter::CompactedBytes, *bytes_before);
                metrics.add(Counter::SnapshotBytes, *bytes);
            }
            Event::Quarantined { .. } => metrics.add(Counter::Quarantines, 1),
            Event::Revoked { .. } => metrics.add(Counter::Revocations, 1),
            Event::Deleted { .. } => metrics.add(Counter::Deletions, 1),
            Event::Failed { .. } => metrics.add(Counter::Failures, 1),
        }
        self.told.push(event);
    }

    fn remember(&mut self, now: Millis, event: &Event) {
        if matches!(event, Event::Committed { .. }) {
            return;
        }
        if self.last.len() == EVENTS_MAX {
            self.last.pop_front();
        }
        self.last.push_back((now, event.clone()));
    }
}

impl Room {
    /// Count what came in and what goes out, and add what is to be told.
    pub(super) fn observe(&mut self, now: Millis, input: Input<'_>, out: &mut Vec<Output>) {
        let metrics = &mut self.observed.metrics;
        if let Input::Frame { bytes, .. } = input {
            metrics.add(Counter::FramesReceived, 1);
            metrics.add(Counter::BytesReceived, bytes.len() as u64);
        }
        for output in out.iter() {
            if let Output::Send { to, frame } = output {
                metrics.add(Counter::FramesSent, to.len() as u64);
                metrics.add(Counter::BytesSent, (to.len() * frame.len()) as u64);
            }
        }
        let may_report = matches!(input, Input::Commit | Input::Alarm);
        if self.observed.told.is_empty() && !may_report {
            return;
        }
        // Nothing behind an output that fails is performed; what has not happened is not told.
        let mut tell = Vec::new();
        for event in std::mem::take(&mut self.observed.told) {
            self.observed.remember(now, &event);
            tell.push(Output::Tell(event));
        }
        if may_report {
            tell.extend(self.report(now).map(|report| Output::Report(Box::new(report))));
        }
        let at =
            out.iter().position(|output| matches!(output, Output::Abandon)).unwrap_or(out.len());
        out.splice(at..at, tell);
    }

    /// What was seen of a room that is dropped, for the one that takes its place.
    pub fn into_observed(mut self) -> Observed {
        self.observed.metrics.add(Counter::Abandons, 1);
        self.into_deleted()
    }

    /// The same, of one whose document was deleted.
    pub fn into_deleted(self) -> Observed {
        self.observed
    }

    /// Go on from what was seen of the room before this one.
    pub fn go_on(&mut self, mut before: Observed) {
        before.metrics.extend(&self.observed.metrics);
        self.observed = before;
    }

    /// The id of its history.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The last sequence number.
    pub fn sequence(&self) -> u64 {
        self.head
    }

    /// Whether it has a history: a row was ever written.
    pub fn has_history(&self) -> bool {
        self.head > 0
    }

    /// Who is connected, how, and with what access.
    pub fn sessions(&self) -> impl Iterator<Item = (SessionId, Dialect, &Access)> {
        self.sessions.iter().map(|(&id, session)| (id, session.dialect, &session.access))
    }

    /// What was counted since the object that runs the room began.
    pub fn metrics(&self) -> &Metrics {
        &self.observed.metrics
    }

    /// What happened last, and when, in order.
    pub fn events(&self) -> impl Iterator<Item = &(Millis, Event)> {
        self.observed.last.iter()
    }

    /// What a session's doing belongs to.
    pub(super) fn trace(&self, id: SessionId) -> Option<Trace> {
        self.sessions.get(&id)?.trace
    }
}
