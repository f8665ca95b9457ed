//! A page with stock Yjs and y-websocket, as far as a room can tell.
//!
//! Source: y-websocket 3.0 and y-protocols 1.0.

use std::collections::BTreeMap;

use selvedge::awareness::{self, Entry};
use selvedge::codec::{Reader, write_bytes};
use selvedge::document::Document;
use selvedge::protocol::Dialect;
use selvedge::time::Millis;

use crate::author::Change;
use crate::env::{ConnId, Env, Event, Signal};
use crate::oracle::{Roots, View, tokens_in, view};

/// y-websocket reconnects after so much silence; y-protocols forgets a peer after the same time.
const SILENCE_MS_MAX: u64 = 30_000;
const RENEW_MS: u64 = 15_000;
const CHECK_MS: u64 = 3_000;
const NULL: &str = "null";

struct Peer {
    clock: u64,
    /// Nothing once it is gone; the clock is remembered.
    state: Option<String>,
    updated_at: Millis,
}

pub struct Stock {
    index: usize,
    document: Document,
    roots: Roots,
    /// Everyone, this client too.
    awareness: BTreeMap<u64, Peer>,
    conn: Option<ConnId>,
    is_open: bool,
    heard_at: Millis,
    failures: u32,
    timer: u64,
    reconnect_timer: u64,
    wants_online: bool,
    /// The room was not sent the last edit, and does not know.
    owes: bool,
    pub is_poisoned: bool,
}

impl Stock {
    pub fn new(env: &mut Env, index: usize, client_id: u32) -> Self {
        let mut document = Document::new(client_id.into());
        let roots = Roots::of(&mut document);
        let timer = env.rng.u64(..1 << 40) << 16;
        let mut stock = Self {
            index,
            document,
            roots,
            awareness: BTreeMap::new(),
            conn: None,
            is_open: false,
            heard_at: env.now,
            failures: 0,
            timer,
            reconnect_timer: timer + 1,
            wants_online: true,
            owes: false,
            is_poisoned: false,
        };
        stock.set_state(env);
        stock.connect(env);
        env.schedule(CHECK_MS, Event::Timer { client: index, timer });
        stock
    }

    pub fn id(&self) -> u64 {
        self.document.client_id()
    }

    pub fn conn(&self) -> Option<ConnId> {
        self.conn
    }

    pub fn view(&self) -> View {
        view(&self.document, &self.roots)
    }

    pub fn peers(&self) -> Vec<u64> {
        let here = self.awareness.iter().filter(|(_, peer)| peer.state.is_some());
        here.map(|(&client, _)| client).collect()
    }

    pub fn edit(&mut self, env: &mut Env) {
        let mut change = Change::random(env, &self.document, &self.roots);
        if let Some(role) = env.role(self.index) {
            let document = (&self.document, &self.roots);
            change = change.within(env, document, self.index, role);
            if env.is_violator(self.index) && env.rng.bool() {
                change = change.violating(env, document, self.index);
            } else if role == "reader" {
                return;
            }
        }
        self.make(env, &change);
    }

    /// Its copy cannot be put aside but by its page.
    pub fn poison(&mut self, env: &mut Env) {
        if env.role(self.index) == Some("reader") {
            return;
        }
        let change = Change::random(env, &self.document, &self.roots).poisoned(env);
        self.make(env, &change);
        self.is_poisoned = true;
    }

    fn make(&mut self, env: &mut Env, change: &Change) {
        env.note(format_args!("stock {} writes <{:05}>", self.index, change.token));
        let roots = &self.roots;
        let ((), update) = self.document.edit(|edit| change.make(edit, roots));
        let Some(update) = update else { return };
        if self.is_open && env.chance(env.faults.missed) {
            env.count("missed");
            env.note(format_args!("stock {} does not send it", self.index));
            self.owes = true;
            return;
        }
        self.owes = false;
        self.say(env, &[0, 2], &update);
    }

