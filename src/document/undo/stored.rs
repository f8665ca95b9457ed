//! Steps as bytes, so that they outlive a reload.
//!
//! A version, then the steps that can be undone and those that can be done again: how many, and
//! each, the oldest first, as bytes that hold one value as lib0 writes them. Ids are those of the
//! document that they are stored beside.

use yrs::Any;
use yrs::encoding::read::Cursor;

use super::UndoOptions;
use super::history::{History, Step, bound};
use super::touch::{Piece, Span, Touch, Tree, What};
use crate::codec::{Reader, write_bytes, write_number};
use crate::document::shared::{Kind, New, Shared, SharedId};
use crate::document::value::Json;
use crate::document::{ApplyError, Document};
use crate::update::{Id, StateVector, is_value};

const VERSION: u64 = 1;
/// What a version and two counts take, and a length, at most.
const HEAD_BYTES: usize = 5;
const LENGTH_BYTES: usize = 5;
const KINDS: [Kind; 6] =
    [Kind::Text, Kind::Map, Kind::Array, Kind::XmlFragment, Kind::XmlElement, Kind::XmlText];

impl Document {
    /// What can be undone and done again, as bytes: the newest steps, of which those to undo come
    /// first, as many as fit. Nothing if edits are not recorded.
    pub fn encode_steps(&self, bytes_max: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let Some(history) = &self.history else { return out };
        write_number(&mut out, VERSION);
        let mut left = bytes_max.saturating_sub(HEAD_BYTES);
        for stack in [&history.undo, &history.redo] {
            let steps = stack.iter().rev().map(encode).take_while(|step| {
                let bytes = step.len().saturating_add(LENGTH_BYTES);
                let fits = is_value(step) && bytes <= left;
                left = left.saturating_sub(bytes);
                fits
            });
            let steps: Vec<_> = steps.collect();
            write_number(&mut out, steps.len() as u64);
            steps.iter().rev().for_each(|step| write_bytes(&mut out, step));
        }
        out
    }

    /// Take in what [`Document::encode_steps`] gave, in a document that holds what was there then.
    /// What was recorded before is forgotten. Nothing happens if edits are not recorded.
    pub fn restore_steps(&mut self, bytes: &[u8]) -> Result<(), ApplyError> {
        let Some(history) = &mut self.history else { return Ok(()) };
        let stacks = if bytes.is_empty() { Some(Default::default()) } else { None };
        let stacks = stacks.or_else(|| decode(bytes, &self.known)).ok_or(ApplyError::Malformed)?;
        let options: UndoOptions = history.options.clone();
        *history = History { meta: history.meta.clone(), ..History::new(options) };
        [history.undo, history.redo] = stacks;
        [&mut history.undo, &mut history.redo].into_iter().for_each(bound);
        Ok(())
    }
}

fn encode(step: &Step) -> Vec<u8> {
    let mut parts = vec![step.meta.clone()];
    step.touches.iter().for_each(|touch| parts.push(write_touch(touch)));
    let mut out = Vec::new();
    Json::Array(parts).to_any().encode(&mut out);
    out
}

fn decode(bytes: &[u8], known: &StateVector) -> Option<[Vec<Step>; 2]> {
    let mut reader = Reader::new(bytes);
    if reader.number().ok()? != VERSION {
        return None;
    }
    let mut stacks = [Vec::new(), Vec::new()];
    for stack in &mut stacks {
        for _ in 0..reader.number().ok()? {
            let bytes = reader.bytes().ok().filter(|bytes| is_value(bytes))?;
            let step = Json::from_any(&Any::decode(&mut Cursor::new(bytes)).ok()?);
            let mut parts = items(step)?.into_iter();
            let mut step = Step::new(parts.next()?);
            for part in parts {
                step.push(Parts::of(part, known)?.touch()?);
            }
            stack.push(step);
        }
    }
    reader.is_empty().then_some(stacks)
}

fn number(number: impl Into<f64>) -> Json {
    Json::Number(number.into())
}

