//! Who is who, and that the room keeps them apart (S5).

use selvedge::access::{Access, Role};
use selvedge::protocol::Denial;
use selvedge::room::SessionId;

use super::Server;
use crate::env::{ConnId, Env};
use crate::faults::Sabotage;

impl Server {
    /// Each client has a subject of its own, unless everybody is everyone.
    pub(super) fn access(&self, env: &Env, conn: ConnId) -> Access {
        let everyone = Access::of_everyone(Role::Owner);
        let is_known = env.has_subjects && self.sabotage != Some(Sabotage::SubjectsForgotten);
        match env.conns.get(&conn) {
            Some(conn) if is_known => {
                let subject = format!("client {}", conn.client).into();
                Access { subject, ..everyone }
            }
            _ => everyone,
        }
    }

    /// Those who speak for themselves are never denied.
    pub(super) fn denied(&self, env: &mut Env, session: SessionId, denial: Denial) {
        let socket = self.sockets.iter().find(|(_, socket)| socket.session == session);
        let client = socket.and_then(|(conn, _)| env.conns.get(conn)).map(|conn| conn.client);
        if client != env.hostile {
            env.oracle.violated(format!("S5: client {client:?} was denied: {denial}"));
        }
    }
}
