//! What stands in a document, with its ids: read before it goes.

use std::collections::BinaryHeap;

use yrs::branch::BranchPtr;
use yrs::types::text::YChange;
use yrs::{
    Array, ArrayRef, Assoc, ClientID, ID, IndexedSequence, Map, MapRef, Out, ReadTxn, Snapshot,
    StickyIndex, Text, TextRef, TransactionMut, XmlElementRef,
};

use super::touch::{Piece, Span, Tree, What};
use crate::document::authors::entries;
use crate::document::checked::readable;
use crate::document::sequence::{self, Sequence};
use crate::document::shared::{Kind, New, Shared, SharedId};
use crate::document::value::{
    Attributes, Inserted, JSON_DEPTH_MAX, Value, attributes_from, inserted_from, sorted,
};
use crate::update::Id;

/// A piece of a text, and where it begins.
#[derive(Clone, Debug)]
pub(in crate::document) struct Run {
    pub(super) start: u32,
    pub(super) piece: Piece,
}

impl Run {
    pub(super) fn end(&self) -> u32 {
        self.start + self.piece.span.len
    }
}

/// What has an index in a text or a list.
pub(in crate::document) fn id_at(branch: BranchPtr, txn: &impl ReadTxn, index: u32) -> Option<Id> {
    let index = ArrayRef::from(branch).sticky_index(txn, index, Assoc::After)?;
    let id = index.id()?;
    Some(Id { client: id.client.get(), clock: id.clock })
}

/// Before how much of its text or list something of this id stands, itself included with
/// [`Assoc::Before`] if it is there.
pub(in crate::document) fn index_of(
    list: BranchPtr,
    txn: &impl ReadTxn,
    id: Id,
    assoc: Assoc,
) -> Option<u32> {
    let id = ID::new(ClientID::new(id.client), id.clock);
    let at = StickyIndex::from_id(id, assoc).get_offset(txn)?;
    (at.branch == list).then_some(at.index)
}

/// In which list something of this id stands, and before how much of it.
pub(in crate::document) fn place_of(txn: &impl ReadTxn, id: Id) -> Option<(BranchPtr, u32)> {
    let id = ID::new(ClientID::new(id.client), id.clock);
    let at = StickyIndex::from_id(id, Assoc::After).get_offset(txn)?;
    Some((at.branch, at.index))
}

/// All of a text that holds nothing but characters. Nothing if it holds anything else.
pub(in crate::document) fn characters(
    text: BranchPtr,
    txn: &mut TransactionMut<'_>,
) -> Option<Sequence> {
    let mut all = Vec::new();
    for run in runs(text, txn) {
        match run.piece {
            Piece { span, what: What::Text(text), attributes } if attributes.is_empty() => {
                all.push(sequence::Run::new(span.first(), text));
            }
            _ => return None,
        }
    }
    Some(Sequence::new(all))
}

/// One unit of a text that holds characters of one unit and nothing else.
pub(super) fn unit(text: BranchPtr, txn: &impl ReadTxn, index: u32, id: Id) -> Option<Piece> {
    match ArrayRef::from(text).get(txn, index)? {
        Out::Any(yrs::Any::String(string)) => {
            let (span, what) = (Span::one(id), What::Text(string.as_ref().to_owned()));
            Some(Piece { span, what, attributes: Attributes::new() })
        }
        _ => None,
    }
}

/// All of a text.
pub(super) fn runs(text: BranchPtr, txn: &mut TransactionMut<'_>) -> Vec<Run> {
    // All that is there is new to who has nothing, and comes with the id of its item.
    let (all, nothing) = (txn.snapshot(), Snapshot::default());
    let pieces = TextRef::from(text).diff_range(txn, Some(&all), Some(&nothing), YChange::identity);
    let (mut runs, mut start) = (Vec::new(), 0);
    for piece in pieces {
        let attributes = piece.attributes.as_deref().map(attributes_from).unwrap_or_default();
        let what = match inserted_from(&piece.insert) {
            Inserted::Text(string) => What::Text(string),
            Inserted::Embed(Value::Json(json)) => What::Json(json),
            _ => What::Opaque,
        };
        let len = match &what {
            What::Text(string) => string.encode_utf16().count() as u32,
            _ => 1,
        };
        // What is embedded comes without.
        let id = piece.ychange.map(|it| Id { client: it.id.client.get(), clock: it.id.clock });
        if let Some(Id { client, clock }) = id.or_else(|| id_at(text, txn, start)) {
            let span = Span { client, clock, len };
            runs.push(Run { start, piece: Piece { span, what, attributes } });
        }
        start += len;
    }
    runs
}