fn text(string: &str) -> Json {
    Json::String(string.to_owned())
}

fn write_touch(touch: &Touch) -> Json {
    let (tag, shared): (u8, _) = match touch {
        Touch::Came { list, .. } => (0, list),
        Touch::Went { list, .. } => (1, list),
        Touch::Format { text, .. } => (2, text),
        Touch::Key { map, .. } => (3, map),
    };
    let id = match &shared.id {
        SharedId::Root(name) => text(name),
        SharedId::Nested { client, clock } => {
            write_id(&Some(Id { client: *client, clock: *clock }))
        }
    };
    let mut out = vec![number(tag), write_kind(shared.kind), id];
    match touch {
        Touch::Came { spans, .. } => out.push(write_spans(spans)),
        Touch::Went { left, right, index, pieces, .. } => {
            out.push(write_id(left));
            out.push(write_id(right));
            out.push(number(*index));
            out.push(write_pieces(pieces));
        }
        Touch::Format { spans, name, was, now, .. } => {
            out.push(write_spans(spans));
            out.push(text(name));
            out.push(was.clone());
            out.push(now.clone());
        }
        Touch::Key { key, came, went, .. } => {
            out.push(text(key));
            out.push(write_id(came));
            out.push(went.as_ref().map_or(Json::Null, write_piece));
        }
    }
    Json::Array(out)
}

fn write_kind(kind: Kind) -> Json {
    number(KINDS.iter().position(|&it| it == kind).unwrap_or_default() as u8)
}

fn write_id(id: &Option<Id>) -> Json {
    let write = |id: Id| Json::Array(vec![number(id.client as f64), number(id.clock)]);
    id.map_or(Json::Null, write)
}

fn write_spans(spans: &[Span]) -> Json {
    let mut out = Vec::with_capacity(3 * spans.len());
    for span in spans {
        out.push(number(span.client as f64));
        out.push(number(span.clock));
        out.push(number(span.len));
    }
    Json::Array(out)
}

fn write_pieces(pieces: &[Piece]) -> Json {
    Json::Array(pieces.iter().map(write_piece).collect())
}

fn write_piece(piece: &Piece) -> Json {
    let mut out = vec![write_spans(&[piece.span]), Json::Object(piece.attributes.clone())];
    match &piece.what {
        What::Text(string) => {
            out.push(number(0));
            out.push(text(string));
        }
        What::Json(json) => {
            out.push(number(1));
            out.push(json.clone());
        }
        What::Shared(tree) => {
            let mut keys = Vec::with_capacity(2 * tree.keys.len());
            for (key, piece) in &tree.keys {
                keys.push(text(key));
                keys.push(write_piece(piece));
            }
            out.push(number(2));
            out.push(write_kind(tree.new.kind()));
            out.push(text(if let New::XmlElement(tag) = &tree.new { tag } else { "" }));
            out.push(Json::Array(keys));
            out.push(write_pieces(&tree.pieces));
        }
        What::Opaque => out.push(number(3)),
    }
    Json::Array(out)
}

fn items(json: Json) -> Option<Vec<Json>> {
    if let Json::Array(items) = json { Some(items) } else { None }
}

/// What a list holds, read one by one.
struct Parts<'a> {
    parts: std::vec::IntoIter<Json>,
    /// The ids that there are: no other is taken for one.
    known: &'a StateVector,
}

impl<'a> Parts<'a> {
    fn of(json: Json, known: &'a StateVector) -> Option<Self> {
        Some(Self { parts: items(json)?.into_iter(), known })
    }

    fn number(&mut self) -> Option<u64> {
        match self.parts.next()? {
            Json::Number(number) if number >= 0.0 => Some(number as u64),
            _ => None,
        }
    }

    fn text(&mut self) -> Option<String> {
        if let Json::String(string) = self.parts.next()? { Some(string) } else { None }
    }

    fn kind(&mut self) -> Option<Kind> {
        KINDS.get(usize::try_from(self.number()?).ok()?).copied()
    }

    fn inside(&mut self) -> Option<Self> {
        Self::of(self.parts.next()?, self.known)
    }

