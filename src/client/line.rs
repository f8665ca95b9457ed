//! What carries the connection to the room.

use super::poll::Poll;
use super::socket::Socket;
use crate::replica::Way;

pub(super) enum Line {
    Socket(Socket),
    Poll(Poll),
}

impl Line {
    pub(super) fn send(&self, frame: &[u8]) {
        match self {
            Self::Socket(socket) => socket.send(frame),
            Self::Poll(poll) => poll.send(frame),
        }
    }

    /// Whoever holds an answer says by itself that it is alive.
    pub(super) fn ping(&self) {
        if let Self::Socket(socket) = self {
            socket.ping();
        }
    }

    /// Each request shows a token. Over a socket it was shown as that opened.
    pub(super) fn show(&self, token: Option<&str>) {
        if let Self::Poll(poll) = self {
            poll.show(token);
        }
    }

    pub(super) fn renew(&self, way: Way) {
        if let Self::Poll(poll) = self {
            poll.renew(way);
        }
    }
}
