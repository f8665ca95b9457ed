//! What the room does not take or does not send (S2), and frames larger than it takes at once (W6).

use super::{Output, Replica};
use crate::protocol::native::encode_from_client;
use crate::protocol::{Close, FromClient, Limit, Refusal};
use crate::time::Millis;
use crate::update::EMPTY;

/// What a part's tag and numbers take, in bytes, at most.
const PART_BYTES: usize = 24;

impl Replica {
    /// The room did not take something. Where trying again helps, wait as long as it says: nothing
    /// is sent again and again, and nothing is given up.
    pub(super) fn refused(&mut self, now: Millis, refusal: Refusal, out: &mut Vec<Output>) {
        out.push(Output::Refused(refusal));
        match (refusal.limit, refusal.retry_ms) {
            // The room goes on without it, or closes the connection.
            (Limit::PresenceBytes | Limit::Failures, _) => {}
            (_, Some(retry_ms)) => self.outbox.hold(now + retry_ms),
            (_, None) => self.close(Close::TooLarge, out),
        }
    }

    /// Tell the room now and then how much has arrived: beyond its window it sends nothing more.
    pub(super) fn confirm(&mut self, frame_bytes: usize, out: &mut Vec<Output>) {
        self.received_bytes += frame_bytes as u64;
        let is_due = self.window_bytes > 0 && self.received_bytes >= self.window_bytes / 8;
        if is_due && self.connection.is_live() {
            let bytes = std::mem::take(&mut self.received_bytes);
            send(out, self.frame_bytes_max, &FromClient::Received { bytes });
        }
    }

    /// The wait is over. The room takes no numbered update before a SyncStep2 with what came before
    /// it. Whatever else was said meanwhile may be lost: what the room asked for, and what it was
    /// asked.
    pub(super) fn resume(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.resynchronizing = false;
        self.presence.announce(now);
        if let Some((asked, _)) = self.asked.take() {
            return self.answer(now, &asked, out);
        }
        let batch = self.outbox.take_batch(now, self.update_bytes_max);
        let (number, update) = batch.map_or((0, &EMPTY[..]), |it| (it.number, it.update));
        send(out, self.frame_bytes_max, &FromClient::SyncStep2 { number, update });
        self.resynchronize(out);
    }
}

/// Send a message: as one frame, or as parts of one that is larger than the room takes.
pub(super) fn send(out: &mut Vec<Output>, frame_bytes_max: usize, message: &FromClient<'_>) {
    let Some(frame) = encode_from_client(message) else { return };
    if frame.len() <= frame_bytes_max {
        return out.push(Output::Send(frame));
    }
    let total = frame.len() as u64;
    let size = frame_bytes_max.saturating_sub(PART_BYTES).max(1);
    let parts = frame.chunks(size).enumerate().map(|(at, bytes)| {
        let offset = (at * size) as u64;
        FromClient::Part { total, offset, bytes }
    });
    out.extend(parts.filter_map(|part| encode_from_client(&part)).map(Output::Send));
}
