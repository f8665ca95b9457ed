//! The walk over an encoded update that everything else here stands on.

use std::collections::BTreeSet;

use super::{Malformed, Struct};
use crate::codec::{DecodeError, Reader};

/// A piece of an update.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Part<'a> {
    /// A struct of `client`.
    Struct(u64, Struct<'a>),
    /// The ids of `client` from the first clock to before the second are deleted.
    Delete(u64, u32, u32),
}

/// Walks an update: the structs of one client after those of another, then the delete set.
///
/// Ends after the first error. Without one, the bytes are an update and nothing else.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    phase: Phase,
    /// Sections that have not begun.
    sections: u64,
    /// The current section; its reader is at the current place in the whole.
    section: Section<'a>,
    /// Where the delete set begins, once it is reached.
    deletes: &'a [u8],
    seen: Clients,
}

/// What is left of the structs or of the deleted ranges of one client.
#[derive(Clone, Debug)]
pub(super) struct Section<'a> {
    pub(super) client: u64,
    /// The first id of the next struct.
    clock: u32,
    left: u64,
    reader: Reader<'a>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    Start,
    Structs,
    Deletes,
    End,
}

/// Walk `update`.
pub fn walk(update: &[u8]) -> Walk<'_> {
    let section = Section { client: 0, clock: 0, left: 0, reader: Reader::new(update) };
    Walk { phase: Phase::Start, sections: 0, section, deletes: &[], seen: Clients::default() }
}

impl<'a> Walk<'a> {
    /// Go on to the next section of structs; what is left of the current one has to be read before.
    /// None if the delete set is next.
    pub(super) fn next_section(&mut self) -> Result<Option<&mut Section<'a>>, Malformed> {
        let reader = &mut self.section.reader;
        if self.phase == Phase::Start {
            self.sections = reader.number()?;
            self.phase = Phase::Structs;
        }
        if self.phase != Phase::Structs {
            return Ok(None);
        }
        if self.sections == 0 {
            self.deletes = reader.rest();
            self.sections = reader.number()?;
            self.phase = Phase::Deletes;
            self.seen = Clients::default();
            return Ok(None);
        }
        self.sections -= 1;
        self.section.left = reader.number()?;
        self.section.client = reader.number()?;
        self.section.clock = reader.number_u32()?;
        self.seen.add(self.section.client)?;
        Ok(Some(&mut self.section))
    }

    /// The next range of the delete set, as client, first clock and clock behind the last. None at
    /// the end of the update.
    pub(super) fn next_delete(&mut self) -> Result<Option<(u64, u32, u32)>, Malformed> {
        let section = &mut self.section;
        while section.left == 0 {
            if self.sections == 0 {
                self.phase = Phase::End;
                return match section.reader.rest().len() {
                    0 => Ok(None),
                    trailing => Err(Malformed::Trailing(trailing)),
                };
            }
            self.sections -= 1;
            section.client = section.reader.number()?;
            section.left = section.reader.number()?;
        }
        section.left -= 1;
        let (start, end) = read_range(&mut section.reader)?;
        Ok(Some((section.client, start, end)))
    }

    /// The encoded delete set. Empty before the walk has reached it.
    pub(super) fn delete_section(&self) -> &'a [u8] {
        self.deletes
    }

    fn step(&mut self) -> Result<Option<Part<'a>>, Malformed> {
        while matches!(self.phase, Phase::Start | Phase::Structs) {
            if let Some(item) = self.section.next()? {
                return Ok(Some(Part::Struct(self.section.client, item)));
            }
            self.next_section()?;
        }
        if self.phase == Phase::End {
            return Ok(None);
        }
        let delete = self.next_delete()?;
        Ok(delete.map(|(client, start, end)| Part::Delete(client, start, end)))
    }
}

impl<'a> Section<'a> {
    /// The next struct.
    pub(super) fn next(&mut self) -> Result<Option<Struct<'a>>, Malformed> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let item = Struct::read(self.clock, &mut self.reader)?;
        self.clock = item.end();
        Ok(Some(item))
    }

    /// How many structs are left, whose they are, and the first id of the next.
    pub(super) fn head(&self) -> (u64, u64, u32) {
        (self.left, self.client, self.clock)
    }

    /// Whether no struct is left.
    pub(super) fn is_done(&self) -> bool {
        self.left == 0
    }

    /// The bytes from the next struct on.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.reader.rest()
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Result<Part<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let part = self.step();
        if part.is_err() {
            self.phase = Phase::End;
        }
        part.transpose()
    }
}

/// One range of a delete set: its first clock and the one behind its last.
pub(super) fn read_range(reader: &mut Reader<'_>) -> Result<(u32, u32), Malformed> {
    let start = reader.number_u32()?;
    match reader.number_u32()? {
        0 => Err(Malformed::Empty),
        len => Ok((start, start.checked_add(len).ok_or(DecodeError::Range)?)),
    }
}

/// The clients that had a section. Allocates nothing for the usual update, which has one.
#[derive(Clone, Debug, Default)]
struct Clients {
    last: Option<u64>,
    before: BTreeSet<u64>,
}

impl Clients {
    fn add(&mut self, client: u64) -> Result<(), Malformed> {
        if let Some(last) = self.last.replace(client) {
            self.before.insert(last);
        }
        if self.before.contains(&client) { Err(Malformed::RepeatedClient) } else { Ok(()) }
    }
}
