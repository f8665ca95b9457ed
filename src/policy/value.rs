//! What a plain value may be.

use super::named::Named;
use super::pattern::Pattern;
use super::schema::PATTERN_UNITS_MAX;
use super::violation::Rule;
use crate::document::{Json, Kind};

/// The types of values, as bits of a set: plain ones, then shared ones.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Types(u16);

pub(super) const TYPES: [(&str, u16); 12] = [
    ("null", 1),
    ("boolean", 1 << 1),
    ("number", 1 << 2),
    ("integer", 1 << 3),
    ("string", 1 << 4),
    ("bytes", 1 << 5),
    ("array", 1 << 6),
    ("object", 1 << 7),
    ("sharedText", 1 << 8),
    ("sharedMap", 1 << 9),
    ("sharedArray", 1 << 10),
    ("sharedXml", 1 << 11),
];

impl Types {
    pub(super) const NONE: Self = Self(0);

    pub(super) fn named(name: &str) -> Option<Self> {
        TYPES.iter().find(|(known, _)| *known == name).map(|&(_, bit)| Self(bit))
    }

    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn has(self, json: &Json) -> bool {
        let bits = match json {
            Json::Undefined => 0,
            Json::Null => 1,
            Json::Bool(_) => 1 << 1,
            Json::Number(number) if number.fract() == 0.0 => 1 << 2 | 1 << 3,
            Json::Number(_) => 1 << 2,
            Json::BigInt(_) => 1 << 2 | 1 << 3,
            Json::String(_) => 1 << 4,
            Json::Bytes(_) => 1 << 5,
            Json::Array(_) => 1 << 6,
            Json::Object(_) => 1 << 7,
        };
        self.0 & bits != 0
    }

    fn has_kind(self, kind: Kind) -> bool {
        let bit = match kind {
            Kind::Text => 1 << 8,
            Kind::Map => 1 << 9,
            Kind::Array => 1 << 10,
            Kind::XmlFragment | Kind::XmlElement | Kind::XmlText => 1 << 11,
        };
        self.0 & bit != 0
    }
}

/// What a value may be; what is none says nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct ValueRule {
    pub(super) types: Option<Types>,
    pub(super) one_of: Option<Vec<Json>>,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    /// Of strings in UTF-16 units, of bytes, of arrays in elements.
    pub(super) min_length: Option<u32>,
    pub(super) max_length: Option<u32>,
    pub(super) pattern: Option<Pattern>,
    pub(super) items: Option<Box<ValueRule>>,
    pub(super) properties: Named<ValueRule>,
    pub(super) required: Vec<String>,
    pub(super) closed: bool,
}

impl ValueRule {
    /// Whether a plain value keeps the rule. Recurses no deeper than the rule is.
    pub(super) fn fits(&self, json: &Json) -> Result<(), Rule> {
        check(self.types.is_none_or(|types| types.has(json)), Rule::Type)?;
        check(self.one_of.as_ref().is_none_or(|values| values.contains(json)), Rule::Enum)?;
        if let Some(number) = number(json) {
            // What is no number is neither small enough nor large enough.
            check(self.min.is_none_or(|min| number >= min), Rule::Min)?;
            check(self.max.is_none_or(|max| number <= max), Rule::Max)?;
        }
        if let Some(length) = length(json) {
            check(self.min_length.is_none_or(|min| length >= min as usize), Rule::MinLength)?;
            check(self.max_length.is_none_or(|max| length <= max as usize), Rule::MaxLength)?;
        }
        if let (Some(pattern), Json::String(string)) = (&self.pattern, json) {
            check(string.len() <= PATTERN_UNITS_MAX as usize * 3, Rule::MaxLength)?;
            check(pattern.is_match(string), Rule::Pattern)?;
        }
        if let (Some(rule), Json::Array(items)) = (&self.items, json) {
            items.iter().try_for_each(|item| rule.fits(item))?;
        }
        let Json::Object(entries) = json else { return Ok(()) };
        for (key, value) in entries {
            match self.properties.get(key).or_else(|| self.properties.get("*")) {
                Some(rule) => rule.fits(value)?,
                None => check(!self.closed, Rule::Closed)?,
            }
        }
        let has = |key: &String| entries.iter().any(|(there, _)| there == key);
        check(self.required.iter().all(has), Rule::Required)
    }

    /// Whether a shared type may stand here instead of a plain value.
    pub(super) fn fits_kind(&self, kind: Kind) -> Result<(), Rule> {
        check(self.one_of.is_none(), Rule::Enum)?;
        check(self.types.is_some_and(|types| types.has_kind(kind)), Rule::Type)
    }
}

pub(super) fn check(holds: bool, rule: Rule) -> Result<(), Rule> {
    if holds { Ok(()) } else { Err(rule) }
}

fn number(json: &Json) -> Option<f64> {
    match json {
        Json::Number(number) => Some(*number),
        Json::BigInt(int) => Some(*int as f64),
        _ => None,
    }
}

fn length(json: &Json) -> Option<usize> {
    match json {
        Json::String(string) => Some(string.encode_utf16().count()),
        Json::Bytes(bytes) => Some(bytes.len()),
        Json::Array(items) => Some(items.len()),
        _ => None,
    }
}
