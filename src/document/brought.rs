//! What an update from outside brings, found on the way through it.

use super::keyed::Keyed;
use crate::update::{Content, Place, Struct};

/// Yjs's tags: of `XmlHook`, a type that yrs does not carry, and of an embed and a format.
const XML_HOOK: u8 = 5;
const EMBED: u8 = 5;
const FORMAT: u8 = 6;

/// What to look out for in an update.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Brought {
    /// Something that yrs cannot read.
    pub(super) unreadable: bool,
    /// An entry of a map.
    pub(super) entries: bool,
    /// Characters of two UTF-16 units.
    pub(super) pairs: bool,
    /// Formats, or values in texts.
    pub(super) rich: bool,
    /// What no text holds, at a place where a text may be.
    pub(super) foreign: bool,
}

impl Brought {
    pub(super) fn see(&mut self, item: &Struct<'_>, keyed: &Keyed) {
        self.unreadable |= !is_readable(&item.content);
        let is_entry = keyed.is_entry(&item.place);
        self.entries |= is_entry;
        // Nobody puts an entry in front of another. yrs takes the type from the left and the key
        // from the right: an entry among the characters of a text, which shows and does not count.
        self.foreign |= is_entry && matches!(item.place, Place::Beside { right: Some(_), .. });
        match &item.content {
            Content::Text(text) => self.pairs |= text.has_pairs(),
            Content::Gc | Content::Skip | Content::Deleted | Content::Type(_) => {}
            Content::One(EMBED | FORMAT, _) => self.rich = true,
            // Beside others nothing but the document knows where that is.
            Content::Values(_) | Content::Json(_) | Content::One(..) => {
                self.foreign |= !matches!(item.place, Place::Under { key: Some(_), .. });
            }
        }
    }
}

/// Whether yrs reads what Yjs wrote. What follows something else it would misread, up to a panic on
/// wasm32: behind an `XmlHook`, and behind the older list encoding, of which it reads one element
/// too many.
fn is_readable(content: &Content<'_>) -> bool {
    !matches!(content, Content::Type([XML_HOOK, ..]) | Content::Json(_))
}
