//! Keys that are fetched from an address: how long they count, and when they are fetched again.

use super::{Exclusion, Keys, TokenError};
use crate::time::Millis;

/// Fetched keys are fetched again after this time, in milliseconds.
const FRESH_MS: u64 = 300_000;
/// They are used for as long as this if that fails.
const STALE_MS: u64 = 86_400_000;
/// A token whose key is not among them has them fetched again, but not more often than this.
const AGAIN_MS: u64 = 30_000;
/// Where keys cannot be fetched, not everyone who comes tries it again.
const FAILED_MS: u64 = 1_000;

/// The keys at one address, as they were fetched last.
#[derive(Clone, Debug, Default)]
pub struct Fetched {
    url: String,
    keys: Option<(Millis, Keys)>,
    failed_at: Option<Millis>,
}

/// What a visitor's token is checked with.
#[derive(Clone, Debug)]
pub enum Supply {
    /// These.
    Keys(Keys),
    /// Those that have to be fetched first.
    Fetch,
    /// Nothing: there are none, and they cannot be fetched now.
    None,
}

impl Fetched {
    /// The keys at `url`. `newer` if some were not enough.
    pub fn supply(&self, url: &str, now: Millis, newer: bool) -> Supply {
        let fresh_ms = if newer { AGAIN_MS } else { FRESH_MS };
        match &self.keys {
            Some((at, keys)) if self.url == url && now.since(*at) < fresh_ms => {
                Supply::Keys(keys.clone())
            }
            _ if self.may_try(url, now) => Supply::Fetch,
            _ => self.kept(url, now),
        }
    }

    /// They were fetched, or could not be. Returns what there is then.
    pub fn take(&mut self, url: &str, now: Millis, fetched: Option<Keys>) -> Supply {
        if self.url != url {
            *self = Self { url: url.to_owned(), ..Self::default() };
        }
        match fetched {
            Some(keys) => (self.keys, self.failed_at) = (Some((now, keys)), None),
            None => self.failed_at = Some(now),
        }
        self.kept(url, now)
    }

    fn may_try(&self, url: &str, now: Millis) -> bool {
        let failed_at = self.failed_at.filter(|_| self.url == url);
        failed_at.is_none_or(|at| now.since(at) >= FAILED_MS)
    }

    /// Those of before, if they are not too old.
    fn kept(&self, url: &str, now: Millis) -> Supply {
        match &self.keys {
            Some((at, keys)) if self.url == url && now.since(*at) < STALE_MS => {
                Supply::Keys(keys.clone())
            }
            _ => Supply::None,
        }
    }
}

impl Exclusion {
    /// Whether newer keys may say otherwise: keys are changed by adding the new one before it is
    /// used.
    pub fn may_be_of_old_keys(self) -> bool {
        matches!(self, Self::Token(TokenError::UnknownKey | TokenError::Algorithm))
    }
}
