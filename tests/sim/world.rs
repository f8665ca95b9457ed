//! One run: clients that edit, faults that happen, time that jumps to the next event; then all is
//! well again, and everyone has to agree.

mod clients;

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use selvedge::time::Millis;

use crate::env::{ConnId, Env, Event, Signal};
use crate::faults::{Faults, Sabotage, StorageFaults};
use crate::hostile::Hostile;
use crate::native::Native;
use crate::rules::{Rules, Seen};
use crate::server::Server;
use crate::stock::Stock;

const STEPS: u32 = 120;
/// Every frame is looked at.
const RULED_STEPS: u32 = 30;
/// Three of ours, two stock ones, and one that means harm.
const CLIENTS_MAX: usize = 6;
/// More than a client waits for a dead connection while it is catching up, and then to connect; and
/// more than a room takes to find who is gone: a sweep, and two more after the first that marked.
const HEAL_MS: u64 = 300_000;
/// How long quiet stock clients are listened to. Each renews itself every 15 s and repeats what it
/// hears then; for the room that is two frames and two commits.
const CHATTER_MS: u64 = 60_000;
const CHATTER_INPUTS_MAX: u64 = 5 * 4;
const QUIET_MINUTES: u64 = 60;
/// Sweeps that come after ever longer times.
const QUIET_ALARMS_MAX: u64 = 4;

enum Client {
    Native(Box<Native>),
    Stock(Box<Stock>),
    Hostile(Hostile),
    Gone,
}

pub struct World {
    env: Env,
    server: Server,
    clients: Vec<Client>,
    last_client_id: u32,
    steps: u32,
}

impl World {
    pub fn new(seed: u64, sabotage: Option<Sabotage>) -> Self {
        let env = Env::new(Rng::with_seed(seed));
        Self::begin(env, STEPS, (1, 0), sabotage)
    }

    /// The same, of a document with rules.
    pub fn with_rules(seed: u64, sabotage: Option<Sabotage>) -> Self {
        let mut env = Env::new(Rng::with_seed(seed));
        env.oracle.seen = Some(Seen::default());
        env.rules = Some(Rules::new(&mut env.rng, CLIENTS_MAX));
        Self::begin(env, RULED_STEPS, (2, 1), sabotage)
    }

    /// With so many clients of ours at least, and stock ones.
    fn begin(
        mut env: Env,
        steps: u32,
        (natives_min, stocks_min): (usize, usize),
        sabotage: Option<Sabotage>,
    ) -> Self {
        let server = Server::new(&mut env, sabotage);
        let mut world = Self { env, server, clients: Vec::new(), last_client_id: 0, steps };
        let natives = world.env.rng.usize(natives_min..=3);
        let stocks = world.env.rng.usize(stocks_min..=2);
        for index in 0..natives + stocks {
            let client = world.client(index, index < natives);
            world.clients.push(client);
        }
        world.env.hostile = Some(world.clients.len());
        world.clients.push(Client::Hostile(Hostile::default()));
        world
    }

    /// Storage that only ever fails to write.
    pub fn with_lasting_storage(mut self) -> Self {
        self.env.faults.storage = StorageFaults::default();
        self
    }

    pub fn run(&mut self) -> Result<(), String> {
        let run = self.storm().and_then(|()| self.heal()).and_then(|()| self.rest());
        run.map_err(|violation| format!("{violation}\n{}", self.env.last_events()))
    }

    pub fn trace_hash(&self) -> u64 {
        self.env.trace_hash()
    }

