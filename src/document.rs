//! The CRDT of one document: the only module that names yrs.
//!
//! A [`Document`] takes edits and updates and tells what changed. It hands out no reference into
//! the CRDT: a shared type is named by a [`Shared`], which stays valid whatever happens to what it
//! names. Lengths and indexes of text are UTF-16 code units, as in JavaScript.
//!
//! Bytes are walked by [`crate::update`] before yrs sees them, because yrs 0.28.1 panics on some of
//! them on wasm32.

mod authors;
mod bring;
mod brought;
mod checked;
mod edit;
mod event;
mod keyed;
mod known;
mod look;
mod markup;
mod position;
mod read;
mod roots;
mod sequence;
mod shared;
mod start_over;
mod step;
#[cfg(test)]
mod tests;
mod tracked;
mod undo;
mod value;

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use thiserror::Error;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{ClientID, Doc, OffsetKind, Options, ReadTxn, Transact, Transaction, Update};

pub use authors::Run;
pub use bring::BringError;
pub use edit::{Edit, EditError, VALUE_BYTES_MAX};
pub use event::{Event, KeyChange, PathSegment, WatchId};
pub use look::{Above, Look};
pub use position::Position;
pub use roots::roots;
pub use shared::{Kind, New, Shared, SharedId};
pub use step::{Change, Check, Forbidden, Given, Step};
pub use undo::{Applied, Conflict, Lost, STEPS_MAX, UndoOptions};
pub use value::{Attributes, Delta, Inserted, JSON_DEPTH_MAX, Json, Value};

use crate::few::Few;
use crate::update::{self, Admission, DeleteSet, Part};
use brought::Brought;
use checked::Checked;
use event::Events;
use keyed::Keyed;
use known::Known;
use look::Places;
use tracked::Tracked;
use undo::{History, Written};

/// Why an update from outside was not taken in.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum ApplyError {
    /// The bytes are no update or no state vector. The document is as before.
    #[error("the bytes cannot be read")]
    Malformed,
    /// It holds something that yrs does not carry, for example an `XmlHook`. The document may hold
    /// a part of it now, so it must not be synchronized any further.
    #[error("holds content that this client cannot read")]
    Unreadable,
}

/// What was taken in.
struct Taken<'a> {
    fresh: Cow<'a, [u8]>,
    /// The ids that it deleted, encoded, if that was asked.
    deleted: Vec<u8>,
}

/// A local copy of one document.
pub struct Document {
    doc: Doc,
    /// Which ids the document has: for each client all below its clock.
    known: update::StateVector,
    keyed: Keyed,
    /// Whether the last update from outside referred to something that is not here.
    missing: bool,
    events: Rc<RefCell<Events>>,
    /// The shared types at the root that were asked for.
    roots: Few<Rc<str>, Kind>,
    /// What is watched, and whether also inside it.
    watches: Few<WatchId, (Shared, bool)>,
    last_watch: u32,
    /// What texts consist of; see [`Edit`].
    checked: Checked,
    places: Places,
    tracked: Tracked,
    /// What can be undone, if that is recorded.
    history: Option<History>,
    /// What is not acknowledged, if it is told who undoes it.
    written: Option<Written>,
}

impl Document {
    /// An empty document whose edits carry `client_id`, a number of at most 53 bits that no other
    /// replica may ever use. With 32 bits a keystroke is 5 bytes smaller than with 53.
    pub fn new(client_id: u64) -> Self {
        Self {
            doc: empty(client_id),
            known: update::StateVector::default(),
            keyed: Keyed::default(),
            missing: false,
            events: Rc::default(),
            roots: Few::default(),
            watches: Few::default(),
            last_watch: 0,
            checked: Checked::default(),
            places: Places::default(),
            tracked: Tracked::default(),
            history: None,
            written: None,
        }
    }

    /// The CRDT client id of this replica.
    pub fn client_id(&self) -> u64 {
        self.doc.client_id().get()
    }

    /// The clock behind everything that this replica wrote.
    pub fn clock(&self) -> u32 {
        self.known.clock(self.client_id())
    }

    /// The shared type `name` at the root of the document.
    pub fn root(&mut self, name: &str, kind: Kind) -> Result<Shared, EditError> {
        let defined = match kind {
            Kind::Text => shared::kind_of_ref(&self.doc.get_or_insert_text(name)),
            Kind::Map => shared::kind_of_ref(&self.doc.get_or_insert_map(name)),
            Kind::Array => shared::kind_of_ref(&self.doc.get_or_insert_array(name)),
            _ => shared::kind_of_ref(&self.doc.get_or_insert_xml_fragment(name)),
        };
        if defined != Some(kind) {
            return Err(EditError::Kind);
        }
        let name: Rc<str> = name.into();
        self.roots.insert(Rc::clone(&name), kind);
        Ok(Shared { id: SharedId::Root(name), kind })
    }

