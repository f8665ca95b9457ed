//! What was granted before, and is over (S3).
//!
//! A token holds until it expires, whatever happens to its bearer. So a room keeps from when on
//! tokens count, for one subject or for everybody. A token lasts for a day at most; what was
//! revoked longer ago is forgotten. Whoever needs no token holds nothing that could be revoked.

use core::fmt;
use core::str::FromStr;
use std::collections::BTreeMap;

use super::decision::{Decision, What};
use super::{Event, OPERATOR, Output, Room};
use crate::access::Access;
use crate::protocol::Close;
use crate::time::Millis;

/// How long this is remembered: a token's longest life, and what clocks may differ by.
const KEPT_MS: u64 = 86_460_000;
/// The most that is remembered.
const REVOKED_MAX: usize = 1_000;

/// Whose access is over.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Whose {
    /// That of one subject.
    One(Box<str>),
    /// Everybody's but this subject's, who asked for it.
    EveryoneBut(Box<str>),
}

impl Whose {
    fn has(&self, subject: &str) -> bool {
        match self {
            Self::One(one) => one[..] == *subject,
            Self::EveryoneBut(one) => one[..] != *subject,
        }
    }
}

/// As storage names it.
impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(subject) => write!(f, "revoked one {subject}"),
            Self::EveryoneBut(subject) => write!(f, "revoked but {subject}"),
        }
    }
}

impl FromStr for Whose {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let (whose, subject) = name.strip_prefix("revoked ").ok_or(())?.split_once(' ').ok_or(())?;
        match whose {
            "one" => Ok(Self::One(subject.into())),
            "but" => Ok(Self::EveryoneBut(subject.into())),
            _ => Err(()),
        }
    }
}

/// Whose access is over if it was given before when.
pub type Revoked = BTreeMap<Whose, Millis>;

/// Whether an access is over.
fn is_revoked(revoked: &Revoked, access: &Access) -> bool {
    !access.subject.is_empty()
        && revoked
            .iter()
            .any(|(whose, before)| whose.has(&access.subject) && access.issued < *before)
}

impl Room {
    /// Whether there is room for one more revocation.
    pub fn may_revoke(&self, now: Millis) -> bool {
        let is_kept = |before: &&Millis| now.since(**before) <= KEPT_MS;
        self.revoked.values().filter(is_kept).count() < REVOKED_MAX
    }

    /// The time before which tokens were made that were revoked last.
    pub fn revoked_before(&self) -> Option<Millis> {
        self.revoked.values().max().copied()
    }

    /// Whether what somebody was given is over.
    pub(super) fn is_revoked(&self, access: &Access) -> bool {
        is_revoked(&self.revoked, access)
    }

    /// End the sessions of a subject, or of everybody but who asks, and let nobody in who was given
    /// their access before now.
    pub(super) fn revoke(
        &mut self,
        now: Millis,
        subject: Option<&str>,
        asked_by: &Access,
    ) -> Vec<Output> {
        // Tokens tell the second in which they were made: those of this one are over as well.
        let before = Millis((now.0 / 1_000 + 1) * 1_000);
        let whose = match subject {
            Some(subject) => Whose::One(subject.into()),
            None => Whose::EveryoneBut(asked_by.subject.clone()),
        };
        self.revoked.retain(|_, before| now.since(*before) <= KEPT_MS);
        self.revoked.insert(whose, before);
        let mut out = self.close_where(now, Close::Forbidden, |room, it| room.is_revoked(it));
        let sessions = out.len() as u64;
        // What they wrote is committed under their number before this is.
        out.extend(self.commit(now));
        let about = subject.map_or(0, |subject| self.subjects.number_of(subject));
        let by = match asked_by.is_operator() {
            true => OPERATOR,
            false => self.subjects.number_of(&asked_by.subject),
        };
        let what = What::Revoked { before: before.0, by };
        self.decided.add(Decision { subject: about, session: 0, what });
        self.observed.tell(Event::Revoked { sessions });
        out.push(Output::Revoked(self.revoked.clone()));
        out.extend(self.commit(now));
        out
    }

    /// Close the sessions that have such an access.
    pub(super) fn close_where(
        &mut self,
        now: Millis,
        close: Close,
        is_it: impl Fn(&Self, &Access) -> bool,
    ) -> Vec<Output> {
        let found = self.sessions.iter().filter(|(_, session)| is_it(self, &session.access));
        let found: Vec<_> = found.map(|(&id, _)| id).collect();
        found.into_iter().flat_map(|id| self.close(now, id, close)).collect()
    }

    /// Begin the history of a document that has none.
    pub(super) fn create(&mut self, now: Millis) -> Vec<Output> {
        if self.head == 0 && self.chain.is_none() {
            self.decided.begin();
        }
        self.commit(now)
    }

    /// Forget the document: everybody's session ends, and storage forgets it.
    pub(super) fn delete(&mut self, now: Millis) -> Vec<Output> {
        let mut out = self.close_where(now, Close::EpochMismatch, |_, _| true);
        self.observed.tell(Event::Deleted { sessions: out.len() as u64 });
        out.push(Output::Delete(self.revoked.clone()));
        out
    }
}
