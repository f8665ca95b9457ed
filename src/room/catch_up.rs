//! Bringing a client up to date: by sequence number (O2), or by state vector.

use super::log::{Log, LogError};
use super::session::{SessionId, Stage};
use super::stored::Quarantine;
use super::{CatchUp, Event, Output, Room, send_to};
use crate::protocol::{Close, FromRoom, Hello, PROTOCOL_VERSION, Welcome};
use crate::time::Millis;
use crate::update::{self, DeleteSet, StateVector};

/// How long the document's encoding is kept for the next one who joins. Long enough for a crowd
/// that arrives together; a room that only relays holds nothing.
const ANSWER_MS_MAX: u64 = 1_000;
/// How many bytes of rows are merged at a time.
const MERGED_BYTES_MAX: u64 = 8 << 20;

impl Room {
    /// W3, O3: epochs are compared before anything is taken.
    pub(super) fn hello(
        &mut self,
        now: Millis,
        id: SessionId,
        hello: Hello,
        log: &impl Log,
    ) -> Result<Vec<Output>, Close> {
        let Hello { protocol, epoch, sequence, trace } = hello;
        if protocol == 0 {
            return Err(Close::Protocol);
        }
        if epoch != 0 && epoch != self.epoch {
            return Err(Close::EpochMismatch);
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.trace = trace.or(session.trace);
            session.stage = Stage::Live;
            // A client counts from the welcome on: what it was told before, it never confirms.
            session.on_the_way = 0;
            session.may_give_back = sequence < self.quarantine.repaired;
        }
        let protocol = protocol.min(PROTOCOL_VERSION);
        let welcome = FromRoom::Welcome(Welcome {
            protocol,
            epoch: self.epoch,
            sequence: self.head,
            frame_bytes_max: self.limits.frame_bytes_max,
            update_bytes_max: self.limits.update_bytes_max,
            window_bytes: self.limits.window_bytes,
        });
        let mut out: Vec<_> = self.attach(id).into_iter().chain(self.send(id, &welcome)).collect();
        out.extend(self.granted(now, id));
        out.extend(self.say_schema(id));
        let has = if epoch == 0 { 0 } else { sequence };
        // Also one that was cut off before it had anything.
        if epoch != 0 && has < self.head {
            out.extend(self.missed_rejections(id, has, log)?);
        }
        out.extend(self.missed(now, id, has, log)?);
        out.extend(self.answers.timer());
        out.extend(self.everyone(now, id));
        Ok(out)
    }

    /// What a client that has everything up to `has` missed.
    pub(super) fn missed(
        &mut self,
        now: Millis,
        id: SessionId,
        has: u64,
        log: &impl Log,
    ) -> Result<Vec<Output>, Close> {
        if has == self.head {
            return Ok(self.caught_up(id, CatchUp::Nothing, None));
        }
        let sequence = self.head;
        if has == 0 {
            let update = self.answers.whole(now, self.head, &self.quarantine, log)?;
            let message = FromRoom::SyncStep2 { sequence, update };
            let send = send_to(&self.sessions, id, &message);
            return Ok(self.caught_up(id, CatchUp::Whole, send));
        }
        if has > self.head || has < self.asked_below() {
            // The rows behind `has` are not at hand one by one, or the client may have what the
            // room lost. State vectors tell what is missing, on both sides. Its answer brings all
            // that it would send before it, and it is not asked twice.
            return Ok(self.ask(id));
        }
        let update = merged(update::EMPTY.to_vec(), has, &self.quarantine, log)?;
        let send = self.send(id, &FromRoom::SyncStep2 { sequence, update: &update });
        Ok(self.caught_up(id, CatchUp::Rows, send))
    }

    fn caught_up(&mut self, id: SessionId, by: CatchUp, send: Option<Output>) -> Vec<Output> {
        let bytes = match &send {
            Some(Output::Send { frame, .. }) => frame.len() as u64,
            _ => 0,
        };
        let trace = self.trace(id);
        self.observed.tell(Event::CaughtUp { session: id, by, bytes, trace });
        send.into_iter().collect()
    }

    /// Ask a session for what the room lacks. No numbered update is taken before its answer.
    pub(super) fn ask(&mut self, id: SessionId) -> Vec<Output> {
        let trace = self.trace(id);
        self.observed.tell(Event::Asked { session: id, trace });
        let mut out = self.enter(id, Stage::Resyncing);
        let state_vector = self.known.encode();
        out.extend(self.send(id, &FromRoom::SyncStep1(&state_vector)));
        out
    }

