//! A page with our client: the real replica, and a shell that does what the browser's does.

mod kept;
mod perform;

use std::collections::BTreeSet;

use miniz_oxide::inflate::decompress_to_vec;
use selvedge::document::Document;
use selvedge::protocol::FromRoom;
use selvedge::protocol::native::decode_from_room;
use selvedge::replica::{Aside, Input, Replica, Status, Transport};
use selvedge::time::Millis;
use selvedge::update::from_columns;

use crate::author::Change;
use crate::env::{ConnId, Env, Event, Signal};
use crate::oracle::{Roots, View, tokens_in, view};
use crate::storage::Storage;

/// A message that no build knows.
const UNKNOWN_TAG: u8 = 99;

pub struct Native {
    index: usize,
    pub replica: Replica,
    roots: Roots,
    conn: Option<ConnId>,
    /// The only timer that counts.
    timer: u64,
    timers: u64,
    /// How far the page's clock is ahead of the world's.
    ahead_ms: u64,
    /// The token of each edit, in the order of their numbers.
    edits: Vec<u32>,
    /// Where something of an edit is undone for certain, by number.
    places: Vec<(usize, &'static str)>,
    /// Where something was, as this page was told.
    rejected: BTreeSet<String>,
    offline: bool,
    /// How many of them were made in a copy that is put aside.
    put_aside: usize,
    /// What was shown before the last close.
    before: Option<View>,
    /// What the browser keeps, if it keeps anything.
    storage: Option<Storage>,
    /// Which page this is: one that is loaded again is another.
    life: u32,
}

impl Native {
    pub fn new(env: &mut Env, index: usize, client_id: u32) -> Self {
        let keeps = env.keeps(index);
        let mut native = Self::empty(env, index, client_id);
        native.storage = keeps.then(Storage::default);
        native.open(env);
        native
    }

    fn empty(env: &mut Env, index: usize, client_id: u32) -> Self {
        let mut replica = Replica::new(client_id, env.rng.u64(..));
        let mut native = Self {
            index,
            roots: Roots::named(|name, kind| replica.root(name, kind)),
            replica,
            conn: None,
            timer: 0,
            timers: env.rng.u64(..1 << 40) << 16,
            ahead_ms: 0,
            edits: Vec::new(),
            places: Vec::new(),
            rejected: BTreeSet::new(),
            offline: false,
            put_aside: 0,
            before: None,
            storage: None,
            life: client_id,
        };
        if index.is_multiple_of(2) {
            native.replica.tell_latency();
        }
        if env.rules.is_some() {
            native.replica.set_renews();
        }
        native
    }

    pub fn id(&self) -> u64 {
        self.replica.document().client_id()
    }

    pub fn conn(&self) -> Option<ConnId> {
        self.conn
    }

    pub fn view(&self) -> View {
        view(self.replica.document(), &self.roots)
    }

    /// A place that its client will not leave by itself.
    pub fn closed_for_good(&self) -> Option<u16> {
        match self.replica.status() {
            Status::Closed { code, .. } => Some(code),
            _ => None,
        }
    }

    pub fn edit(&mut self, env: &mut Env) {
        let mut change = Change::random(env, self.replica.document(), &self.roots);
        if let Some(role) = self.role(env) {
            let document = (self.replica.document(), &self.roots);
            change = change.within(env, document, self.index, &role);
            if env.is_violator(self.index) && env.rng.bool() {
                change = change.violating(env, document, self.index);
            } else if role == "reader" {
                return;
            }
        }
        self.make(env, &change);
    }

    /// As its page knows it, in a document with rules.
    fn role(&self, env: &Env) -> Option<String> {
        let granted = self.replica.grant().map(|grant| grant.role.clone());
        env.role(self.index).map(|role| granted.unwrap_or(role.to_owned()))
    }

