//! What changed in a room's presence, told to each session without what is its own.

use std::collections::BTreeSet;

use crate::codec::write_number;

/// What changed: encoded entries, each with the session that it is from, unless that is gone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Changes<Owner> {
    entries: Vec<(Option<Owner>, Vec<u8>)>,
}

impl<Owner: Copy + Ord> Changes<Owner> {
    /// Nothing if there are no entries.
    pub(super) fn new(entries: Vec<(Option<Owner>, Vec<u8>)>) -> Option<Self> {
        (!entries.is_empty()).then_some(Self { entries })
    }

    /// Sessions that it is from.
    pub fn owners(&self) -> BTreeSet<Owner> {
        self.entries.iter().filter_map(|(owner, _)| *owner).collect()
    }

    /// As an awareness update for `owner`, or for one that it is not from; nothing if there is
    /// nothing to hear.
    pub fn update_for(&self, owner: Option<Owner>) -> Option<Vec<u8>> {
        self.update_of(|from| from.is_none() || from != owner)
    }

    /// Who has gone, as an awareness update; nothing if nobody has.
    pub fn gone(&self) -> Option<Vec<u8>> {
        self.update_of(|from| from.is_none())
    }

    fn update_of(&self, is_in: impl Fn(Option<Owner>) -> bool) -> Option<Vec<u8>> {
        let entries = self.entries.iter().filter(|(from, _)| is_in(*from));
        let entries: Vec<_> = entries.map(|(_, entry)| &entry[..]).collect();
        let mut out = Vec::new();
        write_number(&mut out, entries.len() as u64);
        (!entries.is_empty()).then(|| [out, entries.concat()].concat())
    }
}
