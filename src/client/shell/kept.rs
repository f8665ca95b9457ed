//! What a document is kept in, and the tabs that it shares that with.

use std::cell::{Ref, RefMut};
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::{Keeping, Shell};
use crate::client::keeping::Answer;
use crate::client::lock::Lock;
use crate::client::notices::Notice;
use crate::client::options::{Offline, Place};
use crate::client::storage::Storage;
use crate::client::tabs::Tabs;
use crate::replica::TabId;

impl Shell {
    pub(in crate::client) fn place(&self) -> &Place {
        &self.place
    }

    pub(in crate::client) fn wants_kept(&self) -> bool {
        self.offline.get() != Offline::No
    }

    pub(in crate::client) fn set_wanted(&self, offline: Offline) {
        self.offline.set(offline);
    }

    /// Who waits until what was kept is thrown away; nothing if that is not under way.
    pub(in crate::client) fn forgetting(&self) -> RefMut<'_, Option<Vec<Answer>>> {
        self.forgetting.borrow_mut()
    }

    pub(in crate::client) fn asides(&self) -> Ref<'_, [(Option<f64>, JsValue)]> {
        Ref::map(self.asides.borrow(), Vec::as_slice)
    }

    pub(in crate::client) fn kept(&self) -> Keeping {
        self.kept.get()
    }

    pub(in crate::client) fn is_open(&self) -> bool {
        self.open.borrow().is_some()
    }

    pub(in crate::client) fn set_kept(self: &Rc<Self>, kept: Keeping) {
        if self.kept.replace(kept) != kept {
            self.notices.push(Notice::Storage);
            self.notices.deliver(self);
        }
    }

    pub(in crate::client) fn holds_lock(&self) -> bool {
        self.lock.borrow().is_some()
    }

    pub(in crate::client) fn tab(&self) -> TabId {
        self.tab
    }

    /// Be one of the tabs that have this document open.
    pub(in crate::client) fn join(&self, tabs: Option<Tabs>) {
        *self.tabs.borrow_mut() = tabs.map(Rc::new);
    }

    /// Whether there may be others.
    pub(in crate::client) fn has_tabs(&self) -> bool {
        self.tabs.borrow().is_some()
    }

    pub(in crate::client) fn hold_presence(&self, lock: Lock) {
        *self.presence_lock.borrow_mut() = Some(lock);
    }

    pub(super) fn tell(&self, tab: Option<TabId>, message: &[u8]) {
        let tabs = self.tabs.borrow().clone();
        if let Some(tabs) = tabs {
            tabs.tell(self.holds_lock(), tab, message);
        }
    }

    pub(in crate::client) fn hold(&self, lock: Lock) {
        *self.lock.borrow_mut() = Some(lock);
    }

    pub(in crate::client) fn set_storage(&self, storage: Storage, asides: Vec<(f64, JsValue)>) {
        self.was_kept.set(true);
        *self.storage.borrow_mut() = Some(Rc::new(storage));
        let stored = asides.into_iter().map(|(number, aside)| (Some(number), aside));
        let here = self.asides.take();
        self.asides.borrow_mut().extend(stored);
        self.asides.borrow_mut().extend(here);
    }

    pub(in crate::client) fn was_kept(&self) -> bool {
        self.was_kept.get()
    }

    pub(in crate::client) fn take_storage(&self) -> Option<Rc<Storage>> {
        self.storage.take()
    }

    /// Its number, if it is stored, and forget it.
    pub(in crate::client) fn drop_aside(&self, aside: &JsValue) -> Option<f64> {
        let mut asides = self.asides.borrow_mut();
        let at = asides.iter().position(|(_, other)| other == aside)?;
        asides.remove(at).0
    }

    pub(in crate::client) fn with_storage<R>(&self, act: impl FnOnce(&Storage) -> R) -> Option<R> {
        // Not borrowed: what fails at once takes it away.
        let storage = self.storage.borrow().clone();
        storage.as_deref().map(act)
    }
}
