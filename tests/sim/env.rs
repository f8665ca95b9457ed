//! The only clock, the only randomness, the network, and what was seen: everything that the
//! simulated machines share.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Display;
use std::hash::{DefaultHasher, Hash, Hasher};

use fastrand::Rng;
use selvedge::protocol::Dialect;
use selvedge::time::Millis;

use crate::faults::Faults;
use crate::oracle::Oracle;
use crate::rules::Rules;

/// A connection, open or not.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ConnId(pub u32);

/// What travels on a connection.
#[derive(Clone, Debug, Hash)]
pub enum Signal {
    /// The request to open it, and the answer.
    Open,
    Binary(Vec<u8>),
    /// What a poll began with was handed over.
    Over,
    /// The text frame `ping`, and `pong`.
    Probe,
    Close(u16),
}

#[derive(Clone, Debug, Hash)]
pub enum Event {
    /// Something arrives at the room's machine.
    Up(ConnId, Signal),
    /// Something arrives at a client.
    Down(ConnId, Signal),
    /// The room's machine notices that a connection is gone.
    RoomLost(ConnId),
    /// A client notices that its connection is gone.
    ClientLost(ConnId),
    /// A client's timer.
    Timer {
        client: usize,
        timer: u64,
    },
    /// The page of a client wants to be online again.
    Online(usize),
    /// The room's event loop came round, or its timer is due.
    Commit {
        process: u32,
        instance: u32,
        posted: bool,
    },
    /// The oldest write is durable.
    Settled {
        process: u32,
    },
    Alarm {
        again: bool,
    },
    /// A page has read what its browser keeps.
    Restored {
        client: usize,
        life: u32,
    },
    /// The document that a page was sent is inflated.
    Inflated {
        client: usize,
        conn: ConnId,
        deflated: Vec<u8>,
    },
    /// What a page wrote to its browser's storage is durable.
    Kept {
        client: usize,
        life: u32,
    },
    /// The token that came on a connection was checked.
    Verified(ConnId),
    /// The page of a client has a new token.
    Token(usize),
}

/// Both directions of one connection. In order, and whole until it breaks.
pub struct Conn {
    pub client: usize,
    pub dialect: Dialect,
    up_at: Millis,
    down_at: Millis,
    broken: bool,
}

pub struct Env {
    pub now: Millis,
    pub rng: Rng,
    /// For what has to do with browsers' storage.
    pub keep_rng: Rng,
    pub faults: Faults,
    pub oracle: Oracle,
    pub counts: BTreeMap<&'static str, u64>,
    pub conns: BTreeMap<ConnId, Conn>,
    /// Frames that clients sent lately, for those who mean harm.
    pub samples: VecDeque<(Dialect, Vec<u8>)>,
    /// Each client has a subject of its own. Not where rows are damaged: what those who are left
    /// may give back then is less than what they have.
    pub has_subjects: bool,
    /// The document's rules and who is who, if it has any.
    pub rules: Option<Rules>,
    /// The client that means harm.
    pub hostile: Option<usize>,
    latency_ms_max: u64,
    queue: BTreeMap<(Millis, u64), Event>,
    scheduled: u64,
    trace: DefaultHasher,
    last: VecDeque<String>,
    is_traced: bool,
}

const LAST_MAX: usize = 60;
const SAMPLES_MAX: usize = 16;

impl Env {
    pub fn new(mut rng: Rng) -> Self {
        let faults = Faults::swarm(&mut rng);
        Self {
            now: Millis(1_000_000),
            latency_ms_max: rng.u64(1..=400),
            has_subjects: faults.storage.row_damaged == 0.0,
            rules: None,
            hostile: None,
            keep_rng: Rng::with_seed(rng.clone().u64(..)),
            rng,
            faults,
            oracle: Oracle::new(),
            counts: BTreeMap::new(),
            conns: BTreeMap::new(),
            samples: VecDeque::new(),
            queue: BTreeMap::new(),
            scheduled: 0,
            trace: DefaultHasher::new(),
            last: VecDeque::new(),
            is_traced: std::env::var_os("TRACE").is_some(),
        }
    }

    pub fn schedule(&mut self, in_ms: u64, event: Event) {
        self.schedule_at(self.now + in_ms, event);
    }

