//! Putting back what went, as a copy.

use yrs::Assoc;
use yrs::branch::BranchPtr;

use super::capture::{id_at, index_of};
use super::touch::{Piece, Span, Tree, What};
use crate::document::edit::{Edit, EditError, TEXTS};
use crate::document::shared::{Kind, Shared};
use crate::update::Id;

/// Where something is put back: behind this index, and not behind what has this id.
struct Gap {
    from: u32,
    right: Option<Id>,
    /// Where it was when it went, for want of anything else.
    index: u32,
}

impl Edit<'_> {
    /// Put pieces back into a text or a list, each where its ids are; but not in front of what was
    /// on the left, nor behind what was on the right, which may be copies themselves.
    pub(super) fn put_back(
        &mut self,
        list: &Shared,
        left: Option<Id>,
        right: Option<Id>,
        index: u32,
        pieces: &[Piece],
    ) -> Result<(), EditError> {
        let branch = list.branch(&self.txn)?;
        let behind = |id| index_of(branch, &self.txn, id, Assoc::Before);
        let from = left.and_then(behind).unwrap_or(0);
        let mut gap = Gap { from, right, index };
        pieces.iter().try_for_each(|piece| self.put_piece(list, branch, &mut gap, piece))
    }

    fn put_piece(
        &mut self,
        list: &Shared,
        branch: BranchPtr,
        gap: &mut Gap,
        piece: &Piece,
    ) -> Result<(), EditError> {
        let index = |id| index_of(branch, &self.txn, id, Assoc::After);
        let (first, last) = (index(piece.span.first()), index(piece.span.last()));
        let len = piece.span.len;
        // Somebody wrote something in between.
        if len > 1
            && first != last
            && let (Some(left), Some(right)) = halves(piece)
        {
            self.put_piece(list, branch, gap, &left)?;
            return self.put_piece(list, branch, gap, &right);
        }
        let end = gap.right.and_then(index).unwrap_or(branch.content_len());
        let at = first.unwrap_or(gap.index).min(end).max(gap.from).min(branch.content_len());
        self.insert(list, branch, at, piece)?;
        (gap.from, gap.index) = (at + piece.units(), at + piece.units());
        Ok(())
    }

    fn insert(
        &mut self,
        list: &Shared,
        branch: BranchPtr,
        at: u32,
        piece: &Piece,
    ) -> Result<(), EditError> {
        match &piece.what {
            What::Text(string) => self.insert_text(list, at, string, Some(&piece.attributes))?,
            What::Json(json) if TEXTS.contains(&list.kind) => {
                self.insert_embed(list, at, json, Some(&piece.attributes))?;
            }
            What::Json(json) => self.insert_items(list, at, std::slice::from_ref(json))?,
            What::Shared(tree) => {
                let made = self.insert_new(list, at, tree.new.clone())?;
                self.fill(&made, tree)?;
            }
            What::Opaque => return Ok(()),
        }
        if let Some(id) = id_at(branch, &self.txn, at) {
            self.copied(piece.span, id);
        }
        Ok(())
    }

    /// Put a value back under a key.
    pub(super) fn put_key(
        &mut self,
        map: &Shared,
        key: &str,
        piece: &Piece,
    ) -> Result<(), EditError> {
        let id = Id { client: self.own.0, clock: self.next_clock() };
        match &piece.what {
            What::Json(json) => self.set_key(map, key, json)?,
            What::Shared(tree) if map.kind == Kind::Map => {
                let made = self.set_key_new(map, key, tree.new.clone())?;
                self.fill(&made, tree)?;
            }
            _ => return Ok(()),
        }
        self.copied(piece.span, id);
        Ok(())
    }

    fn fill(&mut self, made: &Shared, tree: &Tree) -> Result<(), EditError> {
        for (key, piece) in &tree.keys {
            self.put_key(made, key, piece)?;
        }
        let branch = made.branch(&self.txn)?;
        let mut at = 0;
        for piece in &tree.pieces {
            self.insert(made, branch, at, piece)?;
            at += piece.units();
        }
        Ok(())
    }

    fn copied(&mut self, old: Span, new: Id) {
        if let Some(history) = &mut self.history {
            let new = Span { client: new.client, clock: new.clock, len: old.len };
            history.renamed.push((old, new));
        }
    }
}

/// A piece of text in two, between two characters.
fn halves(piece: &Piece) -> (Option<Piece>, Option<Piece>) {
    let len = piece.span.len;
    let halves = |at| (piece.cut(0, at), piece.cut(at, len));
    match halves(len / 2) {
        (Some(left), Some(right)) => (Some(left), Some(right)),
        // A character of two units stood there.
        _ => halves(len / 2 + 1),
    }
}
