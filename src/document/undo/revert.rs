//! Taking back what a step did.

use yrs::Assoc;
use yrs::branch::BranchPtr;

use super::capture::{id_at, index_of, runs};
use super::record::format;
use super::touch::{Piece, Span, Touch, What};
use crate::document::edit::{Edit, EditError, KEYED, TEXTS};
use crate::document::look::{Look, View};
use crate::document::shared::Shared;
use crate::document::step::{Change, Given};
use crate::document::value::Json;
use crate::update::{DeleteSet, Id};

impl Edit<'_> {
    /// Take back what was done, the last first. What cannot be taken back stays; an error says that
    /// some of it is forbidden.
    pub(super) fn revert(&mut self, mut touches: Vec<Touch>) -> Result<(), EditError> {
        let mut forbidden = Ok(());
        while let Some(touch) = touches.pop() {
            let reverted = match &touch {
                Touch::Came { list, spans } => self.take_out(list, spans),
                Touch::Went { list, left, right, index, pieces } => {
                    self.put_back(list, *left, *right, *index, pieces)
                }
                Touch::Format { text, spans, name, was, now } => {
                    self.format_back(text, spans, name, was, now)
                }
                Touch::Key { map, key, came, went } => self.key_back(map, key, *came, went),
            };
            // What else can be wrong is that somebody deleted what this was in.
            if let Err(error @ EditError::Forbidden(_)) = reverted {
                forbidden = Err(error);
            }
            if let Some(history) = &mut self.history {
                history.rename(&mut touches);
            }
        }
        forbidden
    }

    /// Delete what came and is still there. From the end, so that no index moves.
    fn take_out(&mut self, list: &Shared, spans: &[Span]) -> Result<(), EditError> {
        let is_text = TEXTS.contains(&list.kind);
        let branch = list.branch(&self.txn)?;
        let ranges = if is_text {
            let is_there = |_: &Piece| true;
            ranges(branch, self, spans, is_there)
        } else {
            self.elements(branch, spans)
        };
        for (from, to) in ranges.into_iter().rev() {
            if is_text {
                self.delete_text(list, from, to - from)?;
            } else {
                self.delete_items(list, from, to - from)?;
            }
        }
        Ok(())
    }

    /// Where elements of a list are that have these ids, sorted.
    fn elements(&self, list: BranchPtr, spans: &[Span]) -> Vec<(u32, u32)> {
        let ids = spans.iter().flat_map(|span| {
            (span.clock..span.end()).map(|clock| Id { client: span.client, clock })
        });
        let found = ids.filter_map(|id| {
            let index = index_of(list, &self.txn, id, Assoc::After)?;
            (id_at(list, &self.txn, index) == Some(id)).then_some((index, index + 1))
        });
        joined(found.collect())
    }

    fn format_back(
        &mut self,
        text: &Shared,
        spans: &[Span],
        name: &str,
        was: &Json,
        now: &Json,
    ) -> Result<(), EditError> {
        let branch = text.branch_of(&self.txn, TEXTS)?;
        let is_as_set = |piece: &Piece| format(&piece.attributes, name) == now;
        let attributes = vec![(name.to_owned(), was.clone())];
        for (from, to) in ranges(branch, self, spans, is_as_set) {
            self.format(text, from, to - from, &attributes)?;
        }
        Ok(())
    }

    fn key_back(
        &mut self,
        map: &Shared,
        key: &str,
        came: Option<Id>,
        went: &Option<Piece>,
    ) -> Result<(), EditError> {
        let branch = map.branch_of(&self.txn, KEYED)?;
        let is_there = self.has_key(map, key)?;
        if is_there != came.is_some() {
            return Ok(());
        }
        let given = went.as_ref().and_then(|piece| match &piece.what {
            What::Json(json) => Some(Given::Values(std::slice::from_ref(json))),
            What::Shared(tree) => Some(Given::New(tree.new.kind())),
            _ => None,
        });
        self.ask(map, given.map_or(Change::Unset { key }, |given| Change::Set { key, given }))?;
        // All of it may be done: that nothing is there in between does not count.
        let check = self.check.take();
        if let Some(id) = came {
            let before = self.key_goes(map, branch, key);
            let mut ids = DeleteSet::default();
            ids.insert(id.client, id.clock, id.clock + 1);
            self.delete_ids(&ids)?;
            // Unless what is there is somebody else's.
            if !self.has_key(map, key)? {
                self.key_came(map, key, before);
            }
        }
        let put = match went {
            Some(piece) if !self.has_key(map, key)? => self.put_key(map, key, piece),
            _ => Ok(()),
        };
        self.check = check;
        put
    }

    fn has_key(&self, map: &Shared, key: &str) -> Result<bool, EditError> {
        Ok(View { txn: &self.txn, places: self.places }.key(map, key)?.is_some())
    }
}

/// From where to before where units of a text are that have these ids and are as asked, sorted.
fn ranges(
    text: BranchPtr,
    edit: &mut Edit<'_>,
    spans: &[Span],
    is_as_asked: impl Fn(&Piece) -> bool,
) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    for run in runs(text, &mut edit.txn) {
        if !is_as_asked(&run.piece) {
            continue;
        }
        for span in spans {
            if let Some((from, to)) = run.piece.span.overlap(span) {
                found.push((run.start + from, run.start + to));
            }
        }
    }
    joined(found)
}

/// Ranges in order, those beside each other as one.
fn joined(ranges: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    let mut joined: Vec<(u32, u32)> = Vec::new();
    for (from, to) in ranges {
        // Nearly all come in order.
        let at = joined.partition_point(|range| range.1 < from);
        match joined.get_mut(at) {
            Some(range) if range.0 <= to => *range = (range.0.min(from), range.1.max(to)),
            _ => joined.insert(at, (from, to)),
        }
    }
    joined
}
