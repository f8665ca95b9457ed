//! How a room is reached: over a WebSocket, or, in networks in which those are blocked, over plain
//! requests whose answers are held.
//!
//! Nothing is asked to find out which: a way that brings no welcome is followed by the next one at
//! once, and a server that is away fails in all of them. Whoever goes without a WebSocket tries one
//! beside that now and then, and goes back to it once one opens.

use super::refused::send;
use super::{Output, Replica};
use crate::protocol::{FromClient, Hello, PLAIN, PROTOCOL_VERSION};
use crate::time::Millis;

/// When a WebSocket is tried first, beside a connection without one, in milliseconds; it doubles
/// with each time.
const TRY_MS_MIN: u64 = 10_000;
/// And at the latest after this time.
const TRY_MS_MAX: u64 = 600_000;
/// An answer that is read while it comes lasts so long, in milliseconds.
const LASTS_MS_MIN: u64 = 3_000;
/// For how long the answer to a brief poll is held, in seconds.
const BRIEF_S: u32 = 20;

/// What carries a connection, for the page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// A WebSocket.
    WebSocket,
    /// Requests over HTTP.
    Http,
}

/// A way to a room.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Way {
    /// A WebSocket.
    #[default]
    Socket,
    /// An answer that is read while it comes.
    Stream,
    /// Answers that end behind news: proxies hand on what has ended.
    Brief {
        /// For so many seconds at most.
        hold_s: u32,
    },
}

/// Why an attempt brought no welcome.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Failure {
    /// The network cut it off, or did not let it begin.
    Cut,
    /// Nothing came.
    Hung,
}

impl Transport {
    /// Its name for pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::Http => "http",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::WebSocket, Self::Http].into_iter().find(|it| it.name() == name)
    }
}

impl Way {
    /// What carries it.
    pub fn transport(self) -> Transport {
        match self {
            Self::Socket => Transport::WebSocket,
            Self::Stream | Self::Brief { .. } => Transport::Http,
        }
    }
}

/// The way of the present attempt, and the one that worked last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ways {
    pub(super) now: Way,
    works: Way,
    /// When a WebSocket is tried beside what there is, and how long after that again.
    try_at: Option<Millis>,
    try_ms: u64,
    /// When the present answer was asked for, and whether the room has said something in it.
    asked_at: Millis,
    is_heard: bool,
}

impl Ways {
    /// An attempt begins.
    pub(super) fn begin(&mut self) {
        (self.now, self.try_at) = (self.works, None);
    }

    /// It brought no welcome. Whether there is another way to be tried at once.
    pub(super) fn failed(&mut self, failure: Failure) -> bool {
        self.now = match (self.now, failure) {
            (Way::Socket, _) => Way::Stream,
            (Way::Stream, Failure::Hung) => Way::Brief { hold_s: 0 },
            // None works: from the beginning.
            _ => {
                self.works = Way::Socket;
                return false;
            }
        };
        true
    }

    /// It brought a welcome.
    pub(super) fn worked(&mut self, now: Millis) {
        (self.works, self.asked_at, self.is_heard) = (self.now, now, true);
        if self.now == Way::Socket {
            self.try_ms = 0;
        } else {
            self.try_in(now);
        }
    }

    /// The present answer has ended. Whether the next one is to be asked for at once: proxies cut
    /// off long ones, but what ends as soon as it begins would go round for ever.
    pub(super) fn renews(&mut self, now: Millis) -> bool {
        let is_early = self.now == Way::Stream && now.since(self.asked_at) < LASTS_MS_MIN;
        if self.now == Way::Socket || !self.is_heard || is_early {
            return false;
        }
        if let Way::Brief { hold_s } = &mut self.now {
            *hold_s = BRIEF_S;
        }
        (self.asked_at, self.is_heard) = (now, false);
        true
    }

    /// The room said welcome. Whether that was in an answer behind the first one.
    pub(super) fn goes_on(&mut self) -> bool {
        !std::mem::replace(&mut self.is_heard, true)
    }

    /// A WebSocket opened beside what there is.
    pub(super) fn socket_opens(&mut self) {
        self.works = Way::Socket;
    }

    /// When a WebSocket is to be tried.
    pub(super) fn due_at(&self) -> Option<Millis> {
        self.try_at
    }

    /// Whether a WebSocket is to be tried now.
    pub(super) fn is_due(&mut self, now: Millis) -> bool {
        let is_due = self.try_at.is_some_and(|at| at <= now);
        if is_due {
            self.try_in(now);
        }
        is_due
    }

    /// The network may be another one: a WebSocket is to be tried soon.
    pub(super) fn wake(&mut self, now: Millis) {
        if self.try_at.is_some() {
            (self.try_at, self.try_ms) = (Some(now), 0);
        }
    }

    fn try_in(&mut self, now: Millis) {
        self.try_ms = (self.try_ms * 2).clamp(TRY_MS_MIN, TRY_MS_MAX);
        self.try_at = Some(now + self.try_ms);
    }
}

impl Replica {
    /// The way to the room that [`Output::Connect`] and [`Output::Renew`] mean.
    pub fn way(&self) -> Way {
        self.connection.ways.now
    }

    /// What carries the connection, which may be that of the tab that leads; nothing if there is
    /// none.
    pub fn transport(&self) -> Option<Transport> {
        match self.tabs.follows() {
            true => self.tabs.transport().filter(|_| self.connection.is_live()),
            false => self.connection.is_live().then(|| self.way().transport()),
        }
    }

    /// Whether this replica itself goes without a WebSocket.
    pub(super) fn is_without_socket(&self) -> bool {
        self.transport() == Some(Transport::Http) && !self.tabs.follows()
    }

    /// Try the next way, if there is one.
    pub(super) fn connect_anew(&self, out: &mut Vec<Output>) {
        if self.connection.is_opening() {
            out.push(Output::Connect);
        }
    }

    /// An answer has ended, as it does now and then: go on with the next one. The room begins
    /// another session for that, which has the place of this one. What was on its way either way
    /// may be lost.
    pub(super) fn over(&mut self, now: Millis, out: &mut Vec<Output>) {
        if !self.connection.renew(now) {
            self.disconnect(out, |connection| connection.failed(now, Failure::Cut));
            return self.connect_anew(out);
        }
        out.push(Output::Renew);
        self.say_hello(out);
        self.resynchronizing = false;
        self.outbox.send_again();
        self.presence.doubt();
        self.take_up(now, out);
    }

    pub(super) fn say_hello(&mut self, out: &mut Vec<Output>) {
        let (epoch, sequence) = (self.epoch, self.sequence);
        let protocol = if self.inflates { PROTOCOL_VERSION } else { PLAIN };
        let hello = Hello { protocol, epoch, sequence, trace: self.trace };
        send(out, self.frame_bytes_max, &FromClient::Hello(hello));
    }

    /// A WebSocket opened that was tried beside what there is: go over to it.
    pub(super) fn socket_opens(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.is_without_socket() {
            self.connection.ways.socket_opens();
            self.disconnect(out, |connection| connection.begin(now));
            out.push(Output::Connect);
        }
    }
}
