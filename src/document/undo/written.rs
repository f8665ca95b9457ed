//! What this replica wrote and the room has not acknowledged.

use yrs::{Assoc, TransactionMut};

use super::capture::{id_at, index_of};
use super::touch::Span;
use crate::document::edit::{Edit, TEXTS};
use crate::document::event::PathSegment;
use crate::document::look::{Look, View};
use crate::document::shared::{Shared, SharedId};
use crate::document::value::{Attributes, Json, Value};
use crate::update::{Id, Part, Place, walk};

/// Of so many writes it is known whether they lose: of the last ones.
const WRITES_MAX: usize = 4_096;

/// Edits, and where the number of the last of them is asked for.
#[derive(Debug, Default)]
pub(in crate::document) struct Written {
    pub(super) writes: Vec<Write>,
    /// Where what was written last into a text or a list ends, if nothing else happened since.
    pub(super) next: Option<u32>,
}

/// One thing that was written.
#[derive(Debug)]
pub(super) struct Write {
    /// The number of the last edit in it; nothing before it has one.
    pub(super) number: Option<u64>,
    /// Where: from a root of the document down to it.
    pub(super) path: Vec<PathSegment>,
    /// The shared types that it is in, the innermost first. Roots are not among them.
    pub(super) inside: Vec<Id>,
    pub(super) target: Shared,
    pub(super) what: Wrote,
}

#[derive(Debug)]
pub(super) enum Wrote {
    /// A key got this value, which is nothing if it is a shared type; or lost its value.
    Key { key: String, came: Option<Id>, value: Json },
    /// Something came into a text or a list.
    Into { span: Span, between: Between },
    /// Formats of these units changed, by marks of these ids.
    Format { spans: Vec<Span>, formats: Attributes, marks: Span },
}

/// What something was written between.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Between {
    /// Not known before the edit is made.
    Unknown,
    /// What the edit says itself. It may be deleted already, or a mark of a format.
    Ids(Option<Id>, Option<Id>),
    /// What stands there. It is looked up, which takes as long as the text is, only when somebody
    /// deletes something: not for each key that is typed.
    Units(Option<Id>, Option<Id>),
}

impl Between {
    /// What stands on both sides, if that is known and there is something.
    pub(super) fn units(self) -> Option<[Id; 2]> {
        match self {
            Self::Units(left, right) => Some([left?, right?]),
            _ => None,
        }
    }
}

impl Write {
    /// Find out what stands on both sides.
    pub(super) fn look_beside(&mut self, txn: &TransactionMut<'_>) {
        if let Wrote::Into { between, .. } = &mut self.what
            && let Between::Ids(left, right) = *between
            && TEXTS.contains(&self.target.kind)
            && let Ok(text) = self.target.branch(txn)
        {
            let index = |id: Option<Id>, assoc| index_of(text, txn, id?, assoc);
            let before = index(left, Assoc::Before).and_then(|index| index.checked_sub(1));
            let behind = index(right, Assoc::After);
            let unit = |index: Option<u32>| id_at(text, txn, index?);
            *between = Between::Units(unit(before), unit(behind));
        }
    }
}

impl Written {
    /// The edit is made, and this is its update.
    pub(in crate::document) fn is_made(&mut self, update: &[u8]) {
        let is_told = |write: &Write| write.number.is_some();
        let first = self.writes.iter().rposition(is_told).map_or(0, |at| at + 1);
        let mut news = self.writes[first..].iter_mut().filter_map(|write| match &mut write.what {
            Wrote::Into { span, between: between @ Between::Unknown } => Some((*span, between)),
            _ => None,
        });
        let Some(mut new) = news.next() else { return };
        for part in walk(update) {
            let Ok(Part::Struct(client, item)) = part else { return };
            let (origin, right) = match item.place {
                Place::Beside { origin, right, .. } => (origin, right),
                _ => (None, None),
            };
            while new.0.clock < item.end() {
                let (Span { clock, .. }, between) = new;
                let is_first = clock <= item.clock;
                let left = if is_first { origin } else { Some(Id { client, clock: clock - 1 }) };
                *between = Between::Ids(left, right);
                let Some(next) = news.next() else { return };
                new = next;
            }
        }
    }

    /// What was written since the last time is edit number `number`.
    pub(super) fn is_numbered(&mut self, number: u64) {
        let new = self.writes.iter_mut().rev().take_while(|write| write.number.is_none());
        new.for_each(|write| write.number = Some(number));
    }

