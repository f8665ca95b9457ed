//! Keeping a document in the browser: one tab does it, the one that holds the document's lock.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

use js_sys::{Array, Function, Promise, Reflect, global};
use wasm_bindgen::prelude::*;

use super::error::{self, Misuse};
use super::lock;
use super::options::Place;
use super::shell::{Keeping, Shell};
use super::storage::{self, Delete, Storage, Stored, Trouble, Write};
use super::tabs::Tabs;
use super::timer;
use crate::replica::{Input, TabId};

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
                return shell.read_stored();
            }
            shell.set_kept(if keeps { Keeping::On } else { Keeping::Off });
            shell.input(Input::Follow);
            lock::wait_for(&queue, move |lock| {
                let Some(shell) = later() else { return };
                shell.hold(lock);
                if keeps {
                    shell.set_kept(Keeping::Opening);
                }
                shell.input(Input::Lead { keeps });
                shell.read_stored();
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

    /// Keep this document from now on.
    pub(super) fn begin_keeping(self: &Rc<Self>) {
        if !self.holds_lock() {
            // The tab that leads sees to it.
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

    /// Keep nothing of this document any more, and throw away what was.
    pub(super) fn stop_keeping(self: &Rc<Self>) -> Promise {
        if self.kept() == Keeping::On && !self.holds_lock() {
            let elsewhere = "another tab keeps the document: close it there, or forget it there";
            return Promise::reject(&error::error("open", elsewhere));
        }
        self.set_kept(Keeping::Off);
        if let Some(storage) = self.take_storage() {
            storage.close(0, true, None);
        }
        self.input(Input::KeepFailed);
        let place = self.place().clone();
        // Behind what was under way.
        promise(Box::new(|answer| {
            storage::delete(place, Delete::All, Box::new(|deleted| answer(outcome(deleted))));
        }))
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

/// How much may be kept before documents make way that were not used for long, in bytes.
const BYTES_MAX: f64 = (256 << 20) as f64;

thread_local! {
    static KEPT_BYTES_MAX: Cell<f64> = const { Cell::new(BYTES_MAX) };
}

fn bytes_max() -> f64 {
    KEPT_BYTES_MAX.get()
}

/// Keep so many bytes of documents at most, beside what is open or not saved in its room.
#[wasm_bindgen(js_name = keepAtMost, skip_typescript)]
pub fn keep_at_most(bytes: f64) -> Result<(), JsValue> {
    if bytes.is_nan() || bytes < 0.0 {
        return Err(Misuse::Argument("keepAtMost takes a number of bytes").into());
    }
    KEPT_BYTES_MAX.set(bytes);
    make_room(bytes, Box::new(|_| ()));
    Ok(())
}

/// Throw away documents that nobody has open and that are saved in their rooms, those first that
/// were not used for longest, until `bytes` are left at most. Says whether there were any.
fn make_room(bytes: f64, then: Box<dyn FnOnce(bool)>) {
    storage::list(Box::new(move |listed| {
        let all: Vec<_> = listed.unwrap_or_default().iter().map(Summary::read).collect();
        let mut excess = all.iter().map(|it| it.bytes).sum::<f64>() - bytes;
        let mut saved: Vec<_> = all.into_iter().filter(|it| it.pending == 0.0).collect();
        let mut goes = VecDeque::new();
        while excess > 0.0 {
            let oldest = (0..saved.len())
                .min_by(|&one, &other| saved[one].used_at.total_cmp(&saved[other].used_at));
            let Some(oldest) = oldest.map(|at| saved.swap_remove(at)) else { break };
            excess -= oldest.bytes;
            goes.push_back(oldest.place);
        }
        throw_away(goes, false, then);
    }));
}

/// One after the other. Says whether anything was thrown away, or has been already.
fn throw_away(mut places: VecDeque<Place>, any: bool, then: Box<dyn FnOnce(bool)>) {
    let Some(place) = places.pop_front() else { return then(any) };
    lock::take(&place.lock(), move |lock| match lock {
        Some(lock) => {
            let go_on = move |deleted: Result<(), _>| {
                drop(lock);
                throw_away(places, any || deleted.is_ok(), then);
            };
            storage::delete(place, Delete::Copy, Box::new(go_on));
        }
        None => throw_away(places, any, then),
    });
}

/// What is stored about a document.
struct Summary {
    place: Place,
    bytes: f64,
    pending: f64,
    used_at: f64,
}

impl Summary {
    fn read(stored: &JsValue) -> Self {
        let get = |name: &str| Reflect::get(stored, &name.into()).unwrap_or_default();
        let string = |name| get(name).as_string().unwrap_or_default();
        let number = |name| get(name).as_f64().unwrap_or_default();
        let (url, document, profile) = (string("url"), string("document"), string("profile"));
        Self {
            place: Place { url, document, profile },
            bytes: number("bytes"),
            pending: number("pending"),
            used_at: number("usedAt"),
        }
    }
}

/// The documents that are kept in this browser.
#[wasm_bindgen(skip_typescript)]
pub fn kept() -> Promise {
    promise(Box::new(|answer| {
        let listed = |listed: Result<Vec<JsValue>, _>| {
            let all = listed.map(|all| all.into_iter().collect::<Array>().into());
            answer(all.map_err(trouble_error));
        };
        storage::list(Box::new(listed));
    }))
}

/// Throw away what is kept of a document that is not open.
#[wasm_bindgen(skip_typescript)]
pub fn forget(place: JsValue) -> Result<Promise, JsValue> {
    let place = Place::read(&place)?;
    Ok(promise(Box::new(|answer| {
        lock::take(&place.lock(), move |lock| {
            let Some(lock) = lock else {
                let open = "the document is open: close it in all tabs, or call its forget()";
                return answer(Err(error::error("open", open)));
            };
            let deleted = |deleted| {
                answer(outcome(deleted));
                drop(lock);
            };
            storage::delete(place, Delete::All, Box::new(deleted));
        });
    })))
}

/// Ask the browser not to throw away what is kept when it runs short of space.
#[wasm_bindgen(skip_typescript)]
pub fn persist() -> Promise {
    let asked = || {
        let navigator = Reflect::get(&global(), &"navigator".into())?;
        let storage = Reflect::get(&navigator, &"storage".into())?;
        let persist = Reflect::get(&storage, &"persist".into())?;
        persist.dyn_into::<Function>()?.call0(&storage)
    };
    Promise::resolve(&asked().unwrap_or(JsValue::FALSE))
}

type Answer = Box<dyn FnOnce(Result<JsValue, JsValue>)>;

/// A promise of what `begin` ends in.
fn promise(begin: Box<dyn FnOnce(Answer)>) -> Promise {
    let mut begin = Some(begin);
    Promise::new(&mut |resolve, reject| {
        let Some(begin) = begin.take() else { return };
        begin(Box::new(move |answer| {
            let _ = match answer {
                Ok(value) => resolve.call1(&JsValue::UNDEFINED, &value),
                Err(why) => reject.call1(&JsValue::UNDEFINED, &why),
            };
        }));
    })
}

fn outcome(done: Result<(), Trouble>) -> Result<JsValue, JsValue> {
    done.map(|()| JsValue::UNDEFINED).map_err(trouble_error)
}

fn trouble_error(trouble: Trouble) -> JsValue {
    let message = match trouble {
        Trouble::Unavailable => "this browser, or this mode of it, keeps nothing",
        Trouble::Full => "there is no space left to keep anything",
        Trouble::Slow | Trouble::Failed => "the browser's storage failed",
    };
    error::error("storage", message)
}
