//! Values of a document as plain data.

use std::collections::BinaryHeap;
use std::sync::Arc;

use yrs::types::Attrs;
use yrs::{Any, Number, Out};

use super::edit::EditError;
use super::shared::Shared;

/// How deep arrays and objects may be nested in one value.
pub const JSON_DEPTH_MAX: usize = 100;

const NUMBER_MAX: i64 = (1 << 53) - 1;

/// A value without structure of its own in the CRDT.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// JavaScript's `undefined`.
    Undefined,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A whole number that a double does not hold exactly. It can be read, but yrs makes a double
    /// of some when it writes them.
    BigInt(i64),
    /// A string.
    String(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Values in order.
    Array(Vec<Json>),
    /// Values by key. Each key occurs once; those of a document are sorted.
    Object(Vec<(String, Json)>),
}

/// What a map or an array holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A plain value.
    Json(Json),
    /// A shared type.
    Shared(Shared),
    /// Something that this client does not show: a subdocument, for example.
    Opaque,
}

/// Formats of a piece of text, by name. In a change, `null` takes a format away.
pub type Attributes = Vec<(String, Json)>;

/// One step of a change, or of a text's content.
#[derive(Clone, Debug, PartialEq)]
pub enum Delta {
    /// The next `len` units stay, with these formats changed.
    Retain(u32, Attributes),
    /// This is new, with these formats.
    Insert(Inserted, Attributes),
    /// The next `len` units are gone.
    Delete(u32),
}

/// What a [`Delta::Insert`] inserts.
#[derive(Clone, Debug, PartialEq)]
pub enum Inserted {
    /// Text.
    Text(String),
    /// One thing in a text that is no text. It has length 1.
    Embed(Value),
    /// Elements of an array, or nodes of an XML type.
    Values(Vec<Value>),
}

impl Json {
    /// As yrs has it.
    pub(super) fn to_any(&self) -> Any {
        match self {
            Self::Undefined => Any::Undefined,
            Self::Null => Any::Null,
            Self::Bool(bool) => Any::Bool(*bool),
            // yrs would make 0 of it.
            Self::Number(number) if *number == 0.0 && number.is_sign_negative() => {
                Any::Number(Number::Float(*number))
            }
            Self::Number(number) => Any::Number(Number::try_i64(*number)),
            Self::BigInt(int) => Any::Number(Number::Int(*int)),
            Self::String(string) => Any::String(string.as_str().into()),
            Self::Bytes(bytes) => Any::Buffer(bytes.as_slice().into()),
            Self::Array(items) => Any::Array(items.iter().map(Self::to_any).collect()),
            Self::Object(entries) => Any::Map(Arc::new(
                entries.iter().map(|(key, value)| (key.clone(), value.to_any())).collect(),
            )),
        }
    }

    pub(super) fn from_any(any: &Any) -> Self {
        match any {
            Any::Undefined => Self::Undefined,
            Any::Null => Self::Null,
            Any::Bool(bool) => Self::Bool(*bool),
            Any::Number(Number::Float(number)) => Self::Number(*number),
            Any::Number(Number::Int(int)) if (-NUMBER_MAX..=NUMBER_MAX).contains(int) => {
                Self::Number(*int as f64)
            }
            Any::Number(Number::Int(int)) => Self::BigInt(*int),
            Any::String(string) => Self::String(string.as_ref().into()),
            Any::Buffer(bytes) => Self::Bytes(bytes.to_vec()),
            Any::Array(items) => Self::Array(items.iter().map(Self::from_any).collect()),
            Any::Map(entries) => Self::Object(
                sorted(entries.keys().map(String::as_str))
                    .filter_map(|key| Some((key.to_owned(), Self::from_any(entries.get(key)?))))
                    .collect(),
            ),
        }
    }

    /// Whether it fits the limits of one value: at most `bytes_max` and [`JSON_DEPTH_MAX`].
    pub(super) fn fits(&self, bytes_max: usize) -> Result<(), EditError> {
        if self.bytes(0)? > bytes_max { Err(EditError::TooLarge) } else { Ok(()) }
    }

    /// About how large it is, in bytes.
    pub(super) fn bytes(&self, depth: usize) -> Result<usize, EditError> {
        if depth > JSON_DEPTH_MAX {
            return Err(EditError::TooDeep);
        }
        Ok(match self {
            Self::String(string) => string.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::Array(items) => {
                items.iter().try_fold(1, |sum, item| Ok(sum + item.bytes(depth + 1)?))?
            }
            Self::Object(entries) => entries
                .iter()
                .try_fold(1, |sum, (key, value)| Ok(sum + key.len() + value.bytes(depth + 1)?))?,
            _ => 8,
        })
    }
}

impl Inserted {
    /// How long it is: in UTF-16 units, or in elements.
    pub fn units(&self) -> u32 {
        match self {
            Self::Text(string) => string.encode_utf16().count() as u32,
            Self::Embed(_) => 1,
            Self::Values(values) => values.len() as u32,
        }
    }
}

impl Value {
    pub(super) fn from_out(out: &Out) -> Self {
        match out {
            Out::Any(any) => Self::Json(Json::from_any(any)),
            other => Shared::from_out(other).map_or(Self::Opaque, Self::Shared),
        }
    }

    /// What was removed. A shared type that is gone cannot be read any more.
    pub(super) fn from_removed(out: &Out) -> Self {
        match out {
            Out::Any(any) => Self::Json(Json::from_any(any)),
            _ => Self::Opaque,
        }
    }
}

pub(super) fn attributes_from(attrs: &Attrs) -> Attributes {
    sorted(attrs.keys().map(AsRef::as_ref))
        .filter_map(|key| Some((key.to_owned(), Json::from_any(attrs.get(key)?))))
        .collect()
}

/// Keys in order: yrs keeps them in none. A heap, because it is the smallest code that sorts.
pub(super) fn sorted<'a>(keys: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    keys.collect::<BinaryHeap<&str>>().into_sorted_vec().into_iter()
}

pub(super) fn attributes_to(attributes: &Attributes) -> Attrs {
    attributes.iter().map(|(key, value)| (key.as_str().into(), value.to_any())).collect()
}

/// What a text inserts: a string, or one thing that is none.
pub(super) fn inserted_from(out: &Out) -> Inserted {
    match out {
        Out::Any(Any::String(string)) => Inserted::Text(string.as_ref().into()),
        other => Inserted::Embed(Value::from_out(other)),
    }
}
