//! What a room takes and what it returns.

use std::rc::Rc;

use super::event::Event;
use super::log::{Row, Snapshot};
use super::repair::Repair;
use super::report::Report;
use super::revoked::Revoked;
use super::session::{Carrier, SessionId};
use super::subjects::Subject;
use super::suspects::{Suspect, Suspects};
use crate::access::Access;
use crate::policy::Schema;
use crate::protocol::{Close, Dialect, Trace};
use crate::time::Millis;

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// A socket was accepted.
    Connect {
        /// Its name from now on; see [`Room::next_session`](super::Room::next_session).
        session: SessionId,
        /// How it frames its messages.
        dialect: Dialect,
        /// What carries it.
        carrier: Carrier,
        /// The trace that its request belongs to. A native client may say another one.
        trace: Option<Trace>,
        /// Who it is and what it may do; [`Access::of_nobody`] if it will say later.
        access: &'a Access,
    },
    /// The token of [`Output::Verify`] was checked.
    Admitted {
        /// Whose it is.
        session: SessionId,
        /// What it grants, or why its session ends.
        access: Result<&'a Access, Close>,
    },
    /// A socket that outlived a hibernation.
    Resume {
        /// Its name.
        session: SessionId,
        /// The last [`Output::Attach`] of the session; nothing if it was closed since.
        attachment: &'a [u8],
    },
    /// A binary frame arrived.
    Frame {
        /// From whom.
        session: SessionId,
        /// Its bytes.
        bytes: &'a [u8],
    },
    /// A session has said all that a poll began with, which goes on in the place of another.
    /// A text frame arrived that the platform did not answer.
    Text {
        /// From whom.
        session: SessionId,
    },
    /// What a poll began with was handed over: the session goes on in the place of the earlier ones
    /// of its client, which are gone.
    GoesOn {
        /// Which one.
        session: SessionId,
    },
    /// A socket is gone.
    Disconnect {
        /// Whose.
        session: SessionId,
    },
    /// The event loop came round after a frame, a text or a disconnect, or the time of
    /// [`Output::SetTimer`] has come. The shell asks for the former before it hands any of them
    /// over, so that nothing can gather and stay.
    Commit,
    /// The platform answered a ping of this session's, without waking the room. For every session
    /// that ever pinged, before [`Input::Alarm`].
    Pinged {
        /// Whose.
        session: SessionId,
        /// When it did last.
        at: Millis,
    },
    /// The time given by [`Output::SetAlarm`] has come. May be late, and may come twice.
    Alarm,
    /// Hold the document to this schema from now on.
    Schema(&'a Schema),
    /// Begin the history of the document, if it has none.
    Create,
    /// End what somebody was granted before now, and let nobody in with it from now on.
    Revoke {
        /// Who, as their tokens say; everybody but who asks, if nobody is named.
        subject: Option<&'a str>,
        /// Who asks for it.
        asked_by: &'a Access,
    },
    /// Forget the document. The room is to be dropped behind [`Output::Delete`].
    Delete,
    /// Forget who somebody is. What they wrote stays; their sessions end.
    Erase {
        /// As their tokens say.
        subject: &'a str,
    },
    /// The room failed before it was loaded: it trapped, or its memory was taken away.
    Failed {
        /// What it had in hand: one frame, or, in a commit, all that had gathered.
        in_hand: &'a [Suspect],
    },
}

/// Something for the shell to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Output {
    /// Add this row to the log.
    Append(Row),
    /// Send this frame.
    Send {
        /// To whom.
        to: Vec<SessionId>,
        /// Its bytes.
        frame: Vec<u8>,
    },
    /// Keep these bytes with the socket, over a hibernation.
    Attach {
        /// Whose socket.
        session: SessionId,
        /// For [`Input::Resume`]; at most 16,000 bytes.
        attachment: Vec<u8>,
    },
    /// Close the socket, unless it was closed before, and keep nothing with it. The session is
    /// forgotten already.
    Close {
        /// Whose.
        session: SessionId,
        /// Why.
        close: Close,
    },
    /// Check this token, and come back with [`Input::Admitted`].
    Verify {
        /// Who showed it.
        session: SessionId,
        /// As it came.
        token: String,
    },
    /// Come back with [`Input::Commit`] at this time, or not at all if the room is gone by then.
    SetTimer(Millis),
    /// Come back with [`Input::Alarm`] at this time, even if the room sleeps until then.
    SetAlarm(Millis),
    /// Put this snapshot in the place of the rows that it covers, and move them to the history. All
    /// of it, or nothing.
    Compact {
        /// What takes the place of rows.
        snapshot: Snapshot,
        /// To be added to the log: it says so.
        row: Row,
    },
    /// Keep who has this number, before the row that names it. Nobody has it yet.
    Name {
        /// The number.
        number: u32,
        /// Who it is.
        subject: Subject,
    },
    /// Keep that nobody knows any more who has this number.
    Erase {
        /// The number.
        number: u32,
    },
    /// Keep this schema in the place of the one before.
    Schema(Rc<Schema>),
    /// Keep these in the place of those that were kept before.
    Suspects(Suspects),
    /// Keep what is revoked, in the place of what was.
    Revoked(Revoked),
    /// Forget everything that is stored but this, and drop the room: the next one who comes finds a
    /// document with another epoch. What is revoked stays revoked.
    Delete(Revoked),
    /// Mark what is damaged, and keep the rest. [`Output::Abandon`] follows.
    Repair(Repair),
    /// Write this down for those who run the room.
    Tell(Event),
    /// Tell the registry how the room is.
    Report(Box<Report>),
    /// Something that must not happen did: drop the room, close every socket with
    /// [`Close::Restarted`], and load it again for the next one who comes.
    Abandon,
}
