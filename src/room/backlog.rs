//! Peers that do not keep up (S2).
//!
//! The platform buffers whatever a room sends and does not say how much. So the room counts what is
//! on the way to each session, and does not send more beyond a window.
//!
//! * A native client confirms what it received ([`FromClient::Received`]). It is let alone while it
//!   is behind, and catches up from the log when it has confirmed half of the window.
//! * A stock client confirms nothing, but says that it is here every 15 s. One that is silent for
//!   longer while much is on the way is stuck, and is closed. Once it moves again it comes back and
//!   compares state vectors.
//!
//! [`FromClient::Received`]: crate::protocol::FromClient::Received

use super::session::SessionId;
use super::{Counter, Output, Room};
use crate::protocol::{Close, Dialect};
use crate::room::Log;
use crate::time::Millis;

/// After how much silence a stock client is stuck, in milliseconds. y-websocket renews itself
/// within half of it.
const SILENCE_MS_MAX: u64 = 30_000;

impl Room {
    /// Count what `out` sends, and mark or close who has too much on the way.
    pub(super) fn count(&mut self, now: Millis, out: &mut Vec<Output>) {
        let mut behind = Vec::new();
        for output in out.iter() {
            let Output::Send { to, frame } = output else { continue };
            for id in to {
                let Some(session) = self.sessions.get_mut(id) else { continue };
                session.on_the_way = session.on_the_way.saturating_add(frame.len() as u64);
                let is_well = match session.dialect {
                    Dialect::Native => session.behind.is_some(),
                    Dialect::Stock => now.since(session.heard_at) < SILENCE_MS_MAX,
                };
                if session.on_the_way >= self.limits.window_bytes && !is_well {
                    behind.push(*id);
                }
            }
        }
        for id in behind {
            let Some(session) = self.sessions.get_mut(&id) else { continue };
            match session.dialect {
                Dialect::Native => {
                    session.behind = Some(self.head);
                    self.observed.metrics.add(Counter::Lags, 1);
                    out.extend(self.attach(id));
                }
                Dialect::Stock => out.extend(self.close(now, id, Close::Behind)),
            }
        }
    }

    /// A native client has received so many bytes more.
    pub(super) fn received(
        &mut self,
        now: Millis,
        id: SessionId,
        bytes: u64,
        log: &impl Log,
    ) -> Result<Vec<Output>, Close> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(Vec::new()) };
        session.on_the_way = session.on_the_way.saturating_sub(bytes);
        if session.on_the_way > self.limits.window_bytes / 2 {
            return Ok(Vec::new());
        }
        let Some(has) = session.behind.take() else { return Ok(Vec::new()) };
        let mut out: Vec<_> = self.attach(id).into_iter().collect();
        out.extend(self.missed(now, id, has, log)?);
        out.extend(self.answers.timer());
        out.extend(self.everyone(now, id));
        Ok(out)
    }
}
