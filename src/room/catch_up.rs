//! Bringing a client up to date: by sequence number (O2), or by state vector.

use super::answers::{Opening, merged};
use super::log::{Deflated, Log, LogError};
use super::session::{SessionId, Stage};
use super::{CatchUp, Event, Output, Room, send_to};
use crate::protocol::{Close, FromRoom, Hello, INFLATES, PROTOCOL_VERSION, Welcome};
use crate::time::Millis;
use crate::update::{self, StateVector};

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
            session.inflates = protocol >= INFLATES;
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
            return Ok(self.caught_up(id, CatchUp::Nothing, vec![]));
        }
        if has == 0 {
            let sends = self.everything(now, id, log)?;
            return Ok(self.caught_up(id, CatchUp::Whole, sends));
        }
        let sequence = self.head;
        if has > self.head || has < self.asked_below() {
            // The rows behind `has` are not at hand one by one, or the client may have what the
            // room lost. State vectors tell what is missing, on both sides. Its answer brings all
            // that it would send before it, and it is not asked twice.
            return Ok(self.ask(id));
        }
        let update = merged(update::EMPTY.to_vec(), has..sequence, &self.quarantine, log)?;
        let send = self.send(id, &FromRoom::SyncStep2 { sequence, update: &update });
        Ok(self.caught_up(id, CatchUp::Rows, send.into_iter().collect()))
    }

    /// The document, for a native client that has nothing: as it is stored, if the client can
    /// inflate it, so that it is neither inflated nor merged here.
    fn everything(
        &mut self,
        now: Millis,
        id: SessionId,
        log: &impl Log,
    ) -> Result<Vec<Output>, Close> {
        let sequence = self.head;
        let send = |message: FromRoom<'_>| send_to(&self.sessions, id, &message);
        if self.sessions.get(&id).is_some_and(|session| session.inflates)
            && let Some(opening) = self.answers.opening(now, sequence, &self.quarantine, log)?
        {
            let Opening { document: Deflated { sequence: covered, bytes }, rest, .. } = opening;
            let document = send(FromRoom::Document { sequence: *covered, deflated: bytes });
            let is_all = *covered == sequence;
            let rest =
                if is_all { None } else { send(FromRoom::SyncStep2 { sequence, update: rest }) };
            return Ok(document.into_iter().chain(rest).collect());
        }
        let update = self.answers.whole(now, sequence, &self.quarantine, log)?;
        Ok(send(FromRoom::SyncStep2 { sequence, update }).into_iter().collect())
    }

    fn caught_up(&mut self, id: SessionId, by: CatchUp, sends: Vec<Output>) -> Vec<Output> {
        let bytes = |output: &Output| match output {
            Output::Send { frame, .. } => frame.len() as u64,
            _ => 0,
        };
        let (bytes, trace) = (sends.iter().map(bytes).sum(), self.trace(id));
        self.observed.tell(Event::CaughtUp { session: id, by, bytes, trace });
        sends
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
            self.caught_up(id, CatchUp::Whole, send.into_iter().collect())
        } else {
            let update = update::diff(&[whole], &has).map_err(LogError::from)?;
            let send = self.send(id, &FromRoom::SyncStep2 { sequence, update: &update });
            self.caught_up(id, CatchUp::StateVector, send.into_iter().collect())
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
