//! A room that wakes to its sockets, and one that is abandoned.

use std::collections::BTreeMap;

use selvedge::protocol::Close;
use selvedge::room::{Input, Output, Room};

use super::{Live, Server};
use crate::env::{ConnId, Env, Signal};
use crate::faults::Sabotage;

impl Server {
    /// The room as storage and sockets say it is.
    pub(super) fn load(&mut self, env: &mut Env) -> Live {
        let mut room = Room::load(&self.disk.current.stored(), self.limits.clone());
        let mut sockets = BTreeMap::new();
        for (&conn, socket) in &self.sockets {
            let session = socket.session;
            sockets.insert(session, conn);
            if self.sabotage == Some(Sabotage::SocketsForgotten) {
                continue;
            }
            let input = Input::Resume { session, attachment: &socket.attachment };
            for output in room.handle(env.now, input, &self.disk.current) {
                if let Output::Close { session, close } = output {
                    sockets.remove(&session);
                    env.down(conn, Signal::Close(close.code()));
                }
            }
        }
        let mut live = Live { room, sockets };
        self.tell_failure(env, &mut live);
        live
    }

    pub(super) fn forget_attachment(&mut self, conn: ConnId) {
        if let Some(socket) = self.sockets.get_mut(&conn) {
            socket.attachment.clear();
        }
    }

    pub(super) fn close_all(&mut self, env: &mut Env, close: Close) {
        self.live = None;
        let conns: Vec<_> = self.sockets.keys().copied().collect();
        for conn in conns {
            self.forget_attachment(conn);
            self.send(env, conn, Signal::Close(close.code()));
        }
    }
}
