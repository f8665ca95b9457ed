//! Where in the document each id stands: in which shared type, and under which key.
//!
//! Encoded structs name their neighbours, and only the first of a list names its parent. Ids of one
//! client that follow one another mostly stand at one spot, so a number for each change of spot is
//! all that has to be kept, and looking one up reads no document.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::document::SharedId;
use crate::update::{DeleteSet, Id, StateVector};

/// A list, or one key of a map.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Spot {
    pub(super) parent: SharedId,
    pub(super) key: Option<Rc<str>>,
}

/// The number of a spot.
pub(super) type Number = u32;

/// Which ids there are, and the spot of each. What comes is only kept once it is settled.
#[derive(Default)]
pub(super) struct Spots {
    spots: Vec<Rc<Spot>>,
    numbers: BTreeMap<Rc<Spot>, Number>,
    /// For each client: from which clock on ids stand where. None is garbage, which is nowhere.
    from: BTreeMap<u64, Vec<(u32, Option<Number>)>>,
    known: StateVector,
    /// How far the clients get with what is not settled, and how many spots were there before.
    coming: BTreeMap<u64, u32>,
    settled: usize,
}

impl Spots {
    /// What is settled.
    pub(super) fn known(&self) -> &StateVector {
        &self.known
    }

    /// The id behind the last of a client, with what is coming.
    pub(super) fn end(&self, client: u64) -> u32 {
        self.coming.get(&client).copied().unwrap_or_else(|| self.known.clock(client))
    }

    pub(super) fn spot(&self, number: Number) -> Option<&Rc<Spot>> {
        self.spots.get(number as usize)
    }

    pub(super) fn number(&mut self, spot: Spot) -> Number {
        if let Some(&number) = self.numbers.get(&spot) {
            return number;
        }
        let (number, spot) = (self.spots.len() as Number, Rc::new(spot));
        self.spots.push(Rc::clone(&spot));
        self.numbers.insert(spot, number);
        number
    }

    /// Where an id stands. None if it is not known, or garbage.
    pub(super) fn at(&self, id: Id) -> Option<Number> {
        if id.clock >= self.end(id.client) {
            return None;
        }
        let from = self.from.get(&id.client)?;
        let behind = from.partition_point(|(start, _)| *start <= id.clock);
        from.get(behind.checked_sub(1)?)?.1
    }

    /// The spot in which a shared type is. None for a root, and for what is not there.
    pub(super) fn of(&self, shared: &SharedId) -> Option<&Rc<Spot>> {
        match *shared {
            SharedId::Root(_) => None,
            SharedId::Nested { client, clock } => self.spot(self.at(Id { client, clock })?),
        }
    }

    /// The next ids of `client`, up to before `end`, stand there.
    pub(super) fn push(&mut self, client: u64, end: u32, number: Option<Number>) {
        let start = self.end(client);
        let from = self.from.entry(client).or_default();
        // A run that may be taken back begins by itself.
        let is_first = !self.coming.contains_key(&client);
        if is_first || from.last().is_none_or(|last| last.1 != number) {
            from.push((start, number));
        }
        self.coming.insert(client, end);
    }

    /// At which spots these ids stand, as far as they are settled.
    pub(super) fn split(&self, client: u64, start: u32, end: u32, mut see: impl FnMut(Number)) {
        let end = end.min(self.known.clock(client));
        let Some(from) = self.from.get(&client) else { return };
        let first = from.partition_point(|(from, _)| *from <= start).saturating_sub(1);
        for (_, number) in from.iter().skip(first).take_while(|(from, _)| *from < end) {
            number.iter().for_each(|&number| see(number));
        }
    }

    /// Keep what came.
    pub(super) fn settle(&mut self) {
        for (client, end) in std::mem::take(&mut self.coming) {
            let start = self.known.clock(client);
            if let Some(from) = self.from.get_mut(&client) {
                let at = from.partition_point(|(from, _)| *from < start);
                let joins = at > 0 && from.get(at).is_some_and(|first| first.1 == from[at - 1].1);
                if joins {
                    from.remove(at);
                }
            }
            self.known.advance(client, end);
        }
        self.settled = self.spots.len();
    }

    /// Forget what came.
    pub(super) fn forget(&mut self) {
        for (client, _) in std::mem::take(&mut self.coming) {
            let start = self.known.clock(client);
            if let Some(from) = self.from.get_mut(&client) {
                from.truncate(from.partition_point(|(from, _)| *from < start));
            }
        }
        for spot in self.spots.drain(self.settled..) {
            self.numbers.remove(&spot);
        }
    }
}

/// Ids as a set.
pub(super) fn set(ranges: impl IntoIterator<Item = (u64, u32, u32)>) -> DeleteSet {
    let mut set = DeleteSet::default();
    ranges.into_iter().for_each(|(client, start, end)| set.insert(client, start, end));
    set
}
