//! Frames that come in parts (W6): put together whole, under a budget and a deadline.

use std::collections::BTreeMap;

use super::session::SessionId;
use super::{Output, Room};
use crate::protocol::{Close, Dialect, FromClient, Limit, Refusal};
use crate::room::Log;
use crate::time::Millis;

/// What a frame may hold beside an update, in bytes: a tag and a number.
const ENVELOPE_BYTES_MAX: u64 = 32;
/// How long the parts of one frame may take, in milliseconds.
const PARTS_MS_MAX: u64 = 60_000;
/// After how long a room looks whether a frame is whole, in milliseconds. Nothing takes a timer
/// back, and while there is one the platform keeps the room in memory.
const LOOK_MS: u64 = 1_000;
/// How much a room holds of frames that are not whole. Other rooms share its memory.
const HELD_BYTES_MAX: u64 = 64 << 20;
/// How long a client waits that found the room holding that much.
const HELD_RETRY_MS: u64 = 5_000;

/// A frame that is not whole.
#[derive(Clone, Debug)]
struct Incoming {
    total: u64,
    bytes: Vec<u8>,
    until: Millis,
}

/// What came in parts and is not whole, at most one frame of each session.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    incoming: BTreeMap<SessionId, Incoming>,
    /// When [`Room::commit`] will look whether they are whole.
    timer: Option<Millis>,
}

impl Parts {
    /// What the session did not finish will not be finished: it is gone, or a part was refused.
    pub(super) fn forget(&mut self, id: SessionId) {
        self.incoming.remove(&id);
    }

    /// Whether `message` goes on with a frame that was begun.
    pub(super) fn has_begun(&self, id: SessionId, message: &FromClient<'_>) -> bool {
        matches!(message, FromClient::Part { offset: 1.., .. }) && self.incoming.contains_key(&id)
    }

    /// Sessions that did not finish in time.
    fn overdue(&self, now: Millis) -> Vec<SessionId> {
        let overdue = self.incoming.iter().filter(|(_, incoming)| incoming.until <= now);
        overdue.map(|(&id, _)| id).collect()
    }

    /// A timer while a frame is not whole: a room that falls asleep forgets what it has of it.
    fn timer(&mut self, now: Millis) -> Option<Output> {
        let is_due = self.timer.is_none() && !self.incoming.is_empty();
        is_due.then(|| Output::SetTimer(*self.timer.insert(now + LOOK_MS)))
    }

    /// What all frames will take that have begun.
    fn held(&self) -> u64 {
        self.incoming.values().map(|incoming| incoming.total).sum()
    }
}

impl Room {
    /// Take the next part of a frame of `total` bytes, and the frame if it is whole.
    pub(super) fn part(
        &mut self,
        now: Millis,
        id: SessionId,
        (total, offset): (u64, u64),
        bytes: &[u8],
        log: &impl Log,
    ) -> Result<Vec<Output>, Close> {
        let begun = self.parts.incoming.remove(&id);
        let mut incoming = match begun {
            _ if offset == 0 => {
                if let Some(refusal) = self.too_much(total) {
                    return Ok(self.refuse(id, 0, refusal));
                }
                Incoming { total, bytes: Vec::new(), until: now + PARTS_MS_MAX }
            }
            Some(incoming) => incoming,
            // The rest of a frame of which a part was refused: its client knows.
            None => return Ok(Vec::new()),
        };
        let follows = (total, offset) == (incoming.total, incoming.bytes.len() as u64);
        incoming.bytes.extend_from_slice(bytes);
        let has = incoming.bytes.len() as u64;
        if !follows || bytes.is_empty() || has > total {
            return Err(Close::BadFrame);
        }
        if has < total {
            self.parts.incoming.insert(id, incoming);
            return Ok(self.parts.timer(now).into_iter().collect());
        }
        match Dialect::Native.decode(&incoming.bytes) {
            Ok(Some(FromClient::Part { .. })) | Err(_) => Err(Close::BadFrame),
            Ok(Some(message)) => self.message(now, id, message, log),
            Ok(None) => Ok(Vec::new()),
        }
    }

    /// Close the sessions whose frames did not become whole in time, and look again if others may.
    pub(super) fn close_overdue(&mut self, now: Millis) -> Vec<Output> {
        self.parts.timer = self.parts.timer.filter(|&at| now < at);
        let overdue = self.parts.overdue(now).into_iter();
        let closed = overdue.flat_map(|id| self.close(now, id, Close::Incomplete));
        let mut out: Vec<_> = closed.collect();
        out.extend(self.parts.timer(now));
        out
    }

    /// Why a frame of `total` bytes is not begun, if it is not.
    fn too_much(&self, total: u64) -> Option<Refusal> {
        let max = self.limits.update_bytes_max;
        if total > max.saturating_add(ENVELOPE_BYTES_MAX) {
            return Some(Refusal { limit: Limit::UpdateBytes, value: total, max, retry_ms: None });
        }
        let (value, max) = (self.parts.held().saturating_add(total), HELD_BYTES_MAX);
        let retry_ms = Some(HELD_RETRY_MS);
        (value > max).then_some(Refusal { limit: Limit::RoomBytes, value, max, retry_ms })
    }
}
