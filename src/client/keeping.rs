//! Keeping a document in the browser: one tab does it, the one that holds the document's lock.

pub(super) mod all;

use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::lock;
use super::options::{Offline, Place};
use super::shell::{Keeping, Shell};
use super::storage::{self, Delete, Storage, Stored, Trouble, Write};
use super::tabs::Tabs;
use super::timer;
use crate::replica::{Input, TabId};
use all::{bytes_max, make_room, outcome, promise};

pub(super) use all::Answer;

impl Place {
    /// The lock of whoever keeps this document, and speaks with its room.
    fn lock(&self) -> String {
        format!("selvedge {} {} {}", self.url, self.document, self.profile)
    }
}

impl Shell {
    /// Be one of the tabs that have this document open: the first leads. It speaks with the room,
    /// and keeps the document, if the page wants that.
    pub(super) fn begin(self: &Rc<Self>) {
        let keeps = self.wants_kept();
        if !lock::are_there() || !storage::is_there() {
            // Alone, as if there were no other tab.
            if keeps {
                self.not_kept(Trouble::Unavailable);
            }
            return;
        }
        if keeps {
            self.set_kept(Keeping::Opening);
        }
        if let Ok(mut replica) = self.replica_mut() {
            replica.await_stored(timer::now());
        }
        let name = self.place().lock();
        self.join(Tabs::open(&name, self.tab(), self));
        let weak = Rc::downgrade(self);
        let open = move || weak.upgrade().filter(|shell| shell.is_open());
        let (here, later, queue) = (open.clone(), open.clone(), name.clone());
        lock::take(&self.tab_lock(self.tab()), move |lock| {
            if let (Some(shell), Some(lock)) = (here(), lock) {
                shell.hold_presence(lock);
            }
        });
        lock::take(&name, move |lock| {
            let Some(shell) = open() else { return };
            if let Some(lock) = lock {
                shell.hold(lock);
                shell.read_stored();
                return shell.forget_if_asked();
            }
            let keeps = shell.wants_kept();
            shell.set_kept(if keeps { Keeping::On } else { Keeping::Off });
            shell.input(Input::Follow);
            shell.forget_if_asked();
            lock::wait_for(&queue, move |lock| {
                let Some(shell) = later() else { return };
                shell.hold(lock);
                let keeps = shell.wants_kept();
                if keeps {
                    shell.set_kept(Keeping::Opening);
                }
                shell.input(Input::Lead { keeps });
                shell.read_stored();
                // The tab that was asked to is gone.
                shell.forget_if_asked();
            });
        });
    }

    /// This tab leads: begin with what is stored, if the page wants that.
    fn read_stored(self: &Rc<Self>) {
        if self.wants_kept() {
            self.open_storage(false);
        } else {
            self.input(Input::KeepFailed);
        }
    }

    fn tab_lock(&self, tab: TabId) -> String {
        format!("{} tab {tab}", self.place().lock())
    }

    /// Report when another tab is gone.
    pub(super) fn watch(self: &Rc<Self>, tab: TabId) {
        let weak = Rc::downgrade(self);
        lock::wait_for(&self.tab_lock(tab), move |_| {
            if let Some(shell) = weak.upgrade() {
                shell.input(Input::Left(tab));
            }
        });
    }

    /// Keep this document from now on, if it is not kept.
    pub(super) fn begin_keeping(self: &Rc<Self>) {
        if !self.wants_kept() {
            self.set_wanted(Offline::Yes);
        }
        if !matches!(self.kept(), Keeping::Off | Keeping::Lost(_)) {
            return;
        }
        if !self.holds_lock() {
            // The tab that leads sees to it, and tells if that is news.
            if self.replica().is_ok_and(|replica| replica.is_kept()) {
                self.set_kept(Keeping::On);
            }
            return self.input(Input::PageKeeps(true));
        }
        if self.forgetting().is_some() {
            // Behind that.
            return;
        }
        self.set_kept(Keeping::Opening);
        if let Ok(mut replica) = self.replica_mut() {
            replica.await_stored(timer::now());
        }
        // If it was kept before, all of that is here.
        self.open_storage(self.was_kept());
    }

    /// With `anew` what is stored is what this page has stored before it failed: all of it is here.
    fn open_storage(self: &Rc<Self>, anew: bool) {
        let weak = Rc::downgrade(self);
        let opened = move |opened| {
            // Whoever does not wait any more does without.
            let waits = |shell: &Rc<Self>| shell.is_open() && shell.kept() == Keeping::Opening;
            let Some(shell) = weak.upgrade().filter(waits) else { return };
            match opened {
                Ok((storage, stored)) => {
                    let Stored { records, asides } = if anew { <_>::default() } else { stored };
                    shell.set_storage(storage, asides);
                    shell.set_kept(Keeping::On);
                    shell.input(Input::Restored(&records));
                    make_room(bytes_max(), Box::new(|_| ()));
                }
                Err(trouble) => shell.not_kept(trouble),
            }
        };
        Storage::open(self.place().clone(), Box::new(opened));
    }

