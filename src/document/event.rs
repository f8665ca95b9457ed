//! What changed, as plain data.

use std::cell::RefCell;
#[allow(clippy::disallowed_types)]
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use yrs::branch::{Branch, BranchPtr};
use yrs::types::{
    Change, Delta as YrsDelta, EntryChange, Event as YrsEvent, PathSegment as Segment,
};
use yrs::{Origin, Out, TransactionMut};

use super::known::Known;
use super::shared::Shared;
use super::value::{Attributes, Delta, Inserted, Value, attributes_from, inserted_from, sorted};

/// The origin of transactions that take in an update from outside.
pub(super) const REMOTE: &str = "remote";

/// Names a watch; see [`super::Document::watch`].
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct WatchId(pub u32);

/// A change of one shared type.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Whose event it is.
    pub watch: WatchId,
    /// What changed.
    pub target: Shared,
    /// From what is watched down to `target`; empty if they are the same.
    pub path: Vec<PathSegment>,
    /// Whether it was an edit of this replica.
    pub local: bool,
    /// The change of a sequence: text, array elements, XML nodes.
    pub delta: Vec<Delta>,
    /// The change of a map, or of XML attributes, by key; sorted.
    pub keys: Vec<(String, KeyChange)>,
}

/// One step from a shared type into it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum PathSegment {
    /// Into a map's entry.
    Key(String),
    /// Into a sequence's element.
    Index(u32),
}

impl PathSegment {
    /// A key as it is, of how paths have it: with `~0` for `~` and `~1` for `/`.
    pub fn key_of(escaped: &str) -> String {
        let mut key = String::with_capacity(escaped.len());
        let mut characters = escaped.chars().peekable();
        while let Some(character) = characters.next() {
            let meant = match (character, characters.peek()) {
                ('~', Some('0')) => Some('~'),
                ('~', Some('1')) => Some('/'),
                _ => None,
            };
            characters.next_if(|_| meant.is_some());
            key.push(meant.unwrap_or(character));
        }
        key
    }
}

/// What happened to a key.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyChange {
    /// It is new, with this value.
    Add(Value),
    /// It had the first value and has the second.
    Update(Value, Value),
    /// It had this value and is gone.
    Delete(Value),
}

/// What whoever watches is told.
#[derive(Debug, Default)]
pub(super) struct Events {
    pub(super) told: Vec<Event>,
    /// What is known of the transaction that is about to be committed.
    pub(super) known: Known,
}

pub(super) fn watch(
    branch: &mut BranchPtr,
    watch: WatchId,
    deep: bool,
    events: Rc<RefCell<Events>>,
) {
    let key = Origin::from(watch.0);
    if deep {
        branch.observe_deep(key, move |txn, changes| {
            let Events { told, known } = &mut *events.borrow_mut();
            told.extend(changes.iter().filter_map(|e| event(watch, true, txn, e, known)));
        });
    } else {
        branch.observe(key, move |txn, change| {
            let Events { told, known } = &mut *events.borrow_mut();
            told.extend(event(watch, false, txn, change, known));
        });
    }
}

pub(super) fn unwatch(branch: &mut BranchPtr, watch: WatchId) {
    let key = Origin::from(watch.0);
    branch.unobserve(&key);
    branch.unobserve_deep(&key);
}

fn event(
    watch: WatchId,
    deep: bool,
    txn: &TransactionMut<'_>,
    event: &YrsEvent,
    known: &Known,
) -> Option<Event> {
    let known = |text: &Branch| known.delta(BranchPtr::from(text), txn);
    let (delta, keys) = match event {
        YrsEvent::Text(e) => {
            let delta = known(e.target().as_ref());
            (delta.unwrap_or_else(|| text_delta(e.delta(txn))), Vec::new())
        }
        YrsEvent::Array(e) => (list_delta(e.delta(txn)), Vec::new()),
        YrsEvent::Map(e) => (Vec::new(), key_changes(e.keys(txn))),
        YrsEvent::XmlFragment(e) => (list_delta(e.delta(txn)), key_changes(e.keys(txn))),
        YrsEvent::XmlText(e) => {
            let delta = known(e.target().as_ref());
            (delta.unwrap_or_else(|| text_delta(e.delta(txn))), key_changes(e.keys(txn)))
        }
    };
    let path = if deep { event.path().iter().map(segment).collect() } else { Vec::new() };
    let local = txn.origin().is_none();
    let target = Shared::from_out(&event.target())?;
    // A change that was undone in the same transaction is none.
    if delta.is_empty() && keys.is_empty() {
        return None;
    }
    Some(Event { watch, target, path, local, delta, keys })
}

fn segment(segment: &Segment) -> PathSegment {
    match segment {
        Segment::Key(key) => PathSegment::Key(key.as_ref().into()),
        Segment::Index(index) => PathSegment::Index(*index),
    }
}

fn text_delta(steps: &[YrsDelta]) -> Vec<Delta> {
    let attributes = |attrs: &Option<Box<yrs::types::Attrs>>| {
        attrs.as_deref().map(attributes_from).unwrap_or_default()
    };
    steps
        .iter()
        .map(|step| match step {
            YrsDelta::Inserted(out, attrs) => Delta::Insert(inserted_from(out), attributes(attrs)),
            YrsDelta::Deleted(len) => Delta::Delete(*len),
            YrsDelta::Retain(len, attrs) => Delta::Retain(*len, attributes(attrs)),
        })
        .collect()
}

fn list_delta(steps: &[Change]) -> Vec<Delta> {
    let values = |outs: &[Out]| Inserted::Values(outs.iter().map(Value::from_out).collect());
    steps
        .iter()
        .map(|step| match step {
            Change::Added(outs) => Delta::Insert(values(outs), Attributes::new()),
            Change::Removed(len) => Delta::Delete(*len),
            Change::Retain(len) => Delta::Retain(*len, Attributes::new()),
        })
        .collect()
}

// The map is the one that yrs hands out; it is read in sorted order.
#[allow(clippy::disallowed_types)]
fn key_changes(changes: &HashMap<Arc<str>, EntryChange>) -> Vec<(String, KeyChange)> {
    let change = |key: &str| match changes.get(key)? {
        EntryChange::Inserted(new) => Some(KeyChange::Add(Value::from_out(new))),
        EntryChange::Updated(old, new) => {
            Some(KeyChange::Update(Value::from_removed(old), Value::from_out(new)))
        }
        EntryChange::Removed(old) => Some(KeyChange::Delete(Value::from_removed(old))),
    };
    sorted(changes.keys().map(AsRef::as_ref))
        .filter_map(|key| Some((key.to_owned(), change(key)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::PathSegment;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn keys_in_paths_are_read() {
        for (escaped, key) in [("a", "a"), ("~1~0", "/~"), ("~01", "~1"), ("~~1", "~/"), ("~", "~")]
        {
            assert_eq!(PathSegment::key_of(escaped), key);
        }
    }
}
