//! An update with the fields of its structs in columns, which deflates to half the size.
//!
//! Structs are alike from one to the next, but as they are written each field stands between
//! others that are not like it. Here all fields of one kind follow each other. Of an id it is only
//! said how far it is from where one would look for it: who types on does so behind their last
//! unit, and in front of what the struct before is in front of; who goes elsewhere writes between
//! two units that were typed one after the other. And what structs say themselves of what is
//! deleted is not said again.
//!
//! | column | what it holds |
//! |---|---|
//! | heads | how many sections; of each how many structs, a client, the first clock |
//! | infos | the info byte of each struct |
//! | clients | whose an id is: which of those that were named, or 0 for the next of them |
//! | origins | how far a left neighbour, or a parent, is from where it is expected, with a sign |
//! | rights | the same of a right neighbour |
//! | lens | how many ids a deletion or a gap has; how many bytes any other content |
//! | names | 1 and the name of a parent at the root, or 0; keys |
//! | texts | the bytes of texts |
//! | contents | every other content as it is encoded |
//! | deletes | 1, and what no struct says is deleted; or 0, and all of it: clients and ranges |
//!
//! Who is named first is written in full into the heads; who has only something deleted is not
//! named by that, however many they are. Each column stands behind its length.
//! Numbers and strings are as in an update. Updates of one log may stand in the same columns, one
//! behind the other: then each begins where one would look for it.

mod read;
mod write;

use super::content::{DELETED, GC};
use super::delete_set::Ranges;
use super::{Id, Malformed};
use crate::codec::DecodeError;

pub use read::FromColumns;
pub use write::ToColumns;

/// `update` in columns. [`from_columns`] makes the same bytes of that, if they are written as this
/// module writes updates: with numbers no longer than necessary and deleted ranges in order.
pub fn to_columns(update: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut columns = ToColumns::default();
    columns.push(update)?;
    Ok(columns.finish())
}

/// The update that [`to_columns`] was given. What is in other columns need not be one.
pub fn from_columns(bytes: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut columns = FromColumns::new(bytes)?;
    let update = columns.take()?;
    match columns.rest() {
        0 => Ok(update),
        trailing => Err(Malformed::Trailing(trailing)),
    }
}

/// The columns while they are written, or read.
#[derive(Debug, Default)]
struct Columns<C> {
    heads: C,
    infos: C,
    clients: C,
    origins: C,
    rights: C,
    lens: C,
    names: C,
    texts: C,
    contents: C,
    deletes: C,
}

/// Where one would look for ids.
#[derive(Debug, Default)]
struct Expected {
    /// In the order in which they were named.
    clients: Vec<Named>,
    /// What the struct before was put in front of.
    right: u32,
}

/// A client, and what was said of its ids last.
#[derive(Debug)]
struct Named {
    client: u64,
    /// What something was put beside.
    beside: u32,
    /// The end of its last section.
    end: u32,
    /// The end of what was deleted.
    gone: u32,
}

impl Expected {
    /// Name a client. Returns where it is.
    fn name(&mut self, client: u64) -> usize {
        self.clients.push(Named { client, beside: 0, end: 0, gone: 0 });
        self.clients.len() - 1
    }

    fn at(&mut self, client: usize) -> Result<&mut Named, DecodeError> {
        self.clients.get_mut(client).ok_or(DecodeError::Range)
    }

    /// The end of what was deleted last of a client, if that was named.
    fn gone(&mut self, client: Option<usize>) -> Result<u32, DecodeError> {
        client.map_or(Ok(0), |client| Ok(self.at(client)?.gone))
    }

    /// More of it was deleted, up to there.
    fn goes(&mut self, client: Option<usize>, end: u32) -> Result<(), DecodeError> {
        if let Some(client) = client {
            self.at(client)?.gone = end;
        }
        Ok(())
    }

    /// The clock of what a struct with the first id `own` is behind, if that is of this client.
    fn origin(&mut self, client: usize, own: Id) -> Result<u32, DecodeError> {
        let named = self.at(client)?;
        let is_own = named.client == own.client;
        Ok(if is_own { own.clock.saturating_sub(1) } else { named.beside })
    }

    /// The clock of what it is in front of, if it is behind `origin`.
    fn right(&mut self, client: usize, own: Id, origin: Option<Id>) -> Result<u32, DecodeError> {
        let before = self.right;
        let named = self.at(client)?;
        Ok(match origin {
            Some(it) if it.client == own.client && it.clock == own.clock.wrapping_sub(1) => before,
            Some(it) if it.client == named.client => it.clock.saturating_add(1),
            _ => named.beside,
        })
    }
}

/// What a struct holds no more is deleted.
fn says(said: &mut Ranges, tag: u8, client: u64, start: u32, end: u32) {
    if matches!(tag, GC | DELETED) {
        said.push(client, start, end);
    }
}