    /// The kind of the shared type `name` at the root, if it was asked for.
    pub fn root_kind(&self, name: &str) -> Option<Kind> {
        self.roots.get(name).copied()
    }

    /// Change the document. Returns what `change` returned, and the change as an update if there
    /// was one.
    pub fn edit<R>(&mut self, change: impl FnOnce(&mut Edit<'_>) -> R) -> (R, Option<Vec<u8>>) {
        self.edit_checked(None, change)
    }

    /// Change the document with steps that `check` is asked about before they are taken.
    pub fn edit_checked<R>(
        &mut self,
        check: Option<&dyn Check>,
        change: impl FnOnce(&mut Edit<'_>) -> R,
    ) -> (R, Option<Vec<u8>>) {
        let (mut change, mut returned) = (Some(change), None);
        let update = self.make(check, &mut |edit| {
            returned = change.take().map(|change| change(edit));
        });
        (returned.expect("a change is made at once"), update)
    }

    /// The same for every kind of change: this is once in a client, not for each.
    fn make(
        &mut self,
        check: Option<&dyn Check>,
        change: &mut dyn FnMut(&mut Edit<'_>),
    ) -> Option<Vec<u8>> {
        let client = self.client_id();
        let own = (client, self.known.clock(client));
        self.history.iter_mut().for_each(History::begin);
        // The document is borrowed mutably, so no other transaction is alive.
        let txn = self.doc.try_transact_mut().expect("no transaction outlives a call");
        let mut edit = Edit::new(txn, &mut self.checked, &self.places, &mut self.tracked, own);
        edit.check = check;
        (edit.history, edit.written) = (self.history.as_mut(), self.written.as_mut());
        change(&mut edit);
        self.events.borrow_mut().known = edit.made.take();
        let update = edit.commit();
        self.events.borrow_mut().known = Known::Nothing;
        self.history.iter_mut().for_each(History::end);
        if let Some(update) = &update {
            // It is in the document already: `Edit` puts nothing under a key that cannot be there.
            let _ = self.keyed.learn(update);
            self.tracked.made(update);
            self.written.iter_mut().for_each(|written| written.is_made(update));
            for part in update::walk(update) {
                if let Ok(Part::Struct(client, item)) = part {
                    self.known.advance(client, item.end());
                }
            }
        }
        update
    }

    /// Take in an update from outside: what of it is new, and refers to nothing that is not here.
    pub fn apply(&mut self, update: &[u8]) -> Result<(), ApplyError> {
        self.take_in(update, false).map(drop)
    }

    /// [`Document::apply`]. Returns what of it was new; nothing if nothing was.
    pub fn apply_and_keep(&mut self, update: &[u8]) -> Result<Option<Vec<u8>>, ApplyError> {
        Ok(self.take_in(update, false)?.map(|taken| taken.fresh.into_owned()))
    }

    /// [`Document::apply`]. Returns what was deleted, also where the update does not say so: what
    /// comes where something is that counts more, or inside of what is deleted, is so at once.
    pub fn apply_and_tell(&mut self, update: &[u8]) -> Result<DeleteSet, ApplyError> {
        // Nothing is said of an update that holds nothing new.
        let taken = self.take_in(update, true)?;
        let deleted = taken.as_ref().map_or(&[0][..], |taken| &taken.deleted);
        DeleteSet::decode(deleted).map_err(|_| ApplyError::Malformed)
    }

    fn take_in<'a>(
        &mut self,
        update: &'a [u8],
        tells_deleted: bool,
    ) -> Result<Option<Taken<'a>>, ApplyError> {
        let (admission, brought) = self.admit(update)?;
        self.missing = admission.missing;
        if admission.fresh[..] == update::EMPTY {
            return Ok(None);
        }
        self.integrate(admission, brought, Some(event::REMOTE), tells_deleted).map(Some)
    }

    /// Sort out what of an update can be taken in, and what it brings.
    fn admit<'a>(&self, update: &'a [u8]) -> Result<(Admission<'a>, Brought), ApplyError> {
        let (mut brought, keyed) = (Brought::default(), &self.keyed);
        // yrs takes in ids behind a gap, and panics when it looks for others in front of them.
        let admission = update::admit_seen(update, &self.known, |item| brought.see(item, keyed))
            .map_err(|_| ApplyError::Malformed)?;
        if brought.unreadable { Err(ApplyError::Unreadable) } else { Ok((admission, brought)) }
    }

