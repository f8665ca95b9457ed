//! The server's state machine: one document's log and the sessions that look at it.
//!
//! [`Room::handle`] takes one [`Input`] and returns the [`Output`]s to perform, in order. The shell
//! stops at the first that fails and abandons the room; nothing behind it has left. So an
//! [`Output::Append`] always stands before the frames that show what it holds, and the platform's
//! output gate keeps those frames until the row is durable (D1).
//!
//! A room does not load its document (C1). It knows which clocks the log has (a state vector of a
//! few bytes for each author) and works on encoded updates with [`crate::update`]. What arrives is
//! walked, admitted if everything it refers to is known (O1), and gathered; when the event loop
//! comes round, all that gathered is committed as one row and leaves as one frame to each peer
//! (C2).

mod admission;
mod alarm;
mod answers;
mod audit;
mod authors;
mod backlog;
mod bucket;
mod catch_up;
mod chain;
mod commit;
mod compaction;
mod decided;
mod decision;
mod event;
mod interface;
mod latency;
mod limits;
mod log;
mod metrics;
mod observe;
mod pace;
mod parts;
mod past;
mod presence;
mod repair;
mod replay;
mod report;
mod revoked;
mod rules;
mod segment;
mod session;
mod stored;
mod subjects;
mod suspects;
mod sweep;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::access::{Access, Action};
use crate::awareness::Presence;
use crate::protocol::{Close, Dialect, FromClient, FromRoom, Limit, Refusal, Trace};
use crate::time::Millis;
use crate::update::{Malformed, StateVector};

use alarm::Alarm;
use answers::Answers;
pub use audit::{Audit, Break, Entry, Flaw};
pub use authors::{Authors, EVERYONE, OPERATOR};
pub use chain::{Chain, origin};
use commit::Gathered;
use decided::Decided;
pub use decision::{Decision, Reason, What};
pub use event::{CatchUp, Event, Level};
pub use interface::{Input, Output};
use limits::Meter;
pub use limits::{LimitError, Limits};
pub use log::{Deflated, Log, LogError, Row, RowHead, Snapshot, SnapshotHead, checksum};
pub use metrics::{Counter, Delay, Family, Gauges, Metrics, open_metrics};
pub use observe::Observed;
use pace::Pace;
use parts::Parts;
pub use repair::{Mark, Part, Repair};
pub use replay::{Replayed, replay, replay_all};
pub use report::Report;
pub use revoked::{Revoked, Whose};
use rules::Rules;
pub use segment::Segment;
use session::{Attachment, Session, Stage};
pub use session::{Carrier, SessionId};
pub use stored::Stored;
pub use subjects::{Subject, Subjects};
pub use suspects::{Suspect, Suspects};

/// One document and its sessions.
#[derive(Debug)]
pub struct Room {
    limits: Limits,
    epoch: u64,
    /// The last sequence number of the log.
    head: u64,
    /// Which clocks the log has.
    logged: StateVector,
    /// Which clocks the log and what is gathered have.
    known: StateVector,
    /// Whose the client ids are that the log and what is gathered have.
    authors: Authors,
    subjects: Subjects,
    /// The chain of the last row of the log.
    chain: Option<Chain>,
    decided: Decided,
    size: stored::Size,
    quarantine: stored::Quarantine,
    suspects: Suspects,
    revoked: Revoked,
    rules: Rules,
    gathered: Gathered,
    pace: Pace,
    sessions: BTreeMap<SessionId, Session>,
    /// The highest name that a session had since the room was loaded.
    last_session: SessionId,
    presence: Presence<SessionId>,
    /// Stock sessions that will be told who is here, once they had time to say who they are.
    joining: BTreeSet<SessionId>,
    answers: Answers,
    parts: Parts,
    /// What all sessions sent lately.
    metered: Meter,
    alarm: Alarm,
    observed: Observed,
    /// Updates whose authors want to know when somebody else has them.
    probes: BTreeMap<SessionId, u64>,
}

impl Room {
    /// The room as its storage says it was.
    pub fn load(stored: &Stored, limits: Limits) -> Self {
        Self {
            limits,
            epoch: stored.epoch,
            head: stored.head,
            logged: stored.known.clone(),
            known: stored.known.clone(),
            authors: stored.authors.clone(),
            subjects: stored.subjects.clone(),
            chain: stored.chain,
            decided: Decided::default(),
            size: stored.size,
            quarantine: stored.quarantine.clone(),
            suspects: stored.suspects.clone(),
            revoked: stored.revoked.clone(),
            rules: Rules::of(stored.schema.clone()),
            gathered: Gathered::default(),
            pace: Pace::default(),
            sessions: BTreeMap::new(),
            last_session: SessionId(0),
            presence: Presence::default(),
            joining: BTreeSet::new(),
            answers: Answers::default(),
            parts: Parts::default(),
            metered: Meter::default(),
            alarm: Alarm::default(),
            observed: Observed::woken(),
            probes: BTreeMap::new(),
        }
    }

