//! A leaky bucket.

use crate::time::Millis;

/// A leaky bucket: what came lately, less what may come all the time.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Bucket {
    level: u64,
    at: Millis,
}

impl Bucket {
    /// Let leak what may, and add `amount`. Returns what was in it before.
    pub(super) fn add(&mut self, now: Millis, amount: u64, per_second: u64) -> u64 {
        let leaked = self.leaked(now, per_second);
        // What is too little to leak in the time since is not forgotten.
        if leaked > 0 {
            self.at = now;
        }
        let before = self.level.saturating_sub(leaked);
        self.level = before.saturating_add(amount);
        before
    }

    /// What was in it when something was added last.
    pub(super) fn level(&self) -> u64 {
        self.level
    }

    /// What is in it now.
    pub(super) fn level_at(&self, now: Millis, per_second: u64) -> u64 {
        self.level.saturating_sub(self.leaked(now, per_second))
    }

    fn leaked(&self, now: Millis, per_second: u64) -> u64 {
        now.since(self.at).saturating_mul(per_second) / 1_000
    }
}
