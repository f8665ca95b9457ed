//! What an update that deletes something may take away of what this replica wrote, read before it
//! is taken in.

use yrs::branch::BranchPtr;
use yrs::{Assoc, Map, MapRef, TransactionMut};

use super::capture::{Reading, id_at, index_of, runs};
use super::conflict::{Conflict, Lost};
use super::touch::{Piece, Span, Touch, What};
use super::written::{Write, Wrote};
use crate::document::Document;
use crate::document::edit::TEXTS;
use crate::document::event::PathSegment;
use crate::document::look::{Above, Look};
use crate::document::shared::{Shared, SharedId};
use crate::document::value::Json;
use crate::update::{self, DeleteSet, Id};

/// What an update may undo.
pub(super) struct Risk {
    pub(super) conflict: Conflict,
    /// It is undone if this id is gone then, and that one.
    pub(super) ids: [Id; 2],
}

impl Document {
    /// What an update that deletes something may take away, as it is now.
    pub(super) fn risks(&mut self, update: &[u8], writes: &mut [Write]) -> Vec<Risk> {
        let deleted = update::delete_set(&[update]).unwrap_or_default();
        if !deleted.is_empty() {
            let txn = self.look();
            writes.iter_mut().for_each(|write| write.look_beside(&txn));
        }
        let is_gone = |id: &Id| deleted.contains(id.client, id.clock);
        let mut risks: Vec<Risk> = Vec::new();
        for write in writes {
            if let Some(at) = write.inside.iter().rposition(is_gone) {
                let id = write.inside[at];
                if !risks.iter().any(|risk| risk.ids[0] == id) {
                    let path = &write.path[..(1 + write.inside.len() - at).min(write.path.len())];
                    risks.extend(self.container_at_risk(id, path.to_vec()));
                }
                continue;
            }
            match &write.what {
                Wrote::Into { span, between } => {
                    let gone = between.units().filter(|ids| ids.iter().all(is_gone));
                    risks.extend(gone.and_then(|it| self.text_at_risk(write, *span, it, &deleted)));
                }
                // What it holds cannot be read any more once it lost.
                Wrote::Key { key, came: Some(id), value: Json::Undefined } => {
                    let (path, target) = (write.path.clone(), &write.target);
                    risks.extend(self.key_at_risk(target, key, *id, path));
                }
                _ => {}
            }
        }
        risks
    }

    fn container_at_risk(&mut self, id: Id, path: Vec<PathSegment>) -> Option<Risk> {
        let shared = SharedId::Nested { client: id.client, clock: id.clock };
        let Above { parent, key } = Look::above(self, &shared)?;
        let parent = self.find(&parent)?;
        if let Some(key) = key {
            let mut risk = self.key_at_risk(&parent, &key, id, path)?;
            risk.conflict.lost = Lost::Inside;
            return Some(risk);
        }
        let ours = self.json(&self.find(&shared)?).unwrap_or(Json::Undefined);
        let mut txn = self.look();
        let branch = parent.branch(&txn).ok()?;
        let index = index_of(branch, &txn, id, Assoc::After)?;
        let pieces = Reading::default().items(branch, &mut txn, index, 1, 0);
        let back = gap(parent, branch, &txn, index, 1, pieces);
        let conflict =
            Conflict { path, lost: Lost::Inside, ours, theirs: Json::Undefined, by: None, back };
        Some(Risk { conflict, ids: [id, id] })
    }

    /// A key that has a shared type of this id.
    fn key_at_risk(
        &mut self,
        map: &Shared,
        key: &str,
        id: Id,
        path: Vec<PathSegment>,
    ) -> Option<Risk> {
        let shared = SharedId::Nested { client: id.client, clock: id.clock };
        let ours = self.json(&self.find(&shared)?).unwrap_or(Json::Undefined);
        let mut txn = self.look();
        let value = MapRef::from(map.branch(&txn).ok()?).get(&txn, key)?;
        let went = Some(Reading::default().piece(id, &value, &mut txn, 0));
        let back = Touch::Key { map: map.clone(), key: key.to_owned(), came: None, went };
        let conflict =
            Conflict { path, lost: Lost::Key, ours, theirs: Json::Undefined, by: None, back };
        Some(Risk { conflict, ids: [id, id] })
    }

    fn text_at_risk(
        &mut self,
        write: &Write,
        span: Span,
        ids: [Id; 2],
        deleted: &DeleteSet,
    ) -> Option<Risk> {
        let text = write.target.clone();
        if !TEXTS.contains(&text.kind) {
            return None;
        }
        let mut txn = self.look();
        let branch = text.branch(&txn).ok()?;
        let (mut pieces, mut ours) = (Vec::new(), String::new());
        for run in runs(branch, &mut txn) {
            if let (Some((from, to)), What::Text(_)) =
                (run.piece.span.overlap(&span), &run.piece.what)
                && let Some(What::Text(string)) = run.piece.cut(from, to).map(|it| it.what)
            {
                ours.push_str(&string);
            }
            let parts = run.piece.without(deleted).into_iter().filter(|(_, kept)| kept.is_none());
            let start = run.piece.span.clock;
            pieces.extend(
                parts.filter_map(|(gone, _)| run.piece.cut(gone.clock - start, gone.end() - start)),
            );
        }
        let back = Touch::Went { list: text, left: None, right: None, index: 0, pieces };
        let (path, ours, lost) = (write.path.clone(), Json::String(ours), Lost::Around);
        let conflict = Conflict { path, lost, ours, theirs: Json::Undefined, by: None, back };
        Some(Risk { conflict, ids })
    }
}

/// What is put back between the neighbours that it has now.
fn gap(
    list: Shared,
    branch: BranchPtr,
    txn: &TransactionMut<'_>,
    index: u32,
    len: u32,
    pieces: Vec<Piece>,
) -> Touch {
    let left = index.checked_sub(1).and_then(|before| id_at(branch, txn, before));
    let right = id_at(branch, txn, index + len);
    Touch::Went { list, left, right, index, pieces }
}
