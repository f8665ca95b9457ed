//! Taking updates in, and committing what gathered (C2).

use std::collections::BTreeMap;

use super::chain::origin;
use super::decision::{Decision, What};
use super::log::{Log, Row, write_clocks};
use super::rules::Held;
use super::session::{Attachment, Session, SessionId, Stage};
use super::{Delay, Event, Output, Room};
use crate::access::Action;
use crate::protocol::{Close, Denial, Dialect, FromRoom, Rejections};
use crate::time::Millis;
use crate::update::{self, Admission, EMPTY, Malformed};

/// What gathers is committed at once beyond this size: one row should not become huge because
/// several large updates arrived together.
const GATHERED_BYTES_MAX: usize = 1 << 20;

/// Who gives back what waited; see [`Room::bring_back`]. No session has this name.
pub(super) const NOBODY: SessionId = SessionId(0);

/// What waits for the next commit.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    updates: Vec<(SessionId, Vec<u8>)>,
    /// When the first of them came.
    since: Option<Millis>,
    bytes: usize,
    clocks: BTreeMap<u64, u32>,
    deletes: bool,
    /// For each native session that waits for an ack, the number that it will get.
    acks: BTreeMap<SessionId, u64>,
    /// The quarantined rows whose rest is in it.
    pub(super) returns: Vec<u64>,
    /// What of it was undone, and of whom.
    rejected: Vec<Rejected>,
}

/// What was undone of a session's, and of whom.
#[derive(Debug)]
pub(super) struct Rejected {
    pub(super) session: SessionId,
    /// The number of its subject, also when it is gone.
    pub(super) subject: u32,
    pub(super) rejections: Rejections,
}

impl Gathered {
    fn add(&mut self, now: Millis, id: SessionId, admission: Admission<'_>) {
        self.since.get_or_insert(now);
        self.bytes += admission.fresh.len();
        self.clocks.extend(admission.ends);
        self.deletes |= admission.has_deletes;
        self.updates.push((id, admission.fresh.into_owned()));
    }

    /// Something of a session's was undone.
    pub(super) fn reject(&mut self, rejected: Rejected) {
        self.rejected.push(rejected);
    }

    /// The size of its updates.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes as u64
    }

    /// All as one update. One alone is moved out.
    fn merge(&mut self) -> Result<Vec<u8>, Malformed> {
        if let [(_, update)] = &mut self.updates[..] {
            return Ok(std::mem::take(update));
        }
        let updates: Vec<_> = self.updates.iter().map(|(_, update)| &update[..]).collect();
        update::merge(&updates)
    }

    /// Whether it has something of this session.
    pub(super) fn has_of(&self, id: SessionId) -> bool {
        self.updates.iter().any(|(from, _)| *from == id)
    }

    /// Whether it has something of this client.
    pub(super) fn has(&self, client: u64) -> bool {
        self.clocks.contains_key(&client)
    }

    /// A session is gone: nobody waits for its acks. What it wrote stays.
    pub(super) fn forget(&mut self, id: SessionId) {
        self.acks.remove(&id);
    }
}

impl Room {
    /// A change. If it refers to something unknown, it is not stored; the room says what it has
    /// (O1).
    pub(super) fn update(
        &mut self,
        now: Millis,
        id: SessionId,
        number: u64,
        bytes: &[u8],
        log: &impl Log,
    ) -> Result<Vec<Output>, Close> {
        let stage = self.sessions.get(&id).map(|session| session.stage);
        let resyncing = matches!(stage, Some(Stage::Resyncing | Stage::Waiting { .. }));
        // An ack covers every number before it, also that of the update that was refused.
        if resyncing && number > 0 {
            return Ok(Vec::new());
        }
        if let Some(refusal) = self.too_large(bytes) {
            return Ok(self.refuse(id, number, refusal));
        }
        let admission = update::admit(bytes, &self.known)?;
        if !admission.missing {
            return self.take(now, id, number, admission, log);
        }
        if resyncing {
            return Ok(Vec::new());
        }
        Ok(self.ask(id))
    }

    /// The answer to the room's SyncStep1. What can be taken of it is; asking again for the rest
    /// would go round in circles.
    pub(super) fn sync_step_2(
        &mut self,
        now: Millis,
        id: SessionId,
        number: u64,
        bytes: &[u8],
        log: &impl Log,
    ) -> Result<Vec<Output>, Close> {
        if let Some(refusal) = self.too_large(bytes) {
            return Ok(self.refuse(id, number, refusal));
        }
        let admission = self.admit_answer(now, bytes, log)?;
        let mut out = self.enter(id, Stage::Live);
        let number = if admission.missing { 0 } else { number };
        // One that has nothing of its own to send waits for the sequence number in it.
        self.gathered.acks.entry(id).or_default();
        out.extend(self.take(now, id, number, admission, log)?);
        Ok(out)
    }

