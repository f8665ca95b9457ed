//! Changing a document.
//!
//! Every step is checked before yrs sees it, since yrs panics on an index that is out of range.

use thiserror::Error;
use yrs::branch::BranchPtr;
use yrs::updates::decoder::Decode;
use yrs::{Array, ArrayRef, Map, MapRef, Text, TextRef, TransactionMut, Update};

use super::checked::{Checked, TextContent, cuts_surrogate};
use super::look::{Places, View};
use super::shared::{Kind, New, Shared};
use super::step::{Change, Check, Forbidden, Given, Step};
use super::tracked::{Made, Tracked};
use super::undo::{History, Written};
use super::value::{Attributes, Delta, Inserted, Json, attributes_to};
use crate::update::DeleteSet;

/// The largest string or value of one step, in bytes. A room takes larger updates, but a step has
/// to fit one frame together with what else is gathered.
pub const VALUE_BYTES_MAX: usize = 16 << 20;

pub(super) const TEXTS: &[Kind] = &[Kind::Text, Kind::XmlText];
pub(super) const LISTS: &[Kind] = &[Kind::Array, Kind::XmlFragment, Kind::XmlElement];
pub(super) const KEYED: &[Kind] = &[Kind::Map, Kind::XmlElement, Kind::XmlText];

/// Why a step was refused. The document is as before that step.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum EditError {
    /// The shared type, or one around it, was deleted.
    #[error("this part of the document was deleted")]
    Gone,
    /// The shared type is of another kind, or cannot hold this.
    #[error("this shared type is of another kind")]
    Kind,
    /// The range ends behind the end.
    #[error("the range ends behind the end")]
    Range,
    /// The range begins or ends inside a character that takes two UTF-16 units.
    #[error("the range begins or ends inside a character")]
    Surrogate,
    /// The value is larger than [`VALUE_BYTES_MAX`].
    #[error("the value is too large")]
    TooLarge,
    /// The value is nested too deeply.
    #[error("the value is nested too deeply")]
    TooDeep,
    /// Whoever checks the edit forbids it.
    #[error("{0}")]
    Forbidden(Box<Forbidden>),
}

/// A change being made; see [`super::Document::edit`].
pub struct Edit<'doc> {
    pub(super) txn: TransactionMut<'doc>,
    pub(super) checked: &'doc mut Checked,
    /// Who is asked about each step before it is taken.
    pub(super) check: Option<&'doc dyn Check>,
    pub(super) places: &'doc Places,
    pub(super) tracked: &'doc mut Tracked,
    /// What it did, if that was one step in one text.
    pub(super) made: Made,
    /// This replica, and its first id of this edit.
    pub(super) own: (u64, u32),
    /// Where it is recorded, so that it can be undone, and so that who undoes it is found.
    pub(super) history: Option<&'doc mut History>,
    pub(super) written: Option<&'doc mut Written>,
}

impl<'doc> Edit<'doc> {
    pub(super) fn new(
        txn: TransactionMut<'doc>,
        checked: &'doc mut Checked,
        places: &'doc Places,
        tracked: &'doc mut Tracked,
        own: (u64, u32),
    ) -> Self {
        let (check, made, history, written) = Default::default();
        Self { txn, checked, check, places, tracked, made, own, history, written }
    }

    /// Ask whether a step may be taken.
    pub(super) fn ask(&self, target: &Shared, change: Change<'_>) -> Result<(), EditError> {
        let Some(check) = self.check else { return Ok(()) };
        let view = View { txn: &self.txn, places: self.places };
        check.check(&Step { target, change }, &view).map_err(|why| EditError::Forbidden(why.into()))
    }

    /// Ask whether something may come into a list or a text, in front of `index`.
    fn ask_insert(
        &self,
        target: &Shared,
        branch: &BranchPtr,
        index: u32,
        given: Given<'_>,
        units: usize,
    ) -> Result<(), EditError> {
        if units == 0 {
            return Ok(());
        }
        let lengths = (branch.content_len(), branch.content_len().saturating_add(units as u32));
        self.ask(target, Change::Insert { given, index, lengths })
    }

    /// Ask whether all steps of a delta may be taken.
    fn ask_delta(&self, text: &Shared, delta: &[Delta]) -> Result<(), EditError> {
        let before = text.branch_of(&self.txn, TEXTS)?.content_len();
        let after = delta.iter().fold(before, |length, step| match step {
            Delta::Insert(inserted, _) => length.saturating_add(inserted.units()),
            Delta::Delete(len) => length.saturating_sub(*len),
            Delta::Retain(..) => length,
        });
        let mut index = 0u32;
        for step in delta {
            match step {
                Delta::Insert(..) => {
                    let (given, lengths) = (Given::Text, (before, after));
                    self.ask(text, Change::Insert { given, index, lengths })?;
                }
                Delta::Delete(len) => {
                    self.ask(text, Change::Delete { index, len: *len })?;
                    index = index.saturating_add(*len);
                }
                Delta::Retain(len, attributes) => {
                    if !attributes.is_empty() {
                        self.ask(text, Change::Format)?;
                    }
                    index = index.saturating_add(*len);
                }
            }
        }
        Ok(())
    }

