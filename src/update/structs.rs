//! One struct: a run of ids of one client, where it belongs and what it holds.

use super::content::{GC, SKIP, TAG};
use super::{Content, Id, Malformed, Place};
use crate::codec::{DecodeError, Reader, write_number};

/// A run of ids of one client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Struct<'a> {
    /// The first id.
    pub clock: u32,
    /// How many ids, at least 1; `clock + len` does not overflow.
    pub len: u32,
    /// Where it belongs.
    pub place: Place<'a>,
    /// What it holds.
    pub content: Content<'a>,
}

/// The update that puts `text`, which is not empty, between two ids, of which there is one at
/// least; its first unit gets the id `id`.
pub fn typed(id: Id, between: (Option<Id>, Option<Id>), text: &str) -> Vec<u8> {
    let (origin, right) = between;
    let place = Place::Beside { origin, right, keyed: false };
    let (clock, content) = (id.clock, Content::Text(text.into()));
    let mut update = vec![1, 1];
    write_number(&mut update, id.client);
    write_number(&mut update, clock.into());
    // The length of a text is its own.
    Struct { clock, len: 0, place, content }.write(&mut update);
    update.push(0);
    update
}

impl<'a> Struct<'a> {
    /// Read the struct that begins at `clock`.
    pub(super) fn read(clock: u32, reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let info = reader.byte()?;
        let tag = info & TAG;
        let place = match tag {
            // Yjs's two readers disagree about these two with any other bit set.
            GC | SKIP if info != tag => return Err(Malformed::Tag(info.into())),
            GC | SKIP => Place::Nowhere,
            _ => Place::read(info, reader)?,
        };
        let (content, len) = Content::read(tag, reader)?;
        if len == 0 {
            return Err(Malformed::Empty);
        }
        clock.checked_add(len).ok_or(DecodeError::Range)?;
        Ok(Self { clock, len, place, content })
    }

    /// Append the encoding.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        self.place.write(self.content.tag(), out);
        self.content.write(self.len, out);
    }

    /// The id behind the last.
    pub fn end(&self) -> u32 {
        self.clock + self.len
    }

    /// Ids that an update does not hold.
    pub(super) fn skip(clock: u32, len: u32) -> Self {
        Self { clock, len, place: Place::Nowhere, content: Content::Skip }
    }

    /// The same struct with borrowed content.
    pub(super) fn view(&self) -> Struct<'_> {
        Struct { content: self.content.view(), ..*self }
    }

    /// What is before and what is from the id `at`, which has to be inside.
    pub(super) fn split(self, client: u64, at: u32) -> Result<(Self, Self), Malformed> {
        let len = at.saturating_sub(self.clock);
        let (left, right) = self.content.split(len)?;
        let last = Id { client, clock: at.saturating_sub(1) };
        Ok((
            Self { clock: self.clock, len, place: self.place, content: left },
            Self {
                clock: at,
                len: self.len.saturating_sub(len),
                place: self.place.behind(last),
                content: right,
            },
        ))
    }

    /// Take in the struct of the same client that directly follows, if the two say the same as one
    /// would. False, and only what is known about keys carried over, if they do not.
    ///
    /// They do if the second was typed behind the first with the same right neighbour: then nothing
    /// that it needs came between them, and every replica that has the first can take the second.
    pub(super) fn append(&mut self, client: u64, next: &mut Struct<'_>) -> bool {
        if self.end() != next.clock {
            return false;
        }
        if let Place::Beside { origin, right, keyed } = &mut next.place {
            if *origin != Some(Id { client, clock: self.end().saturating_sub(1) }) {
                return false;
            }
            // Diffs forget the key of all but the first entry; it is the key of the one before.
            *keyed |= self.place.is_keyed();
            let same_right = match self.place {
                Place::Beside { right: own, .. } => own == *right,
                Place::Under { .. } => right.is_none(),
                Place::Nowhere => false,
            };
            // Of the entries under one key only the last counts, so each stays on its own.
            if !same_right
                || *keyed != self.place.is_keyed()
                || (*keyed && self.content != Content::Deleted)
            {
                return false;
            }
        } else if next.content != Content::Gc {
            return false;
        }
        if !self.content.append(&next.content) {
            return false;
        }
        self.len += next.len;
        true
    }
}