    /// Take in what was admitted.
    fn integrate<'a>(
        &mut self,
        admission: Admission<'a>,
        brought: Brought,
        origin: Option<&str>,
        tells_deleted: bool,
    ) -> Result<Taken<'a>, ApplyError> {
        // yrs would take a gigabyte to join a quarter of a megabyte of single keystrokes.
        let joined = if admission.plain {
            admission.fresh
        } else {
            update::merge(&[&admission.fresh]).map_err(|_| ApplyError::Malformed)?.into()
        };
        // Without one that is known to be an entry, none is beside it.
        if brought.entries && !self.keyed.learn(&joined) {
            return Err(ApplyError::Unreadable);
        }
        let update = Update::decode_v1(&joined).map_err(|_| ApplyError::Unreadable)?;
        let checked = self.checked.brings(brought);
        self.history.iter_mut().for_each(History::forget_read);
        let is_flat = !self.watches.is_empty() && self.checked.is_flat();
        self.events.borrow_mut().known = if is_flat { Known::of(&joined) } else { Known::Nothing };
        let txn = match origin {
            Some(origin) => self.doc.try_transact_mut_with(origin),
            None => self.doc.try_transact_mut(),
        };
        let mut txn = txn.expect("no transaction outlives a call");
        if txn.apply_update(update).is_err() {
            self.tracked.lose();
            return Err(ApplyError::Unreadable);
        }
        txn.commit();
        // It may be as large as the update.
        self.events.borrow_mut().known = Known::Nothing;
        self.tracked.took_in(&joined);
        self.checked.brought(checked, brought, &txn);
        for (client, end) in admission.ends {
            self.known.advance(client, end);
        }
        let deleted = if tells_deleted { txn.delete_set().encode_v1() } else { Vec::new() };
        Ok(Taken { fresh: joined, deleted })
    }

    /// Have [`Document::take_events`] tell what changes in `target`; with `deep`, also what changes
    /// in the shared types inside it.
    pub fn watch(&mut self, target: &Shared, deep: bool) -> Result<WatchId, EditError> {
        let id = WatchId(self.last_watch + 1);
        self.attach(id, target.clone(), deep)?;
        self.last_watch = id.0;
        Ok(id)
    }

    fn attach(&mut self, id: WatchId, target: Shared, deep: bool) -> Result<(), EditError> {
        let mut branch = target.branch(&self.read())?;
        event::watch(&mut branch, id, deep, Rc::clone(&self.events));
        self.watches.insert(id, (target, deep));
        Ok(())
    }

    /// End a watch. Nothing happens if `target` is gone.
    pub fn unwatch(&mut self, target: &Shared, watch: WatchId) {
        if let Ok(mut branch) = target.branch(&self.read()) {
            event::unwatch(&mut branch, watch);
        }
        self.watches.remove(&watch);
        self.events.borrow_mut().told.retain(|event| event.watch != watch);
    }

    /// What changed since the last call, in the shared types that are watched.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events.borrow_mut().told)
    }

    /// Which updates this document holds, as an encoded state vector.
    pub fn state_vector(&self) -> Vec<u8> {
        self.read().state_vector().encode_v1()
    }

    /// What this document holds beyond an encoded state vector, as an update.
    pub fn diff(&self, state_vector: &[u8]) -> Result<Vec<u8>, ApplyError> {
        update::StateVector::decode(state_vector).map_err(|_| ApplyError::Malformed)?;
        let known = yrs::StateVector::decode_v1(state_vector).map_err(|_| ApplyError::Malformed)?;
        Ok(self.read().encode_diff_v1(&known))
    }

    /// The whole document as one update.
    pub fn encode(&self) -> Vec<u8> {
        self.read().encode_diff_v1(&yrs::StateVector::default())
    }

    /// Whether the last update from outside referred to something that is not here. That part of it
    /// was not taken in.
    pub fn has_missing_updates(&self) -> bool {
        self.missing
    }

    fn read(&self) -> Transaction<'_> {
        self.doc.try_transact().expect("no transaction outlives a call")
    }
}

/// yrs's document, as all of ours are.
fn empty(client_id: u64) -> Doc {
    Doc::with_options(Options {
        client_id: ClientID::new(client_id),
        guid: "".into(),
        collection_id: None,
        offset_kind: OffsetKind::Utf16,
        skip_gc: false,
        auto_load: false,
        should_load: true,
        // Cleaning up would make this replica write in answer to what it is sent.
        cleanup_formatting: false,
    })
}