    pub(super) fn commit(mut self) -> Option<Vec<u8>> {
        self.txn.commit();
        self.txn.has_changes().then(|| self.txn.encode_update_v1())
    }

    /// Insert into a text. Without `attributes` the string takes the formats to its left.
    pub fn insert_text(
        &mut self,
        text: &Shared,
        index: u32,
        string: &str,
        attributes: Option<&Attributes>,
    ) -> Result<(), EditError> {
        if string.len() > VALUE_BYTES_MAX {
            return Err(EditError::TooLarge);
        }
        let branch = self.text(text, index, 0)?;
        self.ask_insert(text, &branch, index, Given::Text, string.encode_utf16().count())?;
        let attributes = attributes.map(checked).transpose()?;
        self.checked.inserted(&text.id, string);
        if attributes.as_ref().is_some_and(|attributes| !attributes.is_empty()) {
            self.checked.enriched();
        }
        let first = self.next_clock();
        let target = TextRef::from(branch);
        let is_bare = attributes.as_ref().is_none_or(|attributes| attributes.is_empty());
        if !is_bare || !self.types(text, index, string)? {
            match attributes {
                None => target.insert(&mut self.txn, index, string),
                Some(attributes) => {
                    target.insert_with_attributes(&mut self.txn, index, string, attributes);
                }
            }
        }
        self.came(text, index, first);
        Ok(())
    }

    /// Insert one plain value into a text: an image, a mention. It has length 1.
    pub fn insert_embed(
        &mut self,
        text: &Shared,
        index: u32,
        embed: &Json,
        attributes: Option<&Attributes>,
    ) -> Result<(), EditError> {
        embed.fits(VALUE_BYTES_MAX)?;
        let branch = self.text(text, index, 0)?;
        self.ask_insert(text, &branch, index, Given::Text, 1)?;
        let attributes = attributes.map(checked).transpose()?;
        self.checked.enriched();
        let first = self.next_clock();
        let target = TextRef::from(branch);
        let embed = embed.to_any();
        match attributes {
            None => target.insert_embed(&mut self.txn, index, embed),
            Some(attributes) => {
                target.insert_embed_with_attributes(&mut self.txn, index, embed, attributes)
            }
        };
        self.came(text, index, first);
        Ok(())
    }

    /// Delete from a text.
    pub fn delete_text(&mut self, text: &Shared, index: u32, len: u32) -> Result<(), EditError> {
        let branch = self.text(text, index, len)?;
        self.ask(text, Change::Delete { index, len })?;
        if len > 0 && !self.erases(text, index, len)? {
            self.text_goes(text, branch, index, len);
            TextRef::from(branch).remove_range(&mut self.txn, index, len);
        }
        Ok(())
    }

    /// Change formats of a piece of text.
    pub fn format(
        &mut self,
        text: &Shared,
        index: u32,
        len: u32,
        attributes: &Attributes,
    ) -> Result<(), EditError> {
        let branch = self.text(text, index, len)?;
        self.ask(text, Change::Format)?;
        let formats = checked(attributes)?;
        self.formats(text, branch, index, len, attributes);
        self.checked.enriched();
        let first = self.next_clock();
        TextRef::from(branch).format(&mut self.txn, index, len, formats);
        let marks = self.marks_came(first);
        self.formatted(marks);
        Ok(())
    }

    /// Change a text as a delta says.
    pub fn apply_delta(&mut self, text: &Shared, delta: &[Delta]) -> Result<(), EditError> {
        self.ask_delta(text, delta)?;
        // All of it may be done: its length in between does not count.
        let check = self.check.take();
        let applied = self.apply_steps(text, delta);
        self.check = check;
        applied
    }

    fn apply_steps(&mut self, text: &Shared, delta: &[Delta]) -> Result<(), EditError> {
        let mut index = 0u32;
        for step in delta {
            match step {
                Delta::Retain(len, attributes) => {
                    within(&text.branch_of(&self.txn, TEXTS)?, index, *len)?;
                    if !attributes.is_empty() {
                        self.format(text, index, *len, attributes)?;
                    }
                    index += len;
                }
                Delta::Delete(len) => self.delete_text(text, index, *len)?,
                Delta::Insert(Inserted::Text(string), attributes) => {
                    self.insert_text(text, index, string, Some(attributes))?;
                    index += string.encode_utf16().count() as u32;
                }
                Delta::Insert(Inserted::Embed(super::Value::Json(embed)), attributes) => {
                    self.insert_embed(text, index, embed, Some(attributes))?;
                    index += 1;
                }
                Delta::Insert(..) => return Err(EditError::Kind),
            }
        }
        Ok(())
    }

    /// Set a key of a map, or an XML attribute.
    pub fn set_key(&mut self, map: &Shared, key: &str, value: &Json) -> Result<(), EditError> {
        value.fits(VALUE_BYTES_MAX)?;
        let branch = map.branch_of(&self.txn, KEYED)?;
        self.ask(map, Change::Set { key, given: Given::Values(std::slice::from_ref(value)) })?;
        let before = self.key_goes(map, branch, key);
        MapRef::from(branch).insert(&mut self.txn, key, value.to_any());
        self.key_came(map, key, before);
        Ok(())
    }

