//! Undo and redo of what this replica did: edits like any other, which are checked, sent and
//! acknowledged.

use super::{Output, Replica};
use crate::document::{Document, EditError, Json, UndoOptions};
use crate::time::Millis;

/// What can be undone now.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct UndoState {
    /// There is a step to undo.
    pub can_undo: bool,
    /// There is a step to do again.
    pub can_redo: bool,
}

/// A step was undone, or done again.
#[derive(Clone, Debug, PartialEq)]
pub struct Undone {
    /// It was done again.
    pub redo: bool,
    /// What the step carries; see [`Replica::set_step_meta`].
    pub meta: Json,
}

/// A document whose edits are recorded.
pub(super) fn recorded(client_id: u32) -> Document {
    let mut document = Document::new(client_id.into());
    document.record(UndoOptions::default());
    document.compare();
    document
}

impl Replica {
    /// Record what this replica does from now on, so that it can be undone; with nothing, stop that
    /// and forget all of it. By default everything is recorded.
    pub fn record(&mut self, options: Option<UndoOptions>) {
        match options {
            Some(options) => self.document.record(options),
            None => self.document.record_nothing(),
        }
    }

    /// What can be undone now.
    pub fn undo_state(&self) -> UndoState {
        let (can_undo, can_redo) = self.document.can_undo();
        UndoState { can_undo, can_redo }
    }

    /// Undo the last step of which anything is left to undo; with `redo`, do again what was undone
    /// last. Whether there was one. An error says that the document's rules forbid it.
    pub fn undo(&mut self, now: Millis, redo: bool) -> (Result<bool, EditError>, Vec<Output>) {
        let mut out = Vec::new();
        self.document.edits_at(now);
        let (undone, update) = self.checked(|document, check| document.undo(check, redo));
        self.wrote(now, update, &mut out);
        self.tell(now, &mut out);
        let undone = undone.map(|meta| {
            let is_one = meta.is_some();
            out.extend(meta.map(|meta| Output::Undone(Undone { redo, meta })));
            is_one
        });
        (undone, out)
    }

    /// The next edit begins a step.
    pub fn end_step(&mut self) {
        self.document.end_step();
    }

    /// Each step that begins from now on carries this, a selection for example: it is told when the
    /// step is undone.
    pub fn set_step_meta(&mut self, meta: Json) {
        self.document.set_step_meta(meta);
    }

    /// Tell the page what can be undone, if that changed.
    pub(super) fn tell_undo(&mut self, out: &mut Vec<Output>) {
        let state = self.undo_state();
        if self.told_undo != state {
            self.told_undo = state;
            out.push(Output::Undo(state));
        }
    }
}