    fn schedule_at(&mut self, at: Millis, event: Event) {
        self.scheduled += 1;
        self.queue.insert((at, self.scheduled), event);
    }

    /// The next event until `until`, at its time.
    pub fn next(&mut self, until: Millis) -> Option<Event> {
        let entry = self.queue.first_entry().filter(|entry| entry.key().0 <= until)?;
        self.now = self.now.max(entry.key().0);
        let event = entry.remove();
        (self.now.0, &event).hash(&mut self.trace);
        Some(event)
    }

    pub fn open(&mut self, client: usize, dialect: Dialect) -> ConnId {
        let id = ConnId(self.conns.last_key_value().map_or(1, |(last, _)| last.0 + 1));
        let (up_at, down_at) = (self.now, self.now);
        self.conns.insert(id, Conn { client, dialect, up_at, down_at, broken: false });
        self.up(id, Signal::Open);
        id
    }

    pub fn up(&mut self, id: ConnId, signal: Signal) {
        let latency = self.rng.u64(1..=self.latency_ms_max);
        let Some(conn) = self.conns.get_mut(&id).filter(|conn| !conn.broken) else { return };
        conn.up_at = conn.up_at.max(self.now + latency);
        let at = conn.up_at;
        if let Signal::Binary(frame) = &signal {
            self.samples.push_back((conn.dialect, frame.clone()));
            if self.samples.len() > SAMPLES_MAX {
                self.samples.pop_front();
            }
        }
        self.schedule_at(at, Event::Up(id, signal));
    }

    pub fn down(&mut self, id: ConnId, signal: Signal) {
        let latency = self.rng.u64(1..=self.latency_ms_max);
        let Some(conn) = self.conns.get_mut(&id).filter(|conn| !conn.broken) else { return };
        conn.down_at = conn.down_at.max(self.now + latency);
        let at = conn.down_at;
        self.schedule_at(at, Event::Down(id, signal));
    }

    pub fn is_broken(&self, id: ConnId) -> bool {
        self.conns.get(&id).is_none_or(|conn| conn.broken)
    }

    /// Lose what is in flight and all that follows. Each side notices in its own time.
    pub fn cut(&mut self, id: ConnId, room_ms: u64, client_ms: Option<u64>) {
        let Some(conn) = self.conns.get_mut(&id).filter(|conn| !conn.broken) else { return };
        conn.broken = true;
        self.schedule(room_ms, Event::RoomLost(id));
        if let Some(client_ms) = client_ms {
            self.schedule(client_ms, Event::ClientLost(id));
        }
    }

    /// Nothing arrives for a while, in one direction; then all of it.
    pub fn stall(&mut self, id: ConnId) {
        let (ms, up) = (self.rng.u64(1_000..20_000), self.rng.bool());
        if let Some(conn) = self.conns.get_mut(&id) {
            let link = if up { &mut conn.up_at } else { &mut conn.down_at };
            *link = (*link).max(self.now + ms);
        }
    }

    /// Whether a client keeps its copy. In half of the runs nobody does.
    pub fn keeps(&mut self, index: usize) -> bool {
        self.faults.storage.reload > 0.0 && index.is_multiple_of(2)
    }

    pub fn chance(&mut self, rate: f64) -> bool {
        rate > 0.0 && self.rng.f64() < rate
    }

    pub fn count(&mut self, kind: &'static str) {
        *self.counts.entry(kind).or_default() += 1;
    }

    /// Something happened that is worth reading when the run fails.
    pub fn note(&mut self, what: impl Display) {
        let line = format!("{:>9} {what}", self.now.0 - 1_000_000);
        line.hash(&mut self.trace);
        if self.is_traced {
            println!("{line}");
        }
        self.last.push_back(line);
        if self.last.len() > LAST_MAX {
            self.last.pop_front();
        }
    }

    /// Something that is worth reading when one seed is traced.
    pub fn trace(&self, what: impl FnOnce() -> String) {
        if self.is_traced {
            println!("{:>9} {}", self.now.0 - 1_000_000, what());
        }
    }

    pub fn last_events(&self) -> String {
        self.last.iter().map(|line| format!("{line}\n")).collect()
    }

    pub fn trace_hash(&self) -> u64 {
        self.trace.finish()
    }
}
