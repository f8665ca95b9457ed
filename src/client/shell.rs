//! Runs one replica: performs what it asks for and tells it what happens.

mod kept;
mod lines;

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::collections::VecDeque;
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::attention::Attention;
use super::error::Misuse;
use super::guard::Guard;
use super::handle::aside_object;
use super::keeping::Answer;
use super::line::Line;
use super::lock::Lock;
use super::notices::{Notice, Notices};
use super::options::{Offline, Options, Place};
use super::page;
use super::pattern;
use super::socket::Socket;
use super::storage::{Storage, Trouble, Write};
use super::tabs::Tabs;
use super::timer::{self, Timer, Waking};
use super::token::{Token, Wanted};
use crate::document::{Document, Edit, EditError};
use crate::protocol::{Close, Trace};
use crate::replica::{Input, Output, Replica, Saved, Status, TabId, Transport};

/// A token to connect with.
const CONNECT: Wanted = Wanted {
    then: Shell::connect,
    // Another way to the room would be of no use.
    otherwise: |shell| {
        let (code, reason) = (Close::KeysUnavailable.code(), "");
        shell.input(Input::Closed { code, reason });
    },
};
/// A token to go on with. Where there is none, it is asked for again.
const RENEW: Wanted = Wanted {
    then: |shell, token| {
        shell.with_line(|line| line.show(token));
        shell.input(Input::Token(token.unwrap_or_default()));
    },
    otherwise: |_| {},
};

/// Whether the document is kept in the browser.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Keeping {
    /// The page does not want it.
    Off,
    /// It is not known yet what is kept.
    Opening,
    On,
    /// It cannot be.
    Lost(Trouble),
}

pub(super) struct Shell {
    place: Place,
    /// What the page wants.
    offline: Cell<Offline>,
    open: RefCell<Option<Open>>,
    pub(super) notices: Notices,
    client_id: Cell<u32>,
    trace: Option<Trace>,
    token: Token,
    /// The copies that could not go on, by the number under which they are stored.
    asides: RefCell<Vec<(Option<f64>, JsValue)>>,
    status: RefCell<Reach>,
    saved: Cell<Saved>,
    kept: Cell<Keeping>,
    storage: RefCell<Option<Rc<Storage>>>,
    /// It was, at some time of this page.
    was_kept: Cell<bool>,
    /// Who waits until all that was kept is thrown away, while that is under way.
    forgetting: RefCell<Option<Vec<Answer>>>,
    /// Held by the tab that leads.
    lock: RefCell<Option<Lock>>,
    /// Held for as long as this tab is there, so that the one that leads knows.
    presence_lock: RefCell<Option<Lock>>,
    tab: TabId,
    tabs: RefCell<Option<Rc<Tabs>>>,
}

/// How the connection stands, and what carries it.
#[derive(Clone)]
pub(super) struct Reach {
    pub(super) status: Status,
    pub(super) transport: Option<Transport>,
}

/// What closing the document frees.
struct Open {
    replica: Replica,
    endpoint: String,
    api: String,
    line: Option<Line>,
    /// Whether it can be opened is of interest.
    tried: Option<Socket>,
    /// There for as long as the line over which what is inflated came.
    inflating: Option<Rc<()>>,
    timer: Option<Timer>,
    on_timer: Closure<dyn FnMut()>,
    _waking: Waking,
    _guard: Option<Guard>,
    _attention: Option<Attention>,
}