    /// Its page has to be loaded again, since it will never be like the others.
    pub fn is_spoilt(&self, env: &Env) -> bool {
        let is_denied = env.rules.as_ref().is_some_and(|rules| rules.spoilt.contains(&self.index));
        self.is_poisoned || is_denied || env.role(self.index) == Some("reader")
    }

    /// What follows an edit that was not sent shows the room that it lacks something.
    pub fn make_good(&mut self, env: &mut Env) {
        if self.owes {
            self.edit(env);
        }
    }

    pub fn present(&mut self, env: &mut Env) {
        self.set_state(env);
        self.say_awareness(env, &[self.id()]);
    }

    pub fn go_offline(&mut self, env: &mut Env) {
        if std::mem::take(&mut self.wants_online) {
            env.count("offline");
            if let Some(conn) = self.conn {
                env.up(conn, Signal::Close(1000));
                self.closed(env);
            }
            let in_ms = env.rng.u64(500..40_000);
            env.schedule(in_ms, Event::Online(self.index));
        }
    }

    pub fn go_online(&mut self, env: &mut Env) {
        if !std::mem::replace(&mut self.wants_online, true) && self.conn.is_none() {
            self.connect(env);
        }
    }

    pub fn leave(&mut self, env: &mut Env) {
        self.wants_online = false;
        if let Some(conn) = self.conn.take() {
            let in_ms = env.rng.u64(0..2_000);
            env.cut(conn, in_ms, None);
        }
    }

    pub fn receive(&mut self, env: &mut Env, conn: ConnId, signal: Signal) {
        if self.conn != Some(conn) {
            return;
        }
        self.heard_at = env.now;
        match signal {
            Signal::Open => {
                (self.is_open, self.failures) = (true, 0);
                let state_vector = self.document.state_vector();
                self.say(env, &[0, 0], &state_vector);
                self.say_awareness(env, &[self.id()]);
            }
            Signal::Binary(frame) => self.frame(env, &frame),
            Signal::Probe | Signal::Over => {}
            Signal::Close(code) => {
                env.up(conn, Signal::Close(code));
                self.closed(env);
            }
        }
    }

    pub fn lost(&mut self, env: &mut Env, conn: ConnId) {
        if self.conn == Some(conn) {
            self.closed(env);
        }
    }

    pub fn timeout(&mut self, env: &mut Env, timer: u64) {
        if timer == self.timer {
            self.check(env);
            env.schedule(CHECK_MS, Event::Timer { client: self.index, timer });
        } else if timer == self.reconnect_timer && self.wants_online && self.conn.is_none() {
            self.connect(env);
        }
    }

    fn connect(&mut self, env: &mut Env) {
        self.heard_at = env.now;
        self.conn = Some(env.open(self.index, Dialect::Stock));
    }

    fn closed(&mut self, env: &mut Env) {
        env.note(format_args!("stock {} is closed", self.index));
        (self.conn, self.is_open) = (None, false);
        let own = self.id();
        for (_, peer) in self.awareness.iter_mut().filter(|(client, _)| **client != own) {
            peer.state = None;
        }
        let backoff_ms = (100 << self.failures.min(8)).min(2_500);
        self.failures += 1;
        let timer = self.reconnect_timer;
        env.schedule(backoff_ms, Event::Timer { client: self.index, timer });
    }

    /// Renew the own state, forget the silent, give up on a silent room.
    fn check(&mut self, env: &mut Env) {
        let (now, own) = (env.now, self.id());
        if let Some(me) = self.awareness.get_mut(&own)
            && now.since(me.updated_at) >= RENEW_MS
        {
            (me.clock, me.updated_at) = (me.clock + 1, now);
            self.say_awareness(env, &[own]);
        }
        let silent = |client: u64, peer: &Peer| {
            client != own && peer.state.is_some() && now.since(peer.updated_at) >= SILENCE_MS_MAX
        };
        let gone: Vec<_> =
            self.awareness.iter().filter(|(c, peer)| silent(**c, peer)).map(|(&c, _)| c).collect();
        for client in &gone {
            if let Some(peer) = self.awareness.get_mut(client) {
                peer.state = None;
            }
        }
        if !gone.is_empty() {
            self.say_awareness(env, &gone);
        }
        if let Some(conn) = self.conn
            && now.since(self.heard_at) > SILENCE_MS_MAX
        {
            env.up(conn, Signal::Close(1000));
            self.closed(env);
        }
    }