    /// Set a key of a map to a new shared type.
    pub fn set_key_new(&mut self, map: &Shared, key: &str, new: New) -> Result<Shared, EditError> {
        let branch = map.branch_of(&self.txn, &[Kind::Map])?;
        self.ask(map, Change::Set { key, given: Given::New(new.kind()) })?;
        let before = self.key_goes(map, branch, key);
        let made = MapRef::from(branch).insert(&mut self.txn, key, new.into_input());
        self.key_came(map, key, before);
        Shared::from_out(&made).ok_or(EditError::Kind)
    }

    /// Delete a key of a map, or an XML attribute. Nothing happens if there is none.
    pub fn delete_key(&mut self, map: &Shared, key: &str) -> Result<(), EditError> {
        let branch = map.branch_of(&self.txn, KEYED)?;
        self.ask(map, Change::Unset { key })?;
        let before = self.key_goes(map, branch, key);
        MapRef::from(branch).remove(&mut self.txn, key);
        self.key_came(map, key, before);
        Ok(())
    }

    /// Insert plain values into an array.
    pub fn insert_items(
        &mut self,
        array: &Shared,
        index: u32,
        values: &[Json],
    ) -> Result<(), EditError> {
        for value in values {
            value.fits(VALUE_BYTES_MAX)?;
        }
        let branch = array.branch_of(&self.txn, &[Kind::Array])?;
        within(&branch, index, 0)?;
        self.ask_insert(array, &branch, index, Given::Values(values), values.len())?;
        let values = values.iter().map(Json::to_any);
        let first = self.next_clock();
        ArrayRef::from(branch).insert_range(&mut self.txn, index, values);
        self.came(array, index, first);
        Ok(())
    }

    /// Insert a new shared type into an array, or a new node into an XML type.
    pub fn insert_new(&mut self, list: &Shared, index: u32, new: New) -> Result<Shared, EditError> {
        let branch = list.branch_of(&self.txn, LISTS)?;
        if list.kind != Kind::Array && !new.is_xml_node() {
            return Err(EditError::Kind);
        }
        within(&branch, index, 0)?;
        self.ask_insert(list, &branch, index, Given::New(new.kind()), 1)?;
        let first = self.next_clock();
        let made = ArrayRef::from(branch).insert(&mut self.txn, index, new.into_input());
        self.came(list, index, first);
        Shared::from_out(&made).ok_or(EditError::Kind)
    }

    /// Delete elements of an array, or nodes of an XML type.
    pub fn delete_items(&mut self, list: &Shared, index: u32, len: u32) -> Result<(), EditError> {
        let branch = list.branch_of(&self.txn, LISTS)?;
        within(&branch, index, len)?;
        if len > 0 {
            self.ask(list, Change::Delete { index, len })?;
            self.items_go(list, branch, index, len);
            ArrayRef::from(branch).remove_range(&mut self.txn, index, len);
        }
        Ok(())
    }

    /// Delete what has these ids, wherever it is, and what is inside. They have to be known.
    pub fn delete_ids(&mut self, ids: &DeleteSet) -> Result<(), EditError> {
        self.made.is_more();
        self.tracked.loses(ids);
        self.ids_go(ids)
    }

    /// The same of a text that knows of it.
    pub(super) fn ids_go(&mut self, ids: &DeleteSet) -> Result<(), EditError> {
        let update = [&[0], &ids.encode()[..]].concat();
        let update = Update::decode_v1(&update).map_err(|_| EditError::Range)?;
        self.txn.apply_update(update).map_err(|_| EditError::Gone)
    }

    /// The text, if `len` units from `index` can be cut out of it.
    pub(super) fn text(
        &mut self,
        text: &Shared,
        index: u32,
        len: u32,
    ) -> Result<BranchPtr, EditError> {
        let branch = text.branch_of(&self.txn, TEXTS)?;
        within(&branch, index, len)?;
        self.made.is_more();
        let content = self.checked.content(&text.id, &branch, &self.txn);
        if content == TextContent::Foreign {
            return Err(EditError::Kind);
        }
        let tracked = if self.checked.is_flat() {
            self.tracked.edits(&text.id, branch, &mut self.txn)
        } else {
            self.tracked.lose();
            None
        };
        let cuts = match tracked {
            _ if content == TextContent::Plain => false,
            Some(sequence) => sequence.cuts(index) || sequence.cuts(index + len),
            None => cuts_surrogate(&branch, &self.txn, index, len),
        };
        if cuts { Err(EditError::Surrogate) } else { Ok(branch) }
    }
}

fn within(branch: &BranchPtr, index: u32, len: u32) -> Result<(), EditError> {
    match index.checked_add(len) {
        Some(end) if end <= branch.content_len() => Ok(()),
        _ => Err(EditError::Range),
    }
}

fn checked(attributes: &Attributes) -> Result<yrs::types::Attrs, EditError> {
    for (_, value) in attributes {
        value.fits(VALUE_BYTES_MAX)?;
    }
    Ok(attributes_to(attributes))
}
