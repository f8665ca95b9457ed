//! How soon a commit may follow the one before it (C2).
//!
//! The platform takes longer to send to a crowd than a key takes to be stored. Where each key is
//! committed at once, the sends of many commits queue up, and everybody waits for all of them. So
//! the next commit waits until most of what was sent is on its way; what comes meanwhile shares it.
//! Few people never wait: their sends are far below what the platform does.
//!
//! Presence waits twice as long as edits. Carets come from everybody and with each frame of a
//! screen, so that taking them in needs most of the time; and a later one takes the place of an
//! earlier one, so that less is sent.

use super::bucket::Bucket;
use super::{Output, Room};
use crate::time::Millis;

/// How many frames a room may send in a second before its commits wait: half of what workerd does
/// on one core, so that there is time left to take in what comes.
const SENDS_PER_SECOND: u64 = 30_000;
/// How many may be on their way when the next commit comes.
const SENDS_MAX: u64 = 300;

/// What commits sent lately, in frames.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    sends: Bucket,
}

impl Pace {
    /// A commit sends this. Without edits it is presence.
    pub(super) fn sends(&mut self, now: Millis, out: &[Output], has_edits: bool) {
        let sends = out.iter().map(|output| match output {
            Output::Send { to, .. } => to.len() as u64,
            _ => 0,
        });
        let weight = if has_edits { 1 } else { 2 };
        self.sends.add(now, weight * sends.sum::<u64>(), SENDS_PER_SECOND);
    }

    fn waits_ms(&self, now: Millis) -> u64 {
        let excess = self.sends.level_at(now, SENDS_PER_SECOND).saturating_sub(SENDS_MAX);
        (excess * 1_000).div_ceil(SENDS_PER_SECOND)
    }
}

impl Room {
    /// How long to put off [`Input::Commit`](super::Input) behind an input, in milliseconds.
    pub fn commit_waits_ms(&self, now: Millis) -> u64 {
        self.pace.waits_ms(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::SessionId;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Millis = Millis(1_000_000);

    fn commit(people: u32) -> [Output; 1] {
        [Output::Send { to: (0..people).map(SessionId).collect(), frame: vec![0] }]
    }

    #[test]
    fn c2_a_commit_waits_until_a_crowd_was_sent_the_one_before() {
        let mut pace = Pace::default();
        assert_eq!(pace.waits_ms(NOW), 0, "the first one comes at once");
        pace.sends(NOW, &commit(1_000), true);
        assert_eq!((pace.waits_ms(NOW), pace.waits_ms(NOW + 23)), (24, 1));
        assert_eq!(pace.waits_ms(NOW + 24), 0);
        pace.sends(NOW + 24, &commit(1_000), true);
        assert_eq!(pace.waits_ms(NOW + 24), 33, "and so on");
        assert_eq!(pace.waits_ms(NOW + 10_000), 0);
    }

    #[test]
    fn c2_presence_waits_twice_as_long() {
        let mut pace = Pace::default();
        pace.sends(NOW, &commit(300), true);
        assert_eq!(pace.waits_ms(NOW), 0);
        let mut pace = Pace::default();
        pace.sends(NOW, &commit(300), false);
        assert_eq!(pace.waits_ms(NOW), 10);
    }

    #[test]
    fn c2_few_people_never_wait() {
        let mut pace = Pace::default();
        for ms in 0..1_000 {
            pace.sends(NOW + ms, &commit(30), true);
            assert_eq!(pace.waits_ms(NOW + ms), 0);
        }
    }
}
