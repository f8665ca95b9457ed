//! Which shared types are at the root of an encoded document, and of which kind. Nobody wrote that
//! down: it follows from what is in them.

use std::collections::BTreeMap;

use super::authors::Items;
use super::shared::Kind;
use crate::update::{self, Content, Id, Parent, Part};

/// The tags of contents that have a single id.
const EMBED: u8 = 5;
const FORMAT: u8 = 6;
/// The tags of XML types, as they begin their encoding.
const XML: [u8; 3] = [3, 5, 6];

/// The shared types at the root of `encoded` that hold something, by name.
pub fn roots(encoded: &[u8]) -> BTreeMap<String, Kind> {
    let mut items = Items::of(encoded);
    let mut found: BTreeMap<String, Kind> = BTreeMap::new();
    for part in update::walk(encoded) {
        let Ok(Part::Struct(client, item)) = part else { break };
        let Some(kind) = kind_of_list(&item.content) else { continue };
        let Some((Parent::Root(name), key)) = items.resolve(Id { client, clock: item.clock })
        else {
            continue;
        };
        let kind = if key.is_some() { Kind::Map } else { kind };
        let known = found.get(name).copied();
        if known.is_none_or(|known| rank(kind) > rank(known)) {
            found.insert(name.to_owned(), kind);
        }
    }
    found
}

/// The kind of the list that holds this; nothing if it does not tell.
fn kind_of_list(content: &Content<'_>) -> Option<Kind> {
    match content {
        Content::Gc | Content::Skip | Content::Deleted => None,
        Content::Text(_) | Content::One(EMBED | FORMAT, _) => Some(Kind::Text),
        Content::Type(encoded) if encoded.first().is_some_and(|tag| XML.contains(tag)) => {
            Some(Kind::XmlFragment)
        }
        Content::Values(_) | Content::Json(_) | Content::Type(_) | Content::One(..) => {
            Some(Kind::Array)
        }
    }
}

/// Which kind it is if several seem right: a text may hold types, and XML may have keys.
fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::Map => 0,
        Kind::Array => 1,
        Kind::XmlFragment => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Document, Json, New};

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn kinds_follow_from_what_is_there() {
        let mut document = Document::new(1);
        let kinds =
            [("t", Kind::Text), ("m", Kind::Map), ("a", Kind::Array), ("x", Kind::XmlFragment)];
        let [text, map, list, xml] = kinds.map(|(name, kind)| document.root(name, kind).unwrap());
        assert_eq!(roots(&document.encode()), BTreeMap::new());
        document.edit(|edit| {
            // Deleted, so that what is left stands beside something that does not tell.
            edit.insert_text(&text, 0, "ab", None).unwrap();
            edit.delete_text(&text, 0, 1).unwrap();
            edit.set_key(&map, "k", &Json::Null).unwrap();
            edit.set_key_new(&map, "n", New::Text).unwrap();
            edit.insert_new(&list, 0, New::Map).unwrap();
            edit.insert_new(&xml, 0, New::XmlElement("p".into())).unwrap();
        });
        let expected = kinds.map(|(name, kind)| (name.to_owned(), kind));
        assert_eq!(roots(&document.encode()), BTreeMap::from(expected));
    }
}
