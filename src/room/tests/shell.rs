//! A room with a log in memory.

use super::super::*;
use super::memory::Memory;
use crate::access::{Access, Role};
use crate::codec::{write_bytes, write_number};
use crate::protocol::native::{decode_from_room, encode_from_client};
use crate::protocol::{Hello, Welcome};

pub(super) const NOW: Millis = Millis(1_000_000);
pub(super) const EPOCH: u64 = 77;

/// A room, its log, and everything that it sent.
pub(super) struct Shell {
    pub(super) room: Room,
    pub(super) log: Memory,
    pub(super) sent: Vec<(SessionId, Vec<u8>)>,
    pub(super) closed: Vec<(SessionId, Close)>,
    pub(super) attachments: BTreeMap<SessionId, Vec<u8>>,
    pub(super) alarm: Option<Millis>,
    pub(super) timer: Option<Millis>,
    pub(super) verify: Vec<(SessionId, String)>,
    pub(super) told: Vec<Event>,
    pub(super) reports: Vec<Report>,
    pub(super) abandoned: bool,
    pub(super) deleted: Option<Revoked>,
    pub(super) now: Millis,
}

impl Shell {
    pub(super) fn new() -> Self {
        Self::limited(Limits::default())
    }

    pub(super) fn limited(limits: Limits) -> Self {
        Self {
            room: Room::load(&Stored::new(EPOCH), limits),
            log: Memory::default(),
            sent: Vec::new(),
            closed: Vec::new(),
            attachments: BTreeMap::new(),
            alarm: None,
            timer: None,
            verify: Vec::new(),
            told: Vec::new(),
            reports: Vec::new(),
            abandoned: false,
            deleted: None,
            now: NOW,
        }
    }

    pub(super) fn take(&mut self, input: Input<'_>) {
        for output in self.room.handle(self.now, input, &self.log) {
            match output {
                Output::Append(row) => self.log.append(row),
                Output::Send { to, frame } => {
                    self.sent.extend(to.into_iter().map(|id| (id, frame.clone())));
                }
                Output::Attach { session, attachment } => {
                    self.attachments.insert(session, attachment);
                }
                Output::Close { session, close } => {
                    self.attachments.insert(session, Vec::new());
                    self.closed.push((session, close));
                }
                Output::SetAlarm(at) => self.alarm = Some(at),
                Output::SetTimer(at) => self.timer = Some(at),
                Output::Compact { snapshot, row } => {
                    self.log.compact(snapshot);
                    self.log.append(row);
                }
                Output::Name { number, subject } => {
                    self.log.subjects.insert(number, Some(subject));
                }
                Output::Erase { number } => {
                    self.log.subjects.insert(number, None);
                }
                Output::Schema(schema) => self.log.schema = Some(schema),
                Output::Revoked(revoked) => self.log.revoked = revoked,
                Output::Delete(revoked) => self.deleted = Some(revoked),
                Output::Suspects(suspects) => self.log.suspects = suspects,
                Output::Repair(repair) => self.log.repair(repair),
                Output::Verify { session, token } => self.verify.push((session, token)),
                Output::Tell(event) => self.told.push(event),
                Output::Report(report) => self.reports.push(*report),
                Output::Abandon => self.abandoned = true,
            }
        }
    }

    pub(super) fn connect(&mut self, dialect: Dialect) -> SessionId {
        self.connect_as(dialect, &Access::of_everyone(Role::Owner))
    }

    pub(super) fn connect_by(&mut self, dialect: Dialect, subject: &str) -> SessionId {
        let (subject, name) = (subject.into(), Some("Somebody".into()));
        self.connect_as(dialect, &Access { subject, name, ..Access::of_everyone(Role::Owner) })
    }

    pub(super) fn connect_as(&mut self, dialect: Dialect, access: &Access) -> SessionId {
        self.connect_over(Carrier::Socket, dialect, access)
    }

