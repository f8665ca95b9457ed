//! How far each client has got.

use std::collections::{BTreeMap, BTreeSet};

use super::{Content, Malformed, Part, walk};
use crate::codec::{Reader, write_number};

/// For each client the number of its next id: all ids below are there.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct StateVector(BTreeMap<u64, u32>);

impl StateVector {
    /// Read a state vector and nothing else.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let mut vector = Self::default();
        for _ in 0..reader.number()? {
            let client = reader.number()?;
            vector.advance(client, reader.number_u32()?);
        }
        match reader.rest().len() {
            0 => Ok(vector),
            trailing => Err(Malformed::Trailing(trailing)),
        }
    }

    /// The encoding, with the clients in the order of Yjs: descending.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1 + self.0.len() * 8);
        write_number(&mut out, self.0.len() as u64);
        for (&client, &clock) in self.0.iter().rev() {
            write_number(&mut out, client);
            write_number(&mut out, clock.into());
        }
        out
    }

    /// The next id of `client`, 0 if nothing of it is there.
    pub fn clock(&self, client: u64) -> u32 {
        self.0.get(&client).copied().unwrap_or(0)
    }

    /// All ids of `client` below `end` are there.
    pub fn advance(&mut self, client: u64, end: u32) {
        if end > 0 {
            let clock = self.0.entry(client).or_default();
            *clock = end.max(*clock);
        }
    }

    /// Whether everything that `other` has is here.
    pub fn covers(&self, other: &Self) -> bool {
        other.iter().all(|(client, clock)| clock <= self.clock(client))
    }

    /// Whose ids `update` holds, refers to or deletes that are not all there.
    pub fn lacks(&self, update: &[u8]) -> Result<BTreeSet<u64>, Malformed> {
        let mut clients = BTreeSet::new();
        let mut see = |client, last| {
            if last >= self.clock(client) {
                clients.insert(client);
            }
        };
        for part in walk(update) {
            match part? {
                // Neither a struct nor a range is empty.
                Part::Struct(client, item) => {
                    see(client, item.end() - 1);
                    item.place.references().for_each(|id| see(id.client, id.clock));
                }
                Part::Delete(client, _, end) => see(client, end - 1),
            }
        }
        Ok(clients)
    }

    /// Each client and its next id, which is never 0, in ascending order of clients.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.0.iter().map(|(&client, &clock)| (client, clock))
    }

    /// How many clients there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(u64, u32)> for StateVector {
    fn from_iter<T: IntoIterator<Item = (u64, u32)>>(clocks: T) -> Self {
        let mut vector = Self::default();
        for (client, clock) in clocks {
            vector.advance(client, clock);
        }
        vector
    }
}

/// How far `update` gets each client that it holds from the first id on, without a gap.
pub fn state_vector(update: &[u8]) -> Result<StateVector, Malformed> {
    let mut vector = StateVector::default();
    for part in walk(update) {
        match part? {
            Part::Struct(_, item) if item.content == Content::Skip => {}
            Part::Struct(client, item) if item.clock <= vector.clock(client) => {
                vector.advance(client, item.end());
            }
            Part::Struct(..) | Part::Delete(..) => {}
        }
    }
    Ok(vector)
}
