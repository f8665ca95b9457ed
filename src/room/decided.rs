//! What was decided since the last row, until there is the next (S6, C2).
//!
//! What belongs to an update goes into its row. Other decisions make a row of their own, without
//! an update, if there is no other. For refusals and conflicts that happens at most once in
//! [`REPEATED_MS`], and each is in it once for its session, with a count: whoever may not write
//! cannot fill the log, nor whoever says much.

use std::collections::BTreeMap;

use super::decision::{Decision, NAMED_MAX, Reason, What, cut};
use super::session::SessionId;
use super::{Counter, Output, Room};
use crate::access::Action;
use crate::policy::Schema;
use crate::protocol::Limit;
use crate::time::Millis;

/// How long refusals and conflicts wait for a row if they would make one of their own.
const REPEATED_MS: u64 = 1_000;
/// How many of each one row tells apart.
const REPEATED_MAX: usize = 100;

/// An update that was taken, and a client of which it brings something; more of these follow.
#[derive(Clone, Copy, Debug)]
struct Taken {
    session: SessionId,
    subject: u32,
    client: Option<u64>,
    /// How many updates this counts: one, or none if it follows another.
    updates: u32,
}

/// What a session wrote.
struct Wrote {
    subject: u32,
    updates: u32,
    clients: Vec<u64>,
}

/// Room for so much is kept from row to row.
const TAKEN_MAX: usize = 64;

/// What the next row will say beside its update.
#[derive(Debug, Default)]
pub(super) struct Decided {
    taken: Vec<Taken>,
    refused: BTreeMap<(SessionId, Reason), (u32, u32)>,
    /// By session and path: whose, who won, and how often.
    conflicts: BTreeMap<(SessionId, String), (u32, Option<u64>, u32)>,
    others: Vec<Decision>,
    /// When these last made a row.
    repeated_at: Option<Millis>,
    /// A history begins, which its first row says.
    begins: bool,
    timer: Option<Millis>,
}

impl Decided {
    /// A decision that makes a row if nothing else does.
    pub(super) fn add(&mut self, decision: Decision) {
        self.others.push(decision);
    }

    /// There is to be a row, even if it says nothing but that.
    pub(super) fn begin(&mut self) {
        self.begins = true;
    }

    pub(super) fn accept(&mut self, session: SessionId, subject: u32, ends: &[(u64, u32)]) {
        // What a decision does not name is not remembered for it.
        let mut clients = ends.iter().take(NAMED_MAX).map(|&(client, _)| client);
        self.taken.push(Taken { session, subject, client: clients.next(), updates: 1 });
        for client in clients {
            self.taken.push(Taken { session, subject, client: Some(client), updates: 0 });
        }
    }

    fn refuse(&mut self, id: SessionId, subject: u32, why: Reason) {
        let is_one_more = self.refused.len() < REPEATED_MAX;
        let (id, subject) = match self.refused.contains_key(&(id, why)) || is_one_more {
            true => (id, subject),
            false => (SessionId(0), 0),
        };
        let (_, times) = self.refused.entry((id, why)).or_insert((subject, 0));
        *times = times.saturating_add(1);
    }

    fn conflict(&mut self, id: SessionId, subject: u32, by: Option<u64>, path: &str) {
        let key = (id, cut(path).to_owned());
        if self.conflicts.len() < REPEATED_MAX || self.conflicts.contains_key(&key) {
            let (_, last, times) = self.conflicts.entry(key).or_insert((subject, by, 0));
            (*last, *times) = (by, times.saturating_add(1));
        }
    }

    fn has_repeated(&self) -> bool {
        !self.refused.is_empty() || !self.conflicts.is_empty()
    }

    /// Whether there has to be a row, also without updates.
    pub(super) fn is_due(&self, now: Millis) -> bool {
        let is_time = self.repeated_at.is_none_or(|at| at + REPEATED_MS <= now);
        self.begins || !self.others.is_empty() || (is_time && self.has_repeated())
    }

    /// All of it, encoded.
    pub(super) fn take(&mut self, now: Millis, out: &mut Vec<u8>) {
        for (id, Wrote { subject, updates, mut clients }) in self.wrote() {
            clients.sort_unstable();
            clients.dedup();
            Decision::of(id, subject, What::Accepted { updates, clients }).write(out);
        }
        self.begins = false;
        if self.has_repeated() {
            self.repeated_at = Some(now);
        }
        for ((id, why), (subject, times)) in std::mem::take(&mut self.refused) {
            Decision::of(id, subject, What::Refused { why, times }).write(out);
        }
        for ((id, path), (subject, by, times)) in std::mem::take(&mut self.conflicts) {
            Decision::of(id, subject, What::Conflict { path, by, times }).write(out);
        }
        std::mem::take(&mut self.others).iter().for_each(|decision| decision.write(out));
    }

    fn wrote(&mut self) -> BTreeMap<SessionId, Wrote> {
        let mut wrote = BTreeMap::new();
        for Taken { session, subject, client, updates } in self.taken.drain(..) {
            let new = || Wrote { subject, updates: 0, clients: Vec::new() };
            let its = wrote.entry(session).or_insert_with(new);
            its.updates += updates;
            if its.clients.last() != client.as_ref() {
                its.clients.extend(client);
            }
        }
        self.taken.shrink_to(TAKEN_MAX);
        wrote
    }

    /// A timer for what waits.
    pub(super) fn timer(&mut self, now: Millis) -> Option<Output> {
        self.timer = self.timer.filter(|&at| now < at);
        if !self.has_repeated() || self.timer.is_some() {
            return None;
        }
        let at = self.repeated_at.map_or(now, |at| at + REPEATED_MS);
        Some(Output::SetTimer(*self.timer.insert(at)))
    }
}

impl Room {
    /// Something of a session's was not taken.
    pub(super) fn decide_refused(&mut self, id: SessionId, why: Reason) {
        if self.sessions.contains_key(&id) {
            let subject = self.subject_of(id);
            self.decided.refuse(id, subject, why);
        }
    }
}

impl Room {
    /// A change of a session's lost. It is written down if the document's schema says so.
    pub(super) fn decide_conflict(
        &mut self,
        now: Millis,
        id: SessionId,
        by: Option<u64>,
        path: &str,
    ) -> Vec<Output> {
        // Who may write nothing can lose nothing.
        if !self.may(id, Action::Write) {
            return Vec::new();
        }
        self.observed.metrics.add(Counter::Conflicts, 1);
        if !self.schema().is_some_and(Schema::logs_conflicts) {
            return Vec::new();
        }
        let subject = self.subject_of(id);
        self.decided.conflict(id, subject, by, path);
        self.decided.timer(now).into_iter().collect()
    }
}

impl Reason {
    /// Why something over this limit is not taken; nothing if that is not worth a row: it will be
    /// taken later, or is no part of the document.
    pub(super) fn of_limit(limit: Limit) -> Option<Self> {
        match limit {
            Limit::FrameBytes
            | Limit::UpdateBytes
            | Limit::UpdateClients
            | Limit::DocumentBytes
            | Limit::Other => Some(Self::Limit),
            Limit::Failures => Some(Self::Poison),
            Limit::PresenceBytes
            | Limit::Sessions
            | Limit::SessionFrames
            | Limit::SessionBytes
            | Limit::RoomFrames
            | Limit::RoomBytes => None,
        }
    }
}
