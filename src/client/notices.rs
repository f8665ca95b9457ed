//! What the page wants to hear, and what it is told when.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use js_sys::{Array, Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

use super::error::{self, Misuse};
use super::handle;
use super::page;
use super::shell::{Reach, Shell};
use super::timer::report;
use super::undo;
use crate::document::{Event, Shared, WatchId};
use crate::protocol::Refusal;
use crate::replica::{Conflicted, Grant, PeersChanged, Rejected, Saved, Status, UndoState, Undone};

/// Something to tell the page.
pub(super) enum Notice {
    Changed(Vec<Event>),
    Status(Reach),
    Saved(Saved),
    Storage,
    Refused(Refusal),
    Rejected(Rejected),
    Access(Grant),
    SetAside(JsValue, bool),
    Peers(PeersChanged),
    Updated { update: Vec<u8>, local: bool },
    Undo(UndoState),
    Undone(Undone),
    Conflict(Box<Conflicted>),
}

/// What a callback wants to hear.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Topic {
    /// Changes of a shared type; with `true`, also inside it.
    Changes(Shared, WatchId, bool),
    Status,
    Saved,
    Storage,
    Refused,
    Rejected,
    Access,
    SetAside,
    Peers,
    Updates,
    Undo,
    Undone,
    Conflict,
}

struct Subscription {
    id: u32,
    topic: Topic,
    callback: Function,
}

/// Where something is to be saved.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Where {
    /// In the room.
    There,
    /// In the room, or in this browser.
    Here,
}

impl Where {
    fn pending(self, saved: Saved) -> u64 {
        match self {
            Self::There => saved.pending,
            Self::Here => saved.pending_here,
        }
    }
}

struct Waiter {
    place: Where,
    resolve: Function,
    reject: Function,
}

/// The queue of notices and who gets them.
#[derive(Default)]
pub(super) struct Notices {
    queue: RefCell<VecDeque<Notice>>,
    /// In the order of their ids.
    subscriptions: RefCell<Vec<Subscription>>,
    last_subscription: Cell<u32>,
    /// Who waits until everything is saved.
    waiters: RefCell<Vec<Waiter>>,
    /// How many calls are under way that notices have to wait for.
    held: Cell<u32>,
}

impl Notices {
    pub(super) fn push(&self, notice: Notice) {
        self.queue.borrow_mut().push_back(notice);
    }

    /// Keep notices back until [`Notices::release`].
    pub(super) fn hold(&self) {
        self.held.set(self.held.get() + 1);
    }

    pub(super) fn release(&self, shell: &Rc<Shell>) {
        self.held.set(self.held.get() - 1);
        self.deliver(shell);
    }

    /// Call the page's callbacks. What they cause is delivered after them.
    pub(super) fn deliver(&self, shell: &Rc<Shell>) {
        if self.held.get() > 0 {
            return;
        }
        self.hold();
        loop {
            let next = self.queue.borrow_mut().pop_front();
            let Some(notice) = next else { break };
            match notice {
                Notice::Changed(events) => self.deliver_events(shell, &events),
                Notice::Status(reach) => {
                    if matches!(reach.status, Status::Closed { .. }) && shell.pending() > 0 {
                        self.reject_waiters(&unsaved());
                    }
                    self.call(&Topic::Status, &|| handle::status_object(&reach));
                }
                Notice::Saved(saved) => {
                    self.resolve_waiters(shell.saved());
                    self.call(&Topic::Saved, &|| handle::saved_object(saved));
                }
                Notice::Storage => {
                    self.call(&Topic::Storage, &|| handle::storage_object(shell.kept()));
                }
                Notice::Refused(refusal) => {
                    self.call(&Topic::Refused, &|| handle::refusal_object(&refusal));
                }
                Notice::Rejected(rejected) => {
                    self.call(&Topic::Rejected, &|| handle::rejected_object(&rejected));
                }
                Notice::Access(grant) => {
                    self.call(&Topic::Access, &|| handle::access_object(&grant));
                }
                Notice::SetAside(aside, has_unsaved) => {
                    if has_unsaved {
                        self.reject_waiters(&put_aside());
                    }
                    self.call(&Topic::SetAside, &|| aside.clone());
                }
                Notice::Undo(state) => self.call(&Topic::Undo, &|| undo::undo_object(state)),
                Notice::Undone(undone) => {
                    self.call(&Topic::Undone, &|| undo::undone_object(&undone));
                }
                Notice::Conflict(conflict) => {
                    self.call(&Topic::Conflict, &|| undo::conflict_object(shell, &conflict));
                }
                Notice::Peers(changed) => {
                    self.call(&Topic::Peers, &|| handle::peers_object(&changed));
                }
                Notice::Updated { update, local } => {
                    let bytes = Uint8Array::from(&update[..]);
                    self.call_each(&|topic| *topic == Topic::Updates, &|| {
                        Array::of2(&bytes, &JsValue::from_bool(local))
                    });
                }
            }
        }
        self.held.set(self.held.get() - 1);
        page::tell();
    }

    /// Call `callback` whenever there is news of `topic`. Returns a function that ends that.
    pub(super) fn subscribe(&self, shell: &Rc<Shell>, topic: Topic, callback: Function) -> JsValue {
        let id = self.last_subscription.get() + 1;
        self.last_subscription.set(id);
        self.subscriptions.borrow_mut().push(Subscription { id, topic, callback });
        self.ask_for_updates(shell);
        // Weak: a function that the page keeps must not keep a closed document.
        let shell = Rc::downgrade(shell);
        let unsubscribe = Closure::<dyn FnMut()>::new(move || {
            let Some(shell) = shell.upgrade() else { return };
            let ended = shell.notices.end(id);
            shell.notices.ask_for_updates(&shell);
            if let Some(Topic::Changes(target, watch, _)) = ended
                && let Ok(mut replica) = shell.replica_mut()
            {
                replica.unwatch(&target, watch);
            }
        });
        unsubscribe.into_js_value()
    }

