//! Several tabs of one browser share one connection and one storage.
//!
//! One of them leads. To the others it is what a room is to a client, and speaks the same messages:
//! a follower says hello, is welcomed, compares state vectors, sends its edits and has them
//! acknowledged, once the room has. What the leader is told by the room it hands on, and what a
//! follower says goes out as the leader's own. So tabs are in step also without a network.
//!
//! When the leader is gone another tab leads: it begins with what is stored, tells the others, and
//! compares what it has with the room: an edit may have come to it that never came there.

mod follower;
mod leader;

use std::collections::VecDeque;

use super::Output;
use super::connection::Status;
use super::transport::Transport;
use crate::codec::{DecodeError, Reader, write_number};
use crate::few::Few;
use crate::protocol::FromRoom;
use crate::protocol::native::encode_from_room;

/// A tab of this browser, by a random number.
pub type TabId = u32;

mod tag {
    pub(super) const FRAME: u64 = 0;
    pub(super) const LEADING: u64 = 1;
    pub(super) const UPSTREAM: u64 = 2;
    pub(super) const KEPT: u64 = 3;
    pub(super) const CLOSED: u64 = 4;
    pub(super) const WISH: u64 = 5;
    pub(super) const LEFT: u64 = 6;
    pub(super) const KEEPS: u64 = 7;
    pub(super) const FORGOTTEN: u64 = 8;
}

/// What one tab tells another.
#[derive(Debug, Eq, PartialEq)]
enum Message<'a> {
    /// What a room and a client would say to each other.
    Frame(&'a [u8]),
    /// To followers: from now on this tab leads.
    Leading,
    /// To followers: how it stands with the room, which history this is, and whether it is kept.
    Upstream { epoch: u64, keeps: bool, status: Status, transport: Option<Transport> },
    /// To a follower: its edits up to this number are kept.
    Kept(u64),
    /// To followers: this copy cannot go on.
    Closed(u64),
    /// To the leader: the page wants to be connected with the room, or cut off.
    Wish(bool),
    /// To the leader: this tab is gone.
    Left,
    /// To the leader: the page wants the document to be kept, or no longer. To a follower: that was
    /// heard. To all: a page wants it to be kept no longer.
    Keeps(bool),
    /// To followers: what was kept is thrown away, or could not be.
    Forgotten(bool),
}

impl<'a> Message<'a> {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let (numbers, rest): (&[u64], &[u8]) = match self {
            Self::Frame(frame) => (&[tag::FRAME], frame),
            Self::Leading => (&[tag::LEADING], &[]),
            Self::Upstream { epoch, keeps, status, transport } => {
                let carried = transport.map_or("", Transport::name);
                let (state, rest): (u64, &str) = match status {
                    Status::Offline => (0, ""),
                    Status::Connecting => (1, ""),
                    Status::Behind => (2, carried),
                    Status::Live => (3, carried),
                    Status::Closed { code, reason } => (u64::from(*code), reason),
                };
                (&[tag::UPSTREAM, *epoch, u64::from(*keeps), state], rest.as_bytes())
            }
            Self::Kept(number) => (&[tag::KEPT, *number], &[]),
            Self::Closed(code) => (&[tag::CLOSED, *code], &[]),
            Self::Wish(wants) => (&[tag::WISH, u64::from(*wants)], &[]),
            Self::Left => (&[tag::LEFT], &[]),
            Self::Keeps(wants) => (&[tag::KEEPS, u64::from(*wants)], &[]),
            Self::Forgotten(all) => (&[tag::FORGOTTEN, u64::from(*all)], &[]),
        };
        numbers.iter().for_each(|&number| write_number(&mut out, number));
        out.extend_from_slice(rest);
        out
    }

    fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes);
        Ok(match r.number()? {
            tag::FRAME => Self::Frame(r.rest()),
            tag::LEADING => Self::Leading,
            tag::UPSTREAM => {
                let (epoch, keeps) = (r.number()?, r.number()? > 0);
                let (state, rest) = (r.number()?, String::from_utf8_lossy(r.rest()));
                let status = match state {
                    0 => Status::Offline,
                    1 => Status::Connecting,
                    2 => Status::Behind,
                    3 => Status::Live,
                    code => {
                        let code = u16::try_from(code).map_err(|_| DecodeError::Range)?;
                        Status::Closed { code, reason: rest.to_string() }
                    }
                };
                let transport = Transport::from_name(&rest);
                Self::Upstream { epoch, keeps, status, transport }
            }
            tag::KEPT => Self::Kept(r.number()?),
            tag::CLOSED => Self::Closed(r.number()?),
            tag::WISH => Self::Wish(r.number()? > 0),
            tag::LEFT => Self::Left,
            tag::KEEPS => Self::Keeps(r.number()? > 0),
            tag::FORGOTTEN => Self::Forgotten(r.number()? > 0),
            _ => return Err(DecodeError::Range),
        })
    }
}

/// A follower, as its leader knows it.
#[derive(Debug, Default)]
struct Follower {
    /// What it says about itself: its client id, and the awareness update.
    presence: Option<(u64, Vec<u8>)>,
    /// The last of its own numbers that came here.
    last: u64,
    /// Its edits that the room has not acknowledged: by the leader's number, and by its own.
    edits: VecDeque<(u64, u64)>,
    /// Up to which of its own numbers it was told that they are kept.
    told_kept: u64,
}

/// Whether this tab leads, and whom or whose.
#[derive(Debug, Default)]
pub(super) struct Tabs {
    /// Another tab leads; how it stands with the room.
    leader: Option<Status>,
    /// What carries its connection.
    leader_transport: Option<Transport>,
    /// Whether that one keeps the document, as this one was told.
    leader_keeps: bool,
    /// What the page wanted last, kept or no longer, until the leader has seen to it.
    wish: Option<bool>,
    followers: Few<TabId, Follower>,
    /// What the room said last of these, for those who come.
    access: Option<Vec<u8>>,
    schema: Option<Vec<u8>>,
    told: Option<(u64, bool, Status, Option<Transport>)>,
    /// This tab followed one that is gone: the room may lack what came from there.
    pub(super) compares: bool,
}

impl Tabs {
    pub(super) fn follows(&self) -> bool {
        self.leader.is_some()
    }

    /// How the leader stands with the room, for one who is in touch with it.
    pub(super) fn upstream(&self) -> Option<&Status> {
        self.leader.as_ref()
    }

    /// What carries the leader's connection with the room.
    pub(super) fn transport(&self) -> Option<Transport> {
        self.leader_transport.filter(|_| self.follows())
    }

    /// Whether the leader keeps the document; nothing if this tab leads.
    pub(super) fn leader_keeps(&self) -> Option<bool> {
        self.follows().then_some(self.leader_keeps)
    }

    pub(super) fn are_there(&self) -> bool {
        !self.followers.is_empty()
    }

    fn is_of_follower(&self, client: u64) -> bool {
        self.followers.iter().any(|(_, it)| matches!(it.presence, Some((id, _)) if id == client))
    }

    /// Tell followers, but for one.
    fn tell(&self, but: Option<TabId>, message: &FromRoom<'_>, out: &mut Vec<Output>) {
        if !self.are_there() {
            return;
        }
        let frame = encode_from_room(message);
        let message = Message::Frame(&frame).encode();
        for (&tab, _) in self.followers.iter().filter(|(tab, _)| Some(**tab) != but) {
            out.push(Output::Tell { tab: Some(tab), message: message.clone() });
        }
    }
}