    pub fn counts(&self) -> &BTreeMap<&'static str, u64> {
        &self.env.counts
    }

    fn storm(&mut self) -> Result<(), String> {
        for step in 0..self.steps {
            self.inject();
            if step == self.steps - 1 && self.env.faults.reset > 0.0 {
                // What is lost now is not made good by what follows.
                self.server.reset_soon();
            }
            let author = self.env.rng.usize(..self.clients.len());
            if self.env.rng.u8(..4) > 0 {
                for _ in 0..*self.env.rng.choice(&[1, 1, 1, 5]).unwrap_or(&1) {
                    self.edit(author);
                }
            } else {
                self.present(author);
            }
            let ms = if self.env.rng.u8(..16) == 0 { 20_000 } else { 300 };
            let ms = self.env.rng.u64(1..=ms);
            self.advance(ms)?;
            if step % 20 == 0 {
                self.env.oracle.check_log(&self.server.disk.durable);
                self.violation()?;
            }
        }
        Ok(())
    }

    /// No more faults. From here on everything has to arrive.
    fn heal(&mut self) -> Result<(), String> {
        self.env.note("healing");
        self.env.faults = Faults::default();
        if let Some(rules) = &mut self.env.rules {
            rules.heal();
        }
        self.server.heal(&mut self.env);
        if self.env.oracle.is_damaged {
            // Damage is found by a room that wakes, and by those who read: somebody opens the
            // document.
            self.server.reset(&mut self.env);
            let reader = self.client(self.clients.len(), true);
            self.clients.push(reader);
        }
        for index in 0..self.clients.len() {
            match &mut self.clients[index] {
                Client::Native(native) => native.go_online(&mut self.env),
                // Its page is loaded again, since it will never be like the others.
                Client::Stock(stock) if stock.is_spoilt(&self.env) => self.restart(index),
                Client::Stock(stock) => {
                    stock.go_online(&mut self.env);
                    stock.make_good(&mut self.env);
                }
                Client::Hostile(hostile) => hostile.leave(&mut self.env),
                Client::Gone => {}
            }
        }
        self.advance(HEAL_MS)?;
        self.env.oracle.is_damaged = false;
        self.env.oracle.check_log(&self.server.disk.durable);
        self.env.oracle.check_names(&self.server.disk.durable);
        self.env.oracle.check_past(&self.server.disk.durable);
        self.violation()?;
        self.check_agreement()
    }

    /// C3: quiet stock clients say that they are here, and little else; with only our own clients
    /// here, a quiet room is left alone.
    fn rest(&mut self) -> Result<(), String> {
        let stocks = self.clients.iter().filter(|c| matches!(c, Client::Stock(_))).count() as u64;
        self.server.inputs = 0;
        self.advance(CHATTER_MS)?;
        let inputs = self.server.inputs;
        if inputs > stocks * CHATTER_INPUTS_MAX {
            return Err(format!("C3: {inputs} inputs from {stocks} quiet stock clients"));
        }
        for client in &mut self.clients {
            if let Client::Stock(stock) = client {
                stock.leave(&mut self.env);
                *client = Client::Gone;
            }
        }
        self.advance(HEAL_MS)?;
        self.check_agreement()?;
        (self.server.inputs, self.server.alarms) = (0, 0);
        for _ in 0..QUIET_MINUTES {
            self.server.hibernate(&mut self.env);
            self.advance(60_000)?;
        }
        match (self.server.inputs, self.server.alarms) {
            (0, 0..=QUIET_ALARMS_MAX) => self.check_agreement(),
            (inputs, alarms) => {
                Err(format!("C3: {inputs} inputs and {alarms} alarms in a quiet hour"))
            }
        }
    }

    fn inject(&mut self) {
        let faults = self.env.faults.clone();
        for index in 0..self.clients.len() {
            self.inject_into(index, &faults);
        }
        let env = &mut self.env;
        if env.chance(faults.crash) {
            env.count("crash");
            self.server.crash(env);
        }
        if env.chance(faults.hibernate) {
            self.server.hibernate(env);
        }
        if env.chance(faults.reset) {
            self.server.reset_soon();
        }
        if env.chance(faults.alarm) {
            env.count("alarm");
            self.server.alarm_now(env);
        }
        if env.chance(faults.storage.row_damaged) {
            self.server.damage_row(env);
        }
        if env.chance(faults.storage.snapshot_damaged) {
            self.server.damage_snapshot(env);
        }
        if env.chance(faults.storage.full) {
            self.server.fill(env);
        }
        let amended = env.rules.as_ref().map_or(0.0, |rules| rules.amended);
        if env.chance(amended) {
            self.server.amend(env);
        }
        if env.chance(faults.storage.newer) {
            env.count("newer");
            self.server.roll_back(env);
        }
        if env.chance(faults.replaced) {
            env.count("replaced");
            self.server.replace_history(env);
            // A stock client knows no epoch; its page is loaded again with the document.
            for index in 0..self.clients.len() {
                if matches!(self.clients[index], Client::Stock(_)) {
                    self.restart(index);
                }
            }
        }
    }

    fn advance(&mut self, ms: u64) -> Result<(), String> {
        let until = self.env.now + ms;
        while let Some(event) = self.env.next(until) {
            self.dispatch(event);
            self.violation()?;
        }
        self.env.now = Millis(until.0.max(self.env.now.0));
        Ok(())
    }

    fn violation(&mut self) -> Result<(), String> {
        self.env.oracle.violation.take().map_or(Ok(()), Err)
    }

    fn dispatch(&mut self, event: Event) {
        let env = &mut self.env;
        match event {
            Event::Up(conn, _) | Event::Down(conn, _) if env.is_broken(conn) => {}
            Event::Up(conn, signal) => self.server.receive(env, conn, signal),
            Event::Down(conn, signal) => self.deliver(conn, signal),
            Event::RoomLost(conn) => self.server.lost(env, conn),
            Event::ClientLost(conn) => {
                let Some(index) = env.conns.get(&conn).map(|conn| conn.client) else { return };
                match &mut self.clients[index] {
                    Client::Native(native) => native.lost(env, conn),
                    Client::Stock(stock) => stock.lost(env, conn),
                    Client::Hostile(_) | Client::Gone => {}
                }
            }
            Event::Timer { client, timer } => match &mut self.clients[client] {
                Client::Native(native) => native.timeout(env, timer),
                Client::Stock(stock) => stock.timeout(env, timer),
                Client::Hostile(_) | Client::Gone => {}
            },
            Event::Online(index) => match &mut self.clients[index] {
                Client::Native(native) => native.go_online(env),
                Client::Stock(stock) => stock.go_online(env),
                Client::Hostile(_) | Client::Gone => {}
            },
            Event::Commit { process, instance, posted } => {
                self.server.commit(env, process, instance, posted);
            }
            Event::Settled { process } => self.server.settled(env, process),
            Event::Alarm { again } => self.server.alarm(env, again),
            Event::Verified(conn) => self.server.admit(env, conn),
            Event::Restored { client, life } => {
                if let Client::Native(native) = &mut self.clients[client] {
                    native.restored(env, life);
                }
            }
            Event::Inflated { client, conn, deflated } => {
                if let Client::Native(native) = &mut self.clients[client] {
                    native.inflated(env, conn, &deflated);
                }
            }
            Event::Kept { client, life } => {
                let loses_edits = self.server.sabotage == Some(Sabotage::EditsNotKept);
                if let Client::Native(native) = &mut self.clients[client] {
                    native.written(env, life, loses_edits);
                }
            }
            Event::Token(index) => {
                if let Client::Native(native) = &mut self.clients[index] {
                    native.renew(env);
                }
            }
        }
    }

    fn deliver(&mut self, conn: ConnId, signal: Signal) {
        let env = &mut self.env;
        let Some(index) = env.conns.get(&conn).map(|conn| conn.client) else { return };
        match &mut self.clients[index] {
            Client::Native(native) => {
                native.receive(env, conn, signal);
                if let Some(code) = native.closed_for_good() {
                    env.oracle.violated(format!("client {index} was refused: {code}"));
                }
            }
            Client::Stock(stock) => stock.receive(env, conn, signal),
            Client::Hostile(hostile) => hostile.receive(env, conn, &signal),
            Client::Gone => {}
        }
    }

    /// V1, and nobody waits for anything, and everybody sees who is here and nobody else.
    fn check_agreement(&self) -> Result<(), String> {
        let expected = self.env.oracle.expected();
        let id = |client: &Client| match client {
            Client::Native(native) => Some(native.id()),
            Client::Stock(stock) => Some(stock.id()),
            Client::Hostile(_) | Client::Gone => None,
        };
        let here: BTreeSet<u64> = self.clients.iter().filter_map(id).collect();
        for (index, client) in self.clients.iter().enumerate() {
            let (view, mut peers) = match client {
                Client::Native(native) => {
                    let pending = native.replica.pending();
                    if pending > 0 {
                        return Err(format!("D3: native {index} still waits for {pending} acks"));
                    }
                    native.check_told(&self.env)?;
                    let peers = native.replica.peers().map(|(client, _)| client);
                    (native.view(), peers.collect::<BTreeSet<_>>())
                }
                Client::Stock(stock) => (stock.view(), stock.peers().into_iter().collect()),
                Client::Hostile(_) | Client::Gone => continue,
            };
            if view != expected {
                let difference = view.difference(&expected);
                return Err(format!("V1: client {index} differs from the log: {difference}"));
            }
            peers.extend(id(client));
            if peers != here {
                return Err(format!("presence: client {index} sees {peers:?}, here are {here:?}"));
            }
        }
        Ok(())
    }
}