    pub fn poison(&mut self, env: &mut Env) {
        if self.role(env).as_deref() == Some("reader") {
            return;
        }
        let change = Change::random(env, self.replica.document(), &self.roots).poisoned(env);
        self.make(env, &change);
    }

    fn make(&mut self, env: &mut Env, change: &Change) {
        env.note(format_args!("native {} writes <{:05}>", self.index, change.token));
        for deleted in change.deleted_tokens(self.replica.document(), &self.roots) {
            // What it takes back before the room has it, nobody misses.
            self.edits.iter_mut().filter(|token| **token == deleted).for_each(|token| *token = 0);
        }
        self.places.extend(change.places.iter().map(|&place| (self.edits.len(), place)));
        self.edits.push(change.token);
        let now = self.now(env);
        let roots = &self.roots;
        let ((), outputs) = self.replica.edit(now, |edit| change.make(edit, roots));
        self.perform(env, outputs);
    }

    pub fn present(&mut self, env: &mut Env) {
        let state = format!(r#"{{"at":{}}}"#, env.oracle.next_token());
        let outputs = self.replica.present(self.now(env), Some(&state));
        self.perform(env, outputs.expect("a small state"));
    }

    pub fn go_offline(&mut self, env: &mut Env) {
        if !std::mem::replace(&mut self.offline, true) {
            env.count("offline");
            env.note(format_args!("native {} goes offline", self.index));
            self.input(env, Input::Disconnect);
            let in_ms = env.rng.u64(500..40_000);
            env.schedule(in_ms, Event::Online(self.index));
        }
    }

    pub fn go_online(&mut self, env: &mut Env) {
        if std::mem::take(&mut self.offline) {
            self.input(env, Input::Connect);
        }
    }

    /// The machine slept: its clock jumps, its timers come late.
    pub fn jump(&mut self, env: &mut Env) {
        self.ahead_ms += env.rng.u64(1_000..3_600_000);
        if env.rng.bool() {
            self.input(env, Input::Wake);
        }
    }

    /// The page is gone without a word.
    pub fn leave(&mut self, env: &mut Env) {
        if let Some(conn) = self.conn.take() {
            let in_ms = env.rng.u64(0..2_000);
            env.cut(conn, in_ms, None);
        }
    }

    pub fn receive(&mut self, env: &mut Env, conn: ConnId, signal: Signal) {
        if self.conn != Some(conn) {
            return;
        }
        match signal {
            Signal::Open => self.input(env, Input::Opened),
            Signal::Binary(frame) => {
                self.witness(env, &frame);
                // A client that means harm looks at no rules before it edits. (But it counts them,
                // or the room would believe for ever that they are on the way.)
                let frame = match decode_from_room(&frame) {
                    Ok(Some(FromRoom::Schema(_))) => vec![UNKNOWN_TAG; frame.len()],
                    _ => frame,
                };
                self.input(env, Input::Frame(&frame));
                self.check_shown(env);
                // Without a WebSocket it goes from one answer to the next, until one opens.
                if self.replica.transport() == Some(Transport::Http) {
                    match env.rng.u8(..32) {
                        0..4 => self.input(env, Input::Over),
                        4 => self.input(env, Input::SocketOpens),
                        _ => {}
                    }
                }
            }
            Signal::Probe => self.input(env, Input::Pong),
            Signal::Over => {}
            Signal::Close(code) => {
                env.up(conn, Signal::Close(code));
                self.before = Some(self.view());
                self.closed(env, code);
            }
        }
    }

    /// The document is inflated, unless that does not work here.
    pub fn inflated(&mut self, env: &mut Env, conn: ConnId, deflated: &[u8]) {
        if self.conn == Some(conn) {
            let columns = decompress_to_vec(deflated).expect("deflated bytes");
            let columns = (env.keep_rng.u8(..10) > 0).then_some(&columns[..]);
            self.input(env, Input::Inflated(columns));
            self.check_shown(env);
        }
    }

    pub fn lost(&mut self, env: &mut Env, conn: ConnId) {
        if self.conn == Some(conn) {
            self.closed(env, 1006);
        }
    }

    pub fn timeout(&mut self, env: &mut Env, timer: u64) {
        if self.timer == timer {
            self.input(env, Input::Timeout);
        }
    }

    fn closed(&mut self, env: &mut Env, code: u16) {
        env.note(format_args!("native {} is closed with {code}", self.index));
        self.conn = None;
        self.input(env, Input::Closed { code, reason: "" });
    }

    /// D1, D2: what this page is told.
    fn witness(&mut self, env: &mut Env, frame: &[u8]) {
        env.trace(|| format!("native {} hears {:?}", self.index, decode_from_room(frame)));
        match decode_from_room(frame) {
            Ok(Some(FromRoom::Ack { number, .. })) => {
                let acked = self.edits.iter().take(number as usize).skip(self.put_aside).copied();
                let acked = acked.filter(|&token| token > 0);
                env.oracle.told(self.index, "has an ack for", acked);
            }
            Ok(Some(FromRoom::Denied { .. } | FromRoom::Access(_))) => {
                self.before = Some(self.view());
            }
            Ok(Some(FromRoom::Update { update, .. } | FromRoom::SyncStep2 { update, .. })) => {
                env.oracle.told(self.index, "was shown", tokens_in(update));
            }
            Ok(Some(FromRoom::Document { deflated, .. })) => {
                let columns = decompress_to_vec(deflated).expect("deflated bytes");
                let update = from_columns(&columns).expect("columns");
                env.oracle.told(self.index, "was shown", tokens_in(&update));
            }
            _ => {}
        }
    }

    /// S4: nobody is shown what others may not write. What it wrote itself is not undone yet.
    fn check_shown(&self, env: &mut Env) {
        if !env.is_violator(self.index) {
            // An ack can come before the update that undoes what it is for, if much is on the way.
            let waits = self.replica.pending() > 0 || self.replica.sequence() < env.oracle.head;
            env.oracle.check_shown(self.index, self.replica.document(), &self.roots, waits);
        }
    }

    /// D3: what was written here is in the document, or in a copy that was put aside, or the page
    /// was told that it is not.
    pub fn check_told(&self, env: &Env) -> Result<(), String> {
        if !env.oracle.lost.is_empty() {
            return Ok(());
        }
        let has = |token: u32| match &env.oracle.seen {
            Some(seen) => seen.has(token),
            // Nobody deletes any.
            None => env.oracle.is_durable(token),
        };
        let mut here = self.edits.iter().skip(self.put_aside).filter(|token| **token > 0);
        if let Some(token) = here.find(|token| !has(**token)) {
            return Err(format!("D3: <{token:05}> of native {} is lost", self.index));
        }
        let mut places = self.places.iter().filter(|(edit, _)| *edit >= self.put_aside);
        match places.find(|(_, place)| !self.rejected.contains(*place)) {
            // Everyone was not away.
            Some((_, place)) if env.has_subjects => {
                Err(format!("D3: native {} is not told of {place}", self.index))
            }
            _ => Ok(()),
        }
    }

    /// The page has a new token.
    pub fn renew(&mut self, env: &mut Env) {
        self.input(env, Input::Token("token"));
    }

    /// D3: the copy that the page gets is the one that was here.
    fn check_aside(&self, env: &mut Env, aside: &Aside) {
        let mut document = Document::new(0);
        let roots = Roots::of(&mut document);
        let read = document.apply(&aside.update);
        if read.is_err() || self.before.as_ref() != Some(&view(&document, &roots)) {
            env.oracle.violated(format!("D3: native {} puts aside another copy", self.index));
        }
    }

    fn now(&self, env: &Env) -> Millis {
        env.now + self.ahead_ms
    }

    fn input(&mut self, env: &mut Env, input: Input<'_>) {
        let outputs = self.replica.handle(self.now(env), input);
        self.perform(env, outputs);
    }
}
