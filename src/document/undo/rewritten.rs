//! What this replica wrote before its page was loaded again, and may lose as well.

use super::capture::place_of;
use super::conflict::FORMAT;
use super::touch::Span;
use super::written::{Between, Wrote};
use crate::document::Document;
use crate::document::authors::entries;
use crate::document::edit::{Edit, LISTS, TEXTS};
use crate::document::shared::{Kind, Shared, SharedId};
use crate::update::{Content, EMPTY, Id, Part, Place, walk};

/// Which values came with which edit: client, first clock, the clock behind the last, and number.
/// Sorted.
type Numbers = Vec<(u64, u32, u32, u64)>;

impl Document {
    /// Edits of this replica, with their numbers, that are in the document already, under a client
    /// id that it had before, and that nobody has acknowledged: [`Document::apply_and_compare`]
    /// tells if they lose.
    ///
    /// Not told of them: formats, whose edits do not say of which units they are, and keys that
    /// were deleted.
    pub fn wrote_before(&mut self, edits: &[(u64, &[u8])]) {
        if self.written.is_none() || edits.is_empty() {
            return;
        }
        let numbers = numbers(edits);
        // All of the document, which only values need.
        let encoded = if numbers.is_empty() { EMPTY.to_vec() } else { self.encode() };
        let mut keys = Vec::new();
        entries(&encoded, |parent, key, id| {
            if let Some(number) = number_of(&numbers, id) {
                keys.push((SharedId::from(parent), key.to_owned(), id, number));
            }
        });
        self.make(None, &mut |edit| {
            for (map, key, id, number) in &keys {
                let map = edit.found(map.clone(), Kind::Map);
                edit.writes_key(&map, key, Some(*id));
                edit.wrote_as(*number);
            }
            edits.iter().for_each(|(number, update)| edit.wrote_into(*number, update));
        });
    }
}

impl Edit<'_> {
    /// What of an update is in texts and lists.
    fn wrote_into(&mut self, number: u64, update: &[u8]) {
        for part in walk(update) {
            let Ok(Part::Struct(client, item)) = part else { return };
            let between = match item.place {
                _ if item.place.is_keyed() => continue,
                Place::Beside { origin, right, .. } => Between::Ids(origin, right),
                _ => Between::Ids(None, None),
            };
            if matches!(item.content, Content::Gc | Content::Skip | Content::Deleted)
                || matches!(item.content, Content::One(FORMAT, _))
            {
                continue;
            }
            let span = Span { client, clock: item.clock, len: item.len };
            let Some((branch, _)) = place_of(&self.txn, span.first()) else { continue };
            let is_text = matches!(item.content, Content::Text(_));
            let kind = if is_text { Kind::Text } else { Kind::Array };
            let list = self.found(SharedId::of(&branch), kind);
            if TEXTS.contains(&list.kind) || LISTS.contains(&list.kind) {
                self.writes(&list, Wrote::Into { span, between });
                self.wrote_as(number);
            }
        }
    }

    /// The shared type of this id. Of one at the root that the page has not asked for nothing says
    /// of which kind it is, but what is in it.
    fn found(&self, id: SharedId, kind: Kind) -> Shared {
        Shared::find(&id, &self.txn).unwrap_or(Shared { id, kind })
    }
}

fn numbers(edits: &[(u64, &[u8])]) -> Numbers {
    let mut numbers = Numbers::new();
    for (number, update) in edits {
        for part in walk(update) {
            let Ok(Part::Struct(client, item)) = part else { break };
            // No key has these.
            if matches!(item.content, Content::Text(_) | Content::Gc | Content::Skip) {
                continue;
            }
            let new = (client, item.clock, item.end(), *number);
            let at = numbers.partition_point(|before| *before < new);
            numbers.insert(at, new);
        }
    }
    numbers
}

fn number_of(numbers: &Numbers, id: Id) -> Option<u64> {
    let behind = numbers.partition_point(|it| (it.0, it.1) <= (id.client, id.clock));
    let &(client, _, end, number) = numbers.get(behind.checked_sub(1)?)?;
    (client == id.client && id.clock < end).then_some(number)
}
