//! What the room says.

use super::keep::Record;
use super::refused::send;
use super::{Output, Replica};
use crate::protocol::native::decode_from_room;
use crate::protocol::{Close, FromClient, FromRoom};
use crate::time::Millis;

impl Replica {
    pub(super) fn frame(&mut self, now: Millis, frame: &[u8], out: &mut Vec<Output>) {
        match decode_from_room(frame) {
            Ok(Some(FromRoom::Welcome(welcome))) => self.welcome(now, &welcome, out),
            Ok(Some(message)) if self.connection.is_live() => self.message(now, message, out),
            // Nothing may be said before the welcome, and unknown tags are skipped (W2).
            Ok(_) => {}
            Err(_) => self.close(Close::BadFrame, out),
        }
    }

    pub(super) fn message(&mut self, now: Millis, message: FromRoom<'_>, out: &mut Vec<Output>) {
        match message {
            FromRoom::Welcome(_) => {}
            FromRoom::Denied { .. } => self.denied(now, out),
            FromRoom::Rejected(rejections) => {
                self.rejected(rejections, out);
            }
            FromRoom::Schema(json) => {
                self.hand_on(&message, out);
                self.rules.read(json);
            }
            FromRoom::Access(granted) => {
                self.hand_on(&message, out);
                self.granted(now, granted, out);
            }
            FromRoom::SyncStep1(state_vector) => self.answer(now, state_vector, out),
            FromRoom::SyncStep2 { sequence, update } => {
                self.resynchronizing = false;
                self.apply(now, sequence, update, out);
            }
            FromRoom::Document { sequence, deflated } => self.inflate(sequence, deflated, out),
            FromRoom::Update { sequence, update } => {
                self.apply(now, sequence, update, out);
                // The log is causal, so nothing is ever missing. Should a room break that, ask it.
                if self.connection.is_live() && self.document.has_missing_updates() {
                    self.resynchronize(out);
                }
            }
            FromRoom::Ack { number, sequence } => {
                self.asked.take_if(|(_, answer)| number >= *answer);
                self.made.acknowledge(number);
                self.document.is_acknowledged(number);
                self.outbox.acknowledge(now, number, |at| self.latency.durable(now, at));
                self.flush_latency(now, out);
                self.advance(sequence);
                self.acknowledge_followers(number, out);
                let sequence = self.sequence;
                self.keep.push(now, &Record::Acknowledged { number, sequence }, out);
            }
            FromRoom::Probe { session, stamp } => {
                send(out, self.frame_bytes_max, &FromClient::Seen { session, stamp });
            }
            FromRoom::Seen { stamp } => self.latency.seen(now, stamp),
            FromRoom::Refused { refusal, .. } => self.refused(now, refusal, out),
            FromRoom::Awareness(update) => {
                if let Err(close) = self.heard_of(update, out) {
                    self.close(close, out);
                }
            }
        }
    }
}
