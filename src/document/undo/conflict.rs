//! Who undoes what this replica wrote, and the room has not acknowledged.
//!
//! A change loses if somebody who did not know it wrote something that counts more: another value
//! of the same key, another format of the same units, or the deletion of what it is in. Whoever
//! knew it and changed it later is no conflict.

use yrs::{Transact, TransactionMut};

use std::borrow::Cow;

use super::capture::runs;
use super::record::format;
use super::touch::{Piece, Span, Touch};
use super::written::{Write, Written, Wrote};
use crate::document::authors::entries;
use crate::document::edit::{Edit, EditError, TEXTS};
use crate::document::event::PathSegment;
use crate::document::shared::{Shared, SharedId};
use crate::document::value::{Attributes, Json, Value};
use crate::document::{ApplyError, Check, Document};
use crate::update::{self, Content, DeleteSet, Id, Parent, Part, Place};

/// The tag of a format.
pub(super) const FORMAT: u8 = 6;

/// A change of this replica that lost.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// From a root of the document down to what both changed.
    pub path: Vec<PathSegment>,
    /// What it was.
    pub lost: Lost,
    /// What this replica wrote, or what was in what is gone.
    pub ours: Json,
    /// What is there instead.
    pub theirs: Json,
    /// The client that wrote that, if that is known: nobody signs a deletion.
    pub by: Option<u64>,
    /// What brings ours back.
    pub(super) back: Touch,
}

/// What lost.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Lost {
    /// The value of a key.
    Key,
    /// A format of this name.
    Format(String),
    /// All that was written in a shared type that is gone.
    Inside,
    /// What was written into a text is there, but not the text on both sides of it.
    Around,
}

/// What came of an update from outside.
#[derive(Debug)]
pub struct Applied<'a> {
    /// What of it was new, if anything was.
    pub fresh: Option<Cow<'a, [u8]>>,
    /// What of this replica's changes loses by that.
    pub lost: Vec<Conflict>,
}

impl Document {
    /// Have [`Document::apply_and_compare`] tell what loses.
    pub fn compare(&mut self) {
        self.written = Some(Written::default());
    }

    /// What was written since the last time is edit number `number`.
    pub fn is_numbered(&mut self, number: u64) {
        self.written.iter_mut().for_each(|written| written.is_numbered(number));
    }

    /// Behind `before`, which was the last number that was acknowledged, numbers go on at `after`.
    pub fn is_renumbered(&mut self, before: u64, after: u64) {
        self.written.iter_mut().for_each(|written| written.is_renumbered(before, after));
    }

    /// Everything up to `number` is acknowledged, and cannot lose any more.
    pub fn is_acknowledged(&mut self, number: u64) {
        self.written.iter_mut().for_each(|written| written.is_acknowledged(number));
    }

