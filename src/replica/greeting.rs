//! The room's welcome: from then on both sides speak about the same history.

use super::refused::send;
use super::{Output, Replica};
use crate::protocol::{Close, FromClient, PROTOCOL_VERSION, Welcome};
use crate::time::Millis;

impl Replica {
    /// The socket is open, if one was asked for: say who this is.
    pub(super) fn opened(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.connection.opened(now) {
            self.say_hello(out);
        }
    }

    /// The room says who it is. What waited for that is said now.
    pub(super) fn welcome(&mut self, now: Millis, welcome: &Welcome, out: &mut Vec<Output>) {
        if welcome.protocol == 0 || welcome.protocol > PROTOCOL_VERSION {
            return self.close(Close::Protocol, out);
        }
        // O3: two histories are never merged.
        if self.epoch != 0 && self.epoch != welcome.epoch {
            self.disconnect(out, |connection| connection.lost(now));
            return self.start_over(Close::EpochMismatch, out);
        }
        // Behind the first answer to it nothing waits for the welcome of the next.
        let goes_on = self.connection.goes_on();
        if goes_on || self.connection.welcomed(now, welcome.sequence) {
            self.epoch = welcome.epoch;
            self.keep_history(now, out);
            // It says them behind this, if there are any.
            self.rules.forget();
            self.forget_schema();
            self.frame_bytes_max = usize::try_from(welcome.frame_bytes_max).unwrap_or(usize::MAX);
            self.update_bytes_max = usize::try_from(welcome.update_bytes_max).unwrap_or(usize::MAX);
            (self.received_bytes, self.window_bytes) = (0, welcome.window_bytes);
            if !goes_on {
                self.take_up(now, out);
            }
        }
    }

    /// What waited for a session is said.
    pub(super) fn take_up(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.say_owed(now, out);
        self.presence.announce(now);
        self.flush_presence(now, out);
        self.announce_followers(out);
    }

    /// What the room is owed of this copy is said, unless that has to wait.
    fn say_owed(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.outbox.is_held() || self.is_unbound() {
            return;
        }
        if let Some((asked, _)) = self.asked.take() {
            self.answer(now, &asked, out);
        }
        if std::mem::take(&mut self.tabs.compares) {
            send(out, self.frame_bytes_max, &FromClient::Compare);
        }
        self.flush(now, out);
    }

    /// It is stored into which history the edits go, or never will be. What waited for that
    /// is said.
    pub(super) fn bound(&mut self, now: Millis, was_unbound: bool, out: &mut Vec<Output>) {
        if was_unbound && !self.is_unbound() && self.connection.is_live() {
            self.say_owed(now, out);
        }
    }
}