/// What of `runs` is from one index to before another.
pub(super) fn cut(runs: &[Run], from: u32, to: u32) -> impl Iterator<Item = Piece> {
    let first = runs.partition_point(|run| run.end() <= from);
    runs[first..].iter().take_while(move |run| run.start < to).filter_map(move |run| {
        run.piece.cut(from.saturating_sub(run.start), to.min(run.end()) - run.start)
    })
}

/// A key, and the client and the clock of its value.
type Entry = (SharedId, String, u64, u32);

/// Reads what is inside of shared types.
#[derive(Default)]
pub(super) struct Reading {
    /// Which ids the values of keys have, sorted; read once if there are any.
    keys: Option<Vec<Entry>>,
}

impl Reading {
    /// Elements of a list.
    pub(super) fn items(
        &mut self,
        list: BranchPtr,
        txn: &mut TransactionMut<'_>,
        index: u32,
        len: u32,
        depth: usize,
    ) -> Vec<Piece> {
        if readable(&list, txn).is_err() {
            return Vec::new();
        }
        let items = ArrayRef::from(list);
        let values: Vec<_> = items.iter(txn).skip(index as usize).take(len as usize).collect();
        let pieces = (index..).zip(values).filter_map(|(index, value)| {
            let id = id_at(list, txn, index)?;
            Some(self.piece(id, &value, txn, depth))
        });
        pieces.collect()
    }

    /// A value and its id.
    pub(super) fn piece(
        &mut self,
        id: Id,
        value: &Out,
        txn: &mut TransactionMut<'_>,
        depth: usize,
    ) -> Piece {
        let what = match Value::from_out(value) {
            Value::Json(json) => What::Json(json),
            Value::Shared(shared) => self.tree(&shared, txn, depth),
            Value::Opaque => What::Opaque,
        };
        Piece { span: Span::one(id), what, attributes: Attributes::new() }
    }

    /// A shared type and all in it.
    fn tree(&mut self, shared: &Shared, txn: &mut TransactionMut<'_>, depth: usize) -> What {
        let Ok(branch) = shared.branch(txn) else { return What::Opaque };
        // A peer may nest deeper than the stack is.
        if depth > JSON_DEPTH_MAX {
            return What::Opaque;
        }
        let new = match shared.kind {
            Kind::Text => New::Text,
            Kind::Map => New::Map,
            Kind::Array => New::Array,
            Kind::XmlFragment => New::XmlFragment,
            Kind::XmlElement => {
                let tag = XmlElementRef::from(branch).try_tag().map(|tag| tag.as_ref().to_owned());
                New::XmlElement(tag.unwrap_or_default())
            }
            Kind::XmlText => New::XmlText,
        };
        let map = MapRef::from(branch);
        let names: Vec<String> = sorted(map.keys(txn)).map(str::to_owned).collect();
        let mut keys = Vec::new();
        for key in names {
            let Some(value) = map.get(txn, &key) else { continue };
            if let Some(id) = self.id_of(&shared.id, &key, txn) {
                keys.push((key, self.piece(id, &value, txn, depth + 1)));
            }
        }
        let pieces = match shared.kind {
            Kind::Map => Vec::new(),
            Kind::Text | Kind::XmlText => {
                runs(branch, txn).into_iter().map(|run| run.piece).collect()
            }
            _ => self.items(branch, txn, 0, branch.content_len(), depth + 1),
        };
        What::Shared(Box::new(Tree { new, keys, pieces }))
    }

    fn id_of(&mut self, map: &SharedId, key: &str, txn: &TransactionMut<'_>) -> Option<Id> {
        let keys = self.keys.get_or_insert_with(|| {
            let encoded = txn.encode_diff_v1(&yrs::StateVector::default());
            let mut keys = BinaryHeap::new();
            entries(&encoded, |parent, key, Id { client, clock }| {
                keys.push((parent.into(), key.to_owned(), client, clock));
            });
            keys.into_sorted_vec()
        });
        let found = keys.binary_search_by(|(at, name, ..)| (at, &name[..]).cmp(&(map, key)));
        let (.., client, clock) = keys.get(found.ok()?)?;
        Some(Id { client: *client, clock: *clock })
    }
}
