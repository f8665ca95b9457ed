//! The steps that can be undone, and those that can be done again.

use super::capture::Run;
use super::touch::{Span, Touch};
use super::{BYTES_MAX, STEPS_MAX, UndoOptions};
use crate::document::shared::SharedId;
use crate::document::value::Json;
use crate::time::Millis;
use crate::update::DeleteSet;

/// A step of so many parts takes no other edit in.
const TOUCHES_MAX: usize = 1_000;

/// What is undone at once.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) touches: Vec<Touch>,
    pub(super) meta: Json,
    /// All ids that came in it. What of them went again is nothing to put back.
    pub(super) came: DeleteSet,
    pub(super) bytes: usize,
}

/// What an edit is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Aim {
    #[default]
    Edit,
    Undo,
    Redo,
}

/// What was done and undone.
#[derive(Debug)]
pub(in crate::document) struct History {
    pub(super) options: UndoOptions,
    pub(super) undo: Vec<Step>,
    pub(super) redo: Vec<Step>,
    /// What steps that begin now carry.
    pub(super) meta: Json,
    pub(super) now: Millis,
    /// When the last edit was recorded; nothing if the next one begins a step.
    pub(super) edited_at: Option<Millis>,
    pub(super) aim: Aim,
    /// The step that the edit under way belongs to, and whether anything of that is recorded.
    pub(super) open: Step,
    pub(super) is_news: bool,
    /// Copies that were made, not told yet.
    pub(super) renamed: Vec<(Span, Span)>,
    /// The text that was read last, as long as nobody else wrote.
    pub(super) read: Option<(SharedId, Vec<Run>)>,
}

impl Step {
    pub(super) fn new(meta: Json) -> Self {
        Self { touches: Vec::new(), meta, came: DeleteSet::default(), bytes: 0 }
    }

    pub(super) fn push(&mut self, touch: Touch) {
        self.bytes += touch.bytes();
        self.touches.push(touch);
    }
}

impl History {
    pub(super) fn new(options: UndoOptions) -> Self {
        Self {
            options,
            undo: Vec::new(),
            redo: Vec::new(),
            meta: Json::Undefined,
            now: Millis(0),
            edited_at: None,
            aim: Aim::Edit,
            open: Step::new(Json::Undefined),
            is_news: false,
            renamed: Vec::new(),
            read: None,
        }
    }

    /// The same with nothing in it, for a document that starts over.
    pub(in crate::document) fn cleared(self) -> Self {
        Self { meta: self.meta, now: self.now, ..Self::new(self.options) }
    }

    pub(super) fn can_undo(&self) -> (bool, bool) {
        (!self.undo.is_empty(), !self.redo.is_empty())
    }

    pub(super) fn pop(&mut self, redo: bool) -> Option<Step> {
        if redo { self.redo.pop() } else { self.undo.pop() }
    }

    pub(super) fn put_back(&mut self, redo: bool, step: Step) {
        if redo { self.redo.push(step) } else { self.undo.push(step) }
    }

    /// An edit begins.
    pub(in crate::document) fn begin(&mut self) {
        let is_near = |at: Millis| self.now.since(at) <= self.options.group_ms;
        let goes_on = self.aim == Aim::Edit && self.edited_at.is_some_and(is_near);
        let last = if goes_on { self.undo.pop() } else { None };
        self.open = last.unwrap_or_else(|| Step::new(self.meta.clone()));
        self.is_news = false;
    }

    /// It is made.
    pub(in crate::document) fn end(&mut self) {
        let step = std::mem::replace(&mut self.open, Step::new(Json::Undefined));
        let aim = std::mem::take(&mut self.aim);
        if self.is_news {
            let goes_on = aim == Aim::Edit && step.touches.len() < TOUCHES_MAX;
            self.edited_at = goes_on.then_some(self.now);
            if aim == Aim::Edit {
                self.redo.clear();
            }
        }
        if step.touches.is_empty() {
            // The next edit is not part of the step before it.
            self.edited_at = None;
            return;
        }
        let stack = if aim == Aim::Undo { &mut self.redo } else { &mut self.undo };
        stack.push(step);
        bound(stack);
    }

    /// Somebody else wrote something.
    pub(in crate::document) fn forget_read(&mut self) {
        self.read = None;
    }

    /// Tell all steps, and those `touches`, which copies were made.
    pub(super) fn rename(&mut self, touches: &mut [Touch]) {
        for (old, new) in self.renamed.drain(..) {
            let steps = self.undo.iter_mut().chain(&mut self.redo);
            let all = steps.flat_map(|step| &mut step.touches).chain(&mut *touches);
            all.for_each(|touch| touch.rename(&old, &new));
        }
    }
}

/// Forget the oldest steps beyond the limits.
pub(super) fn bound(stack: &mut Vec<Step>) {
    let mut bytes = 0;
    let fit = stack.iter().rev().take(STEPS_MAX).take_while(|step| {
        bytes += step.bytes;
        bytes <= BYTES_MAX
    });
    let kept = fit.count().max(1).min(stack.len());
    stack.drain(..stack.len() - kept);
}