    /// What the log lacks of an update that repeats every deletion that its sender knows.
    pub(super) fn admit_answer<'a>(
        &mut self,
        now: Millis,
        bytes: &'a [u8],
        log: &impl Log,
    ) -> Result<Admission<'a>, Close> {
        let mut admission = update::admit(bytes, &self.known)?;
        if admission.has_deletes {
            let deleted = self.answers.deleted(now, self.head, &self.quarantine, log)?;
            let fresh = update::without_deletes(&admission.fresh, deleted)?.into_owned();
            admission.has_deletes = !update::delete_set(&[&fresh])?.is_empty();
            admission.fresh = fresh.into();
        }
        Ok(admission)
    }

    fn take(
        &mut self,
        now: Millis,
        id: SessionId,
        number: u64,
        admission: Admission<'_>,
        log: &impl Log,
    ) -> Result<Vec<Output>, Close> {
        // Whoever says again what the log has writes nothing.
        let writes = admission.fresh[..] != EMPTY && !self.is_given_back(&admission);
        if writes && !self.may(id, Action::Write) {
            return Ok(self.deny(id, number, Denial::Role));
        }
        if self.is_forged(id, &admission) {
            return Ok(self.deny(id, number, Denial::Author));
        }
        if !admission.ends.is_empty()
            && let Some(refusal) = self.too_full(admission.fresh.len())
        {
            let mut out = self.refusal(id, number, refusal);
            out.extend(self.enter(id, Stage::Waiting { bytes: admission.fresh.len() as u64 }));
            return Ok(out);
        }
        let admission = match self.judge(now, (id, number), admission, log)? {
            Held::Taken(admission) => admission,
            Held::Denied(denial) => return Ok(self.deny(id, number, denial)),
            Held::Lost => return Ok(vec![Output::Abandon]),
        };
        if number > 0 {
            self.gathered.acks.insert(id, number);
        }
        self.gather(now, id, admission);
        let is_much = self.gathered.bytes > GATHERED_BYTES_MAX;
        Ok(if is_much { self.commit(now) } else { Vec::new() })
    }

    pub(super) fn gather(&mut self, now: Millis, id: SessionId, admission: Admission<'_>) {
        if admission.fresh[..] == EMPTY {
            return;
        }
        let subject = self.record_authors(id, &admission);
        for &(client, clock) in &admission.ends {
            self.known.advance(client, clock);
        }
        self.decided.accept(id, subject, &admission.ends);
        self.gathered.add(now, id, admission);
    }

    /// Make what gathered one row, and tell everyone.
    pub(super) fn commit(&mut self, now: Millis) -> Vec<Output> {
        let mut gathered = std::mem::take(&mut self.gathered);
        let mut out = Vec::new();
        let has_updates = !gathered.updates.is_empty();
        if has_updates || self.decided.is_due(now) {
            // Each was walked when it was taken.
            let Ok(merged) = gathered.merge() else { return vec![Output::Abandon] };
            let row = self.row(now, &mut gathered, merged);
            out.extend(self.names());
            // Nobody is told of a row that only holds decisions.
            let frames =
                if has_updates { self.frames_of(&gathered, &row.update) } else { Vec::new() };
            if has_updates {
                self.committed(now, &gathered, &frames, row.update.len() as u64);
            }
            out.push(Output::Append(row));
            out.extend(self.rejections(&gathered.rejected));
            out.extend(frames);
            self.compact_later(now, gathered.deletes);
        }
        out.extend(self.decided.timer(now));
        for (id, number) in gathered.acks {
            // One that is behind was not sent all of it, and must not count it (O2).
            let behind = self.sessions.get(&id).and_then(|session| session.behind);
            let sequence = behind.unwrap_or(self.head);
            out.extend(self.send(id, &FromRoom::Ack { number, sequence }));
        }
        out.extend(self.ask_for_probes());
        out.extend(self.close_overdue(now));
        out.extend(self.presence_changes());
        for id in std::mem::take(&mut self.joining) {
            out.extend(self.everyone(now, id));
        }
        out.extend(self.answers.forget(now));
        self.pace.sends(now, &out, has_updates);
        out
    }

    /// The next row of the log. Without updates it takes a sequence number all the same.
    fn row(&mut self, now: Millis, gathered: &mut Gathered, update: Vec<u8>) -> Row {
        let clocks: Vec<_> = std::mem::take(&mut gathered.clocks).into_iter().collect();
        let authors = self.new_authors(&clocks);
        for &(client, clock) in &clocks {
            self.logged.advance(client, clock);
        }
        let mut decisions = Vec::new();
        self.decided.take(now, &mut decisions);
        self.extend(Row {
            updates: gathered.updates.len().max(1) as u32,
            at: now,
            clocks: write_clocks(&clocks),
            authors,
            deletes: gathered.deletes,
            decisions,
            update,
            returns: std::mem::take(&mut gathered.returns),
            ..Row::default()
        })
    }

    /// `row` as the next one of the log, which is so much longer then.
    pub(super) fn extend(&mut self, row: Row) -> Row {
        self.head += u64::from(row.updates);
        self.size.add(row.update.len() as u64);
        let row = self.chained(Row { sequence: self.head, ..row });
        self.chain = row.chain;
        row
    }

    /// `row`, chained to the last one.
    pub(super) fn chained(&self, mut row: Row) -> Row {
        let Some(before) = &self.chain else {
            let mut decisions = Vec::new();
            Decision::of_room(What::Epoch { epoch: self.epoch }).write(&mut decisions);
            decisions.append(&mut row.decisions);
            return Row { decisions, ..row }.chain_to(&origin(self.epoch));
        };
        row.chain_to(before)
    }

    fn committed(&mut self, now: Millis, gathered: &Gathered, frames: &[Output], bytes: u64) {
        let delay_ms = gathered.since.map_or(0, |since| now.since(since));
        self.observed.metrics.delay_mut(Delay::Commit).record(delay_ms);
        let peers = frames.iter().map(|frame| match frame {
            Output::Send { to, .. } => to.len() as u64,
            _ => 0,
        });
        let mut writers: Vec<_> = gathered.updates.iter().map(|(id, _)| *id).collect();
        writers.dedup();
        let traces = writers.into_iter().filter_map(|id| self.trace(id)).collect();
        self.observed.tell(Event::Committed {
            sequence: self.head,
            updates: gathered.updates.len() as u32,
            bytes,
            peers: peers.sum(),
            traces,
        });
    }

    /// One frame for all stock sessions, one for all native ones. A session that wrote all of it
    /// needs none.
    fn frames_of(&self, gathered: &Gathered, update: &[u8]) -> Vec<Output> {
        // Who wrote something that was undone has to hear that.
        let writer = gathered.updates.first().filter(|_| gathered.rejected.is_empty());
        let writer = writer.map(|(id, _)| *id);
        let only_writer = writer.filter(|id| gathered.updates.iter().all(|(other, _)| other == id));
        let message = FromRoom::Update { sequence: self.head, update };
        self.broadcast(&message, |id, session| session.behind.is_none() && Some(id) != only_writer)
    }

    pub(super) fn broadcast(
        &self,
        message: &FromRoom<'_>,
        is_for: impl Fn(SessionId, &Session) -> bool,
    ) -> Vec<Output> {
        let to = |dialect| -> Vec<SessionId> {
            let live = self.sessions.iter().filter(|(id, session)| {
                session.dialect == dialect
                    && session.stage != Stage::Silent
                    && is_for(**id, session)
            });
            live.map(|(id, _)| *id).collect()
        };
        let frames = [Dialect::Stock, Dialect::Native].into_iter().filter_map(|dialect| {
            let to = to(dialect);
            if to.is_empty() {
                return None;
            }
            Some(Output::Send { to, frame: dialect.encode(message)? })
        });
        frames.collect()
    }

    /// Bring a session to `stage`, if it is not there yet.
    pub(super) fn enter(&mut self, id: SessionId, stage: Stage) -> Vec<Output> {
        match self.sessions.get_mut(&id) {
            Some(session) if session.stage != stage => {
                session.stage = stage;
                self.attach(id).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn attach(&mut self, id: SessionId) -> Option<Output> {
        let session = self.sessions.get(&id)?;
        let presence = self.presence.keep(id);
        let rounds = self.alarm.rounds;
        let attachment = Attachment { session, rounds, presence: &presence }.encode();
        Some(Output::Attach { session: id, attachment })
    }
}
