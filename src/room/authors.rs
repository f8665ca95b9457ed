//! Who wrote what: a CRDT client id belongs to the first subject that writes with it (S5).
//!
//! Ids are recorded with the row in which they first appear. Those of number 0, which is everyone,
//! are not: an id that the log knows and nobody has is everyone's. So where a deployment is open to
//! everyone, nothing is recorded and nothing refused.
//!
//! Who was there before storage was damaged may give back what others wrote, but no more of it than
//! the log once had, as far as that is known: see [`Quarantine`](super::stored::Quarantine). It is
//! believed what that was, since nobody else has it.

use std::collections::BTreeMap;

use super::decision::Reason;
use super::session::{SessionId, Stage};
use super::{Event, Output, Room};
use crate::codec::{DecodeError, Reader, write_number};
use crate::protocol::{Denial, FromRoom};
use crate::update::Admission;

/// The number of everyone: what nobody in particular wrote.
pub const EVERYONE: u32 = 0;
/// The number of operators, who are nobody in particular and write nothing.
pub const OPERATOR: u32 = u32::MAX;

/// For each client id the number of its subject.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Authors {
    numbers: BTreeMap<u64, u32>,
}

impl Authors {
    /// Take in pairs of client id and number, as [`write_authors`] writes them. The first owner of
    /// an id stays.
    pub fn add(&mut self, pairs: &[u8]) -> Result<(), DecodeError> {
        let mut r = Reader::new(pairs);
        while !r.is_empty() {
            let (client, number) = (r.number()?, r.number_u32()?);
            self.numbers.entry(client).or_insert(number);
        }
        Ok(())
    }

    /// Whose this client id is; nothing if nobody's in particular.
    pub fn number(&self, client: u64) -> Option<u32> {
        self.numbers.get(&client).copied()
    }

    /// All of them, in order of client ids.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u32)> {
        self.numbers.iter().map(|(&client, &number)| (client, number))
    }

    /// All of them, encoded.
    pub fn encode(&self) -> Vec<u8> {
        write_authors(self.iter())
    }
}

/// Pairs of client id and subject number: two numbers each.
pub(super) fn write_authors(pairs: impl Iterator<Item = (u64, u32)>) -> Vec<u8> {
    let mut out = Vec::new();
    for (client, number) in pairs {
        write_number(&mut out, client);
        write_number(&mut out, u64::from(number));
    }
    out
}

impl Room {
    /// The room's own client id, under which nobody may write. Those of stock Yjs and of our client
    /// have 32 bits.
    ///
    /// Another one after each repair: what was lost may hold ids of the one before, which clients
    /// have, and which must never be used for something else.
    pub fn own_client(&self) -> u64 {
        const TOP: u64 = 1 << 52;
        /// Odd, so that no two repairs of a history have the same.
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        let repair = self.quarantine.repaired.wrapping_mul(SPREAD);
        TOP | ((self.epoch ^ repair) & (TOP - 1))
    }

    /// For each client id that belongs to somebody the number of its subject.
    pub fn authors(&self) -> &Authors {
        &self.authors
    }

    /// Whose a client id is; nothing if it is free.
    pub fn owner(&self, client: u64) -> Option<u32> {
        let everyones = || (self.known.clock(client) > 0).then_some(EVERYONE);
        self.authors.number(client).or_else(everyones)
    }

    /// Whether a session speaks for itself under this client id.
    pub(super) fn may_speak(&self, id: SessionId, client: u64) -> bool {
        client != self.own_client()
            && self.owner(client).is_none_or(|owner| self.number_of(id) == Some(owner))
    }

    /// Whether something new of an update is not its session's to write.
    pub(super) fn is_forged(&self, id: SessionId, admission: &Admission<'_>) -> bool {
        let (own, number) = (self.own_client(), self.number_of(id));
        admission.ends.iter().any(|&(client, end)| {
            let is_own = || match self.owner(client) {
                None => true,
                Some(owner) => number == Some(owner) || end <= self.quarantine.lost.clock(client),
            };
            client == own || !is_own()
        })
    }

    /// Whether an update holds nothing but what storage once had and lost. Readers may bring that
    /// as well: perhaps nobody else has it. Where a document has rules, it is judged as all is.
    pub(super) fn is_given_back(&self, admission: &Admission<'_>) -> bool {
        let lost = &self.quarantine.lost;
        let mut ends = admission.ends.iter();
        let was_here = ends.len() > 0 && ends.all(|&(client, end)| end <= lost.clock(client));
        was_here && !admission.has_deletes && self.schema().is_none()
    }

    /// Ids that nobody has are the session's from now on. Returns the number of its subject.
    pub(super) fn record_authors(&mut self, id: SessionId, admission: &Admission<'_>) -> u32 {
        let (number, own) = (self.subject_of(id), self.own_client());
        for &(client, _) in &admission.ends {
            if number != EVERYONE && client != own && self.owner(client).is_none() {
                self.authors.numbers.insert(client, number);
            }
        }
        number
    }

    /// Whose those of `clocks` are that the log does not have, encoded.
    pub(super) fn new_authors(&self, clocks: &[(u64, u32)]) -> Vec<u8> {
        let pairs = clocks.iter().filter_map(|&(client, _)| {
            let number = self.authors.number(client)?;
            (self.logged.clock(client) == 0).then_some((client, number))
        });
        write_authors(pairs)
    }

    /// Whose all others are, encoded: what has only gathered is in no row.
    pub(super) fn logged_authors(&self) -> Vec<u8> {
        let is_new = |client| self.gathered.has(client) && self.logged.clock(client) == 0;
        write_authors(self.authors.iter().filter(|&(client, _)| !is_new(client)))
    }

    /// Tell a client that its update is not taken and never will be. What it sends behind that
    /// refers to it, and is not taken either, until it says everything at once.
    pub(super) fn deny(&mut self, id: SessionId, number: u64, denial: Denial) -> Vec<Output> {
        let trace = self.trace(id);
        self.observed.tell(Event::Denied { session: id, denial, trace });
        self.decide_refused(id, Reason::Denied(denial));
        let mut out: Vec<_> =
            self.send(id, &FromRoom::Denied { number, denial }).into_iter().collect();
        out.extend(self.enter(id, Stage::Resyncing));
        out
    }
}
