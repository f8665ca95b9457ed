//! Recording an edit while it is made.

use yrs::branch::BranchPtr;
use yrs::{Map, MapRef};

use super::capture::{Reading, cut, id_at, runs, unit};
use super::history::{History, Step};
use super::touch::{Piece, Span, Touch, What};
use crate::document::edit::Edit;
use crate::document::look::{Look, View};
use crate::document::sequence::Run;
use crate::document::shared::{Shared, SharedId};
use crate::document::value::{Attributes, Json};
use crate::update::Id;

/// A key of which it is recorded what happens to it.
pub(in crate::document) struct Before {
    /// The first id that comes, and what is deleted so far.
    first: u32,
    deleted: yrs::IdSet,
    went: Option<Piece>,
    /// Whether the id of what went is not known before it is gone.
    is_plain: bool,
}

impl Edit<'_> {
    /// The id that this replica uses next, if anything is recorded.
    pub(in crate::document) fn next_clock(&self) -> u32 {
        let is_recorded = self.history.is_some() || self.written.is_some();
        if is_recorded { self.clock_now() } else { self.own.1 }
    }

    /// The id that this replica uses next.
    pub(in crate::document) fn clock_now(&self) -> u32 {
        let (client, first) = self.own;
        let own = self.txn.insert_set().iter().find(|(id, _)| id.get() == client);
        let last = own.and_then(|(_, ranges)| ranges.iter().next_back().map(|range| range.end));
        last.unwrap_or(first)
    }

    /// Something came into a text or a list at an index, from the id `first` on.
    pub(in crate::document) fn came(&mut self, list: &Shared, index: u32, first: u32) {
        let is_recorded = self.records(list);
        let span = self.marks_came(first);
        if span.len == 0 {
            return;
        }
        self.writes_into(list, index, span);
        let Some(history) = self.history.as_mut().filter(|_| is_recorded) else { return };
        let open = &mut history.open;
        if let Some(Touch::Came { list: last, spans }) = open.touches.last_mut()
            && last == list
            && let Some(before) = spans.last_mut()
            && before.client == span.client
            && before.end() == span.clock
        {
            before.len += span.len;
        } else {
            open.push(Touch::Came { list: list.clone(), spans: vec![span] });
        }
        history.is_news = true;
    }

    /// The ids from `first` on are of this step.
    pub(in crate::document) fn marks_came(&mut self, first: u32) -> Span {
        let (client, end) = (self.own.0, self.next_clock());
        if let Some(history) = &mut self.history {
            history.open.came.insert(client, first, end);
        }
        Span { client, clock: first, len: end.saturating_sub(first) }
    }

    /// Units of a text are about to go.
    pub(in crate::document) fn text_goes(
        &mut self,
        text: &Shared,
        branch: BranchPtr,
        index: u32,
        len: u32,
    ) {
        self.written.iter_mut().for_each(|written| written.next = None);
        if len == 0 || !self.records(text) {
            return;
        }
        let id = if len == 1 { id_at(branch, &self.txn, index) } else { None };
        let Some(history) = &self.history else { return };
        let is_new = |id: &Id| history.open.came.contains(id.client, id.clock);
        let new = id.filter(is_new);
        let bare = id.filter(|_| new.is_none() && self.checked.is_bare());
        let bare = bare.and_then(|id| unit(branch, &self.txn, index, id));
        let Some(history) = &mut self.history else { return };
        let known = match new {
            Some(_) if !history.open.touches.iter().any(|it| matches!(it, Touch::Went { .. })) => {
                // It came in this step, and nothing is put back beside it.
                history.is_news = true;
                return;
            }
            Some(id) => Some(Piece::unknown(id)),
            None => bare.or_else(|| history.known(&text.id, id?)),
        };
        let pieces = known.map_or_else(
            || {
                let runs = runs(branch, &mut self.txn);
                let pieces = cut(&runs, index, index + len).collect();
                history.read = Some((text.id.clone(), runs));
                pieces
            },
            |piece| vec![piece],
        );
        self.went_between(text, branch, index, len, pieces);
    }

    /// Characters of a text, which is tracked, are about to go from between these.
    pub(in crate::document) fn characters_go(
        &mut self,
        text: &Shared,
        index: u32,
        runs: Vec<Run>,
        between: (Option<Id>, Option<Id>),
    ) {
        self.written.iter_mut().for_each(|written| written.next = None);
        if !runs.is_empty() && self.records(text) {
            let mut pieces: Vec<Piece> = Vec::new();
            for Run { id: Id { client, clock }, len, text, .. } in runs {
                if let Some(Piece { span, what: What::Text(before), .. }) = pieces.last_mut()
                    && (span.client, span.end()) == (client, clock)
                {
                    before.push_str(&text);
                    span.len += len;
                } else {
                    let (span, what) = (Span { client, clock, len }, What::Text(text));
                    pieces.push(Piece { span, what, attributes: Attributes::new() });
                }
            }
            self.went(text, index, pieces, between);
        }
    }

    /// Elements of a list are about to go.
    pub(in crate::document) fn items_go(
        &mut self,
        list: &Shared,
        branch: BranchPtr,
        index: u32,
        len: u32,
    ) {
        self.written.iter_mut().for_each(|written| written.next = None);
        if self.records(list) {
            let pieces = Reading::default().items(branch, &mut self.txn, index, len, 0);
            self.went_between(list, branch, index, len, pieces);
        }
    }

    fn went_between(
        &mut self,
        list: &Shared,
        branch: BranchPtr,
        index: u32,
        len: u32,
        pieces: Vec<Piece>,
    ) {
        let left = index.checked_sub(1).and_then(|before| id_at(branch, &self.txn, before));
        let right = id_at(branch, &self.txn, index + len);
        self.went(list, index, pieces, (left, right));
    }

    fn went(
        &mut self,
        list: &Shared,
        index: u32,
        pieces: Vec<Piece>,
        (left, right): (Option<Id>, Option<Id>),
    ) {
        let Some(history) = &mut self.history else { return };
        history.is_news = true;
        let open = &mut history.open;
        let parts = pieces.iter().flat_map(|piece| piece.without(&open.came)).collect();
        let pieces = open.lose(parts, left, right);
        if pieces.is_empty() {
            return;
        }
        // What was beside what went before is put together with it.
        if let Some(Touch::Went { list: last, left: l, right: r, index: at, pieces: there }) =
            open.touches.last_mut()
            && last == list
            && (*l == left) != (*r == right)
        {
            open.bytes += 64 + pieces.len();
            if *r == right {
                (*l, *at) = (left, index);
                let behind = std::mem::replace(there, pieces);
                there.extend(behind);
            } else {
                *r = right;
                there.extend(pieces);
            }
            return;
        }
        open.push(Touch::Went { list: list.clone(), left, right, index, pieces });
    }

    /// Formats of a text are about to change.
    pub(in crate::document) fn formats(
        &mut self,
        text: &Shared,
        branch: BranchPtr,
        index: u32,
        len: u32,
        formats: &Attributes,
    ) {
        let is_recorded = self.records(text);
        if len == 0 || (!is_recorded && self.written.is_none()) {
            return;
        }
        let runs = runs(branch, &mut self.txn);
        let spans = cut(&runs, index, index + len).map(|piece| piece.span).collect();
        self.writes_formats(text, spans, formats);
        let Some(history) = &mut self.history else { return };
        history.read = None;
        if !is_recorded {
            return;
        }
        let open = &mut history.open;
        let parts = cut(&runs, index, index + len).flat_map(|it| it.without(&open.came));
        for piece in parts.filter_map(|(_, piece)| piece) {
            for (name, now) in formats {
                let was = format(&piece.attributes, name);
                if was != now {
                    let (text, name) = (text.clone(), name.clone());
                    let (was, now) = (was.clone(), now.clone());
                    history.is_news = true;
                    let spans = vec![piece.span];
                    open.touches.push(Touch::Format { text, spans, name, was, now });
                    open.bytes += 64;
                }
            }
        }
    }

    /// Something is about to happen to a key.
    pub(in crate::document) fn key_goes(
        &mut self,
        map: &Shared,
        branch: BranchPtr,
        key: &str,
    ) -> Option<Before> {
        let (is_recorded, first) = (self.records(map), self.next_clock());
        if self.history.is_none() && self.written.is_none() {
            return None;
        }
        let value = if is_recorded { MapRef::from(branch).get(&self.txn, key) } else { None };
        let nested = value.as_ref().and_then(|value| value.try_branch().map(SharedId::of));
        let id = match nested {
            Some(SharedId::Nested { client, clock }) => Some(Id { client, clock }),
            _ => None,
        };
        let went = value.map(|value| {
            let id = id.unwrap_or(Id { client: 0, clock: 0 });
            Reading::default().piece(id, &value, &mut self.txn, 0)
        });
        let deleted = self.txn.delete_set().clone();
        Some(Before { first, deleted, went, is_plain: id.is_none() })
    }

    /// It happened.
    pub(in crate::document) fn key_came(
        &mut self,
        map: &Shared,
        key: &str,
        before: Option<Before>,
    ) {
        let Some(Before { first, deleted, mut went, is_plain }) = before else { return };
        let is_recorded = self.records(map);
        let span = self.marks_came(first);
        if let Some(piece) = went.as_mut().filter(|_| is_plain) {
            let gone = self.txn.delete_set().diff(&deleted);
            let id = gone.iter().next().and_then(|(client, ranges)| {
                Some(Id { client: client.get(), clock: ranges.iter().next()?.start })
            });
            piece.span = id.map_or(piece.span, Span::one);
        }
        let came = (span.len > 0).then(|| span.first());
        self.writes_key(map, key, came);
        let Some(history) = &mut self.history else { return };
        if is_recorded && (came.is_some() || went.is_some()) {
            history.key_touched(map, key, came, went);
        }
    }

    /// Whether it is recorded what happens in `target`: not inside of what came in the same step,
    /// which comes and goes with that.
    fn records(&self, target: &Shared) -> bool {
        let Some(history) = &self.history else { return false };
        if let SharedId::Nested { client, clock } = target.id
            && history.open.came.contains(client, clock)
        {
            return false;
        }
        let Some(roots) = &history.options.roots else { return true };
        let view = View { txn: &self.txn, places: self.places };
        let mut at = target.id.clone();
        while let Some(above) = view.above(&at) {
            at = above.parent;
        }
        matches!(&at, SharedId::Root(name) if roots.iter().any(|root| **root == **name))
    }
}