    /// The client says what it has.
    pub(super) fn sync_step_1(
        &mut self,
        now: Millis,
        id: SessionId,
        state_vector: &[u8],
        log: &impl Log,
    ) -> Result<Vec<Output>, Close> {
        let has = StateVector::decode(state_vector)?;
        let sequence = self.told_to(id);
        let whole = self.answers.whole(now, self.head, &self.quarantine, log)?;
        let mut out = if has.is_empty() {
            let message = FromRoom::SyncStep2 { sequence, update: whole };
            let send = send_to(&self.sessions, id, &message);
            self.caught_up(id, CatchUp::Whole, send)
        } else {
            let update = update::diff(&[whole], &has).map_err(LogError::from)?;
            let send = self.send(id, &FromRoom::SyncStep2 { sequence, update: &update });
            self.caught_up(id, CatchUp::StateVector, send)
        };
        out.extend(self.answers.timer());
        Ok(out)
    }

    /// The number of an answer to a state vector. If the session gave something back that is not
    /// durable yet, one with which it would be asked again; the ack for that brings the right one.
    fn told_to(&self, id: SessionId) -> u64 {
        match self.asked_below() {
            0 => self.head,
            _ if !self.gathered.has_of(id) => self.head,
            below => self.head.min(below - 1),
        }
    }

    /// Those who resume from before this are asked for what they have.
    fn asked_below(&self) -> u64 {
        self.size.snapshot_sequence.max(self.quarantine.repaired)
    }
}

/// `base` and the updates of the rows behind `after` as one update. What was typed takes a fraction
/// of its rows' size once it is merged, so the log is never in memory as a whole.
fn merged(
    mut base: Vec<u8>,
    mut after: u64,
    quarantine: &Quarantine,
    log: &impl Log,
) -> Result<Vec<u8>, LogError> {
    loop {
        let rows = quarantine.rows(log, after, MERGED_BYTES_MAX)?;
        let Some(last) = rows.last() else { return Ok(base) };
        after = last.sequence;
        let updates = rows.iter().map(|row| &row.update[..]);
        let parts: Vec<_> = std::iter::once(&base[..]).chain(updates).collect();
        base = update::merge(&parts)?;
    }
}

/// The document's encoding, kept while a crowd joins.
#[derive(Debug, Default)]
pub(super) struct Answers {
    kept: Option<Answer>,
    /// When [`Room::commit`] will look whether anybody still asks.
    timer: Option<Millis>,
}

#[derive(Debug)]
struct Answer {
    sequence: u64,
    whole: Vec<u8>,
    deleted: Option<DeleteSet>,
    used_at: Millis,
}

impl Answers {
    /// The whole document up to `head` as one update.
    pub(super) fn whole(
        &mut self,
        now: Millis,
        head: u64,
        quarantine: &Quarantine,
        log: &impl Log,
    ) -> Result<&[u8], LogError> {
        Ok(&self.answer(now, head, quarantine, log)?.whole)
    }

    /// Everything that is deleted in the document up to `head`.
    pub(super) fn deleted(
        &mut self,
        now: Millis,
        head: u64,
        quarantine: &Quarantine,
        log: &impl Log,
    ) -> Result<&DeleteSet, LogError> {
        let answer = self.answer(now, head, quarantine, log)?;
        if answer.deleted.is_none() {
            answer.deleted = Some(update::delete_set(&[&answer.whole])?);
        }
        Ok(answer.deleted.get_or_insert_default())
    }

    /// A timer for what is kept, so that a room that falls asleep holds nothing.
    pub(super) fn timer(&mut self) -> Option<Output> {
        let at = self.kept.as_ref()?.used_at + ANSWER_MS_MAX;
        self.timer.is_none().then(|| Output::SetTimer(*self.timer.insert(at)))
    }

    /// Drop what nobody has asked for in a while.
    pub(super) fn forget(&mut self, now: Millis) -> Option<Output> {
        self.timer = self.timer.filter(|&at| now < at);
        if self.kept.as_ref().is_some_and(|kept| now.since(kept.used_at) >= ANSWER_MS_MAX) {
            self.kept = None;
        }
        self.timer()
    }

    #[cfg(test)]
    pub(super) fn is_held(&self) -> bool {
        self.kept.is_some()
    }

    /// The rows behind what is kept are about to leave the log.
    pub(super) fn drop_kept(&mut self) {
        self.kept = None;
    }

    fn answer(
        &mut self,
        now: Millis,
        head: u64,
        quarantine: &Quarantine,
        log: &impl Log,
    ) -> Result<&mut Answer, LogError> {
        let (base, after) = match self.kept.take() {
            Some(kept) if kept.sequence == head => {
                return Ok(self.kept.insert(Answer { used_at: now, ..kept }));
            }
            Some(kept) => (kept.whole, kept.sequence),
            None => match log.snapshot()? {
                Some(snapshot) => (snapshot.update, snapshot.sequence),
                None => (update::EMPTY.to_vec(), 0),
            },
        };
        let whole = merged(base, after, quarantine, log)?;
        Ok(self.kept.insert(Answer { sequence: head, whole, deleted: None, used_at: now }))
    }
}
