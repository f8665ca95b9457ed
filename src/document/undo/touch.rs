//! What an edit did, so that it can be taken back.

use crate::document::shared::{New, Shared, SharedId};
use crate::document::value::{Attributes, Json};
use crate::update::{DeleteSet, Id};

/// Ids of one client that follow each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::document) struct Span {
    pub(super) client: u64,
    pub(super) clock: u32,
    pub(super) len: u32,
}

/// One thing that an edit did.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::document) enum Touch {
    /// Something came into a text or a list. Marks of formats may be among these ids.
    Came { list: Shared, spans: Vec<Span> },
    /// Something went from a text or a list, where it stood between these, in front of which were
    /// so many units or elements.
    Went { list: Shared, left: Option<Id>, right: Option<Id>, index: u32, pieces: Vec<Piece> },
    /// A format of these units changed.
    Format { text: Shared, spans: Vec<Span>, name: String, was: Json, now: Json },
    /// A key of a map, or an attribute, got a value or lost it.
    Key { map: Shared, key: String, came: Option<Id>, went: Option<Piece> },
}

/// Something that went.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::document) struct Piece {
    pub(super) span: Span,
    pub(super) what: What,
    pub(super) attributes: Attributes,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::document) enum What {
    /// As many UTF-16 units as there are ids.
    Text(String),
    Json(Json),
    Shared(Box<Tree>),
    /// What cannot be copied.
    Opaque,
}

/// A shared type that went, with all in it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::document) struct Tree {
    pub(super) new: New,
    pub(super) keys: Vec<(String, Piece)>,
    pub(super) pieces: Vec<Piece>,
}

impl Span {
    pub(super) fn one(id: Id) -> Self {
        Self { client: id.client, clock: id.clock, len: 1 }
    }

    pub(super) fn first(&self) -> Id {
        Id { client: self.client, clock: self.clock }
    }

    pub(super) fn last(&self) -> Id {
        Id { client: self.client, clock: self.end().saturating_sub(1) }
    }

    pub(super) fn end(&self) -> u32 {
        self.clock.saturating_add(self.len)
    }

    pub(super) fn contains(&self, id: Id) -> bool {
        id.client == self.client && (self.clock..self.end()).contains(&id.clock)
    }

    /// From which of its ids to before which they are in `other`.
    pub(super) fn overlap(&self, other: &Self) -> Option<(u32, u32)> {
        let start = self.clock.max(other.clock);
        let end = self.end().min(other.end());
        (self.client == other.client && start < end).then(|| (start - self.clock, end - self.clock))
    }

    pub(super) fn cut(&self, from: u32, to: u32) -> Self {
        Self { clock: self.clock.saturating_add(from), len: to.saturating_sub(from), ..*self }
    }
}

impl Piece {
    /// What came in the same step: nothing of it is put back.
    pub(super) fn unknown(id: Id) -> Self {
        Self { span: Span::one(id), what: What::Opaque, attributes: Attributes::new() }
    }

    /// A plain value of a key.
    pub(super) fn plain(id: Id, json: Json) -> Self {
        Self { span: Span::one(id), what: What::Json(json), attributes: Attributes::new() }
    }

    /// How much room it takes: units of a text, or elements.
    pub(super) fn units(&self) -> u32 {
        match self.what {
            What::Opaque => 0,
            _ => self.span.len,
        }
    }

    /// The ids from one to before another; nothing if there is no character between them.
    pub(super) fn cut(&self, from: u32, to: u32) -> Option<Self> {
        let what = match &self.what {
            _ if from >= to => return None,
            What::Text(string) => {
                let units = string.encode_utf16().skip(from as usize).take((to - from) as usize);
                What::Text(String::from_utf16(&units.collect::<Vec<_>>()).ok()?)
            }
            other => other.clone(),
        };
        Some(Self { span: self.span.cut(from, to), what, attributes: self.attributes.clone() })
    }

    /// Its ids in order, and of those that are not in `ids` what they hold.
    pub(super) fn without(&self, ids: &DeleteSet) -> Vec<(Span, Option<Self>)> {
        let is_in = |at: u32| ids.contains(self.span.client, self.span.clock.saturating_add(at));
        let (mut parts, mut from) = (Vec::new(), 0);
        for at in 1..=self.span.len {
            if at == self.span.len || is_in(at) != is_in(from) {
                let part = if is_in(from) { None } else { self.cut(from, at) };
                parts.push((self.span.cut(from, at), part));
                from = at;
            }
        }
        parts
    }

    /// What it takes, in bytes, more or less.
    fn bytes(&self) -> usize {
        64 + match &self.what {
            What::Text(string) => string.len(),
            What::Json(json) => json.bytes(0).unwrap_or_default(),
            What::Shared(tree) => {
                let keys = tree.keys.iter().map(|(key, piece)| key.len() + piece.bytes());
                keys.chain(tree.pieces.iter().map(Self::bytes)).sum()
            }
            What::Opaque => 0,
        }
    }
}

impl Touch {
    pub(super) fn bytes(&self) -> usize {
        64 + match self {
            Self::Came { spans, .. } | Self::Format { spans, .. } => 16 * spans.len(),
            Self::Went { pieces, .. } => pieces.iter().map(Piece::bytes).sum(),
            Self::Key { went, .. } => went.as_ref().map_or(0, Piece::bytes),
        }
    }

    /// What had the ids `old` is there again as `new`.
    pub(super) fn rename(&mut self, old: &Span, new: &Span) {
        let renamed = |id: &mut Id| {
            if old.contains(*id) {
                *id = Id {
                    client: new.client,
                    clock: new.clock.saturating_add(id.clock - old.clock),
                };
            }
        };
        let (Self::Came { list: shared, .. }
        | Self::Went { list: shared, .. }
        | Self::Format { text: shared, .. }
        | Self::Key { map: shared, .. }) = self;
        if let SharedId::Nested { client, clock } = &mut shared.id {
            let mut id = Id { client: *client, clock: *clock };
            renamed(&mut id);
            (*client, *clock) = (id.client, id.clock);
        }
        match self {
            Self::Came { spans, .. } | Self::Format { spans, .. } => {
                let same = spans.iter().filter_map(|span| {
                    let (from, _) = span.overlap(old)?;
                    let (start, end) = old.overlap(&span.cut(from, span.len))?;
                    Some(new.cut(start, end))
                });
                let same: Vec<_> = same.collect();
                spans.extend(same);
            }
            Self::Went { left, right, .. } => {
                left.iter_mut().chain(right).for_each(renamed);
            }
            Self::Key { came, .. } => came.iter_mut().for_each(renamed),
        }
    }
}
