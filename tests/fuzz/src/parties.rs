//! A room with a log in memory, and a replica that it talks to.

use selvedge::access::{Access, Role};
use selvedge::protocol::{Close, Dialect, FromClient, Hello, native::encode_from_client};
use selvedge::replica::{self, Replica, Status};
use selvedge::room::{self, Carrier, Limits, Room, Row, SessionId, Stored};
use selvedge::time::Millis;
use selvedge::update::{self, EMPTY};

use crate::log::Memory;
use crate::world::ROOTS;

pub(crate) const EPOCH: u64 = 77;
pub(crate) const NOW: Millis = Millis(1_000_000);
/// The peer whose bytes are not to be trusted, and a replica that is.
pub(crate) const PEER: SessionId = SessionId(1);
const WITNESS: SessionId = SessionId(2);
const LATE: SessionId = SessionId(3);

/// A room whose log holds one update, with the peer in it.
pub(crate) struct Server {
    room: Room,
    log: Memory,
    /// Frames for the witness that it has not been given.
    pub(crate) relayed: Vec<Vec<u8>>,
    /// Why the peer was sent away.
    pub(crate) closed: Option<Close>,
}

impl Server {
    pub(crate) fn new(base: &[u8], dialect: Dialect) -> Self {
        let known = update::state_vector(base).expect("a base can be walked");
        let mut stored = Stored::new(EPOCH);
        let mut log = Memory::default();
        if base != EMPTY {
            // Pairs of client and clock: the encoding of a state vector behind its count, of which
            // there are few.
            let clocks = known.encode()[1..].to_vec();
            let (update, at) = (base.to_vec(), NOW);
            let row = Row {
                sequence: 1,
                updates: 1,
                at,
                clocks,
                deletes: true,
                update,
                ..Row::default()
            };
            stored.add_row(1, Ok(row.head())).expect("clocks can be read");
            log.rows.push(row);
        }
        let limits = Limits { log_rows_max: 1, ..Limits::default() };
        let room = Room::load(&stored, limits);
        let mut server = Self { room, log, relayed: Vec::new(), closed: None };
        server.take(room::Input::Connect {
            session: PEER,
            dialect,
            carrier: Carrier::Socket,
            trace: None,
            access: &Access::of_everyone(Role::Owner),
        });
        if dialect == Dialect::Native {
            server.hello(PEER);
        }
        server
    }

    fn hello(&mut self, session: SessionId) {
        let hello = FromClient::Hello(Hello { protocol: 1, epoch: 0, sequence: 0, trace: None });
        let frame = encode_from_client(&hello).expect("a native message");
        self.frame(session, &frame);
    }

    pub(crate) fn frame(&mut self, session: SessionId, bytes: &[u8]) {
        self.take(room::Input::Frame { session, bytes });
        self.take(room::Input::Commit);
    }

    /// Compaction, a crowd that joins, and the peer's end.
    pub(crate) fn afterwards(&mut self) {
        self.take(room::Input::Alarm);
        self.take(room::Input::Connect {
            session: LATE,
            dialect: Dialect::Native,
            carrier: Carrier::Socket,
            trace: None,
            access: &Access::of_everyone(Role::Owner),
        });
        self.hello(LATE);
        self.frame(LATE, &[1, 0]);
        self.take(room::Input::Disconnect { session: PEER });
        self.take(room::Input::Commit);
    }

    fn take(&mut self, input: room::Input<'_>) {
        for output in self.room.handle(NOW, input, &self.log) {
            match output {
                room::Output::Append(row) => self.log.rows.push(row),
                room::Output::Send { to, frame } if to.contains(&WITNESS) => {
                    self.relayed.push(frame);
                }
                room::Output::Close { session: PEER, close } => self.closed = Some(close),
                room::Output::Close { close, .. } => panic!("a room closed a witness: {close:?}"),
                room::Output::Compact { snapshot, row } => {
                    self.log.rows.retain(|row| row.sequence > snapshot.sequence);
                    self.log.rows.push(row);
                    self.log.snapshot = Some(snapshot);
                }
                room::Output::Abandon => panic!("a room abandoned itself"),
                room::Output::Repair(_) => panic!("a room found damage where none is"),
                _ => {}
            }
        }
    }
}

/// A replica that edits and looks at everything that it is told, as a page does.
pub(crate) struct Client {
    pub(crate) replica: Replica,
    /// Frames that it has sent and nobody has taken.
    sent: Vec<Vec<u8>>,
}

impl Client {
    /// A replica whose socket is open.
    pub(crate) fn new() -> Self {
        let mut replica = Replica::new(9, 9);
        for (name, kind) in ROOTS {
            let root = replica.root(name, kind).expect("a new root");
            replica.watch(&root, true).expect("a root that is there");
        }
        let mut client = Self { replica, sent: Vec::new() };
        client.take(replica::Input::Connect);
        client.take(replica::Input::Opened);
        client
    }

    pub(crate) fn take(&mut self, input: replica::Input<'_>) {
        let mut deflated = None;
        for output in self.replica.handle(NOW, input) {
            match output {
                replica::Output::Send(frame) => self.sent.push(frame),
                replica::Output::Inflate(bytes) => deflated = Some(bytes),
                _ => {}
            }
        }
        // What it is inflated to can be anything as well.
        if let Some(bytes) = deflated {
            self.take(replica::Input::Inflated(Some(&bytes)));
        }
    }

    /// The close code, if it has given up.
    pub(crate) fn gave_up(&self) -> Option<u16> {
        match self.replica.status() {
            Status::Closed { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Give the room what this replica sent.
    pub(crate) fn speak(&mut self, server: &mut Server) {
        for frame in self.sent.drain(..) {
            server.frame(WITNESS, &frame);
        }
    }

    /// Take what the room relayed.
    pub(crate) fn listen(&mut self, server: &mut Server) {
        for frame in std::mem::take(&mut server.relayed) {
            self.take(replica::Input::Frame(&frame));
        }
    }

    pub(crate) fn join(server: &mut Server) -> Self {
        server.take(room::Input::Connect {
            session: WITNESS,
            dialect: Dialect::Native,
            carrier: Carrier::Socket,
            trace: None,
            access: &Access::of_everyone(Role::Owner),
        });
        let mut client = Self::new();
        client.speak(server);
        client.listen(server);
        client
    }
}