    /// Updates are copied for the page only while it wants them.
    fn ask_for_updates(&self, shell: &Rc<Shell>) {
        if let Ok(mut replica) = shell.replica_mut() {
            replica.tell_updates(!self.ids(&|topic| *topic == Topic::Updates).is_empty());
        }
    }

    /// A promise that resolves when nothing is pending.
    pub(super) fn when_saved(&self, shell: &Rc<Shell>, place: Where) -> Promise {
        let status = shell.status().status;
        Promise::new(&mut |resolve, reject| {
            if place.pending(shell.saved()) == 0 {
                let _ = resolve.call0(&JsValue::UNDEFINED);
            } else if matches!(status, Status::Closed { .. }) {
                let _ = reject.call1(&JsValue::UNDEFINED, &unsaved());
            } else {
                self.waiters.borrow_mut().push(Waiter { place, resolve, reject });
            }
        })
    }

    /// The document is closed: nothing is told any more.
    pub(super) fn close(&self, has_unsaved: bool) {
        self.queue.borrow_mut().clear();
        self.subscriptions.borrow_mut().clear();
        if has_unsaved {
            self.reject_waiters(&unsaved());
        }
    }

    fn resolve_waiters(&self, saved: Saved) {
        let (done, waiting): (Vec<_>, Vec<_>) =
            self.waiters.take().into_iter().partition(|it| it.place.pending(saved) == 0);
        *self.waiters.borrow_mut() = waiting;
        for waiter in done {
            let _ = waiter.resolve.call0(&JsValue::UNDEFINED);
        }
    }

    fn reject_waiters(&self, why: &JsValue) {
        for waiter in self.waiters.take() {
            let _ = waiter.reject.call1(&JsValue::UNDEFINED, why);
        }
    }

    fn deliver_events(&self, shell: &Rc<Shell>, events: &[Event]) {
        let mut deep: Vec<(WatchId, Array)> = Vec::new();
        for event in events {
            let wanted = |topic: &Topic, deep: bool| match topic {
                Topic::Changes(_, watch, wants) => *watch == event.watch && *wants == deep,
                _ => false,
            };
            self.call_each(&|topic| wanted(topic, false), &|| {
                Array::of1(&handle::event_object(shell, event))
            });
            if self.ids(&|topic| wanted(topic, true)).is_empty() {
                continue;
            }
            let object = handle::event_object(shell, event);
            match deep.iter().find(|(watch, _)| *watch == event.watch) {
                Some((_, events)) => drop(events.push(&object)),
                None => deep.push((event.watch, Array::of1(&object))),
            }
        }
        for (watch, events) in deep {
            self.call_each(
                &|topic| matches!(topic, Topic::Changes(_, id, true) if *id == watch),
                &|| Array::of1(&events),
            );
        }
    }

    fn call(&self, topic: &Topic, argument: &dyn Fn() -> JsValue) {
        self.call_each(&|other| other == topic, &|| Array::of1(&argument()));
    }

    fn call_each(&self, wanted: &dyn Fn(&Topic) -> bool, arguments: &dyn Fn() -> Array) {
        for id in self.ids(wanted) {
            // One callback may have ended another one's subscription.
            let callback = {
                let subscriptions = self.subscriptions.borrow();
                subscriptions.iter().find(|each| each.id == id).map(|each| each.callback.clone())
            };
            if let Some(callback) = callback
                && let Err(thrown) = callback.apply(&JsValue::UNDEFINED, &arguments())
            {
                report(&thrown);
            }
        }
    }

    fn ids(&self, wanted: &dyn Fn(&Topic) -> bool) -> Vec<u32> {
        let subscriptions = self.subscriptions.borrow();
        subscriptions.iter().filter(|each| wanted(&each.topic)).map(|each| each.id).collect()
    }

    fn end(&self, id: u32) -> Option<Topic> {
        let mut subscriptions = self.subscriptions.borrow_mut();
        let index = subscriptions.iter().position(|each| each.id == id)?;
        Some(subscriptions.remove(index).topic)
    }
}

fn unsaved() -> JsValue {
    error::error("closed", "the document was closed with changes that are not saved")
}

fn put_aside() -> JsValue {
    error::error("aside", "the copy with the changes that are not saved was put aside")
}

/// The topic of `SharedDocument.on`.
pub(super) fn topic(name: &JsValue) -> Result<Topic, Misuse> {
    match name.as_string().as_deref() {
        Some("status") => Ok(Topic::Status),
        Some("saved") => Ok(Topic::Saved),
        Some("storage") => Ok(Topic::Storage),
        Some("refused") => Ok(Topic::Refused),
        Some("rejected") => Ok(Topic::Rejected),
        Some("access") => Ok(Topic::Access),
        Some("aside") => Ok(Topic::SetAside),
        Some("update") => Ok(Topic::Updates),
        Some("undo") => Ok(Topic::Undo),
        Some("undone") => Ok(Topic::Undone),
        Some("conflict") => Ok(Topic::Conflict),
        _ => Err(Misuse::Argument(
            "on takes status, saved, storage, refused, rejected, access, aside, update, undo, \
             undone or conflict",
        )),
    }
}
