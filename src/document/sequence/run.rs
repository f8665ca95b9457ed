//! A piece of a text.

use crate::update::Id;

/// Neighbours whose ids follow each other, with nothing between them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::document) struct Run {
    /// The id of the first unit.
    pub(in crate::document) id: Id,
    /// How many ids.
    pub(in crate::document) len: u32,
    /// The characters, of `len` UTF-16 units; nothing if they are deleted.
    pub(in crate::document) text: String,
    /// Whether something unknown may be in front of it.
    pub(super) is_loose: bool,
}

impl Run {
    /// Characters. Something unknown may be in front of them.
    pub(in crate::document) fn new(id: Id, text: String) -> Self {
        let len = text.encode_utf16().count() as u32;
        Self { id, len, text, is_loose: true }
    }

    /// What is deleted. Something unknown may be in front of it.
    pub(in crate::document) fn dead(id: Id, len: u32) -> Self {
        Self { id, len, text: String::new(), is_loose: true }
    }

    /// Whether it is deleted.
    pub(in crate::document) fn is_dead(&self) -> bool {
        self.text.is_empty()
    }

    /// How many UTF-16 units of it show.
    pub(super) fn units(&self) -> u32 {
        if self.is_dead() { 0 } else { self.len }
    }

    /// The clock behind its last id.
    pub(in crate::document) fn end(&self) -> u32 {
        self.id.clock.saturating_add(self.len)
    }

    /// Its last id.
    pub(in crate::document) fn last(&self) -> Id {
        self.unit(self.len.saturating_sub(1))
    }

    pub(super) fn unit(&self, at: u32) -> Id {
        Id { clock: self.id.clock.saturating_add(at), ..self.id }
    }

    /// The byte at which a unit begins; nothing inside of a character.
    pub(super) fn byte(&self, at: u32) -> Option<usize> {
        if self.is_dead() {
            return Some(0);
        }
        if self.text.len() == self.len as usize {
            return Some(at as usize);
        }
        let mut units = 0;
        for (byte, char) in self.text.char_indices() {
            if units >= at {
                return (units == at).then_some(byte);
            }
            units += char.len_utf16() as u32;
        }
        (units == at).then_some(self.text.len())
    }

    /// Cut off what is from a unit on.
    pub(super) fn split_off(&mut self, at: u32) -> Option<Self> {
        let byte = self.byte(at)?;
        let text = self.text.split_off(byte);
        let len = self.len.saturating_sub(at);
        let behind = Self { id: self.unit(at), len, text, is_loose: false };
        self.len = at;
        Some(behind)
    }

    /// Take in what follows directly and is as deleted. False if that is not so.
    pub(in crate::document) fn append(&mut self, next: &Self) -> bool {
        let follows =
            !next.is_loose && next.id == self.unit(self.len) && next.is_dead() == self.is_dead();
        if follows {
            self.text.push_str(&next.text);
            self.len += next.len;
        }
        follows
    }

    /// The same, directly behind what is in front of it.
    pub(in crate::document) fn tight(self) -> Self {
        Self { is_loose: false, ..self }
    }

    /// The same, with something unknown in front of it.
    pub(in crate::document) fn loose(self) -> Self {
        Self { is_loose: true, ..self }
    }
}
