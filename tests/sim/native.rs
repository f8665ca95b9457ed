//! A page with our client: the real replica, and a shell that does what the browser's does.

use selvedge::document::Document;
use selvedge::protocol::native::{decode_from_client, decode_from_room};
use selvedge::protocol::{Dialect, FromClient, FromRoom};
use selvedge::replica::{Aside, Input, Output, Replica, Status};
use selvedge::time::Millis;

use crate::author::Change;
use crate::env::{ConnId, Env, Event, Signal};
use crate::oracle::{Roots, View, tokens_in, view};

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
    offline: bool,
    /// How many of them were made in a copy that is put aside.
    put_aside: usize,
    /// What was shown before the last close.
    before: Option<View>,
}

impl Native {
    pub fn new(env: &mut Env, index: usize, client_id: u32) -> Self {
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
            offline: false,
            put_aside: 0,
            before: None,
        };
        if index.is_multiple_of(2) {
            native.replica.tell_latency();
        }
        native.present(env);
        native.input(env, Input::Connect);
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
        let change = Change::random(env, self.replica.document(), &self.roots);
        self.make(env, &change);
    }

    pub fn poison(&mut self, env: &mut Env) {
        let change = Change::random(env, self.replica.document(), &self.roots).poisoned(env);
        self.make(env, &change);
    }

    fn make(&mut self, env: &mut Env, change: &Change) {
        env.note(format_args!("native {} writes <{:05}>", self.index, change.token));
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
                self.input(env, Input::Frame(&frame));
            }
            Signal::Probe => self.input(env, Input::Pong),
            Signal::Close(code) => {
                env.up(conn, Signal::Close(code));
                self.before = Some(self.view());
                self.closed(env, code);
            }
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
    fn witness(&self, env: &mut Env, frame: &[u8]) {
        env.trace(|| format!("native {} hears {:?}", self.index, decode_from_room(frame)));
        match decode_from_room(frame) {
            Ok(Some(FromRoom::Ack { number, .. })) => {
                let acked = self.edits.iter().take(number as usize).skip(self.put_aside).copied();
                env.oracle.told(self.index, "has an ack for", acked);
            }
            Ok(Some(FromRoom::Update { update, .. } | FromRoom::SyncStep2 { update, .. })) => {
                env.oracle.told(self.index, "was shown", tokens_in(update));
            }
            _ => {}
        }
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

    fn perform(&mut self, env: &mut Env, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Connect => self.conn = Some(env.open(self.index, Dialect::Native)),
                Output::Disconnect => {
                    if let Some(conn) = self.conn.take() {
                        env.up(conn, Signal::Close(1000));
                    }
                }
                Output::Send(frame) => {
                    if let Some(conn) = self.conn {
                        match decode_from_client(&frame) {
                            Ok(Some(FromClient::Part { .. })) => env.count("parts"),
                            Ok(Some(FromClient::Received { .. })) => env.count("confirmed"),
                            _ => {}
                        }
                        env.trace(|| format!("native {} says {frame:?}", self.index));
                        env.up(conn, Signal::Binary(frame));
                    }
                }
                Output::SendPing => {
                    if let Some(conn) = self.conn {
                        env.up(conn, Signal::Probe);
                    }
                }
                Output::SetTimer(at) => {
                    self.timers += 1;
                    self.timer = self.timers;
                    let in_ms = at.since(self.now(env));
                    env.schedule(in_ms, Event::Timer { client: self.index, timer: self.timer });
                }
                Output::Status(status) => {
                    env.note(format_args!("native {} is {status:?}", self.index));
                }
                Output::Refused(refusal) => {
                    env.count("refused");
                    env.note(format_args!("native {} is refused: {refusal}", self.index));
                }
                Output::SetAside(aside) => {
                    env.count("aside");
                    self.put_aside = self.edits.len();
                    env.note(format_args!("native {} puts a copy aside", self.index));
                    self.check_aside(env, &aside);
                }
                Output::Rejected(_) => panic!("the document has no rules"),
                Output::RenewToken => panic!("nobody's access ends here"),
                Output::Access(_)
                | Output::Saved { .. }
                | Output::Changed(_)
                | Output::Peers(_) => {}
            }
        }
    }
}