    /// A name for the next socket that no socket has. A socket that the room closed keeps its own
    /// until its client has answered, and may still speak.
    pub fn next_session(&self) -> SessionId {
        SessionId(self.last_session.0.wrapping_add(1))
    }

    /// Take one input; return what to do about it, in order. `log` reads what was appended.
    #[must_use]
    pub fn handle(&mut self, now: Millis, input: Input<'_>, log: &impl Log) -> Vec<Output> {
        if self.quarantine.is_due && !matches!(input, Input::Resume { .. } | Input::Delete) {
            // Nothing is served from a log with holes that nobody has looked into.
            let mut out = self.repair(now, log).unwrap_or_else(|| vec![Output::Abandon]);
            self.observe(now, input, &mut out);
            return out;
        }
        let mut out = match input {
            Input::Connect { session, dialect, carrier, trace, access } => {
                self.connect(now, session, (dialect, carrier), trace, access)
            }
            Input::Schema(schema) => self.set_schema(now, Rc::new(schema.clone())),
            Input::Admitted { session, access } => self.admitted(now, session, access),
            Input::Resume { session, attachment } => self.resume(now, session, attachment),
            Input::Frame { session, bytes } => {
                let heard = self.hear(now, session);
                let mut out = self.frame(now, session, bytes, log);
                out.splice(0..0, heard);
                out
            }
            Input::Text { session } => self.close(now, session, Close::BadFrame),
            Input::GoesOn { session } => self.everyone_was_named(session).into_iter().collect(),
            Input::Disconnect { session } => {
                self.forget(now, session, None);
                Vec::new()
            }
            Input::Commit => {
                self.bring_back(now, log);
                self.commit(now)
            }
            Input::Pinged { session, at } => self.pinged(session, at),
            Input::Alarm => self.alarm(now, log),
            Input::Create => self.create(now),
            Input::Revoke { subject, asked_by } => self.revoke(now, subject, asked_by),
            Input::Delete => self.delete(now),
            Input::Erase { subject } => self.erase(now, subject),
            Input::Failed { in_hand } => self.failed(in_hand),
        };
        self.count(now, &mut out);
        self.arm(now, input, &mut out);
        self.observe(now, input, &mut out);
        out
    }

    fn connect(
        &mut self,
        now: Millis,
        id: SessionId,
        (dialect, carrier): (Dialect, Carrier),
        trace: Option<Trace>,
        access: &Access,
    ) -> Vec<Output> {
        self.last_session = self.last_session.max(id);
        if let Some(refusal) = self.crowded() {
            self.observed.tell(Event::Refused { session: id, refusal, trace });
            let frame = dialect.encode(&FromRoom::Refused { number: 0, refusal });
            let send = frame.map(|frame| Output::Send { to: vec![id], frame });
            let close = Output::Close { session: id, close: Close::Full };
            return send.into_iter().chain([close]).collect();
        }
        self.expires_by(access.until);
        let session = Session::new(now, dialect, access.clone());
        self.sessions.insert(id, Session { carrier, trace, ..session });
        self.observed.tell(Event::Opened { session: id, dialect, carrier, trace });
        let mut out: Vec<_> = self.attach(id).into_iter().collect();
        if !access.is_nobody() && (!self.may(id, Action::Read) || self.is_revoked(access)) {
            out.extend(self.close(now, id, Close::Forbidden));
        } else if dialect == Dialect::Stock && !access.is_nobody() {
            // A native client says hello first (W3); y-websocket's server speaks at once.
            out.extend(self.greet(id));
        }
        out
    }

    fn resume(&mut self, now: Millis, id: SessionId, attachment: &[u8]) -> Vec<Output> {
        self.last_session = self.last_session.max(id);
        let restored =
            Attachment::decode(now, attachment).and_then(|(session, rounds, presence)| {
                self.presence.restore(now, id, presence).ok()?;
                Some((session, rounds))
            });
        match restored {
            Some((session, rounds)) => {
                let until = session.access.until;
                self.sessions.insert(id, session);
                self.restore(id, rounds, until);
                Vec::new()
            }
            // An attachment of a build that this one cannot read: the client starts afresh.
            None => vec![Output::Close { session: id, close: Close::Restarted }],
        }
    }

    /// What the session wrote stays; its presence goes with the next commit.
    fn forget(&mut self, now: Millis, id: SessionId, close: Option<Close>) {
        let Some(Session { trace, .. }) = self.sessions.remove(&id) else { return };
        self.observed.tell(Event::Ended { session: id, close, trace });
        self.gathered.forget(id);
        self.joining.remove(&id);
        self.probes.remove(&id);
        self.parts.forget(id);
        self.presence.leave(now, id);
    }