impl Step {
    /// What came in this step and goes again is forgotten, and nothing is beside it any more.
    /// Returns what is to be put back. `left` and `right` are what is beside all of it.
    fn lose(
        &mut self,
        parts: Vec<(Span, Option<Piece>)>,
        left: Option<Id>,
        right: Option<Id>,
    ) -> Vec<Piece> {
        let mut before = left;
        for (at, (span, piece)) in parts.iter().enumerate() {
            if piece.is_some() {
                before = Some(span.last());
                continue;
            }
            let behind = parts[at..].iter().find(|(_, piece)| piece.is_some());
            let behind = behind.map_or(right, |(span, _)| Some(span.first()));
            let stale = |id: &Option<Id>| id.is_some_and(|id| span.contains(id));
            for touch in &mut self.touches {
                let Touch::Went { left, right, .. } = touch else { continue };
                if stale(left) {
                    *left = before;
                }
                if stale(right) {
                    *right = behind;
                }
            }
        }
        parts.into_iter().filter_map(|(_, piece)| piece).collect()
    }
}

impl History {
    /// One unit of a text, if it was read already.
    fn known(&self, text: &SharedId, id: Id) -> Option<Piece> {
        let (_, runs) = self.read.as_ref().filter(|(read, _)| read == text)?;
        let run = runs.iter().find(|run| run.piece.span.contains(id))?;
        let at = id.clock - run.piece.span.clock;
        run.piece.cut(at, at + 1)
    }

    /// Of a key that is changed twice in a step only what was before and what is now counts.
    fn key_touched(&mut self, map: &Shared, key: &str, came: Option<Id>, went: Option<Piece>) {
        self.is_news = true;
        let lost = went.as_ref().map(|piece| piece.span.first());
        let before = self.open.touches.iter().rposition(|touch| match touch {
            Touch::Key { map: other, key: same, came, .. } => {
                other == map && same == key && *came == lost
            }
            _ => false,
        });
        let same = before.and_then(|at| self.open.touches.get_mut(at).map(|touch| (at, touch)));
        let Some((at, Touch::Key { came: there, went: first, .. })) = same else {
            let (map, key) = (map.clone(), key.to_owned());
            return self.open.push(Touch::Key { map, key, came, went });
        };
        *there = came;
        if came.is_none() && first.is_none() {
            self.open.touches.remove(at);
        }
    }
}

pub(super) fn format<'a>(attributes: &'a Attributes, name: &str) -> &'a Json {
    let found = attributes.iter().find(|(known, _)| known == name);
    found.map_or(&Json::Null, |(_, value)| value)
}
