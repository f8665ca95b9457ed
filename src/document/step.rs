//! Steps of an edit as whoever may forbid them sees them, before they are made.

use core::fmt;

use super::look::Look;
use super::shared::{Kind, Shared};
use super::value::Json;

/// One step that an edit is about to take.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// What is changed.
    pub target: &'a Shared,
    /// What happens to it.
    pub change: Change<'a>,
}

/// What happens to a shared type.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// A key of a map, or an XML attribute, gets this.
    Set {
        /// Which one.
        key: &'a str,
        /// Its value.
        given: Given<'a>,
    },
    /// A key of a map, or an XML attribute, goes, if there is one.
    Unset {
        /// Which one.
        key: &'a str,
    },
    /// Something comes into a text or a list.
    Insert {
        /// What.
        given: Given<'a>,
        /// In front of which unit or element, of those that are there.
        index: u32,
        /// How long it was, and is once the whole edit of it is made.
        lengths: (u32, u32),
    },
    /// Units of a text or elements of a list go.
    Delete {
        /// The first one.
        index: u32,
        /// How many.
        len: u32,
    },
    /// Formats of a text change.
    Format,
}

/// What comes.
#[derive(Clone, Copy, Debug)]
pub enum Given<'a> {
    /// What a text holds.
    Text,
    /// Plain values; under a key one.
    Values(&'a [Json]),
    /// A new and empty shared type.
    New(Kind),
}

/// Whoever says whether a step may be taken.
pub trait Check {
    /// Whether this step may be taken in `document`, which is as before it.
    fn check(&self, step: &Step<'_>, document: &dyn Look) -> Result<(), Forbidden>;
}

/// Why a step may not be taken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Forbidden {
    /// Where it would break a rule: keys and indexes with a slash between them.
    pub path: String,
    /// The name of the rule.
    pub rule: &'static str,
}

/// As a sentence for people.
impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this change of {} breaks the rule {}", self.path, self.rule)
    }
}
