//! A schema as a whole.

use thiserror::Error;

use super::named::Named;
use super::node::{Node, Rights, Rules};
use super::parse;
use super::pattern::{Compile, Pattern};
use super::role::{BUILT_IN, Role, Roles};
use super::violation::Rule;
use crate::document::PathSegment;

/// How long a schema may be, in bytes.
pub const SCHEMA_BYTES_MAX: usize = 64 << 10;
/// How deep places may be nested, and rules of values within one place.
pub const DEPTH_MAX: usize = 16;
/// How many places and rules of values a schema may have.
pub const NODES_MAX: usize = 1_000;
/// How many roles it may add.
pub const ROLES_MAX: usize = 32;
/// How many patterns it may have, and how long each may be.
pub const PATTERNS_MAX: usize = 32;
/// How long a pattern may be.
pub const PATTERN_BYTES_MAX: usize = 256;
/// How long a string with a pattern may be, in UTF-16 units: matching takes time for each.
pub const PATTERN_UNITS_MAX: u32 = 4_096;

/// What is wrong with a schema, and where.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{place}: {fault}")]
pub struct SchemaError {
    /// A JSON pointer (RFC 6901) into the schema; empty is the whole.
    pub place: String,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong at one place of a schema.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Fault {
    /// The schema is longer than [`SCHEMA_BYTES_MAX`].
    #[error("a schema may have {SCHEMA_BYTES_MAX} bytes at most")]
    TooLarge,
    /// It is no JSON, or has a key twice.
    #[error("this is not JSON: {0}")]
    Json(String),
    /// A key that means nothing there.
    #[error("this key is not known here")]
    UnknownKey,
    /// A key that has to be there.
    #[error("the key {0:?} is missing")]
    Missing(&'static str),
    /// Something else has to be there.
    #[error("this has to be {0}")]
    Expected(&'static str),
    /// A role that is not built in and not in `roles`.
    #[error("there is no role {0:?}")]
    UnknownRole(String),
    /// Too many of something.
    #[error("there may be {0} {1} at most")]
    TooMany(usize, &'static str),
    /// Nested deeper than [`DEPTH_MAX`].
    #[error("rules may be nested {DEPTH_MAX} deep at most")]
    TooDeep,
    /// A regular expression that cannot be used.
    #[error("this pattern cannot be used: {0}")]
    Pattern(String),
    /// Two bounds that nothing is between.
    #[error("nothing is between these bounds")]
    Bounds,
}

/// The rules of one kind of document.
#[derive(Clone, Debug)]
pub struct Schema {
    /// What it was read from.
    pub(super) source: Box<str>,
    pub(super) version: u32,
    pub(super) roles: Named<Role>,
    pub(super) presence: Roles,
    pub(super) roots: Named<Node>,
    pub(super) allows_other_roots: bool,
    pub(super) logs_conflicts: bool,
    /// Everybody who may write anything.
    pub(super) writers: Roles,
}

/// They are read from the same JSON.
impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Schema {}

impl Schema {
    /// Read a schema. Takes time in proportion to its length.
    pub fn parse(json: &str) -> Result<Self, SchemaError> {
        Self::parse_with(json, Pattern::compile)
    }

    /// Read a schema with patterns of another kind.
    pub fn parse_with(json: &str, compile: Compile) -> Result<Self, SchemaError> {
        parse::schema(json, compile)
    }

    /// Whether the room writes down which changes lost to others.
    pub fn logs_conflicts(&self) -> bool {
        self.logs_conflicts
    }

    /// The JSON that it was read from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The app's number for this schema, 0 if it has none.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The role of this name. None if there is none: whoever has it may do nothing.
    pub fn role(&self, name: &str) -> Option<Role> {
        self.roles.get(name).copied()
    }

    /// Whether a role may write anything at all.
    pub fn may_write(&self, role: Role) -> bool {
        self.writers.has(role)
    }

    /// Whether others may be shown the presence of somebody with this role.
    pub fn may_show_presence(&self, role: Role) -> bool {
        self.presence.has(role)
    }

    /// The names of the roots that it describes, and their rules.
    pub fn roots(&self) -> impl Iterator<Item = (&str, Rules<'_>)> {
        self.roots.iter().map(|(name, node)| (name, Rules::of(node)))
    }

    /// Whether it describes this root.
    pub fn has_root(&self, name: &str) -> bool {
        self.roots.get(name).is_some()
    }

    /// The rules of a root. None if it is denied.
    pub fn root(&self, name: &str) -> Option<Rules<'_>> {
        match self.roots.get(name) {
            Some(node) => Some(Rules::of(node)),
            None if self.allows_other_roots => Some(Rules::plain(top())),
            None => None,
        }
    }

    /// The rules of a place, by its path; the first segment is the name of a root.
    pub fn at(&self, path: &[PathSegment]) -> Result<Rules<'_>, Rule> {
        let Some((PathSegment::Key(root), path)) = path.split_first() else {
            return Err(Rule::OtherRoots);
        };
        let root = self.root(root).ok_or(Rule::OtherRoots)?;
        path.iter().try_fold(root, |rules, segment| match segment {
            PathSegment::Key(key) => rules.key(key).ok_or(Rule::Closed),
            PathSegment::Index(_) => Ok(rules.item()),
        })
    }
}

/// What holds where nothing else is said.
pub(super) fn top() -> Rights {
    let editors = Roles::editors();
    Rights { insert: editors, change: editors, delete: editors }
}

/// The built-in roles by name.
pub(super) fn built_in() -> Named<Role> {
    let mut roles = Named::default();
    for (index, name) in BUILT_IN.iter().enumerate() {
        roles.insert(name, Role::new(index, None));
    }
    roles
}
