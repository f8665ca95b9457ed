//! What a replica is told and what it asks for.

use super::{Aside, Conflicted, Grant, PeersChanged, Rejected, Status, UndoState, Undone};
use crate::document::Event;
use crate::protocol::Refusal;
use crate::time::Millis;

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// The page wants to be connected.
    Connect,
    /// The page wants to be cut off.
    Disconnect,
    /// The page woke up, or the network came back.
    Wake,
    /// The socket that [`Output::Connect`] asked for is open.
    Opened,
    /// A binary frame arrived.
    Frame(&'a [u8]),
    /// The text frame `pong` arrived.
    Pong,
    /// The socket is gone, or could not be opened.
    Closed {
        /// The WebSocket close code.
        code: u16,
        /// The WebSocket close reason.
        reason: &'a str,
    },
    /// The token that [`Output::RenewToken`] asked for.
    Token(&'a str),
    /// The time of [`Output::SetTimer`] has come. It may come early or late.
    Timeout,
}

/// Something for the shell to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Open a socket.
    Connect,
    /// Send this binary frame.
    Send(Vec<u8>),
    /// Send the text frame `ping`.
    SendPing,
    /// Close the socket and forget it.
    Disconnect,
    /// Report [`Input::Timeout`] at this time. Replaces an earlier timer.
    SetTimer(Millis),
    /// Ask the page for a new token, and report it as [`Input::Token`].
    RenewToken,
    /// Tell the page: what this replica may do changed.
    Access(Grant),
    /// Tell the page: the connection's status changed.
    Status(Status),
    /// Tell the page: the room did not take something.
    Refused(Refusal),
    /// Tell the page: some of what it wrote breaks the document's rules, and was undone.
    Rejected(Vec<Rejected>),
    /// Tell the page: this copy could not go on, and the document begins with an empty one under
    /// another client id.
    SetAside(Aside),
    /// Tell the page: so many changes are not acknowledged now.
    Saved {
        /// How many.
        pending: u64,
    },
    /// Tell the page: a change of this replica lost.
    Conflict(Box<Conflicted>),
    /// Tell the page: what can be undone changed.
    Undo(UndoState),
    /// Tell the page: a step was undone, or done again.
    Undone(Undone),
    /// Tell the page: watched shared types changed.
    Changed(Vec<Event>),
    /// Tell the page: others came, went or said something else.
    Peers(PeersChanged),
}
