//! Where a struct belongs: beside which ids, or under which type.

use super::Malformed;
use crate::codec::{Reader, write_bytes, write_number};

/// The name of one unit of content: who made it, and its number there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Id {
    /// The client that made it, a number of at most 53 bits.
    pub client: u64,
    /// Its number among the ids of this client.
    pub clock: u32,
}

impl Id {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self { client: reader.number()?, clock: reader.number_u32()? })
    }

    pub(super) fn write(self, out: &mut Vec<u8>) {
        write_number(out, self.client);
        write_number(out, self.clock.into());
    }
}

/// The type that holds a struct.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Parent<'a> {
    /// A type of the document itself, by name.
    Root(&'a str),
    /// A nested type, by the id of the struct that made it.
    Nested(Id),
}

/// Where a struct belongs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place<'a> {
    /// Nowhere any more: garbage, or ids that the update skips.
    Nowhere,
    /// Beside others, of which at least one is named. The parent and the key are those of a
    /// neighbour; `keyed` is what the encoder knew about it and may be false for an entry of a map.
    Beside {
        /// What was to the left when it was inserted.
        origin: Option<Id>,
        /// What was to the right when it was inserted.
        right: Option<Id>,
        /// Whether it is known to be an entry of a map.
        keyed: bool,
    },
    /// The first of its parent, or the first under its key.
    Under {
        /// The type that holds it.
        parent: Parent<'a>,
        /// Its key, if it is an entry of a map.
        key: Option<&'a str>,
    },
}

pub(super) const ORIGIN: u8 = 0x80;
pub(super) const RIGHT: u8 = 0x40;
pub(super) const KEY: u8 = 0x20;

impl<'a> Place<'a> {
    /// Read what follows the info byte of an item.
    pub(super) fn read(info: u8, reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let keyed = info & KEY != 0;
        if info & (ORIGIN | RIGHT) != 0 {
            let origin = if info & ORIGIN != 0 { Some(Id::read(reader)?) } else { None };
            let right = if info & RIGHT != 0 { Some(Id::read(reader)?) } else { None };
            return Ok(Self::Beside { origin, right, keyed });
        }
        let parent = match reader.number()? {
            1 => Parent::Root(reader.string()?),
            _ => Parent::Nested(Id::read(reader)?),
        };
        let key = if keyed { Some(reader.string()?) } else { None };
        Ok(Self::Under { parent, key })
    }

    /// The info byte of an item whose content has `tag`.
    pub(super) fn info(&self, tag: u8) -> u8 {
        let mut info = tag;
        if let Self::Beside { origin, right, .. } = self {
            info |= if origin.is_some() { ORIGIN } else { 0 };
            info |= if right.is_some() { RIGHT } else { 0 };
        }
        info | if self.is_keyed() { KEY } else { 0 }
    }

    /// Write the info byte of an item whose content has `tag`, and what follows it.
    pub(super) fn write(&self, tag: u8, out: &mut Vec<u8>) {
        out.push(self.info(tag));
        match *self {
            Self::Nowhere => {}
            Self::Beside { origin, right, .. } => {
                for id in [origin, right].into_iter().flatten() {
                    id.write(out);
                }
            }
            Self::Under { parent, key } => {
                match parent {
                    Parent::Root(name) => {
                        out.push(1);
                        write_bytes(out, name.as_bytes());
                    }
                    Parent::Nested(id) => {
                        out.push(0);
                        id.write(out);
                    }
                }
                if let Some(key) = key {
                    write_bytes(out, key.as_bytes());
                }
            }
        }
    }

    /// The ids that have to be known before a struct can stand here.
    pub fn references(&self) -> impl Iterator<Item = Id> {
        let ids = match *self {
            Self::Nowhere | Self::Under { parent: Parent::Root(_), .. } => [None, None],
            Self::Beside { origin, right, .. } => [origin, right],
            Self::Under { parent: Parent::Nested(id), .. } => [Some(id), None],
        };
        ids.into_iter().flatten()
    }

    /// Whether it is known to be the place of an entry of a map.
    pub fn is_keyed(&self) -> bool {
        matches!(self, Self::Beside { keyed: true, .. } | Self::Under { key: Some(_), .. })
    }

    /// The place of what follows `last` in a struct that is cut behind `last`.
    pub(super) fn behind(&self, last: Id) -> Self {
        let right = match *self {
            Self::Nowhere => return Self::Nowhere,
            Self::Beside { right, .. } => right,
            Self::Under { .. } => None,
        };
        Self::Beside { origin: Some(last), right, keyed: self.is_keyed() }
    }
}
