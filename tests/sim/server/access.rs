//! Who is who, and that the room keeps them apart (S5).

use selvedge::access::{Access, Role};
use selvedge::protocol::{Close, Denial};
use selvedge::room::{Input, SessionId};

use super::Server;
use crate::env::{ConnId, Env};
use crate::faults::Sabotage;

impl Server {
    /// Each client has a subject of its own, unless everybody is everyone.
    pub(super) fn access(&self, env: &Env, conn: ConnId) -> Access {
        let everyone = Access::of_everyone(Role::Owner);
        if let (Some(rules), Some(conn)) = (&env.rules, env.conns.get(&conn)) {
            return rules.access(env.now, conn.client, env.has_subjects);
        }
        let is_known = env.has_subjects && self.sabotage != Some(Sabotage::SubjectsForgotten);
        match env.conns.get(&conn) {
            Some(conn) if is_known => {
                let subject = format!("client {}", conn.client).into();
                Access { subject, ..everyone }
            }
            _ => everyone,
        }
    }

    /// A session showed a token. Random bytes can be one.
    pub(super) fn verify(&self, env: &mut Env, session: SessionId) {
        env.count("tokens");
        let socket = self.sockets.iter().find(|(_, socket)| socket.session == session);
        if let Some((&conn, _)) = socket
            && env.rules.is_some()
        {
            env.verify(conn);
        }
    }

    /// What a client's token grants now, for a session that it has.
    pub fn admit(&mut self, env: &mut Env, conn: ConnId) {
        let Some(session) = self.sockets.get(&conn).map(|socket| socket.session) else { return };
        let is_hostile = env.conns.get(&conn).map(|conn| conn.client) == env.hostile;
        let access = self.access(env, conn);
        let access = if is_hostile { Err(Close::Unauthorized) } else { Ok(&access) };
        self.take(env, Input::Admitted { session, access });
    }

    /// The document has other rules from now on. They say the same.
    pub fn amend(&mut self, env: &mut Env) {
        let Some(rules) = &mut env.rules else { return };
        let schema = rules.amend();
        env.count("amended");
        self.take(env, Input::Schema(&schema));
    }

    /// Those who speak for themselves are never denied.
    pub(super) fn denied(&self, env: &mut Env, session: SessionId, denial: Denial) {
        let socket = self.sockets.iter().find(|(_, socket)| socket.session == session);
        let client = socket.and_then(|(conn, _)| env.conns.get(conn)).map(|conn| conn.client);
        let may_be = match (&mut env.rules, client) {
            (Some(rules), Some(client)) => {
                rules.spoilt.insert(client);
                // The page of one who was demoted may not know it yet.
                denial == Denial::Role && rules.is_ever(client, &["reader"])
            }
            _ => false,
        };
        if client != env.hostile && !may_be {
            env.oracle.violated(format!("S5: client {client:?} was denied: {denial}"));
        }
    }
}
