//! The room's one alarm. It wakes the room for what has to happen although nobody says anything:
//! a compaction, and a look at who is still there. An alarm may come late, twice or never.

use super::session::SessionId;
use super::{Input, Log, Output, Room};
use crate::time::Millis;

/// An alarm that is later than this was lost, and is set again.
const LATE_MS_MAX: u64 = 60_000;

/// What is due, and what the platform was told of it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Alarm {
    /// When the log is compacted.
    pub(super) compact_at: Option<Millis>,
    /// When the first access ends.
    pub(super) expires_at: Option<Millis>,
    /// What the room remembers of its sweeps.
    pub(super) rounds: Rounds,
    /// The session with whose socket that is kept.
    keeper: Option<SessionId>,
    /// The time that the platform was given. Nothing once it has come.
    set_at: Option<Millis>,
}

/// What of the alarm survives a hibernation: a room that sleeps most of the time would otherwise
/// set its alarm at every wake, which is a row written, or forget how long it has been quiet.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Rounds {
    /// When the room looks next who is still there.
    pub(super) sweep_at: Option<Millis>,
    /// When a client last did something.
    pub(super) active_at: Millis,
}

impl Alarm {
    /// Set the alarm for what is due first, unless it is set.
    fn set(&mut self, now: Millis) -> Option<Output> {
        let due = [self.compact_at, self.rounds.sweep_at, self.expires_at];
        let due_at = due.into_iter().flatten().min()?;
        let is_set = self.set_at.is_some_and(|at| at <= due_at && now < at + LATE_MS_MAX);
        (!is_set).then(|| Output::SetAlarm(*self.set_at.insert(due_at)))
    }
}

impl Room {
    /// The alarm came. What of it is not due yet is set again by [`Room::arm`].
    pub(super) fn alarm(&mut self, now: Millis, log: &impl Log) -> Vec<Output> {
        self.alarm.set_at = None;
        let mut out = Vec::new();
        if self.is_long() || self.alarm.compact_at.is_some_and(|at| at <= now) {
            self.alarm.compact_at = None;
            out = self.compact(now, log);
        }
        out.extend(self.expire(now));
        out.extend(self.sweep(now));
        out
    }

    /// See to it that an alarm comes after `input`, and that the room knows over a hibernation.
    pub(super) fn arm(&mut self, now: Millis, input: Input<'_>, out: &mut Vec<Output>) {
        match input {
            // Nothing happened: the room wakes, and is told about the time when it slept.
            Input::Resume { .. } | Input::Pinged { .. } | Input::Failed { .. } => return,
            // And none may come to what is no more.
            Input::Delete => return,
            Input::Commit
            | Input::Alarm
            | Input::Create
            | Input::Revoke { .. }
            | Input::Erase { .. } => {}
            Input::Connect { .. }
            | Input::Frame { .. }
            | Input::Admitted { .. }
            | Input::Schema(_)
            | Input::Text { .. }
            | Input::GoesOn { .. }
            | Input::Disconnect { .. } => {
                self.alarm.rounds.active_at = now;
                self.sweep_by(now + self.sweep_ms());
            }
        }
        let first = self.sessions.keys().next().copied();
        if self.alarm.rounds.sweep_at.is_some() && self.alarm.keeper != first {
            self.alarm.keeper = first;
            out.extend(first.and_then(|id| self.attach(id)));
        }
        out.extend(self.alarm.set(now));
    }

    /// Look who is still there at this time, or sooner.
    pub(super) fn sweep_by(&mut self, at: Millis) {
        let rounds = &self.alarm.rounds;
        if rounds.sweep_at.is_none_or(|before| at < before) && self.may_mislead() {
            self.alarm.rounds.sweep_at = Some(at);
            self.alarm.keeper = None;
        }
    }

    /// The room woke, and `id` kept this. The alarm was set for what is due first of it and of all
    /// accesses.
    pub(super) fn restore(&mut self, id: SessionId, rounds: Rounds, until: Option<Millis>) {
        let mut set_at = self.alarm.set_at.into_iter().chain(until).min();
        self.expires_by(until);
        if self.sessions.keys().next() == Some(&id) {
            set_at = set_at.into_iter().chain(rounds.sweep_at).min();
            self.alarm = Alarm { rounds, keeper: Some(id), ..self.alarm };
        }
        self.alarm.set_at = set_at;
    }
}
