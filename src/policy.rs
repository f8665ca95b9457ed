//! Rules inside a document (promise S4): who may change which part of it, and what it may hold.
//!
//! A [`Schema`] is JSON that an app writes for its documents; `docs/schemas.md` describes it:
//!
//! ```json
//! {
//!   "version": 1,
//!   "roots": {
//!     "title": { "type": "text", "maxCharacters": 200 },
//!     "meta": { "type": "map", "keys": {
//!       "owner": { "change": ["owner"], "delete": [], "value": { "type": "string" } },
//!       "state": { "value": { "enum": ["open", "closed"] } } }, "required": ["state"] },
//!     "comments": { "type": "array", "insert": ["commenter", "editor"], "appendOnly": true }
//!   },
//!   "otherRoots": "deny"
//! }
//! ```
//!
//! Here is only what a schema says of one place and one change, so that a client asks the same
//! before an edit as the room after it; [`crate::guard`] finds the places and the changes.
//!
//! - A list of roles means exactly these, and `owner` as well unless it is empty. An empty list is
//!   nobody. A part without a list has that of the part around it; at the top it is editors.
//! - *Insert* is what is new: a key, items, characters. *Change* is another value under a key, a
//!   format of characters, an attribute. *Delete* is what goes away, also with what is around it.
//! - What a schema does not know is an error, so that a typing error leaves nothing unprotected.

mod inside;
mod named;
mod node;
mod parse;
mod pattern;
mod role;
mod schema;
mod step;
mod tree;
mod value;
mod violation;

#[cfg(test)]
mod tests;

pub use inside::{Broken, Path, Placed, below, may_come, may_go};
pub use node::{Rules, Shape};
pub use pattern::{Compile, Pattern, to_javascript};
pub use role::Role;
pub use schema::{
    DEPTH_MAX, Fault, NODES_MAX, PATTERN_BYTES_MAX, PATTERN_UNITS_MAX, PATTERNS_MAX, ROLES_MAX,
    SCHEMA_BYTES_MAX, Schema, SchemaError,
};
pub use violation::{Rule, Violation, pointer};
