//! The document's schema, and holding the document to it (S4).
//!
//! Only a document that has a schema is loaded, and only once somebody changes it (C1). What is
//! undone of an update is undone before it is gathered: nobody is shown, and no row holds, what was
//! forbidden. Who wrote it is told behind the row, and learns it on resuming if they were away.

use std::fmt;
use std::rc::Rc;

use super::commit::Rejected;
use super::decision::{Decision, What};
use super::log::{Log, LogError, Row};
use super::session::{Session, SessionId};
use super::{EVERYONE, Event, Output, Room};
use crate::guard::{Guard, GuardError, Undone, Verdict};
use crate::policy::Schema;
use crate::protocol::{Denial, Dialect, FromRoom, Rejection, Rejections};
use crate::time::Millis;
use crate::update::Admission;

/// How many rejections a client is told of that was away.
const REJECTIONS_MAX: usize = 100;

/// The document's schema, if it has one.
#[derive(Default)]
pub(super) struct Rules {
    schema: Option<Rc<Schema>>,
    /// Loaded for the first update that has to be judged.
    guard: Option<Guard>,
}

impl Rules {
    pub(super) fn of(schema: Option<Rc<Schema>>) -> Self {
        Self { schema, guard: None }
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.schema.as_ref().map(|schema| schema.version());
        f.debug_struct("Rules").field("version", &version).finish_non_exhaustive()
    }
}

/// What becomes of an update.
pub(super) enum Held<'a> {
    /// This of it is taken.
    Taken(Admission<'a>),
    /// Nothing of it is.
    Denied(Denial),
    /// The room cannot go on as it is.
    Lost,
}

impl Room {
    /// The document's schema.
    pub fn schema(&self) -> Option<&Schema> {
        self.rules.schema.as_deref()
    }

    /// Whether the document is in memory, and not only known by its clocks (C1).
    pub fn is_loaded(&self) -> bool {
        self.rules.guard.is_some()
    }

    /// The document has another schema. What is in it already is not checked.
    pub(super) fn set_schema(&mut self, now: Millis, schema: Rc<Schema>) -> Vec<Output> {
        // What has gathered was judged by the rules before.
        let mut out = self.commit(now);
        let version = u64::from(schema.version());
        self.rules = Rules::of(Some(Rc::clone(&schema)));
        self.decided.add(Decision::of_room(What::Schema { version }));
        out.push(Output::Schema(schema));
        out.extend(self.commit(now));
        let sessions: Vec<_> = self.sessions.keys().copied().collect();
        for id in sessions {
            out.extend(self.granted(now, id));
            out.extend(self.say_schema(id));
        }
        out
    }

    /// Tell a session the rules, if there are any: ours checks them before it edits.
    pub(super) fn say_schema(&self, id: SessionId) -> Option<Output> {
        self.send(id, &FromRoom::Schema(self.schema()?.source()))
    }

