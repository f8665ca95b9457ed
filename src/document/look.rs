//! Looking things up in a document, also while it is being changed.

use std::cell::RefCell;
use std::rc::Rc;

use yrs::{Array, ArrayRef, Map, MapRef, ReadTxn};

use super::Document;
use super::checked::readable;
use super::edit::{EditError, KEYED, LISTS};
use super::shared::{Kind, Shared, SharedId};
use super::undo::place_of;
use super::value::{Value, sorted};
use crate::update::Id;

/// What whoever looks at an edit before it is made may ask.
pub trait Look {
    /// The length of a text in UTF-16 units, of an array in elements, of an XML type in nodes; the
    /// number of a map's keys.
    fn len(&self, shared: &Shared) -> Result<u32, EditError>;
    /// The value of a key of a map, or of an XML attribute.
    fn key(&self, map: &Shared, key: &str) -> Result<Option<Value>, EditError>;
    /// The keys of a map, or the names of XML attributes, sorted.
    fn keys(&self, map: &Shared) -> Result<Vec<String>, EditError>;
    /// All elements of an array, or nodes of an XML type.
    fn items(&self, list: &Shared) -> Result<Vec<Value>, EditError>;
    /// In which other one a shared type is. Nothing if it is at the root, or gone.
    fn above(&self, shared: &SharedId) -> Option<Above>;
    /// Before how many elements of its list, or units of its text, something of this id stands.
    fn index_of(&self, client: u64, clock: u32) -> Option<u32>;
}

/// Where a shared type is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Above {
    /// In this one.
    pub parent: SharedId,
    /// Under this key, unless that is a list.
    pub key: Option<Rc<str>>,
}

/// Where shared types are that somebody asked for, sorted. They stay where they are made.
pub(super) type Places = RefCell<Vec<(SharedId, Above)>>;

/// A document in a transaction.
pub(super) struct View<'a, T> {
    pub(super) txn: &'a T,
    pub(super) places: &'a Places,
}

impl<T: ReadTxn> Look for View<'_, T> {
    fn len(&self, shared: &Shared) -> Result<u32, EditError> {
        let branch = shared.branch(self.txn)?;
        Ok(match shared.kind {
            Kind::Map => MapRef::from(branch).len(self.txn),
            _ => branch.content_len(),
        })
    }

    fn key(&self, map: &Shared, key: &str) -> Result<Option<Value>, EditError> {
        let map = MapRef::from(map.branch_of(self.txn, KEYED)?);
        Ok(map.get(self.txn, key).as_ref().map(Value::from_out))
    }

    fn keys(&self, map: &Shared) -> Result<Vec<String>, EditError> {
        let map = MapRef::from(map.branch_of(self.txn, KEYED)?);
        Ok(sorted(map.keys(self.txn)).map(str::to_owned).collect())
    }

    fn items(&self, list: &Shared) -> Result<Vec<Value>, EditError> {
        let branch = list.branch_of(self.txn, LISTS)?;
        readable(&branch, self.txn)?;
        Ok(ArrayRef::from(branch).iter(self.txn).map(|out| Value::from_out(&out)).collect())
    }

    fn above(&self, shared: &SharedId) -> Option<Above> {
        let SharedId::Nested { client, clock } = *shared else { return None };
        let known = self.places.borrow().binary_search_by(|(id, _)| id.cmp(shared));
        let at = match known {
            Ok(at) => return self.places.borrow().get(at).map(|(_, above)| above.clone()),
            Err(at) => at,
        };
        let (branch, _) = place_of(self.txn, Id { client, clock })?;
        let map = MapRef::from(branch);
        let is_it = |out: &yrs::Out| out.try_branch().is_some_and(|it| SharedId::of(it) == *shared);
        let key = map.iter(self.txn).find(|(_, out)| is_it(out)).map(|(key, _)| key.into());
        let above = Above { parent: SharedId::of(&branch), key };
        self.places.borrow_mut().insert(at, (shared.clone(), above.clone()));
        Some(above)
    }

    fn index_of(&self, client: u64, clock: u32) -> Option<u32> {
        Some(place_of(self.txn, Id { client, clock })?.1)
    }
}

impl Look for Document {
    fn len(&self, shared: &Shared) -> Result<u32, EditError> {
        View { txn: &self.read(), places: &self.places }.len(shared)
    }

    fn key(&self, map: &Shared, key: &str) -> Result<Option<Value>, EditError> {
        View { txn: &self.read(), places: &self.places }.key(map, key)
    }

    fn keys(&self, map: &Shared) -> Result<Vec<String>, EditError> {
        View { txn: &self.read(), places: &self.places }.keys(map)
    }

    fn items(&self, list: &Shared) -> Result<Vec<Value>, EditError> {
        View { txn: &self.read(), places: &self.places }.items(list)
    }

    fn above(&self, shared: &SharedId) -> Option<Above> {
        View { txn: &self.read(), places: &self.places }.above(shared)
    }

    fn index_of(&self, client: u64, clock: u32) -> Option<u32> {
        View { txn: &self.read(), places: &self.places }.index_of(client, clock)
    }
}
