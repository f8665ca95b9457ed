//! Which ids are entries of maps, so that nothing gets under a key that cannot be there.
//!
//! Yjs puts one value under a key, never a run of them and never a text's format. yrs takes these
//! from a peer, and then reads memory that it has freed, or panics when it tells what changed. An
//! encoded item does not always say that it has a key: it may only say beside which entry it is.

use crate::update::{Content, DeleteSet, Id, Part, Place, Struct, walk};

/// How often an update may have to be looked at again because an item stands before the one that
/// it inherits its key from. Each time costs as much as the first.
const PASSES_MAX: usize = 64;

/// The ids of entries. A set of ranges is one whatever is said of them.
#[derive(Default)]
pub(super) struct Keyed(DeleteSet);

impl Keyed {
    /// Learn the entries of an update that can be walked. False if yrs must not see it.
    pub(super) fn learn(&mut self, update: &[u8]) -> bool {
        for _ in 0..PASSES_MAX {
            let mut changed = false;
            for part in walk(update) {
                let Ok(Part::Struct(client, item)) = part else { break };
                if !self.is_entry(&item.place) {
                    continue;
                }
                if !is_value(&item) {
                    return false;
                }
                if !self.0.contains(client, item.clock) {
                    self.0.insert(client, item.clock, item.end());
                    changed = true;
                }
            }
            if !changed {
                return true;
            }
        }
        false
    }

    /// Whether it is the place of an entry, as far as is known.
    pub(super) fn is_entry(&self, place: &Place<'_>) -> bool {
        let is_keyed = |id: Id| self.0.contains(id.client, id.clock);
        // The key is that of a neighbour, the parent's own key is none.
        let beside = matches!(place, Place::Beside { .. });
        place.is_keyed() || beside && place.references().any(is_keyed)
    }
}

/// Whether it may be under a key.
fn is_value(item: &Struct<'_>) -> bool {
    const FORMAT: u8 = 6;
    match item.content {
        Content::Gc | Content::Skip | Content::Deleted => true,
        Content::One(FORMAT, _) => false,
        _ => item.len == 1,
    }
}
