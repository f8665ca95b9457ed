//! Encoded Yjs updates as values: what one contains, what it refers to, and how several become one.
//!
//! An update is a list of *structs* (runs of ids of one client, with what was inserted) and a
//! *delete set* (runs of ids that are gone). Everything here works on those bytes, in time that is
//! linear in them but for sorting, and builds no CRDT: whatever Yjs can say passes through, also
//! what yrs cannot carry. Text is the same content wherever it was cut, so results may hold fewer
//! and longer structs than the input.
//!
//! Rules that the functions share:
//!
//! - They are total. Any bytes end in a value or in [`Malformed`], with memory of at most 1 MB and
//!   eight times the input on 32-bit targets, as long as it brings no more than [`clients_max`].
//! - They refuse what stock Yjs 13 would throw on after it had been stored and relayed: broken JSON
//!   and UTF-8, unknown tags, lengths of nothing, a subdocument without options.
//! - Numbers may be written longer than necessary, as lib0 allows. Bytes behind the end are
//!   refused.
//!
//! Source of the format: Yjs 13.6, `structs/*.js`, `utils/encoding.js`, `utils/updates.js` and
//! `utils/DeleteSet.js`, encoding version 1.

mod admit;
mod clients;
mod columns;
mod compact;
mod content;
mod delete_set;
mod diff;
mod json;
mod malformed;
mod merge;
mod place;
mod state_vector;
mod structs;
mod text;
mod walk;

pub use admit::{Admission, admit, admit_seen};
pub use clients::{client_count, clients_max};
pub use columns::{FromColumns, ToColumns, from_columns, to_columns};
pub use compact::compact;
pub use content::{Content, DEPTH_MAX, is_value};
pub use delete_set::{DeleteSet, delete_set, without_deletes};
pub use diff::{beyond, diff};
pub use json::is_json;
pub use malformed::Malformed;
pub use merge::merge;
pub use place::{Id, Parent, Place};
pub use state_vector::{StateVector, state_vector};
pub use structs::{Struct, typed};
pub use text::Text;
pub use walk::{Part, Walk, walk};

/// The update that holds nothing.
pub const EMPTY: [u8; 2] = [0, 0];

#[cfg(test)]
mod tests;