    fn frame(&mut self, env: &mut Env, frame: &[u8]) {
        let mut r = Reader::new(frame);
        let read = match (r.byte(), r.rest()) {
            (Ok(0), [0..=2, ..]) => r.byte().ok().zip(r.bytes().ok()),
            (Ok(1), _) => r.bytes().ok().map(|update| (9, update)),
            // Told in words that something was not taken.
            (Ok(2), [0, ..]) => return,
            _ => None,
        };
        match read {
            Some((0, state_vector)) => match self.document.diff(state_vector) {
                Ok(update) => self.say(env, &[0, 1], &update),
                Err(error) => env.oracle.violated(format!("a room's state vector: {error}")),
            },
            Some((9, update)) => self.hear_awareness(env, update),
            Some((_, update)) => {
                env.oracle.told(self.index, "was shown", tokens_in(update));
                if let Err(error) = self.document.apply(update) {
                    env.oracle.violated(format!("a room's update: {error}"));
                }
                if !env.is_violator(self.index) {
                    // It may have written there as well, and not heard of it yet.
                    env.oracle.check_shown(self.index, &self.document, &self.roots, true);
                }
            }
            None => env.oracle.violated("a room sent what stock clients do not read".into()),
        }
    }

    /// As in y-protocols, and repeated to the room as y-websocket does.
    fn hear_awareness(&mut self, env: &mut Env, update: &[u8]) {
        let entries = match awareness::decode(update) {
            Ok(entries) => entries,
            Err(error) => return env.oracle.violated(format!("a room's presence: {error}")),
        };
        let (own, mut changed) = (self.id(), Vec::new());
        for Entry { client, mut clock, state } in entries {
            let known = self.awareness.get(&client);
            let current = known.map_or(0, |peer| peer.clock);
            let is_here = known.is_some_and(|peer| peer.state.is_some());
            let is_gone = state == NULL;
            if !(current < clock || (current == clock && is_gone && is_here)) {
                continue;
            }
            let mut state = (!is_gone).then(|| state.to_owned());
            if client == own && is_gone && is_here {
                clock += 1;
                state = known.and_then(|peer| peer.state.clone());
            }
            self.awareness.insert(client, Peer { clock, state, updated_at: env.now });
            changed.push(client);
        }
        if !changed.is_empty() {
            self.say_awareness(env, &changed);
        }
    }

    fn set_state(&mut self, env: &mut Env) {
        let clock = self.awareness.get(&self.id()).map_or(0, |me| me.clock + 1);
        let state = Some(format!(r#"{{"at":{}}}"#, env.oracle.next_token()));
        self.awareness.insert(self.id(), Peer { clock, state, updated_at: env.now });
    }

    fn say_awareness(&self, env: &mut Env, clients: &[u64]) {
        let entries = clients.iter().filter_map(|client| {
            let peer = self.awareness.get(client)?;
            let state = peer.state.as_deref().unwrap_or(NULL);
            Some(Entry { client: *client, clock: peer.clock, state })
        });
        let entries: Vec<_> = entries.collect();
        let update = awareness::encode(entries.into_iter());
        self.say(env, &[1], &update);
    }

    fn say(&self, env: &mut Env, tags: &[u8], field: &[u8]) {
        if let Some(conn) = self.conn.filter(|_| self.is_open) {
            let mut frame = tags.to_vec();
            write_bytes(&mut frame, field);
            env.up(conn, Signal::Binary(frame));
        }
    }
}