    /// Nothing is kept from now on.
    pub(super) fn not_kept(self: &Rc<Self>, trouble: Trouble) {
        self.set_kept(Keeping::Lost(trouble));
        drop(self.take_storage());
        self.input(Input::KeepFailed);
    }

    /// The tab that leads keeps the document, or not any more.
    pub(super) fn kept_elsewhere(self: &Rc<Self>, keeps: bool) {
        if self.wants_kept() {
            self.set_kept(if keeps { Keeping::On } else { Keeping::Lost(Trouble::Failed) });
        }
    }

    /// So many more records are stored.
    pub(super) fn stored(self: &Rc<Self>, records: u64) {
        self.with_storage(|storage| storage.go_on(self));
        self.input(Input::Kept(records));
    }

    /// What was to be stored is not. If there was no space, what else is kept makes way, and this
    /// begins anew.
    pub(super) fn storage_failed(self: &Rc<Self>, trouble: Trouble) {
        self.not_kept(trouble);
        if trouble != Trouble::Full {
            return;
        }
        let weak = Rc::downgrade(self);
        let again = move |made: bool| {
            let lost = Keeping::Lost(Trouble::Full);
            let waits = |shell: &Rc<Self>| made && shell.is_open() && shell.kept() == lost;
            let Some(shell) = weak.upgrade().filter(waits) else { return };
            shell.begin_keeping();
        };
        make_room(0.0, Box::new(again));
    }

    /// Keep nothing of this document any more, in any tab, and throw away what was.
    pub(super) fn stop_keeping(self: &Rc<Self>) -> Promise {
        let shell = Rc::clone(self);
        promise(Box::new(move |answer| {
            if shell.holds_lock() || !shell.has_tabs() {
                return shell.throw_away(Some(answer));
            }
            // The tab that leads sees to it, and says when it is done. Until it is known which one
            // that is, nothing is touched: it may be storing.
            shell.keep_no_longer();
            shell.forgetting().get_or_insert_default().push(answer);
            if shell.replica().is_ok_and(|replica| replica.follows()) {
                shell.input(Input::PageKeeps(false));
            }
        }))
    }

    /// It is known who leads: have it see to what the page asked before that.
    fn forget_if_asked(self: &Rc<Self>) {
        if self.forgetting().is_none() {
            return;
        }
        if self.holds_lock() {
            self.delete_all();
        } else {
            self.input(Input::PageKeeps(false));
        }
    }

    /// The page of another tab wants that nothing is kept any more.
    pub(super) fn keep_no_longer(self: &Rc<Self>) {
        if self.holds_lock() {
            return self.throw_away(None);
        }
        self.set_wanted(Offline::No);
        self.set_kept(Keeping::Off);
    }

    /// Throw away what is kept, behind what is under way. Once at a time: what is kept from then on
    /// stays.
    fn throw_away(self: &Rc<Self>, answer: Option<Answer>) {
        self.set_wanted(Offline::No);
        self.set_kept(Keeping::Off);
        let is_under_way = self.forgetting().is_some();
        self.forgetting().get_or_insert_default().extend(answer);
        if is_under_way {
            return;
        }
        if let Some(storage) = self.take_storage() {
            storage.close(0, true, None);
        }
        self.input(Input::PageKeeps(false));
        self.delete_all();
    }

    fn delete_all(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        let deleted = move |deleted: Result<(), Trouble>| {
            let Some(shell) = weak.upgrade() else { return };
            shell.input(Input::Forgotten(deleted.is_ok()));
            shell.forgotten(deleted);
        };
        storage::delete(self.place().clone(), Delete::All, Box::new(deleted));
    }

    /// What was kept is thrown away, or could not be.
    pub(super) fn forgotten(self: &Rc<Self>, deleted: Result<(), Trouble>) {
        let waiting = self.forgetting().take().unwrap_or_default();
        waiting.into_iter().for_each(|answer| answer(outcome(deleted)));
        if self.wants_kept() && self.holds_lock() && self.kept() == Keeping::Off {
            // The page changed its mind meanwhile.
            self.begin_keeping();
        }
    }

    /// The page has seen to a copy that was put aside.
    pub(super) fn discard(self: &Rc<Self>, aside: &JsValue) {
        if let Some(number) = self.drop_aside(aside) {
            self.store(Write::NoAside(number));
        }
    }

    /// Store this, if anything is.
    pub(super) fn store(self: &Rc<Self>, write: Write) {
        self.with_storage(|storage| storage.write(self, write));
    }
}