    /// [`Document::apply`]. Returns what of it was new, if anything was, and what of this replica's
    /// changes loses by that.
    pub fn apply_and_compare<'a>(&mut self, update: &'a [u8]) -> Result<Applied<'a>, ApplyError> {
        let Some(mut written) = self.written.take_if(|written| !written.writes.is_empty()) else {
            let taken = self.take_in(update, false)?;
            return Ok(Applied { fresh: taken.map(|taken| taken.fresh), lost: Vec::new() });
        };
        written.next = None;
        let risks = self.risks(update, &mut written.writes);
        let formats = self.formats_at_risk(update, &written.writes);
        let applied = self.take_in(update, true).and_then(|taken| {
            let (fresh, deleted) = taken.map(|it| (it.fresh, it.deleted)).unzip();
            // Nothing is said of an update that holds nothing new.
            let deleted = deleted.as_deref().unwrap_or(&[0]);
            let deleted = DeleteSet::decode(deleted).map_err(|_| ApplyError::Malformed)?;
            Ok((fresh, deleted))
        });
        let found = applied.map(|(fresh, deleted)| {
            let is_gone = |id: &Id| deleted.contains(id.client, id.clock);
            let lost = risks.into_iter().filter(|risk| risk.ids.iter().all(is_gone));
            let mut found = lost.map(|risk| risk.conflict).collect();
            self.keys_lost(update, &deleted, &mut written, &mut found);
            self.formats_lost(formats, &mut written, &mut found);
            // What is inside of what is gone can lose nothing more.
            written.writes.retain(|write| {
                let is_around = match &write.what {
                    Wrote::Into { between, .. } => {
                        between.units().is_some_and(|ids| ids.iter().all(is_gone))
                    }
                    _ => false,
                };
                !is_around && !write.inside.iter().any(is_gone)
            });
            Applied { fresh, lost: found }
        });
        self.written = Some(written);
        found
    }

    /// Bring back what lost.
    pub fn restore(
        &mut self,
        conflict: &Conflict,
        check: Option<&dyn Check>,
    ) -> (Result<(), EditError>, Option<Vec<u8>>) {
        let (restored, update) = self.edit_checked(check, |edit| edit.bring_back(&conflict.back));
        self.history.iter_mut().for_each(|history| history.rename(&mut []));
        (restored, update)
    }

    /// Put what lost under another key of the same map.
    pub fn keep_both(
        &mut self,
        conflict: &Conflict,
        key: &str,
        check: Option<&dyn Check>,
    ) -> (Result<(), EditError>, Option<Vec<u8>>) {
        let mut both = conflict.clone();
        if let Touch::Key { key: same, .. } = &mut both.back {
            *same = key.to_owned();
        }
        self.restore(&both, check)
    }

    /// The map in which a key lost its value, if it had one.
    pub fn map_of<'a>(&self, conflict: &'a Conflict) -> Option<&'a Shared> {
        match &conflict.back {
            Touch::Key { map, went: Some(_), .. } if conflict.lost == Lost::Key => Some(map),
            _ => None,
        }
    }

    /// A transaction in which nothing is changed: what yrs reads with ids needs one.
    pub(super) fn look(&self) -> TransactionMut<'_> {
        self.doc.try_transact_mut().expect("no transaction outlives a call")
    }

    /// Keys that have another value now.
    fn keys_lost(
        &self,
        update: &[u8],
        deleted: &DeleteSet,
        written: &mut Written,
        found: &mut Vec<Conflict>,
    ) {
        let explicit = update::delete_set(&[update]).unwrap_or_default();
        let in_set = |set: &DeleteSet, id: Id| set.contains(id.client, id.clock);
        written.writes.retain(|write| {
            let Wrote::Key { key, came, value } = &write.what else { return true };
            let Ok(now) = self.key(&write.target, key) else { return true };
            let is_lost = came.map_or(now.is_some(), |id| in_set(deleted, id));
            if !is_lost {
                return true;
            }
            let before = found.iter().position(|it| it.path == write.path && it.lost == Lost::Key);
            let shared = before.map(|at| found.remove(at));
            let was_known = came
                .is_some_and(|id| knows(update, id) || (now.is_none() && in_set(&explicit, id)));
            if was_known {
                return false;
            }
            let by = now.as_ref().and_then(|_| self.author_of(&write.target, key));
            let theirs = match now {
                Some(Value::Json(json)) => json,
                Some(Value::Shared(shared)) => self.json(&shared).unwrap_or(Json::Undefined),
                _ => Json::Undefined,
            };
            let conflict = shared.unwrap_or_else(|| Conflict {
                path: write.path.clone(),
                lost: Lost::Key,
                ours: value.clone(),
                theirs: Json::Undefined,
                by: None,
                back: Touch::Key {
                    map: write.target.clone(),
                    key: key.clone(),
                    came: None,
                    went: came.map(|id| Piece::plain(id, value.clone())),
                },
            });
            found.push(Conflict { theirs, by, ..conflict });
            false
        });
    }

    fn author_of(&self, map: &Shared, key: &str) -> Option<u64> {
        let encoded = self.encode();
        let mut author = None;
        entries(&encoded, |parent, name, id| {
            let is_it = match (parent, &map.id) {
                (Parent::Root(name), SharedId::Root(root)) => *name == **root,
                (Parent::Nested(id), SharedId::Nested { client, clock }) => {
                    id == Id { client: *client, clock: *clock }
                }
                _ => false,
            };
            if is_it && name == key {
                author = Some(id.client);
            }
        });
        author
    }

    /// Formats that may be lost to an update that brings formats: as if they were.
    fn formats_at_risk(&mut self, update: &[u8], writes: &[Write]) -> Vec<Conflict> {
        let by = formatter(update);
        let mut found = Vec::new();
        if by.is_none() {
            return found;
        }
        let explicit = update::delete_set(&[update]).unwrap_or_default();
        let mut txn = self.look();
        for write in writes {
            let Wrote::Format { spans, formats, marks } = &write.what else { continue };
            // Whoever takes away a mark knows it.
            if (marks.clock..marks.end()).any(|clock| explicit.contains(marks.client, clock)) {
                continue;
            }
            for (name, ours) in formats {
                let has = |attributes: &Attributes| format(attributes, name) == ours;
                let spans = formatted(&write.target, &mut txn, spans, has);
                let (text, name) = (write.target.clone(), name.clone());
                let (lost, theirs) = (Lost::Format(name.clone()), Json::Undefined);
                let (was, now) = (ours.clone(), theirs.clone());
                let back = Touch::Format { text, spans, name, was, now };
                let (path, ours) = (write.path.clone(), ours.clone());
                found.push(Conflict { path, lost, ours, theirs, by, back });
            }
        }
        found
    }

    /// Those of them that are lost.
    fn formats_lost(
        &mut self,
        risks: Vec<Conflict>,
        written: &mut Written,
        found: &mut Vec<Conflict>,
    ) {
        for mut conflict in risks {
            let Touch::Format { text, spans, name, now, .. } = &mut conflict.back else { continue };
            let mut txn = self.look();
            *spans = formatted(text, &mut txn, spans, |attributes| {
                let is_other = *format(attributes, name) != conflict.ours;
                if is_other {
                    *now = format(attributes, name).clone();
                }
                is_other
            });
            if spans.is_empty() {
                continue;
            }
            for write in written.writes.iter_mut().filter(|write| write.target == *text) {
                if let Wrote::Format { formats, .. } = &mut write.what {
                    formats.retain(|(other, _)| other != name);
                }
            }
            conflict.theirs = now.clone();
            found.push(conflict);
        }
    }
}

