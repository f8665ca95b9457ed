//! What a replica is told and what it asks for.

use super::tabs::TabId;
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
    /// Somebody did something on the page, or it was shown or hidden.
    Noticed {
        /// Whether it is hidden now.
        hidden: bool,
    },
    /// The socket that [`Output::Connect`] asked for is open.
    Opened,
    /// A binary frame arrived.
    Frame(&'a [u8]),
    /// What [`Output::Inflate`] asked for; nothing if that cannot be done.
    Inflated(Option<&'a [u8]>),
    /// The text frame `pong` arrived.
    Pong,
    /// The line is alive, where there is no socket that answers a ping.
    Alive,
    /// The answer that is held has ended, and nothing is wrong.
    Over,
    /// The WebSocket that [`Output::TrySocket`] asked for is open.
    SocketOpens,
    /// The socket is gone, or could not be opened.
    Closed {
        /// The WebSocket close code.
        code: u16,
        /// The WebSocket close reason.
        reason: &'a str,
    },
    /// The token that [`Output::RenewToken`] asked for.
    Token(&'a str),
    /// What the browser's storage has of this document, in the order in which it was kept. Nothing
    /// if it has none.
    Restored(&'a [Vec<u8>]),
    /// So many more of what [`Output::Keep`] and [`Output::KeepAll`] asked for is kept.
    Kept(u64),
    /// The storage failed, and what was kept may still be there; or there is nothing to keep.
    KeepFailed,
    /// The page wants the document to be kept in this browser from now on, or no longer.
    PageKeeps(bool),
    /// What was kept is thrown away, or could not be.
    Forgotten(bool),
    /// Another tab of this browser leads: it is the room of this one from now on.
    Follow,
    /// No other tab leads any more, and this one does. With `keeps`, what is stored comes next, as
    /// [`Input::Restored`].
    Lead {
        /// Whether the document is kept in the browser's storage.
        keeps: bool,
    },
    /// Another tab said something with [`Output::Tell`].
    Told {
        /// Which one.
        tab: TabId,
        /// What.
        message: &'a [u8],
    },
    /// Another tab is gone.
    Left(TabId),
    /// The page closes the document. Nothing comes after this.
    Close,
    /// The time of [`Output::SetTimer`] has come. It may come early or late.
    Timeout,
}

/// How much is saved, and where.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Saved {
    /// How many edits the room has not acknowledged.
    pub pending: u64,
    /// How many of them are not in the browser's storage either: all, if nothing is kept.
    pub pending_here: u64,
}

/// Something for the shell to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Open a socket, or what there is instead of one: [`Replica::way`](super::Replica::way).
    Connect,
    /// Go on with the next poll. What is sent from here on belongs to it, what was not on its way
    /// before is forgotten.
    Renew,
    /// Open a WebSocket beside what there is, to see whether it can be, and drop it.
    TrySocket,
    /// Send this binary frame.
    Send(Vec<u8>),
    /// Inflate this (RFC 1951, without a head), and report it as [`Input::Inflated`], unless the
    /// connection is gone by then.
    Inflate(Vec<u8>),
    /// Send the text frame `ping`, where there is a WebSocket.
    SendPing,
    /// Close the socket and forget it.
    Disconnect,
    /// Report [`Input::Timeout`] at this time. Replaces an earlier timer.
    SetTimer(Millis),
    /// Tell another tab of this browser: the one that leads, or all that follow, if it names none.
    Tell {
        /// Which one.
        tab: Option<TabId>,
        /// What.
        message: Vec<u8>,
    },
    /// Report [`Input::Left`] once this tab is gone; at once, if it is.
    Watch(TabId),
    /// The tab that leads keeps the document, or not any more. At first it does.
    KeptElsewhere(bool),
    /// The page of another tab wants the document to be kept, or no longer. A tab that follows is
    /// told only the second: nothing is kept from now on.
    PageKeeps(bool),
    /// To a tab that follows: what was kept is thrown away, or could not be.
    Forgotten(bool),
    /// Keep this record behind those before it. Should one fail, none behind it may be kept.
    Keep(Vec<u8>),
    /// Keep this record in the place of all those before it, at once or not at all.
    KeepAll(Vec<u8>),
    /// The storage takes too long: keep nothing of this document from now on.
    StopKeeping,
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
    /// Tell the page how much is saved.
    Saved(Saved),
    /// Tell the page: a change of this replica lost.
    Conflict(Box<Conflicted>),
    /// Tell the page: what can be undone changed.
    Undo(UndoState),
    /// Tell the page: a step was undone, or done again.
    Undone(Undone),
    /// Tell the page: watched shared types changed.
    Changed(Vec<Event>),
    /// Tell the page: this replica took in an update.
    Updated {
        /// What was new to it, encoded.
        update: Vec<u8>,
        /// Whether the page wrote it.
        local: bool,
    },
    /// Tell the page: others came, went or said something else.
    Peers(PeersChanged),
}
