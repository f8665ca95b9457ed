//! Undo and redo: what this replica did, step by step, and how to take it back.
//!
//! A step says what came, by ids, and what went, as plain content. It is taken back by an edit like
//! any other: what came and is still there is deleted, what went is put back as a copy with new ids
//! where it was. That edit is recorded as well, and is the step that does it again. So:
//!
//! - Nobody else's edit is undone. What others deleted stays deleted; a key or a format that they
//!   changed since stays as they have it; what they wrote in between stays where it is.
//! - Nothing here needs content that the CRDT has collected. A step outlives a reload, a compacted
//!   document and a new client id.
//! - Whoever is asked about edits is asked about these.
//!
//! A copy has other ids than what it is a copy of. Whenever one is made, all other steps are told,
//! so that an earlier step finds what it wrote. What cannot be copied (a subdocument, a shared type
//! inside a text) does not come back.

mod capture;
mod conflict;
mod history;
mod record;
mod restore;
mod revert;
mod rewritten;
mod risk;
mod stored;
mod touch;
mod written;

use super::{Check, Document, EditError, Json};
use crate::time::Millis;

pub(super) use capture::{characters, id_at, index_of, place_of};
pub use conflict::{Applied, Conflict, Lost};
use history::Aim;
pub(super) use history::History;
pub(super) use written::Written;

/// How many steps are kept, each of undo and of redo.
pub const STEPS_MAX: usize = 100;
/// What they may take, in bytes, each of undo and of redo. The last one is kept whatever it takes.
const BYTES_MAX: usize = 8 << 20;

/// What is recorded, and what counts as one step.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UndoOptions {
    /// An edit at most so long after the one before belongs to the same step, in milliseconds.
    pub group_ms: u64,
    /// Only edits in the shared types of these names at the root, and inside them.
    pub roots: Option<Vec<String>>,
}

impl Default for UndoOptions {
    fn default() -> Self {
        Self { group_ms: 500, roots: None }
    }
}

impl Document {
    /// Record edits from now on. What was recorded before is forgotten.
    pub fn record(&mut self, options: UndoOptions) {
        self.history = Some(History::new(options));
    }

    /// Record nothing any more, and forget what was recorded.
    pub fn record_nothing(&mut self) {
        self.history = None;
    }

    /// Forget what was recorded, and go on recording.
    pub fn forget_steps(&mut self) {
        self.history = self.history.take().map(History::cleared);
    }

    /// The next edit is made at this time.
    pub fn edits_at(&mut self, now: Millis) {
        if let Some(history) = &mut self.history {
            history.now = now;
        }
    }

    /// The next edit begins a step.
    pub fn end_step(&mut self) {
        if let Some(history) = &mut self.history {
            history.edited_at = None;
        }
    }

    /// Each step that begins from now on carries this.
    pub fn set_step_meta(&mut self, meta: Json) {
        if let Some(history) = &mut self.history {
            history.meta = meta;
        }
    }

    /// Whether there is a step to undo, and whether there is one to do again.
    pub fn can_undo(&self) -> (bool, bool) {
        self.history.as_ref().map_or((false, false), History::can_undo)
    }

    /// Undo the last step of which anything is left to undo; with `redo` do again what was undone
    /// last. Returns what the step carries, nothing if there was none; and the edit as an update.
    /// What of a step `check` forbids stays; if that is all of it, the step stays as well.
    pub fn undo(
        &mut self,
        check: Option<&dyn Check>,
        redo: bool,
    ) -> (Result<Option<Json>, EditError>, Option<Vec<u8>>) {
        loop {
            let Some(history) = &mut self.history else { return (Ok(None), None) };
            let Some(step) = history.pop(redo) else { return (Ok(None), None) };
            history.aim = if redo { Aim::Redo } else { Aim::Undo };
            let touches = step.touches.clone();
            let (reverted, update) = self.edit_checked(check, |edit| edit.revert(touches));
            if update.is_some() {
                return (Ok(Some(step.meta)), update);
            }
            if let (Err(forbidden), Some(history)) = (reverted, &mut self.history) {
                history.put_back(redo, step);
                return (Err(forbidden), None);
            }
        }
    }
}