    /// Behind `before`, which was the last number that was acknowledged, numbers go on at `after`.
    pub(super) fn is_renumbered(&mut self, before: u64, after: u64) {
        for number in self.writes.iter_mut().filter_map(|write| write.number.as_mut()) {
            *number = (*number + after).saturating_sub(before);
        }
    }

    /// Everything up to `number` is acknowledged.
    pub(super) fn is_acknowledged(&mut self, number: u64) {
        self.writes.retain(|write| write.number.is_none_or(|it| it > number));
    }
}

impl Edit<'_> {
    /// A key got a value of this id, or lost its value.
    pub(super) fn writes_key(&mut self, map: &Shared, key: &str, came: Option<Id>) {
        if self.written.is_none() {
            return;
        }
        let view = View { txn: &self.txn, places: self.places };
        let value = match view.key(map, key) {
            Ok(Some(Value::Json(json))) => json,
            _ => Json::Undefined,
        };
        if let Some(written) = &mut self.written {
            // Only what it is now can lose.
            written.writes.retain(|write| {
                write.target != *map
                    || !matches!(&write.what, Wrote::Key { key: same, .. } if same == key)
            });
        }
        self.writes(map, Wrote::Key { key: key.to_owned(), came, value });
    }

    /// Something came into a text or a list, at an index.
    pub(super) fn writes_into(&mut self, list: &Shared, index: u32, span: Span) {
        let Some(written) = &mut self.written else { return };
        let next = written.next;
        if let Some(Write { number, target, what: Wrote::Into { span: before, .. }, .. }) =
            written.writes.last_mut()
            && target == list
            && next == Some(index)
            && before.end() == span.clock
        {
            *number = None;
            before.len += span.len;
        } else {
            self.writes(list, Wrote::Into { span, between: Between::Unknown });
        }
        self.written.iter_mut().for_each(|written| written.next = Some(index + span.len));
    }

    /// Formats of these units are about to change.
    pub(super) fn writes_formats(&mut self, text: &Shared, spans: Vec<Span>, formats: &Attributes) {
        let Some(written) = &mut self.written else { return };
        for write in &mut written.writes {
            if let Wrote::Format { spans: before, formats: old, .. } = &mut write.what
                && write.target == *text
                && old.iter().any(|(name, _)| formats.iter().any(|(same, _)| same == name))
            {
                before.retain(|span| !spans.iter().any(|new| new.overlap(span).is_some()));
            }
        }
        let marks = Span { client: self.own.0, clock: 0, len: 0 };
        self.writes(text, Wrote::Format { spans, formats: formats.clone(), marks });
    }

    /// They did, by marks of these ids.
    pub(in crate::document) fn formatted(&mut self, by: Span) {
        let last = self.written.as_mut().and_then(|written| written.writes.last_mut());
        if let Some(Wrote::Format { marks, .. }) = last.map(|write| &mut write.what)
            && by.len > 0
        {
            *marks = by;
        }
    }

    /// What was written last is of the edit `number`.
    pub(super) fn wrote_as(&mut self, number: u64) {
        if let Some(last) = self.written.as_mut().and_then(|written| written.writes.last_mut()) {
            last.number = Some(number);
        }
    }

    pub(super) fn writes(&mut self, target: &Shared, what: Wrote) {
        let view = View { txn: &self.txn, places: self.places };
        let (mut path, mut inside) = (Vec::new(), Vec::new());
        let mut at = target.id.clone();
        while let (SharedId::Nested { client, clock }, Some(above)) = (&at, view.above(&at)) {
            inside.push(Id { client: *client, clock: *clock });
            path.push(match above.key {
                Some(key) => PathSegment::Key(key.as_ref().to_owned()),
                None => PathSegment::Index(view.index_of(*client, *clock).unwrap_or_default()),
            });
            at = above.parent;
        }
        let SharedId::Root(name) = at else { return };
        path.push(PathSegment::Key(name.as_ref().to_owned()));
        path.reverse();
        if let Wrote::Key { key, .. } = &what {
            path.push(PathSegment::Key(key.clone()));
        }
        if let Some(written) = &mut self.written {
            let target = target.clone();
            if written.writes.len() >= WRITES_MAX {
                written.writes.remove(0);
            }
            written.writes.push(Write { number: None, path, inside, target, what });
        }
    }
}
