//! Presence: what sessions say about themselves, and who is told.

use super::session::{Session, SessionId};
use super::{Counter, Output, Room};
use crate::access::Action;
use crate::awareness::{self, AwarenessError, Entry, Identity, Speaker, identified};
use crate::protocol::{Close, Dialect, FromRoom, Limit, Refusal};
use crate::time::Millis;

impl Room {
    pub(super) fn awareness(
        &mut self,
        now: Millis,
        id: SessionId,
        update: &[u8],
    ) -> Result<Vec<Output>, Close> {
        let speaker = match self.dialect(id) {
            Some(Dialect::Native) => Speaker::Own,
            Some(Dialect::Stock) | None => Speaker::Repeats,
        };
        if !self.may(id, Action::Present) {
            // It is not shown, and is told about the others all the same.
            return Ok(self.renewal(now, id, speaker));
        }
        // What it says about clients of others is left out (S5), and not refused: y-websocket
        // repeats what it hears about them.
        let mut said = awareness::decode(update)?;
        said.retain(|entry| self.may_speak(id, entry.client));
        // And who it is, it does not say itself.
        let access = self.sessions.get(&id).map(|session| &session.access);
        let identity = access
            .filter(|access| !access.subject.is_empty())
            .map(|access| Identity { subject: &access.subject, name: access.name.as_deref() });
        let states: Vec<_> = said.iter().map(|entry| identified(entry.state, identity)).collect();
        let shown = said.iter().zip(&states).map(|(entry, state)| Entry { state, ..*entry });
        let said: Vec<_> = shown.collect();
        let max = self.limits.presence_bytes_max;
        let renewed = match self.presence.receive(now, id, speaker, max as usize, &said) {
            Err(AwarenessError::TooLarge { bytes }) => {
                let (limit, value) = (Limit::PresenceBytes, bytes as u64);
                let refusal = Refusal { limit, value, max, retry_ms: None };
                return Ok(self.refusal(id, 0, refusal));
            }
            received => received?,
        };
        self.observed.metrics.add(Counter::PresenceUpdates, 1);
        Ok(if renewed { self.renewal(now, id, speaker) } else { Vec::new() })
    }

    /// y-websocket reconnects when it hears nothing for 30 s, and forgets the silent.
    fn renewal(&mut self, now: Millis, id: SessionId, speaker: Speaker) -> Vec<Output> {
        if speaker == Speaker::Own {
            return Vec::new();
        }
        let everyone = self.everyone(now, id);
        let answer = everyone.or_else(|| self.send(id, &FromRoom::Awareness(&awareness::EMPTY)));
        answer.into_iter().collect()
    }

    /// Everyone else's presence for one session, if anyone is here.
    pub(super) fn everyone(&mut self, now: Millis, id: SessionId) -> Option<Output> {
        let everyone = self.presence.everyone(now, id)?;
        self.send(id, &FromRoom::Awareness(&everyone))
    }

    /// Behind the answer to a hello, in the session of a poll: whoever was not named is gone. The
    /// client may have missed that between two polls.
    pub(super) fn everyone_was_named(&self, id: SessionId) -> Option<Output> {
        self.send(id, &FromRoom::Awareness(&awareness::EMPTY))
    }

    pub(super) fn presence_changes(&mut self) -> Vec<Output> {
        let mut out = Vec::new();
        if let Some(changes) = self.presence.take_changes() {
            let owners = changes.owners();
            let keeps_up = |session: &Session| session.behind.is_none();
            if let Some(update) = changes.update_for(None) {
                let message = FromRoom::Awareness(&update);
                out.extend(
                    self.broadcast(&message, |id, session| {
                        keeps_up(session) && !owners.contains(&id)
                    }),
                );
            }
            for id in owners.iter().filter(|id| self.sessions.get(id).is_some_and(keeps_up)) {
                let update = changes.update_for(Some(*id));
                out.extend(update.and_then(|it| self.send(*id, &FromRoom::Awareness(&it))));
            }
            // Who is here is told again to those who catch up; who has gone, only now.
            if let Some(update) = changes.gone() {
                let message = FromRoom::Awareness(&update);
                out.extend(self.broadcast(&message, |_, session| !keeps_up(session)));
            }
        }
        for id in self.presence.take_unkept() {
            out.extend(self.attach(id));
        }
        out
    }
}

impl From<AwarenessError> for Close {
    fn from(error: AwarenessError) -> Self {
        match error {
            AwarenessError::TooLarge { .. } => Self::TooLarge,
            AwarenessError::Decode(_) | AwarenessError::Json | AwarenessError::Trailing => {
                Self::BadFrame
            }
        }
    }
}
