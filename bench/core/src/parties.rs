//! A room with its sessions, and a replica that is online.

use selvedge::access::{Access, Role};
use selvedge::document::{Kind, Shared};
use selvedge::protocol::native::{encode_from_client, encode_from_room};
use selvedge::protocol::{Dialect, FromClient, FromRoom, Hello, Welcome};
use selvedge::replica::{self, Replica};
use selvedge::room::{Carrier, Input, Limits, Output, Room, SessionId, Stored};
use selvedge::time::Millis;

use crate::log::Memory;

/// The time at which everything happens.
pub const NOW: Millis = Millis(1_000_000);
/// The history that the room has.
pub const EPOCH: u64 = 77;
const AUTHOR: u32 = 3_141_592_653;

/// A room, its log, and who is connected.
pub struct Server {
    /// The room.
    pub room: Room,
    /// What it appended.
    pub log: Memory,
}

impl Server {
    /// A room whose log has these updates, a row for each.
    pub fn new(updates: &[Vec<u8>]) -> Self {
        let room = Room::load(&Stored::new(EPOCH), Limits::default());
        let mut server = Self { room, log: Memory::default() };
        let author = server.join(Dialect::Native, 0);
        for (number, update) in (1..).zip(updates) {
            server.write(author, number, update);
            let _ = server.take(Input::Commit);
        }
        let _ = server.take(Input::Disconnect { session: author });
        server
    }

    /// Take one input, and keep what is appended.
    pub fn take(&mut self, input: Input<'_>) -> Vec<Output> {
        let outputs = self.room.handle(NOW, input, &self.log);
        let rows = outputs.iter().filter_map(|output| match output {
            Output::Append(row) => Some(row.clone()),
            _ => None,
        });
        self.log.rows.extend(rows);
        outputs
    }

    /// Someone connects and says hello, having everything up to `sequence`.
    pub fn join(&mut self, dialect: Dialect, sequence: u64) -> SessionId {
        let session = self.room.next_session();
        let _ = self.take(Input::Connect {
            session,
            dialect,
            carrier: Carrier::Socket,
            trace: None,
            access: &Access::of_everyone(Role::Owner),
        });
        if dialect == Dialect::Native {
            let _ = self.take(Input::Frame { session, bytes: &hello(sequence) });
        }
        session
    }

    /// A native session writes, without a commit.
    pub fn write(&mut self, session: SessionId, number: u64, update: &[u8]) {
        let frame = encode_from_client(&FromClient::Update { number, update });
        let bytes = &frame.expect("a native message");
        let _ = self.take(Input::Frame { session, bytes });
    }
}

/// The first frame of a native client.
pub fn hello(sequence: u64) -> Vec<u8> {
    let epoch = if sequence == 0 { 0 } else { EPOCH };
    let hello = FromClient::Hello(Hello { protocol: 1, epoch, sequence, trace: None });
    encode_from_client(&hello).expect("a native message")
}

/// A replica that is online, and its text, in which nothing is. With `watched` it tells what
/// changes there.
pub fn online(watched: bool) -> (Replica, Shared) {
    let mut replica = Replica::new(AUTHOR, 9);
    let text = replica.root("t", Kind::Text).expect("a new root");
    if watched {
        replica.watch(&text, false).expect("a root that is there");
    }
    let _ = replica.handle(NOW, replica::Input::Connect);
    let _ = replica.handle(NOW, replica::Input::Opened);
    let welcome = Welcome {
        protocol: 1,
        epoch: EPOCH,
        sequence: 1,
        frame_bytes_max: 1 << 25,
        update_bytes_max: 1 << 25,
        window_bytes: 0,
    };
    let frame = encode_from_room(&FromRoom::Welcome(welcome));
    let _ = replica.handle(NOW, replica::Input::Frame(&frame));
    (replica, text)
}

/// The frame of a commit.
pub fn committed(sequence: u64, update: &[u8]) -> Vec<u8> {
    encode_from_room(&FromRoom::Update { sequence, update })
}
