//! Why bytes are not an update.

use thiserror::Error;

use crate::codec::DecodeError;

/// Why bytes are not an update, a state vector or a delete set that stock Yjs can read.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum Malformed {
    /// A field cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A kind of struct, content, type or value that Yjs 13 does not know.
    #[error("unknown tag {0}")]
    Tag(u64),
    /// A value that has to be JSON is not.
    #[error("a value is not JSON")]
    Json,
    /// A value is nested deeper than [`DEPTH_MAX`](super::DEPTH_MAX).
    #[error("a value is nested too deeply")]
    Depth,
    /// A struct or a deleted range of length 0.
    #[error("a struct or a deleted range is empty")]
    Empty,
    /// A subdocument whose options Yjs cannot make a document from.
    #[error("a subdocument has no usable options")]
    Subdocument,
    /// Two sections of one update are about the same client; Yjs would forget the first.
    #[error("a client has two sections")]
    RepeatedClient,
    /// Bytes behind the end.
    #[error("{0} bytes behind the end")]
    Trailing(usize),
}
