//! What a client measured of its edits, as it tells the room.

use crate::codec::{DecodeError, Reader, write_number};
use crate::histogram::Histogram;

/// How long edits took, in milliseconds, as their author saw it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Measured {
    /// Until it was known that they are durable.
    pub durable: Histogram,
    /// Until it was known that somebody else has them. Few are looked at.
    pub seen: Histogram,
}

impl Measured {
    /// The encoding: the numbers of both.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for &number in self.durable.numbers().iter().chain(self.seen.numbers()) {
            write_number(&mut out, number);
        }
        out
    }

    /// Read what a client says. Bytes behind it are a later build's.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let mut measured = Self::default();
        let Self { durable, seen } = &mut measured;
        for number in durable.numbers_mut().iter_mut().chain(seen.numbers_mut()) {
            *number = reader.number()?;
        }
        Ok(measured)
    }

    /// What was measured since `before`, which was the same some time ago.
    pub fn since(&self, before: &Self) -> Self {
        let mut since = *self;
        since.durable.subtract(&before.durable);
        since.seen.subtract(&before.seen);
        since
    }
}
