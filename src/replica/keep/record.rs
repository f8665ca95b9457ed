//! One record of what is kept, as bytes.

use crate::codec::{DecodeError, Reader, write_bytes, write_number};

mod tag {
    pub(super) const ALL: u64 = 0;
    pub(super) const TAKEN: u64 = 1;
    pub(super) const EDIT: u64 = 2;
    pub(super) const ACKNOWLEDGED: u64 = 3;
    pub(super) const EPOCH: u64 = 4;
    pub(super) const STEPS: u64 = 5;
}

/// One record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::replica) enum Record<'a> {
    /// All of the copy. Takes the place of what is before it.
    All {
        epoch: u64,
        sequence: u64,
        /// The last number that was given to an edit.
        last: u64,
        /// Everything up to this number is acknowledged.
        acknowledged: u64,
        /// What is not: the last number in it, and the update.
        changes: Vec<(u64, &'a [u8])>,
        document: &'a [u8],
    },
    /// An update from outside; everything up to `sequence` is here with it.
    Taken { sequence: u64, update: &'a [u8] },
    /// An edit of this copy, or of one that it speaks for.
    Edit { number: u64, update: &'a [u8] },
    /// Everything up to `number` is acknowledged.
    Acknowledged { number: u64, sequence: u64 },
    /// The history that this copy belongs to.
    Epoch(u64),
    /// What can be undone. Takes the place of what was said of that before.
    Steps(&'a [u8]),
}

impl<'a> Record<'a> {
    pub(in crate::replica) fn encode(&self) -> Vec<u8> {
        let (numbers, rest): (&[u64], &[u8]) = match self {
            Self::All { epoch, sequence, last, acknowledged, changes, document } => {
                let mut out = Vec::with_capacity(document.len() + 64);
                let count = changes.len() as u64;
                for number in [tag::ALL, *epoch, *sequence, *last, *acknowledged, count] {
                    write_number(&mut out, number);
                }
                for (number, update) in changes {
                    write_number(&mut out, *number);
                    write_bytes(&mut out, update);
                }
                out.extend_from_slice(document);
                return out;
            }
            Self::Taken { sequence, update } => (&[tag::TAKEN, *sequence], update),
            Self::Edit { number, update } => (&[tag::EDIT, *number], update),
            Self::Acknowledged { number, sequence } => {
                (&[tag::ACKNOWLEDGED, *number, *sequence], &[])
            }
            Self::Epoch(epoch) => (&[tag::EPOCH, *epoch], &[]),
            Self::Steps(steps) => (&[tag::STEPS], steps),
        };
        let mut out = Vec::with_capacity(rest.len() + 20);
        numbers.iter().for_each(|&number| write_number(&mut out, number));
        out.extend_from_slice(rest);
        out
    }

    pub(in crate::replica) fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes);
        Ok(match r.number()? {
            tag::ALL => {
                let (epoch, sequence) = (r.number()?, r.number()?);
                let (last, acknowledged, count) = (r.number()?, r.number()?, r.number()?);
                let mut changes = Vec::new();
                for _ in 0..count {
                    changes.push((r.number()?, r.bytes()?));
                }
                let document = r.rest();
                Self::All { epoch, sequence, last, acknowledged, changes, document }
            }
            tag::TAKEN => Self::Taken { sequence: r.number()?, update: r.rest() },
            tag::EDIT => Self::Edit { number: r.number()?, update: r.rest() },
            tag::ACKNOWLEDGED => Self::Acknowledged { number: r.number()?, sequence: r.number()? },
            tag::EPOCH => Self::Epoch(r.number()?),
            tag::STEPS => Self::Steps(r.rest()),
            _ => return Err(DecodeError::Range),
        })
    }
}
