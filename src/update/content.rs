//! What a struct holds, and the bounds of every kind of value.

use std::borrow::Cow;

use super::{Malformed, Text, is_json};
use crate::codec::{DecodeError, Reader, write_number};

/// How deep arrays, objects and JSON may be nested in one value. Every reader of a value recurses,
/// ours, Yjs's and the one in yrs, which overflows its stack on wasm32 at about 10,000.
pub const DEPTH_MAX: usize = 256;

/// What a struct holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Content<'a> {
    /// Nothing, and its place is forgotten as well.
    Gc,
    /// Ids that the update does not hold.
    Skip,
    /// Nothing any more; its place is kept.
    Deleted,
    /// Characters. Each UTF-16 unit has an id.
    Text(Text<'a>),
    /// Values, each with an id, as they are encoded: one lib0 `any` after another.
    Values(Cow<'a, [u8]>),
    /// Values in the older encoding: one string of JSON after another.
    Json(Cow<'a, [u8]>),
    /// A nested type, as it is encoded.
    Type(&'a [u8]),
    /// Anything else that has a single id (binary, embed, format, subdocument): tag and encoding.
    One(u8, &'a [u8]),
}

/// The bits of an info byte that say what a struct holds.
pub(super) const TAG: u8 = 0x1f;

pub(super) const GC: u8 = 0;
pub(super) const DELETED: u8 = 1;
pub(super) const JSON: u8 = 2;
const BINARY: u8 = 3;
pub(super) const TEXT: u8 = 4;
const EMBED: u8 = 5;
const FORMAT: u8 = 6;
const TYPE: u8 = 7;
pub(super) const VALUES: u8 = 8;
const SUBDOCUMENT: u8 = 9;
pub(super) const SKIP: u8 = 10;

impl<'a> Content<'a> {
    /// Read the content that has `tag`, and how many ids it has.
    pub(super) fn read(tag: u8, reader: &mut Reader<'a>) -> Result<(Self, u32), Malformed> {
        let len = match tag {
            GC | DELETED | SKIP | VALUES | JSON => reader.number_u32()?,
            _ => 1,
        };
        let content = match tag {
            GC => Self::Gc,
            SKIP => Self::Skip,
            DELETED => Self::Deleted,
            TEXT => {
                let text = Text::from(reader.string()?);
                let len = u32::try_from(text.utf16_len()).map_err(|_| DecodeError::Range)?;
                return Ok((Self::Text(text), len));
            }
            VALUES => Self::Values(reader.span(|r| skip_many(r, len, skip_value))?.into()),
            JSON => Self::Json(reader.span(|r| skip_many(r, len, skip_json_or_undefined))?.into()),
            TYPE => Self::Type(reader.span(skip_type)?),
            BINARY => Self::One(tag, reader.span(|r| r.bytes().map(|_| ()))?),
            EMBED => Self::One(tag, reader.span(skip_json)?),
            FORMAT => Self::One(tag, reader.span(skip_format)?),
            SUBDOCUMENT => Self::One(tag, reader.span(skip_subdocument)?),
            _ => return Err(Malformed::Tag(tag.into())),
        };
        Ok((content, len))
    }

    /// Append the content, which has `len` ids.
    pub(super) fn write(&self, len: u32, out: &mut Vec<u8>) {
        match self {
            Self::Gc | Self::Skip | Self::Deleted => write_number(out, len.into()),
            Self::Text(text) => text.write(out),
            Self::Values(values) | Self::Json(values) => {
                write_number(out, len.into());
                out.extend_from_slice(values);
            }
            Self::Type(bytes) | Self::One(_, bytes) => out.extend_from_slice(bytes),
        }
    }

    pub(super) fn tag(&self) -> u8 {
        match self {
            Self::Gc => GC,
            Self::Skip => SKIP,
            Self::Deleted => DELETED,
            Self::Text(_) => TEXT,
            Self::Values(_) => VALUES,
            Self::Json(_) => JSON,
            Self::Type(_) => TYPE,
            Self::One(tag, _) => *tag,
        }
    }

    /// The first `at` ids, and the others.
    pub(super) fn split(self, at: u32) -> Result<(Self, Self), Malformed> {
        Ok(match self {
            Self::Text(text) => {
                let (left, right) = text.split(usize::try_from(at).unwrap_or(usize::MAX));
                (Self::Text(left), Self::Text(right))
            }
            Self::Values(bytes) => {
                let [left, right] = split_elements(bytes, at, skip_value)?;
                (Self::Values(left), Self::Values(right))
            }
            Self::Json(bytes) => {
                let [left, right] = split_elements(bytes, at, skip_json_or_undefined)?;
                (Self::Json(left), Self::Json(right))
            }
            Self::Gc | Self::Skip | Self::Deleted | Self::Type(_) | Self::One(..) => {
                (self.clone(), self)
            }
        })
    }

    /// The same content, borrowed: cutting that copies nothing.
    pub(super) fn view(&self) -> Content<'_> {
        match self {
            Self::Gc => Content::Gc,
            Self::Skip => Content::Skip,
            Self::Deleted => Content::Deleted,
            Self::Text(text) => Content::Text(text.view()),
            Self::Values(bytes) => Content::Values(Cow::Borrowed(bytes)),
            Self::Json(bytes) => Content::Json(Cow::Borrowed(bytes)),
            Self::Type(bytes) => Content::Type(bytes),
            Self::One(tag, bytes) => Content::One(*tag, bytes),
        }
    }

    /// Take in what directly follows. False, and nothing done, if the kinds do not join.
    pub(super) fn append(&mut self, next: &Content<'_>) -> bool {
        match (self, next) {
            (Self::Gc, Content::Gc) | (Self::Deleted, Content::Deleted) => {}
            (Self::Text(text), Content::Text(more)) => text.append(more),
            (Self::Values(bytes), Content::Values(more))
            | (Self::Json(bytes), Content::Json(more)) => bytes.to_mut().extend_from_slice(more),
            _ => return false,
        }
        true
    }
}

type Skip = fn(&mut Reader<'_>) -> Result<(), Malformed>;

fn skip_many(reader: &mut Reader<'_>, count: u32, skip: Skip) -> Result<(), Malformed> {
    for _ in 0..count {
        skip(reader)?;
    }
    Ok(())
}

/// Cut encoded elements behind the first `count`, without copying what is borrowed.
fn split_elements<'a>(
    bytes: Cow<'a, [u8]>,
    count: u32,
    skip: Skip,
) -> Result<[Cow<'a, [u8]>; 2], Malformed> {
    let at = Reader::new(&bytes).span(|reader| skip_many(reader, count, skip))?.len();
    Ok(match bytes {
        Cow::Borrowed(bytes) => {
            let (left, right) = bytes.split_at(at);
            [left.into(), right.into()]
        }
        Cow::Owned(mut bytes) => {
            let right = bytes.split_off(at);
            [bytes.into(), right.into()]
        }
    })
}

fn skip_json(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    if is_json(reader.string()?) { Ok(()) } else { Err(Malformed::Json) }
}

/// An element of the older list encoding, which has a word for `undefined`.
fn skip_json_or_undefined(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    let text = reader.string()?;
    if text == "undefined" || is_json(text) { Ok(()) } else { Err(Malformed::Json) }
}

fn skip_format(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    reader.string()?;
    skip_json(reader)
}

fn skip_type(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    match reader.number()? {
        // Array, map, text, XML fragment, XML text.
        0 | 1 | 2 | 4 | 6 => {}
        // XML element and XML hook have a name.
        3 | 5 => _ = reader.string()?,
        unknown => return Err(Malformed::Tag(unknown)),
    }
    Ok(())
}

/// A subdocument: its guid, and options that have to be an object. A `guid` in there would replace
/// the first, and one that is not a string cannot be encoded again.
fn skip_subdocument(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    const OBJECT: u8 = 118;
    const STRING: u8 = 119;
    reader.string()?;
    if reader.byte()? != OBJECT {
        return Err(Malformed::Subdocument);
    }
    for _ in 0..reader.number()? {
        if reader.string()? == "guid" && reader.rest().first() != Some(&STRING) {
            return Err(Malformed::Subdocument);
        }
        skip_value(reader)?;
    }
    Ok(())
}

/// Whether `bytes` are one lib0 `any`, and nothing else.
pub fn is_value(bytes: &[u8]) -> bool {
    let mut reader = Reader::new(bytes);
    skip_value(&mut reader).is_ok() && reader.is_empty()
}

/// One lib0 `any`.
pub(super) fn skip_value(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    skip_nested(reader, DEPTH_MAX)
}

fn skip_nested(reader: &mut Reader<'_>, depth: usize) -> Result<(), Malformed> {
    match reader.byte()? {
        // undefined, null, false, true
        127 | 126 | 121 | 120 => {}
        125 => _ = reader.number_signed()?,
        124 => _ = reader.take(4)?,
        // A number or a bigint of 64 bits.
        123 | 122 => _ = reader.take(8)?,
        119 => _ = reader.string()?,
        116 => _ = reader.bytes()?,
        tag @ (117 | 118) => {
            let depth = depth.checked_sub(1).ok_or(Malformed::Depth)?;
            for _ in 0..reader.number()? {
                if tag == 118 {
                    reader.string()?;
                }
                skip_nested(reader, depth)?;
            }
        }
        unknown => return Err(Malformed::Tag(unknown.into())),
    }
    Ok(())
}