    pub(super) fn connect_over(
        &mut self,
        carrier: Carrier,
        dialect: Dialect,
        access: &Access,
    ) -> SessionId {
        let session = self.room.next_session();
        self.take(Input::Connect { session, dialect, carrier, trace: None, access });
        session
    }

    pub(super) fn native(&mut self, epoch: u64, sequence: u64) -> SessionId {
        self.native_by("", epoch, sequence)
    }

    pub(super) fn native_by(&mut self, subject: &str, epoch: u64, sequence: u64) -> SessionId {
        let session = self.connect_by(Dialect::Native, subject);
        self.say(session, &FromClient::Hello(Hello { protocol: 1, epoch, sequence, trace: None }));
        session
    }

    /// Somebody with this access, who has nothing yet.
    pub(super) fn native_as(&mut self, access: &Access) -> SessionId {
        let session = self.connect_as(Dialect::Native, access);
        let (epoch, sequence) = (0, 0);
        self.say(session, &FromClient::Hello(Hello { protocol: 1, epoch, sequence, trace: None }));
        session
    }

    pub(super) fn say(&mut self, session: SessionId, message: &FromClient<'_>) {
        let bytes = &encode_from_client(message).unwrap();
        self.take(Input::Frame { session, bytes });
    }

    pub(super) fn update(&mut self, session: SessionId, number: u64, update: &[u8]) {
        self.say(session, &FromClient::Update { number, update });
    }

    /// Compact the log, however short it is.
    pub(super) fn compact(&mut self) {
        let rows_max = std::mem::replace(&mut self.room.limits.log_rows_max, 1);
        self.take(Input::Alarm);
        self.room.limits.log_rows_max = rows_max;
    }

    /// What was sent to a native session since the last call, but for what it may do.
    pub(super) fn heard(&mut self, session: SessionId) -> Vec<Vec<u8>> {
        let mut heard = self.heard_all(session);
        heard.retain(|it| !matches!(decode_from_room(it), Ok(Some(FromRoom::Access(_)))));
        heard
    }

    /// What was sent to a session since the last call.
    pub(super) fn heard_all(&mut self, session: SessionId) -> Vec<Vec<u8>> {
        let (to, others): (Vec<_>, _) = self.sent.drain(..).partition(|(id, _)| *id == session);
        self.sent = others;
        to.into_iter().map(|(_, frame)| frame).collect()
    }

    /// The state of the log and the sockets after the room's memory is gone.
    pub(super) fn reload(&mut self) {
        self.room = Room::load(&self.log.stored(), self.room.limits.clone());
        for (session, attachment) in self.attachments.clone() {
            self.take(Input::Resume { session, attachment: &attachment });
        }
    }
}

/// `client` types `string` behind its own character at `clock - 1`, or first of all.
pub(super) fn text(client: u64, clock: u64, string: &str) -> Vec<u8> {
    let mut out = vec![1, 1];
    write_number(&mut out, client);
    write_number(&mut out, clock);
    if clock == 0 {
        out.push(4);
        out.push(1);
        write_bytes(&mut out, b"t");
    } else {
        out.push(0x84);
        write_number(&mut out, client);
        write_number(&mut out, clock - 1);
    }
    write_bytes(&mut out, string.as_bytes());
    out.push(0);
    out
}

pub(super) fn room_says<'a>(frames: &'a [Vec<u8>]) -> Vec<FromRoom<'a>> {
    frames.iter().map(|frame| decode_from_room(frame).unwrap().unwrap()).collect()
}

/// What a native session that has nothing is told first.
pub(super) fn welcome(sequence: u64, limits: &Limits) -> FromRoom<'static> {
    FromRoom::Welcome(Welcome {
        protocol: 1,
        epoch: EPOCH,
        sequence,
        frame_bytes_max: limits.frame_bytes_max,
        update_bytes_max: limits.update_bytes_max,
        window_bytes: limits.window_bytes,
    })
}