    fn span(&mut self) -> Option<Span> {
        let (client, clock, len) = (self.number()?, self.number()?, self.number()?);
        let (clock, len) = (u32::try_from(clock).ok()?, u32::try_from(len).ok()?);
        let is_known = clock.checked_add(len)? <= self.known.clock(client);
        (is_known && len > 0).then_some(Span { client, clock, len })
    }

    fn spans(&mut self) -> Option<Vec<Span>> {
        let (mut inside, mut spans) = (self.inside()?, Vec::new());
        while inside.parts.len() > 0 {
            spans.push(inside.span()?);
        }
        Some(spans)
    }

    fn id(&mut self) -> Option<Option<Id>> {
        match self.parts.next()? {
            Json::Null => Some(None),
            json => {
                let mut inside = Self::of(json, self.known)?;
                let (client, clock) = (inside.number()?, inside.number()?);
                Some(Some(Id { client, clock: u32::try_from(clock).ok()? }))
            }
        }
    }

    fn shared(&mut self) -> Option<Shared> {
        let kind = self.kind()?;
        let id = match self.parts.next()? {
            Json::String(name) => SharedId::Root(name.into()),
            json => {
                let Id { client, clock } =
                    Self { parts: vec![json].into_iter(), known: self.known }.id()??;
                SharedId::Nested { client, clock }
            }
        };
        Some(Shared { id, kind })
    }

    fn pieces(&mut self) -> Option<Vec<Piece>> {
        let (mut inside, mut pieces) = (self.inside()?, Vec::new());
        while inside.parts.len() > 0 {
            pieces.push(inside.inside()?.piece()?);
        }
        Some(pieces)
    }

    fn piece(&mut self) -> Option<Piece> {
        let span = self.inside()?.span()?;
        let Json::Object(attributes) = self.parts.next()? else { return None };
        let what = match self.number()? {
            0 => {
                let string = self.text()?;
                let is_whole = string.encode_utf16().count() == span.len as usize;
                What::Text(Some(string).filter(|_| is_whole)?)
            }
            1 => What::Json(self.parts.next()?),
            2 => What::Shared(Box::new(self.tree()?)),
            3 => What::Opaque,
            _ => return None,
        };
        let is_whole = span.len == 1 || matches!(what, What::Text(_));
        is_whole.then_some(Piece { span, what, attributes })
    }

    fn tree(&mut self) -> Option<Tree> {
        let (kind, tag) = (self.kind()?, self.text()?);
        let new = match kind {
            Kind::Text => New::Text,
            Kind::Map => New::Map,
            Kind::Array => New::Array,
            Kind::XmlFragment => New::XmlFragment,
            Kind::XmlElement => New::XmlElement(tag),
            Kind::XmlText => New::XmlText,
        };
        let (mut inside, mut keys) = (self.inside()?, Vec::new());
        while inside.parts.len() > 0 {
            keys.push((inside.text()?, inside.inside()?.piece()?));
        }
        Some(Tree { new, keys, pieces: self.pieces()? })
    }

    fn touch(&mut self) -> Option<Touch> {
        let tag = self.number()?;
        let shared = self.shared()?;
        Some(match tag {
            0 => Touch::Came { list: shared, spans: self.spans()? },
            1 => {
                let (left, right) = (self.id()?, self.id()?);
                let index = u32::try_from(self.number()?).ok()?;
                Touch::Went { list: shared, left, right, index, pieces: self.pieces()? }
            }
            2 => {
                let (spans, name) = (self.spans()?, self.text()?);
                let (was, now) = (self.parts.next()?, self.parts.next()?);
                Touch::Format { text: shared, spans, name, was, now }
            }
            3 => {
                let (key, came) = (self.text()?, self.id()?);
                let went = match self.parts.next()? {
                    Json::Null => None,
                    json => Some(Self::of(json, self.known)?.piece()?),
                };
                Touch::Key { map: shared, key, came, went }
            }
            _ => return None,
        })
    }
}
