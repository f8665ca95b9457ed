//! What a schema says of one place of a document.

use super::named::Named;
use super::role::{Role, Roles};
use super::value::{ValueRule, check};
use super::violation::Rule;
use crate::document::{Json, Kind};

/// The kind of shared type that a place is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shape {
    /// Text with formats.
    Text,
    /// Values by key.
    Map,
    /// Values in order.
    Array,
    /// XML nodes. Whatever is inside follows the rules of the whole.
    Xml,
}

/// Who may do what at one place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rights {
    pub(super) insert: Roles,
    pub(super) change: Roles,
    pub(super) delete: Roles,
}

/// One place, or all places that a `*` stands for.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) rights: Rights,
    pub(super) shape: Option<Shape>,
    pub(super) value: Option<ValueRule>,
    pub(super) keys: Named<Node>,
    pub(super) items: Option<Box<Node>>,
    pub(super) required: Vec<String>,
    pub(super) closed: bool,
    pub(super) append_only: bool,
    pub(super) write_once: bool,
    pub(super) max_items: Option<u32>,
    pub(super) max_characters: Option<u32>,
}

/// The rules of one place of a document.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    rights: Rights,
    node: Option<&'a Node>,
}

impl Shape {
    /// Whether a shared type of this kind is one of these.
    pub fn is(self, kind: Kind) -> bool {
        match kind {
            Kind::Text => self == Self::Text,
            Kind::Map => self == Self::Map,
            Kind::Array => self == Self::Array,
            Kind::XmlFragment | Kind::XmlElement | Kind::XmlText => self == Self::Xml,
        }
    }

    /// The kind of a root of this shape.
    pub fn kind(self) -> Kind {
        match self {
            Self::Text => Kind::Text,
            Self::Map => Kind::Map,
            Self::Array => Kind::Array,
            Self::Xml => Kind::XmlFragment,
        }
    }
}

impl<'a> Rules<'a> {
    pub(super) fn of(node: &'a Node) -> Self {
        Self { rights: node.rights, node: Some(node) }
    }

    pub(super) fn plain(rights: Rights) -> Self {
        Self { rights, node: None }
    }

    /// The kind of shared type that has to be here, if the schema says so.
    pub fn shape(&self) -> Option<Shape> {
        self.node?.shape
    }

    /// The rules of what is under `key`. None if there must not be such a key.
    pub fn key(&self, key: &str) -> Option<Self> {
        let Some(node) = self.node else { return Some(*self) };
        match node.keys.get(key).or_else(|| node.keys.get("*")) {
            Some(below) => Some(Self::of(below)),
            None if node.closed => None,
            None => Some(Self::plain(self.rights)),
        }
    }

    /// The rules of an item of a list.
    pub fn item(&self) -> Self {
        match self.node.and_then(|node| node.items.as_ref()) {
            Some(below) => Self::of(below),
            None => Self::plain(self.rights),
        }
    }

    /// Whether everything inside has these rights and no other rule, so that nobody has to look.
    pub fn is_uniform(&self) -> bool {
        self.node.is_none_or(|node| {
            node.keys.is_empty()
                && node.items.is_none()
                && node.required.is_empty()
                && !node.closed
                && !node.append_only
                && !node.write_once
                && node.max_items.is_none()
                && node.max_characters.is_none()
        })
    }

    /// Whether something new may come here.
    pub fn may_insert(&self, role: Role) -> Result<(), Rule> {
        check(self.rights.insert.has(role), Rule::Insert)
    }

    /// Whether what is here may become something else: of a key its value, of a text its formats,
    /// of XML its attributes.
    pub fn may_change(&self, role: Role) -> Result<(), Rule> {
        check(!self.node.is_some_and(|node| node.write_once), Rule::WriteOnce)?;
        check(self.rights.change.has(role), Rule::Change)
    }

    /// Whether what is here may go away: the value of a key, items, characters.
    pub fn may_delete(&self, role: Role) -> Result<(), Rule> {
        check(!self.node.is_some_and(|node| node.write_once), Rule::WriteOnce)?;
        check(!self.is_append_only(), Rule::AppendOnly)?;
        check(self.rights.delete.has(role), Rule::Delete)
    }

    /// Whether a list or a text may grow at its end only, and never shrink.
    pub fn is_append_only(&self) -> bool {
        self.node.is_some_and(|node| node.append_only)
    }

    /// Whether there is anything to say of a value here.
    pub fn has_value_rules(&self) -> bool {
        self.node.is_some_and(|node| node.value.is_some() || node.shape.is_some())
    }

    /// Whether a plain value may be here.
    pub fn fits(&self, json: &Json) -> Result<(), Rule> {
        let Some(node) = self.node else { return Ok(()) };
        check(node.shape.is_none(), Rule::Type)?;
        node.value.as_ref().map_or(Ok(()), |value| value.fits(json))
    }

    /// Whether a shared type of this kind may be here.
    pub fn fits_kind(&self, kind: Kind) -> Result<(), Rule> {
        let Some(node) = self.node else { return Ok(()) };
        if let Some(shape) = node.shape {
            return check(shape.is(kind), Rule::Type);
        }
        node.value.as_ref().map_or(Ok(()), |value| value.fits_kind(kind))
    }

    /// Whether something that this client cannot read, such as a subdocument, may be here.
    pub fn fits_opaque(&self) -> Result<(), Rule> {
        check(!self.has_value_rules(), Rule::Type)
    }

    /// Whether a shared type may be as long as this: a text in UTF-16 units, a list in items.
    pub fn fits_length(&self, kind: Kind, length: u32) -> Result<(), Rule> {
        let Some(node) = self.node else { return Ok(()) };
        match kind {
            Kind::Text | Kind::XmlText => {
                check(node.max_characters.is_none_or(|max| length <= max), Rule::MaxCharacters)
            }
            _ => check(node.max_items.is_none_or(|max| length <= max), Rule::MaxItems),
        }
    }

    /// The keys that a map here has to have.
    pub fn required(&self) -> &'a [String] {
        self.node.map_or(&[], |node| &node.required)
    }

    /// Whether items here have rules of their own.
    pub fn has_item_rules(&self) -> bool {
        self.node.is_some_and(|node| node.items.is_some())
    }
}
