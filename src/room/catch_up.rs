//! Bringing a client up to date: by sequence number (O2), or by state vector.

use super::log::{Log, LogError};
use super::session::{SessionId, Stage};
use super::{Output, Room, send_to};
use crate::protocol::{Close, FromRoom, PROTOCOL_VERSION, Welcome};
use crate::time::Millis;
use crate::update::{self, DeleteSet, StateVector};

/// How long the document's encoding is kept for the next one who joins. Long enough for a crowd
/// that arrives together; a room that only relays holds nothing.
const ANSWER_MS_MAX: u64 = 1_000;

impl Room {
    /// W3, O3: epochs are compared before anything is taken.
    pub(super) fn hello(
        &mut self,
        now: Millis,
        id: SessionId,
        protocol: u32,
        epoch: u64,
        sequence: u64,
        log: &impl Log,
    ) -> Result<Vec<Output>, Close> {
        if protocol == 0 {
            return Err(Close::Protocol);
        }
        if epoch != 0 && epoch != self.epoch {
            return Err(Close::EpochMismatch);
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.stage = Stage::Live;
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
        let has = if epoch == 0 { 0 } else { sequence };
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
    ) -> Result<Option<Output>, Close> {
        if has == self.head {
            return Ok(None);
        }
        let sequence = self.head;
        if has == 0 {
            let update = self.answers.whole(now, self.head, log)?;
            let message = FromRoom::SyncStep2 { sequence, update };
            return Ok(send_to(&self.sessions, id, &message));
        }
        if has > self.head || has < self.size.snapshot_sequence {
            // The rows behind `has` are not at hand one by one. State vectors tell what is missing,
            // on both sides: a room that has less than its client said has lost something.
            let state_vector = self.known.encode();
            return Ok(self.send(id, &FromRoom::SyncStep1(&state_vector)));
        }
        let updates = log.updates(has)?;
        let updates: Vec<_> = updates.iter().map(|update| &update[..]).collect();
        let update = update::merge(&updates).map_err(LogError::from)?;
        Ok(self.send(id, &FromRoom::SyncStep2 { sequence, update: &update }))
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
        let sequence = self.head;
        let whole = self.answers.whole(now, self.head, log)?;
        let out = if has.is_empty() {
            send_to(&self.sessions, id, &FromRoom::SyncStep2 { sequence, update: whole })
        } else {
            let update = update::diff(&[whole], &has).map_err(LogError::from)?;
            self.send(id, &FromRoom::SyncStep2 { sequence, update: &update })
        };
        Ok(out.into_iter().chain(self.answers.timer()).collect())
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
        log: &impl Log,
    ) -> Result<&[u8], LogError> {
        Ok(&self.answer(now, head, log)?.whole)
    }

    /// Everything that is deleted in the document up to `head`.
    pub(super) fn deleted(
        &mut self,
        now: Millis,
        head: u64,
        log: &impl Log,
    ) -> Result<&DeleteSet, LogError> {
        let answer = self.answer(now, head, log)?;
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

    fn answer(&mut self, now: Millis, head: u64, log: &impl Log) -> Result<&mut Answer, LogError> {
        let (base, after) = match self.kept.take() {
            Some(kept) if kept.sequence == head => {
                return Ok(self.kept.insert(Answer { used_at: now, ..kept }));
            }
            Some(kept) => (kept.whole, kept.sequence),
            None => (log.snapshot()?, 0),
        };
        let updates = log.updates(after)?;
        let whole = if updates.is_empty() {
            base
        } else {
            let parts: Vec<_> = std::iter::once(&base).chain(&updates).map(|u| &u[..]).collect();
            update::merge(&parts)?
        };
        Ok(self.kept.insert(Answer { sequence: head, whole, deleted: None, used_at: now }))
    }
}