impl Edit<'_> {
    fn bring_back(&mut self, back: &Touch) -> Result<(), EditError> {
        match back {
            Touch::Key { map, key, went: Some(piece), .. } => self.put_key(map, key, piece),
            Touch::Key { map, key, went: None, .. } => self.delete_key(map, key),
            other => self.revert(vec![other.clone()]),
        }
    }
}

/// What of these units is there and has formats as asked.
fn formatted(
    text: &Shared,
    txn: &mut TransactionMut<'_>,
    spans: &[Span],
    mut is_as_asked: impl FnMut(&Attributes) -> bool,
) -> Vec<Span> {
    let Ok(branch) = text.branch_of(txn, TEXTS) else { return Vec::new() };
    let mut found = Vec::new();
    for run in runs(branch, txn) {
        for span in spans {
            if let Some((from, to)) = run.piece.span.overlap(span)
                && is_as_asked(&run.piece.attributes)
            {
                found.push(run.piece.span.cut(from, to));
            }
        }
    }
    found
}

/// Whether something in an update was written beside `id`, and so by somebody who knew it.
fn knows(update: &[u8], id: Id) -> bool {
    update::walk(update).any(|part| match part {
        Ok(Part::Struct(_, item)) => {
            matches!(item.place, Place::Beside { origin: Some(origin), .. } if origin == id)
        }
        _ => false,
    })
}

/// Who wrote formats that are in an update.
fn formatter(update: &[u8]) -> Option<u64> {
    update::walk(update).find_map(|part| match part {
        Ok(Part::Struct(client, item)) => {
            matches!(item.content, Content::One(FORMAT, _)).then_some(client)
        }
        _ => None,
    })
}
