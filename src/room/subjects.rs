//! Who wrote in a document, by number.
//!
//! Rows name people by numbers, and one table says who they are. So somebody can be erased from it
//! without touching a row: the number stays, and the chain of the log with it (S6). Whoever comes
//! back after that gets another number.

use std::collections::BTreeMap;

use super::authors::EVERYONE;
use super::decision::{Decision, What};
use super::session::SessionId;
use super::{Output, Room};
use crate::access::Access;
use crate::protocol::Close;
use crate::time::Millis;

/// Somebody.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subject {
    /// Who it is, as their tokens say.
    pub subject: Box<str>,
    /// What to call them, as the token said with which they first wrote.
    pub name: Option<Box<str>>,
}

/// Everybody who ever wrote in a document.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Subjects {
    /// Nobody, if they were erased.
    by_number: BTreeMap<u32, Option<Subject>>,
    numbers: BTreeMap<Box<str>, u32>,
    /// Those that storage has to be told of.
    unnamed: Vec<u32>,
}

impl Subjects {
    /// Somebody is stored under this number; nobody, if they were erased.
    pub fn add(&mut self, number: u32, subject: Option<Subject>) {
        if let Some(subject) = &subject {
            self.numbers.insert(subject.subject.clone(), number);
        }
        self.by_number.insert(number, subject);
    }

    /// Who has this number; nobody, if nobody had or they were erased.
    pub fn get(&self, number: u32) -> Option<&Subject> {
        self.by_number.get(&number)?.as_ref()
    }

    /// The number of a subject; nothing if they never wrote.
    pub fn number(&self, subject: &str) -> Option<u32> {
        if subject.is_empty() { Some(EVERYONE) } else { self.numbers.get(subject).copied() }
    }

    fn number_or_next(&mut self, access: &Access) -> u32 {
        self.number_or_new(&access.subject, access.name.as_deref())
    }

    /// The number of a subject; a new one for who has none.
    pub(super) fn number_of(&mut self, subject: &str) -> u32 {
        self.number_or_new(subject, None)
    }

    fn number_or_new(&mut self, subject: &str, name: Option<&str>) -> u32 {
        if let Some(number) = self.number(subject) {
            return number;
        }
        let last = self.by_number.keys().next_back().copied().unwrap_or(EVERYONE);
        let number = last.saturating_add(1);
        let (subject, name) = (subject.into(), name.map(Into::into));
        self.add(number, Some(Subject { subject, name }));
        self.unnamed.push(number);
        number
    }

    fn take_unnamed(&mut self) -> Vec<(u32, Subject)> {
        let unnamed = std::mem::take(&mut self.unnamed);
        let named = unnamed.into_iter();
        named.filter_map(|number| Some((number, self.get(number)?.clone()))).collect()
    }

    fn erase(&mut self, subject: &str) -> Option<u32> {
        let number = self.numbers.remove(subject)?;
        self.by_number.insert(number, None);
        Some(number)
    }
}

impl Room {
    /// Everybody who ever wrote here.
    pub fn subjects(&self) -> &Subjects {
        &self.subjects
    }

    /// The number of a session's subject; nothing if they never wrote, or there is no such session.
    pub(super) fn number_of(&self, id: SessionId) -> Option<u32> {
        self.subjects.number(&self.sessions.get(&id)?.access.subject)
    }

    /// The same, with a new number for who has none. Nobody in particular is everyone.
    pub(super) fn subject_of(&mut self, id: SessionId) -> u32 {
        match self.sessions.get(&id) {
            Some(session) => self.subjects.number_or_next(&session.access),
            None => EVERYONE,
        }
    }

    /// What storage has to know before a row names somebody.
    pub(super) fn names(&mut self) -> impl Iterator<Item = Output> {
        let names = self.subjects.take_unnamed().into_iter();
        names.map(|(number, subject)| Output::Name { number, subject })
    }

    /// Forget who somebody is. Their sessions end. What they wrote stays, under their number; what
    /// they write from now on is another's.
    pub(super) fn erase(&mut self, now: Millis, subject: &str) -> Vec<Output> {
        let is_theirs = |_: &Self, access: &Access| access.subject[..] == *subject;
        let mut out = match subject {
            // Nobody in particular.
            "" => return Vec::new(),
            _ => self.close_where(now, Close::Forbidden, is_theirs),
        };
        // With what they did just now, which says their number.
        out.extend(self.commit(now));
        if let Some(number) = self.subjects.erase(subject) {
            out.push(Output::Erase { number });
            self.decided.add(Decision::of_room(What::Erased { number }));
            out.extend(self.commit(now));
        }
        out
    }
}
