//! What was broken, and where.

use std::fmt::{self, Display};

use crate::document::PathSegment;

/// A rule that a change breaks.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Rule {
    /// Nothing new may come here from this role.
    Insert,
    /// Nothing may be changed here by this role.
    Change,
    /// Nothing may be taken away here by this role.
    Delete,
    /// A value or a shared type is of another type.
    Type,
    /// A value is none of those listed.
    Enum,
    /// A number is too small.
    Min,
    /// A number is too large.
    Max,
    /// A string, bytes or a list are too short.
    MinLength,
    /// A string, bytes or a list are too long.
    MaxLength,
    /// A string does not match the pattern.
    Pattern,
    /// A key has to be there.
    Required,
    /// A key is not among those listed.
    Closed,
    /// A list would hold too many items.
    MaxItems,
    /// A text would be too long.
    MaxCharacters,
    /// What is here stays, and only the end may grow.
    AppendOnly,
    /// What was set once stays.
    WriteOnce,
    /// The part of the document is not in the schema.
    OtherRoots,
}

impl Rule {
    /// Its name, as it is sent and logged.
    pub fn name(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Change => "change",
            Self::Delete => "delete",
            Self::Type => "type",
            Self::Enum => "enum",
            Self::Min => "min",
            Self::Max => "max",
            Self::MinLength => "min-length",
            Self::MaxLength => "max-length",
            Self::Pattern => "pattern",
            Self::Required => "required",
            Self::Closed => "closed",
            Self::MaxItems => "max-items",
            Self::MaxCharacters => "max-characters",
            Self::AppendOnly => "append-only",
            Self::WriteOnce => "write-once",
            Self::OtherRoots => "other-roots",
        }
    }
}

/// A rule that was broken, and where. Displays its path as `meta/owner`: segments with a slash
/// between them, in which `~` is written `~0` and `/` is written `~1`.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Violation {
    /// From the document down to what broke the rule; the first is the name of a root.
    pub path: Vec<PathSegment>,
    /// Which rule.
    pub rule: Rule,
}

impl Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&pointer(&self.path))
    }
}

/// A path as it is sent and logged; see [`Violation`].
pub fn pointer(path: &[PathSegment]) -> String {
    let segments = path.iter().map(|segment| match segment {
        PathSegment::Key(key) => escaped(key),
        PathSegment::Index(index) => index.to_string(),
    });
    segments.collect::<Vec<_>>().join("/")
}

/// A key as a segment of a JSON pointer (RFC 6901).
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