impl Shell {
    pub(super) fn new(options: Options, trace: Option<Trace>) -> Rc<Self> {
        let Options { endpoint, api, token, telemetry, place, offline, guard, activity, .. } =
            options;
        let client_id = timer::random() as u32;
        let mut replica = Replica::new(client_id, timer::random());
        trace.into_iter().for_each(|trace| replica.set_trace(trace));
        replica.set_patterns(pattern::compile);
        if telemetry {
            replica.tell_latency();
        }
        activity.into_iter().for_each(|it| replica.watch_activity(timer::now(), it));
        let token = Token::new(token);
        if token.renews() {
            replica.set_renews();
        }
        let shell = Rc::new(Self {
            place,
            offline: Cell::new(offline),
            open: RefCell::new(None),
            notices: Notices::default(),
            client_id: Cell::new(client_id),
            trace,
            token,
            asides: RefCell::default(),
            status: RefCell::new(Reach { status: Status::Offline, transport: None }),
            saved: Cell::default(),
            kept: Cell::new(Keeping::Off),
            storage: RefCell::default(),
            was_kept: Cell::new(false),
            forgetting: RefCell::default(),
            lock: RefCell::default(),
            presence_lock: RefCell::default(),
            tab: timer::random() as TabId,
            tabs: RefCell::default(),
        });
        let input = |input: fn() -> Input<'static>| {
            let shell = Rc::clone(&shell);
            Closure::<dyn FnMut()>::new(move || shell.input(input()))
        };
        let open = Open {
            replica,
            endpoint,
            api,
            line: None,
            tried: None,
            inflating: None,
            timer: None,
            on_timer: input(|| Input::Timeout),
            _waking: Waking::listen(input(|| Input::Wake)),
            _guard: guard.then(|| Guard::new(Rc::downgrade(&shell))),
            _attention: activity.map(|_| Attention::listen(Rc::downgrade(&shell))),
        };
        *shell.open.borrow_mut() = Some(open);
        shell
    }

    pub(super) fn status(&self) -> Reach {
        self.status.borrow().clone()
    }

    pub(super) fn client_id(&self) -> u32 {
        self.client_id.get()
    }

    pub(super) fn trace(&self) -> Option<Trace> {
        self.trace
    }

    pub(super) fn awaits_token(&self, asked: u32) -> bool {
        self.token.awaits(asked)
    }

    pub(super) fn saved(&self) -> Saved {
        self.saved.get()
    }

    /// A promise of the page's token.
    pub(super) fn say_token(&self) -> Result<JsValue, JsValue> {
        self.token.say()
    }

    /// Where to ask about the document.
    pub(super) fn api(&self) -> Result<String, Misuse> {
        self.with(|open| open.api.clone()).ok_or(Misuse::Closed)
    }

    pub(super) fn pending(&self) -> u64 {
        self.saved.get().pending
    }

    /// Tell the replica what happened. Nothing happens to a closed document.
    pub(super) fn input(self: &Rc<Self>, input: Input<'_>) {
        let outputs = match self.replica_mut() {
            Ok(mut replica) => replica.handle(timer::now(), input),
            Err(_) => return,
        };
        self.perform(outputs);
    }

    pub(super) fn read<R>(
        &self,
        read: impl FnOnce(&Document) -> Result<R, EditError>,
    ) -> Result<R, Misuse> {
        Ok(read(self.replica()?.document())?)
    }

    pub(super) fn edit(
        self: &Rc<Self>,
        change: &mut dyn FnMut(&mut Edit<'_>),
    ) -> Result<(), Misuse> {
        if !self.replica()?.may_write() {
            return Err(Misuse::NotAllowed);
        }
        let ((), outputs) = self.replica_mut()?.edit(timer::now(), change);
        self.perform(outputs);
        Ok(())
    }

    pub(super) fn bring(self: &Rc<Self>, update: &[u8]) -> Result<(), Misuse> {
        let (returned, outputs) = self.replica_mut()?.bring(timer::now(), update);
        self.perform(outputs);
        returned.map_err(Misuse::Update)
    }

    pub(super) fn present(self: &Rc<Self>, state: Option<&str>) -> Result<(), Misuse> {
        let outputs = self.replica_mut()?.present(timer::now(), state);
        self.perform(outputs.map_err(Misuse::Presence)?);
        Ok(())
    }

    pub(super) fn replica(&self) -> Result<Ref<'_, Replica>, Misuse> {
        Ref::filter_map(self.open.borrow(), |open| open.as_ref().map(|open| &open.replica))
            .map_err(|_| Misuse::Closed)
    }

    pub(super) fn replica_mut(&self) -> Result<RefMut<'_, Replica>, Misuse> {
        RefMut::filter_map(self.open.borrow_mut(), |open| {
            open.as_mut().map(|open| &mut open.replica)
        })
        .map_err(|_| Misuse::Closed)
    }

    /// Free everything. The document cannot be used any more.
    pub(super) fn close(&self) {
        let last = self.replica_mut().map(|mut it| it.handle(timer::now(), Input::Close));
        for output in last.unwrap_or_default() {
            match output {
                Output::Send(frame) => self.with_line(|line| line.send(&frame)),
                Output::Tell { tab, message } => self.tell(tab, &message),
                // Written with what waits, when the storage is closed.
                Output::Keep(record) => {
                    self.with_storage(|storage| storage.queue(Write::Record(record)));
                }
                _ => {}
            }
        }
        drop((self.tabs.take(), self.presence_lock.take()));
        let open = self.open.borrow_mut().take();
        for answer in self.forgetting.take().unwrap_or_default() {
            answer(Err(Misuse::Closed.into()));
        }
        if open.is_some() {
            let reason = "the document was closed by the page".to_owned();
            let status = Status::Closed { code: 1000, reason };
            *self.status.borrow_mut() = Reach { status, transport: None };
            self.notices.close(self.pending() > 0);
        }
        let is_done = self.offline.get() == Offline::UntilClosed && self.pending() == 0;
        if let Some(storage) = self.take_storage() {
            storage.close(self.pending(), is_done, self.lock.take());
        }
        // Where nothing is stored, nothing has to be waited for.
        drop(self.lock.take());
        self.token.forget();
        // Dropped here, with nothing borrowed.
        drop(open);
        page::tell();
    }

    pub(super) fn perform(self: &Rc<Self>, outputs: Vec<Output>) {
        let mut outputs = VecDeque::from(outputs);
        while let Some(output) = outputs.pop_front() {
            match output {
                // What a failure leads to comes after what was already decided.
                Output::Connect => self.token.want(self, CONNECT),
                Output::RenewToken => self.token.want(self, RENEW),
                Output::Disconnect => {
                    self.token.forget();
                    drop(
                        self.with(|open| {
                            (open.line.take(), open.tried.take(), open.inflating.take())
                        }),
                    );
                }
                Output::Renew => {
                    let way = self.way();
                    self.with_line(|line| line.renew(way));
                }
                Output::TrySocket => self.try_socket(),
                Output::Send(frame) => self.with_line(|line| line.send(&frame)),
                Output::Inflate(bytes) => self.inflate(&bytes),
                Output::SendPing => self.with_line(Line::ping),
                Output::SetTimer(at) => {
                    self.with(|open| {
                        // The old one is cleared before the new one is set.
                        open.timer = None;
                        open.timer = Some(Timer::set(at, &open.on_timer));
                    });
                }
                Output::Changed(events) => self.notices.push(Notice::Changed(events)),
                Output::Status(status) => {
                    let transport = self.replica().ok().and_then(|it| it.transport());
                    let reach = Reach { status, transport };
                    *self.status.borrow_mut() = reach.clone();
                    self.notices.push(Notice::Status(reach));
                }
                Output::Tell { tab, message } => self.tell(tab, &message),
                Output::Watch(tab) => self.watch(tab),
                Output::KeptElsewhere(keeps) => self.kept_elsewhere(keeps),
                Output::PageKeeps(true) => self.begin_keeping(),
                Output::PageKeeps(false) => self.keep_no_longer(),
                Output::Forgotten(true) => self.forgotten(Ok(())),
                Output::Forgotten(false) => self.forgotten(Err(Trouble::Failed)),
                Output::Keep(record) => self.store(Write::Record(record)),
                Output::KeepAll(record) => self.store(Write::All(record)),
                Output::StopKeeping => self.not_kept(Trouble::Slow),
                Output::Saved(saved) => {
                    self.saved.set(saved);
                    self.notices.push(Notice::Saved(saved));
                }
                Output::SetAside(aside) => {
                    if let Ok(replica) = self.replica() {
                        self.client_id.set(replica.document().client_id() as u32);
                    }
                    let object = aside_object(&aside);
                    let number = self.with_storage(|it| it.put_aside(self, object.clone()));
                    self.asides.borrow_mut().push((number, object.clone()));
                    self.notices.push(Notice::SetAside(object, aside.pending > 0));
                }
                Output::Access(grant) => self.notices.push(Notice::Access(grant)),
                Output::Refused(refusal) => self.notices.push(Notice::Refused(refusal)),
                Output::Rejected(rejected) => {
                    rejected.into_iter().for_each(|it| self.notices.push(Notice::Rejected(it)));
                }
                Output::Updated { update, local } => {
                    self.notices.push(Notice::Updated { update, local });
                }
                Output::Undo(state) => self.notices.push(Notice::Undo(state)),
                Output::Undone(undone) => self.notices.push(Notice::Undone(undone)),
                Output::Conflict(conflict) => self.notices.push(Notice::Conflict(conflict)),
                Output::Peers(changed) => self.notices.push(Notice::Peers(changed)),
            }
        }
        self.notices.deliver(self);
    }

    fn with<R>(&self, act: impl FnOnce(&mut Open) -> R) -> Option<R> {
        self.open.borrow_mut().as_mut().map(act)
    }
}