    fn close(&mut self, now: Millis, session: SessionId, close: Close) -> Vec<Output> {
        self.forget(now, session, Some(close));
        vec![Output::Close { session, close }]
    }

    fn frame(&mut self, now: Millis, id: SessionId, bytes: &[u8], log: &impl Log) -> Vec<Output> {
        let Some(session) = self.sessions.get(&id) else { return Vec::new() };
        let (value, max) = (bytes.len() as u64, self.limits.frame_bytes_max);
        // A native client knows the limit and could have sent parts; a stock client has no other
        // way, and would come back with the same frame for ever.
        if value > max && session.dialect == Dialect::Native {
            let refusal = Refusal { limit: Limit::FrameBytes, value, max, retry_ms: None };
            let mut out = self.refusal(id, 0, refusal);
            out.extend(self.close(now, id, Close::TooLarge));
            return out;
        }
        let Ok(message) = session.dialect.decode(bytes) else {
            return self.end(now, id, Close::BadFrame, log);
        };
        let shows_token = matches!(message, Some(FromClient::Auth { .. }));
        if let Some(close) = self.turned_away(now, id, shows_token) {
            return self.close(now, id, close);
        }
        if message.as_ref().is_some_and(|message| !session.may_send(message)) {
            return self.close(now, id, Close::Protocol);
        }
        // Without these the room would wait for ever for what it let begin.
        let is_due = message.as_ref().is_some_and(|it| {
            matches!(it, FromClient::Received { .. }) || self.parts.has_begun(id, it)
        });
        if let Err(over) = self.meter(now, id, bytes.len(), is_due) {
            return over;
        }
        let Some(message) = message else { return Vec::new() };
        self.try_message(now, id, message, log)
    }

    fn take_message(
        &mut self,
        now: Millis,
        id: SessionId,
        message: FromClient<'_>,
        log: &impl Log,
    ) -> Vec<Output> {
        self.message(now, id, message, log).unwrap_or_else(|close| self.end(now, id, close, log))
    }

    /// Close a session, or see to the log if that is why.
    fn end(&mut self, now: Millis, id: SessionId, close: Close, log: &impl Log) -> Vec<Output> {
        if close == Close::BadFrame {
            self.decide_refused(id, Reason::Unreadable);
        }
        let repair = if close == Close::Storage { self.repair(now, log) } else { None };
        repair.unwrap_or_else(|| self.close(now, id, close))
    }

    fn message(
        &mut self,
        now: Millis,
        id: SessionId,
        message: FromClient<'_>,
        log: &impl Log,
    ) -> Result<Vec<Output>, Close> {
        match message {
            FromClient::Auth { token } => Ok(self.auth(id, token)),
            FromClient::Hello(hello) => self.hello(now, id, hello, log),
            FromClient::SyncStep1(state_vector) => {
                if self.dialect(id) == Some(Dialect::Stock) {
                    self.joining.insert(id);
                }
                self.sync_step_1(now, id, state_vector, log)
            }
            FromClient::SyncStep2 { number, update } => {
                self.sync_step_2(now, id, number, update, log)
            }
            FromClient::Update { number, update } => self.update(now, id, number, update, log),
            FromClient::Awareness(update) => self.awareness(now, id, update),
            FromClient::Compare => Ok(self.ask(id).into_iter().collect()),
            FromClient::QueryAwareness => Ok(self.everyone(now, id).into_iter().collect()),
            FromClient::Received { bytes } => self.received(now, id, bytes, log),
            FromClient::Probe { stamp } => Ok(self.probe(id, stamp)),
            FromClient::Seen { session, stamp } => Ok(self.seen(session, stamp)),
            FromClient::Measured(measured) => self.measured(measured),
            FromClient::Conflict { by, path } => Ok(self.decide_conflict(now, id, by, path)),
            FromClient::Part { total, offset, bytes } => {
                self.part(now, id, (total, offset), bytes, log)
            }
        }
    }

    fn dialect(&self, id: SessionId) -> Option<Dialect> {
        self.sessions.get(&id).map(|session| session.dialect)
    }

    /// The frame of `message` for one session, if its dialect has one.
    fn send(&self, id: SessionId, message: &FromRoom<'_>) -> Option<Output> {
        send_to(&self.sessions, id, message)
    }
}

/// [`Room::send`], while another part of the room is borrowed.
fn send_to(
    sessions: &BTreeMap<SessionId, Session>,
    id: SessionId,
    message: &FromRoom<'_>,
) -> Option<Output> {
    let frame = sessions.get(&id)?.dialect.encode(message)?;
    Some(Output::Send { to: vec![id], frame })
}

impl From<Malformed> for Close {
    fn from(_: Malformed) -> Self {
        Self::BadFrame
    }
}
