//! Whose each part of a shared type is, as CRDT client ids.

use std::collections::{BTreeMap, BinaryHeap};

use yrs::types::text::YChange;
use yrs::{Assoc, IndexedSequence, Out, ReadTxn, Snapshot, Text, TextRef, Transact};

use super::Document;
use super::edit::{EditError, KEYED, LISTS, TEXTS};
use super::shared::{Shared, SharedId};
use super::undo::id_at;
use crate::update::{self, Content, Id, Parent, Part, Place};

/// A part of a text or a list, and the client that wrote it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Run {
    /// Where it begins: in UTF-16 units, elements or nodes.
    pub start: u32,
    /// How long it is.
    pub len: u32,
    /// The client.
    pub client: u64,
}

/// Runs in order, of which no two beside each other are one client's.
#[derive(Default)]
struct Runs {
    runs: Vec<Run>,
    len: u32,
}

impl Runs {
    fn push(&mut self, len: u32, client: u64) {
        let start = self.len;
        self.len += len;
        match self.runs.last_mut() {
            Some(last) if last.client == client => last.len += len,
            _ if len > 0 => self.runs.push(Run { start, len, client }),
            _ => {}
        }
    }
}

impl Document {
    /// Who wrote which part of a text.
    pub fn authors_of_text(&mut self, text: &Shared) -> Result<Vec<Run>, EditError> {
        let mut txn = self.doc.try_transact_mut().expect("no transaction outlives a call");
        let text = TextRef::from(text.branch_of(&txn, TEXTS)?);
        // All that is there is new to who has nothing, and comes with the id of its item.
        let (all, nothing) = (txn.snapshot(), Snapshot::default());
        let pieces = text.diff_range(&mut txn, Some(&all), Some(&nothing), YChange::identity);
        let mut runs = Runs::default();
        for piece in &pieces {
            match (&piece.insert, &piece.ychange) {
                (Out::Any(yrs::Any::String(string)), Some(change)) => {
                    let len = string.encode_utf16().count() as u32;
                    runs.push(len, change.id.client.get());
                }
                // What is embedded comes without.
                _ => {
                    let index = text.sticky_index(&txn, runs.len, Assoc::After);
                    let id = index.as_ref().and_then(|index| index.id());
                    runs.push(1, id.map_or(0, |id| id.client.get()));
                }
            }
        }
        Ok(runs.runs)
    }

    /// Who wrote which elements of an array, or nodes of an XML type.
    pub fn authors_of_list(&self, list: &Shared) -> Result<Vec<Run>, EditError> {
        let txn = self.read();
        let branch = list.branch_of(&txn, LISTS)?;
        let len = branch.content_len();
        let encoded = txn.encode_diff_v1(&yrs::StateVector::default());
        let items = Items::of(&encoded);
        let mut runs = Runs::default();
        while runs.len < len {
            let Some(id) = id_at(branch, &txn, runs.len) else { break };
            // The rest of its item stands behind it.
            let end = items.find(id).map_or(id.clock + 1, |item| item.end);
            runs.push((end - id.clock).min(len - runs.len), id.client);
        }
        Ok(runs.runs)
    }

    /// The id of one element of an array, or of one node of an XML type.
    pub fn id_of_item(&self, list: &Shared, index: u32) -> Option<Id> {
        let txn = self.read();
        id_at(list.branch_of(&txn, LISTS).ok()?, &txn, index)
    }

    /// Who wrote the value of each key of a map, or of each XML attribute, in order of keys.
    pub fn authors_of_map(&self, map: &Shared) -> Result<Vec<(String, u64)>, EditError> {
        map.branch_of(&self.read(), KEYED)?;
        let encoded = self.encode();
        let target = match &map.id {
            SharedId::Root(name) => Parent::Root(name),
            SharedId::Nested { client, clock } => {
                Parent::Nested(Id { client: *client, clock: *clock })
            }
        };
        let mut authors = BinaryHeap::new();
        entries(&encoded, |parent, key, id| {
            if parent == target {
                authors.push((key.to_owned(), id.client));
            }
        });
        Ok(authors.into_sorted_vec())
    }
}

/// Show each value that is under a key of `encoded`: under which parent and key, and its id.
pub(super) fn entries<'a>(encoded: &'a [u8], mut see: impl FnMut(Parent<'a>, &'a str, Id)) {
    let mut items = Items::of(encoded);
    let deleted = update::delete_set(&[encoded]).unwrap_or_default();
    for id in items.live() {
        if let Some((parent, Some(key))) = items.resolve(id)
            && !deleted.contains(id.client, id.clock)
        {
            see(parent, key, id);
        }
    }
}

/// A struct of a document.
struct Item<'a> {
    clock: u32,
    end: u32,
    place: Place<'a>,
    is_live: bool,
}

/// The structs of a document, by client and in order of clocks.
pub(super) struct Items<'a> {
    /// Where in `items` those of each client are. (A map of these would be code of its own.)
    clients: BTreeMap<u64, u32>,
    items: Vec<Vec<Item<'a>>>,
}

impl<'a> Items<'a> {
    pub(super) fn of(encoded: &'a [u8]) -> Self {
        let (mut clients, mut items) = (BTreeMap::new(), Vec::<Vec<Item<'a>>>::new());
        for part in update::walk(encoded) {
            let Ok(Part::Struct(client, item)) = part else { break };
            let is_live = !matches!(item.content, Content::Gc | Content::Skip | Content::Deleted);
            let (clock, end) = (item.clock, item.end());
            let item = Item { clock, end, place: item.place, is_live };
            let at = *clients.entry(client).or_insert(items.len() as u32);
            match items.get_mut(at as usize) {
                Some(items) => items.push(item),
                None => items.push(vec![item]),
            }
        }
        Self { clients, items }
    }

    fn of_client(&self, client: u64) -> Option<&Vec<Item<'a>>> {
        self.items.get(*self.clients.get(&client)? as usize)
    }

    fn at(&self, id: Id) -> Option<usize> {
        let items = self.of_client(id.client)?;
        let at = items.partition_point(|item| item.end <= id.clock);
        (items.get(at)?.clock <= id.clock).then_some(at)
    }

    fn find(&self, id: Id) -> Option<&Item<'a>> {
        self.of_client(id.client)?.get(self.at(id)?)
    }

    /// The ids of what may be the value of a key.
    fn live(&self) -> Vec<Id> {
        let items = self.clients.iter().flat_map(|(&client, &at)| {
            let items = self.items.get(at as usize).into_iter().flatten();
            let live = items.filter(|item| item.is_live);
            live.map(move |item| Id { client, clock: item.clock })
        });
        items.collect()
    }

    /// Under which parent, and under which key of it, an item is. What stands beside another is
    /// where that is; what is learned on the way is kept, so that no chain is followed twice.
    pub(super) fn resolve(&mut self, id: Id) -> Option<(Parent<'a>, Option<&'a str>)> {
        let (mut passed, mut next) = (Vec::new(), id);
        let found = loop {
            let at = self.at(next)?;
            let place = self.of_client(next.client)?.get(at)?.place;
            match place {
                Place::Under { parent, key } => break Some((parent, key)),
                Place::Beside { origin, right, .. } => {
                    passed.push((next.client, at));
                    next = origin.or(right)?;
                }
                Place::Nowhere => break None,
            }
        };
        for (client, at) in passed {
            let all = self.clients.get(&client).and_then(|&it| self.items.get_mut(it as usize));
            if let Some(item) = all.and_then(|items| items.get_mut(at)) {
                item.place =
                    found.map_or(Place::Nowhere, |(parent, key)| Place::Under { parent, key });
            }
        }
        found
    }
}
