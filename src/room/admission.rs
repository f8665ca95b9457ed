//! What sessions may do, and until when (S3).
//!
//! A session comes with an access, or with that of nobody, which ends soon. A token that it shows
//! later is checked by the shell, since keys may have to be fetched; what it grants takes the place
//! of what there was. An access that is over ends its session: an alarm sees to that, and every
//! frame does.

use super::session::{SessionId, Stage};
use super::{Counter, Output, Room};
use crate::access::{Access, Action, Permission, Role, permits};
use crate::policy::Schema;
use crate::protocol::{Close, Dialect, FromRoom, Granted};
use crate::time::Millis;

impl Room {
    /// Whether a session may do this.
    pub(super) fn may(&self, id: SessionId, action: Action) -> bool {
        self.sessions.get(&id).is_some_and(|session| self.allows(&session.access, action))
    }

    /// Whether somebody may do this, by the table and the document's schema.
    pub(super) fn allows(&self, access: &Access, action: Action) -> bool {
        // Whatever a schema says, it says nothing of operators.
        let schema = self.schema().filter(|_| !access.is_operator());
        let named = schema.and_then(|schema| schema.role(&access.role));
        let role = named.map_or(&*access.role, |role| role.built_in());
        let says = |schema: &Schema, role| match action {
            Action::Present => schema.may_show_presence(role),
            Action::Write => schema.may_write(role),
            _ => false,
        };
        match permits(Role::from_name(role), action) {
            Permission::Yes => true,
            Permission::Schema => {
                schema.zip(named).is_some_and(|(schema, role)| says(schema, role))
            }
            Permission::No => false,
        }
    }

    /// Whether whoever sends a request may do this. A refusal is counted.
    pub fn permits(&mut self, access: &Access, action: Action) -> bool {
        let permits = self.allows(access, action) && !self.is_revoked(access);
        self.observed.metrics.add(Counter::Denials, u64::from(!permits));
        permits
    }

    /// Whether a session has said hello and is of whoever sends a request, which says more in it.
    pub fn hears(&self, id: SessionId, access: &Access) -> bool {
        let session = self.sessions.get(&id);
        let is_greeted = session.is_some_and(|session| session.stage != Stage::Silent);
        is_greeted && session.is_some_and(|session| session.access.subject == access.subject)
    }

    /// Whether two sessions are of the same subject.
    pub fn are_of_one(&self, one: SessionId, other: SessionId) -> bool {
        let of = |id| self.sessions.get(&id).map(|session| &session.access.subject);
        of(one).is_some() && of(one) == of(other)
    }

    /// What ends a session before anything is taken of it, if something does.
    pub(super) fn turned_away(
        &self,
        now: Millis,
        id: SessionId,
        shows_token: bool,
    ) -> Option<Close> {
        let access = &self.sessions.get(&id)?.access;
        match access.is_nobody() {
            true if !shows_token || access.is_over(now) => Some(Close::Unauthorized),
            false if access.is_over(now) => Some(Close::Expired),
            _ => None,
        }
    }

    /// A session showed a token. The shell checks it, and says [`super::Input::Admitted`].
    pub(super) fn auth(&self, id: SessionId, token: &str) -> Vec<Output> {
        vec![Output::Verify { session: id, token: token.to_owned() }]
    }

    /// What a token grants that a session showed.
    pub(super) fn admitted(
        &mut self,
        now: Millis,
        id: SessionId,
        access: Result<&Access, Close>,
    ) -> Vec<Output> {
        let access = match access {
            Ok(access) if self.allows(access, Action::Read) && !self.is_revoked(access) => access,
            Ok(_) => return self.close(now, id, Close::Forbidden),
            Err(close) => return self.close(now, id, close),
        };
        let Some(session) = self.sessions.get_mut(&id) else { return Vec::new() };
        // Whoever goes on as somebody else would have written what the first one wrote.
        if !session.access.is_nobody() && session.access.subject != access.subject {
            return self.close(now, id, Close::Forbidden);
        }
        let was_nobody = std::mem::replace(&mut session.access, access.clone()).is_nobody();
        let dialect = session.dialect;
        self.expires_by(access.until);
        if !self.allows(access, Action::Present) {
            self.presence.leave(now, id);
        }
        let mut out: Vec<_> = self.attach(id).into_iter().collect();
        match dialect {
            Dialect::Native => out.extend(self.granted(now, id)),
            Dialect::Stock if was_nobody => out.extend(self.greet(id)),
            Dialect::Stock => {}
        }
        out
    }

    /// What y-websocket's server says first.
    pub(super) fn greet(&self, id: SessionId) -> Option<Output> {
        self.send(id, &FromRoom::SyncStep1(&self.known.encode()))
    }

    /// Tell a session what it may do.
    pub(super) fn granted(&self, now: Millis, id: SessionId) -> Option<Output> {
        let access = &self.sessions.get(&id)?.access;
        let granted = Granted {
            role: &access.role,
            may_write: self.allows(access, Action::Write),
            may_present: self.allows(access, Action::Present),
            left_ms: access.until.map(|until| until.since(now)),
        };
        self.send(id, &FromRoom::Access(granted))
    }

    /// See to it that somebody looks when an access ends.
    pub(super) fn expires_by(&mut self, until: Option<Millis>) {
        let before = self.alarm.expires_at;
        self.alarm.expires_at = before.into_iter().chain(until).min();
    }

    /// End the sessions whose access is over.
    pub(super) fn expire(&mut self, now: Millis) -> Vec<Output> {
        if self.alarm.expires_at.is_none_or(|at| now < at) {
            return Vec::new();
        }
        let ends = |until: &Millis| *until > now;
        let untils = self.sessions.values().filter_map(|session| session.access.until);
        self.alarm.expires_at = untils.filter(ends).min();
        let over = self.sessions.iter().filter(|(_, session)| session.access.is_over(now));
        let over: Vec<_> = over.map(|(&id, session)| (id, session.access.is_nobody())).collect();
        if over.is_empty() {
            return Vec::new();
        }
        let close = |is_nobody| if is_nobody { Close::Unauthorized } else { Close::Expired };
        let mut out = Vec::new();
        for (id, is_nobody) in over {
            out.extend(self.close(now, id, close(is_nobody)));
        }
        out.extend(self.commit(now));
        out
    }
}
