//! What this replica may do, as its room says, and the token that says so: it is renewed on the
//! open socket before it ends.

use super::refused::send;
use super::{Output, Replica};
use crate::protocol::{Close, FromClient, Granted};
use crate::time::Millis;

/// How long before its end a token is renewed at the latest, in milliseconds.
const RENEW_MS_MAX: u64 = 60_000;
/// And after how long that is tried again.
const AGAIN_MS: u64 = 10_000;

/// In how many milliseconds a token is renewed that ends in `left_ms`.
fn renew_in(left_ms: u64) -> u64 {
    left_ms - (left_ms / 4).min(RENEW_MS_MAX)
}

/// What a replica may do, as far as that is the same in all of the document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Grant {
    /// The name of the role.
    pub role: String,
    /// Whether it may change anything.
    pub may_write: bool,
    /// Whether others are shown its presence.
    pub may_present: bool,
}

/// What the room said last, and when the token is to be renewed.
#[derive(Debug, Default)]
pub(super) struct Access {
    /// Nothing before the room said something.
    pub(super) grant: Option<Grant>,
    /// Whether the page can say a new token.
    pub(super) renews: bool,
    renew_at: Option<Millis>,
}

impl Access {
    /// The name of the role.
    pub(super) fn role(&self) -> Option<&str> {
        self.grant.as_ref().map(|grant| &*grant.role)
    }

    /// When a new token is due.
    pub(super) fn due_at(&self) -> Option<Millis> {
        self.renew_at
    }

    /// Whether a new token is due; it will be due again unless the room takes one.
    pub(super) fn is_due(&mut self, now: Millis) -> bool {
        let is_due = self.renew_at.is_some_and(|at| at <= now);
        if is_due {
            self.renew_at = Some(now + AGAIN_MS);
        }
        is_due
    }
}

impl Replica {
    /// Say that the page can say a new token whenever one is due.
    pub fn set_renews(&mut self) {
        self.access.renews = true;
    }

    /// What it may do; nothing if the room has not said so yet.
    pub fn grant(&self) -> Option<&Grant> {
        self.access.grant.as_ref()
    }

    /// Whether edits are of any use. Before the room has said something, they are kept for it.
    pub fn may_write(&self) -> bool {
        self.grant().is_none_or(|grant| grant.may_write)
    }

    /// The room says what this replica may do. What it wrote and may not write any more is given
    /// back to the page.
    pub(super) fn granted(&mut self, now: Millis, granted: Granted<'_>, out: &mut Vec<Output>) {
        let Granted { role, may_write, may_present, left_ms } = granted;
        self.access.renew_at = left_ms.filter(|_| self.access.renews).map(|ms| now + renew_in(ms));
        let grant = Grant { role: role.to_owned(), may_write, may_present };
        if self.access.grant.as_ref() != Some(&grant) {
            self.access.grant = Some(grant.clone());
            out.push(Output::Access(grant));
        }
        if !may_write && self.pending() > 0 {
            self.give_back(now, out);
        }
    }

    /// The room has not taken something, and will not: what is pending, or what it had lost and
    /// asked for.
    pub(super) fn denied(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.pending() > 0 || self.asked.is_some() {
            self.give_back(now, out);
        }
    }

    /// The page is given this copy, and goes on with what the room has.
    fn give_back(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.disconnect(out, |connection| connection.lost(now));
        self.start_over(Close::NotAllowed, out);
    }

    /// The page said the token that [`Output::RenewToken`] asked for.
    pub(super) fn renewed(&self, token: &str, out: &mut Vec<Output>) {
        if self.connection.is_live() {
            send(out, self.frame_bytes_max, &FromClient::Auth { token });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_token_is_renewed_a_minute_or_a_quarter_of_its_time_before_it_ends() {
        assert_eq!([0, 4, 8_000, 600_000].map(renew_in), [0, 3, 6_000, 540_000]);
    }
}