    /// What may be taken of a session's update, which is new and ready, and has this number.
    pub(super) fn judge<'a>(
        &mut self,
        now: Millis,
        (id, number): (SessionId, u64),
        admission: Admission<'a>,
        log: &impl Log,
    ) -> Result<Held<'a>, LogError> {
        let Some(schema) = self.rules.schema.clone() else { return Ok(Held::Taken(admission)) };
        let access = self.sessions.get(&id).map(|session| &session.access);
        let Some(role) = access.and_then(|access| schema.role(&access.role)) else {
            return Ok(Held::Denied(Denial::Role));
        };
        if self.rules.guard.is_none() {
            // It was open when it grew so large.
            if self.size.snapshot_bytes + self.size.bytes
                > RULED_FACTOR_MAX * self.limits.ruled_bytes_max
            {
                return Ok(Held::Denied(Denial::Rules));
            }
            let own = self.own_client();
            let whole = self.answers.whole(now, self.head, &self.quarantine, log)?;
            match Guard::load(whole, schema, own) {
                Ok(guard) => self.rules.guard = Some(guard),
                // It was written before the document had rules.
                Err(_) => return Ok(Held::Denied(Denial::Rules)),
            }
        }
        let Some(guard) = &mut self.rules.guard else { return Ok(Held::Lost) };
        Ok(match guard.judge(&admission.fresh, role) {
            Ok(Verdict::Accepted) => Held::Taken(admission),
            Ok(Verdict::Compensated { update, ends, undone }) => {
                let clients = admission.ends.iter().map(|(client, _)| *client).collect();
                if !undone.is_empty() {
                    self.compensated((id, number), clients, undone);
                }
                Held::Taken(Admission {
                    fresh: update.into(),
                    ends,
                    has_deletes: true,
                    ..admission
                })
            }
            Err(GuardError::Broken) => Held::Lost,
            Err(GuardError::Forged) => Held::Denied(Denial::Author),
            Err(error) => {
                if let GuardError::Refused(violation) = error {
                    let undone = vec![Undone { violation, id: None }];
                    self.compensated((id, number), Vec::new(), undone);
                }
                Held::Denied(Denial::Rules)
            }
        })
    }

    /// Something reached the document that nobody judged: the guard does not know of it.
    pub(super) fn reload_guard(&mut self) {
        self.rules.guard = None;
    }

    /// Some of an update was undone, or all of it refused.
    fn compensated(
        &mut self,
        (id, number): (SessionId, u64),
        clients: Vec<u64>,
        undone: Vec<Undone>,
    ) {
        let told = |Undone { violation, id }: &Undone| Rejection {
            path: violation.to_string(),
            rule: violation.rule.name().to_owned(),
            id: id.map(|id| (id.client, id.clock)),
        };
        let rejections: Vec<_> = undone.iter().map(told).collect();
        let (subject, trace) = (self.subject_of(id), self.trace(id));
        let rules = rejections.iter().map(|it| it.rule.clone()).collect();
        self.observed.tell(Event::Compensated { session: id, rules, trace });
        let what = What::Compensated { clients, violations: rejections.clone() };
        self.decided.add(Decision::of(id, subject, what));
        let rejections = Rejections { all: rejections, number };
        self.gathered.reject(Rejected { session: id, subject, rejections });
    }

    /// Tell those who wrote something what of it was undone. Who wrote it may have lost that
    /// connection without the room knowing, and be back already: what this commit holds was not
    /// there yet when the later session was told what it had missed.
    pub(super) fn rejections(&self, rejected: &[Rejected]) -> Vec<Output> {
        let mut out = Vec::new();
        for Rejected { session, subject, rejections } in rejected {
            out.extend(self.send(*session, &FromRoom::Rejected(&rejections.encode())));
            // Numbers are those of one session.
            let message = Rejections { number: 0, ..rejections.clone() }.encode();
            let is_later = |id: SessionId, it: &Session| {
                id > *session
                    && *subject != EVERYONE
                    && it.dialect == Dialect::Native
                    && self.number_of(id) == Some(*subject)
            };
            out.extend(self.broadcast(&FromRoom::Rejected(&message), is_later));
        }
        out
    }

    /// Tell a session that was away what was undone of what its subject wrote, behind sequence
    /// number `has`.
    pub(super) fn missed_rejections(
        &self,
        id: SessionId,
        has: u64,
        log: &impl Log,
    ) -> Result<Vec<Output>, LogError> {
        let number = self.number_of(id).filter(|&number| number != EVERYONE);
        let Some(number) = number.filter(|_| self.rules.schema.is_some()) else {
            return Ok(Vec::new());
        };
        let mut rejections = Vec::new();
        // One part at a time: a long log is never in memory as a whole.
        let mut after = has;
        for segment in log.segments()?.into_iter().filter(|&last| last > has) {
            let rows = log.segment(segment)?;
            rejected_in(rows.iter().filter(|row| row.sequence > has), number, &mut rejections)?;
            after = after.max(segment);
        }
        loop {
            let rows = log.rows(after, ROWS_BYTES_MAX)?;
            let Some(last) = rows.last() else { break };
            after = last.sequence;
            rejected_in(rows.iter(), number, &mut rejections)?;
        }
        if rejections.is_empty() {
            return Ok(Vec::new());
        }
        let message = Rejections { all: rejections, number: 0 }.encode();
        Ok(self.send(id, &FromRoom::Rejected(&message)).into_iter().collect())
    }
}

/// What these rows say was undone of what a subject wrote: behind the others, of which the last are
/// kept, since a page has to show them.
fn rejected_in<'a>(
    rows: impl Iterator<Item = &'a Row>,
    subject: u32,
    rejections: &mut Vec<Rejection>,
) -> Result<(), LogError> {
    for row in rows {
        for decision in Decision::read_all(&row.decisions)? {
            if let What::Compensated { violations, .. } = decision.what
                && decision.subject == subject
            {
                rejections.extend(violations);
            }
        }
    }
    rejections.drain(..rejections.len().saturating_sub(REJECTIONS_MAX));
    Ok(())
}

/// How many times the limit the log of a document may have that is loaded: it is not compacted all
/// the time.
const RULED_FACTOR_MAX: u64 = 4;
/// How many bytes of rows are read at a time.
const ROWS_BYTES_MAX: u64 = 1 << 20;
