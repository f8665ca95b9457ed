//! Holds a document to its schema (promise S4): accept, then compensate.
//!
//! A CRDT cannot take back an edit, and refusing one leaves a hole in its author's clock that every
//! later edit falls into. So an update that breaks a rule is taken in, and what is forbidden of it
//! is undone at once by the room's own edit. The two become one update before anybody sees them,
//! and the content that was undone is not in it any more: only its ids are. Whatever else the
//! update did stays.
//!
//! - What an update does, and where, is found from its bytes and an index of where ids stand
//!   ([`spots`]). So a keystroke into a long text costs no more than one into a short one.
//! - Two copies of the document are in step. `trial` takes in an update first; what changed is
//!   compared with `settled`, which never holds anything forbidden, and mended from there.
//! - What was taken away is put back as a copy with new ids, in the same place. What cannot be
//!   copied exactly (a subdocument, a shared type inside a text, a whole number that a double does
//!   not hold) is not put back as something else: such an update is refused as a whole.
//! - What is deleted as soon as it is there, by the same update or because something else counts
//!   more, is seen by nobody and judged by nothing: its content is left out.
//! - A value that is inserted is one: if anything inside it breaks a rule, all of it goes.

mod arrival;
mod copy;
mod faults;
mod judge;
mod keys;
mod list;
mod place;
mod sequence;
mod spots;
mod text;

#[cfg(test)]
mod tests;

use std::rc::Rc;

use thiserror::Error;

use crate::document::{ApplyError, Document, EditError, Kind};
use crate::policy::{Schema, Shape, Violation};
use crate::update::{self, Id};
use spots::Spots;

/// How many shared types something may be inside of.
pub const NESTING_MAX: usize = 100;
/// How many broken rules are told of one update.
pub const VIOLATIONS_MAX: usize = 32;

/// What became of an update that was taken in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It keeps all rules, and is stored and relayed as it is.
    Accepted,
    /// Some of it was undone. `update` is stored and relayed in its place, to its author as well.
    Compensated {
        /// The update and what undoes the forbidden part of it, as one.
        update: Vec<u8>,
        /// For each client with structs in it, the room's among them, its next clock afterwards.
        ends: Vec<(u64, u32)>,
        /// What was broken, at most [`VIOLATIONS_MAX`]. Nothing if only content was left out that
        /// nobody would have seen.
        undone: Vec<Undone>,
    },
}

/// A rule that an update broke, for which some of it was undone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Undone {
    /// Which rule, and where.
    pub violation: Violation,
    /// What went for it: the first id, if anything came; nothing if something had gone.
    pub id: Option<Id>,
}

/// Why an update was not taken in. The guard is as before.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum GuardError {
    /// The bytes are no update.
    #[error("the bytes cannot be read")]
    Malformed,
    /// It holds something that cannot be loaded, for example an `XmlHook`.
    #[error("holds content that cannot be checked")]
    Unreadable,
    /// It refers to something that is not there.
    #[error("refers to what is not there")]
    NotReady,
    /// No client of Yjs writes this: ids of the room, or something in two places.
    #[error("was not written by a client of this document")]
    Forged,
    /// It nests shared types deeper than [`NESTING_MAX`].
    #[error("nests shared types too deeply")]
    TooDeep,
    /// It breaks this rule, and what it did cannot be undone exactly.
    #[error("breaks a rule in a way that cannot be undone: {rule} at {0}", rule = .0.rule.name())]
    Refused(Violation),
    /// The two copies are not in step any more. The guard has to be loaded again.
    #[error("the document has to be loaded again")]
    Broken,
}

/// The two copies.
struct Documents {
    settled: Document,
    trial: Document,
}

/// Holds one document to its schema.
pub struct Guard {
    schema: Rc<Schema>,
    room: u64,
    documents: Documents,
    spots: Spots,
    broken: bool,
}

impl Guard {
    /// Load a document, as one update, that is held to `schema` from now on. What is in it already
    /// is not checked. Compensations are written by the client `room`, which nobody else may be.
    pub fn load(document: &[u8], schema: Rc<Schema>, room: u64) -> Result<Self, GuardError> {
        let mut spots = Spots::default();
        arrival::arrive(document, &mut spots)?;
        spots.settle();
        let settled = loaded(document, &schema, 0)?;
        let trial = loaded(document, &schema, room)?;
        let documents = Documents { settled, trial };
        Ok(Self { schema, room, documents, spots, broken: false })
    }

    /// The document as everybody may see it.
    pub fn document(&self) -> &Document {
        &self.documents.settled
    }

    /// The rules.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Begin again from what is settled.
    fn roll_back(&mut self) {
        self.spots.forget();
        let settled = self.documents.settled.encode();
        match loaded(&settled, &self.schema, self.room) {
            Ok(trial) => self.documents.trial = trial,
            Err(_) => self.broken = true,
        }
    }
}

/// A copy of a document in which the roots of the schema have their kinds.
fn loaded(update: &[u8], schema: &Schema, client: u64) -> Result<Document, GuardError> {
    let mut document = Document::new(client);
    for (name, rules) in schema.roots() {
        // An empty document has no root of another kind.
        let _ = document.root(name, rules.shape().map_or(Kind::Map, Shape::kind));
    }
    if update != update::EMPTY {
        document.apply(update)?;
    }
    if document.has_missing_updates() { Err(GuardError::NotReady) } else { Ok(document) }
}

impl From<ApplyError> for GuardError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Malformed => Self::Malformed,
            ApplyError::Unreadable => Self::Unreadable,
        }
    }
}

/// Something could not be put back.
#[derive(Debug)]
struct Inexact;

impl From<EditError> for Inexact {
    fn from(_: EditError) -> Self {
        Self
    }
}
