//! Positions in a text or a list that stay where they are while others edit.

use yrs::Assoc;

use super::Document;
use super::edit::EditError;
use super::shared::{Shared, SharedId};
use super::undo::{id_at, index_of};
use crate::update::Id;

/// A position: between two units or elements, and with one of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Position {
    /// What it is in.
    pub target: SharedId,
    /// The unit that it stays with; nothing at the end that it stays at.
    pub item: Option<(u64, u32)>,
    /// Whether it stays with what is in front of it, else with what is behind it.
    pub before: bool,
}

impl Document {
    /// The position in front of `index`, staying with what is there, or with what is `before` it.
    pub fn position(
        &self,
        target: &Shared,
        index: u32,
        before: bool,
    ) -> Result<Position, EditError> {
        let txn = self.read();
        let branch = target.branch(&txn)?;
        if index > branch.content_len() {
            return Err(EditError::Range);
        }
        let at = if before { index.checked_sub(1) } else { Some(index) };
        let id = at.and_then(|at| id_at(branch, &txn, at));
        let item = id.map(|Id { client, clock }| (client, clock));
        Ok(Position { target: target.id.clone(), item, before })
    }

    /// The index of a position in `target`; nothing if it is in another one, or what it stays with
    /// is not here.
    pub fn index_at(&self, target: &Shared, position: &Position) -> Result<Option<u32>, EditError> {
        let txn = self.read();
        let branch = target.branch(&txn)?;
        if position.target != target.id {
            return Ok(None);
        }
        let assoc = if position.before { Assoc::Before } else { Assoc::After };
        Ok(match position.item {
            Some((client, clock)) => index_of(branch, &txn, Id { client, clock }, assoc),
            None if position.before => Some(0),
            None => Some(branch.content_len()),
        })
    }
}
