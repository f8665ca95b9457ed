//! Frames in the body of a request or of an answer, for clients that no WebSocket reaches.
//!
//! A record is a byte that says what it is, the length of what follows in four bytes (big-endian),
//! and so many bytes. A body is records one behind the other. What a build does not know it skips.

use crate::codec::{DecodeError, Reader};

/// One of the records of a body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Record<'a> {
    /// A binary frame of `selvedge.v1`, either way.
    Frame(&'a [u8]),
    /// To the client: the line is alive. Nothing is in it.
    Alive,
    /// To the client: the session is closed. Two bytes of a WebSocket close code, and the reason.
    /// To the room: the client is gone.
    Closed(&'a [u8]),
}

/// What the first byte of a record says: [`Record::Frame`].
pub const FRAME: u8 = 0;
/// [`Record::Alive`].
pub const ALIVE: u8 = 1;
/// [`Record::Closed`].
pub const CLOSED: u8 = 2;

/// The records of a body.
pub fn decode(body: &[u8]) -> Result<Vec<Record<'_>>, DecodeError> {
    let mut r = Reader::new(body);
    let mut records = Vec::new();
    while !r.is_empty() {
        let kind = r.byte()?;
        let length = r.take(4)?.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let bytes = r.take(length)?;
        records.extend(match kind {
            FRAME => Some(Record::Frame(bytes)),
            ALIVE => Some(Record::Alive),
            CLOSED => Some(Record::Closed(bytes)),
            _ => None,
        });
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn records_stand_one_behind_the_other() {
        let body = [0, 0, 0, 0, 2, 7, 8, 9, 0, 0, 0, 1, 5, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0];
        let records = [Record::Frame(&[7, 8]), Record::Alive, Record::Closed(&[])];
        assert_eq!(decode(&body), Ok(records.to_vec()));
        assert_eq!(decode(&[]), Ok(vec![]));
    }

    #[test]
    fn s1_a_body_that_ends_early_or_says_that_it_is_huge_is_refused() {
        for body in [&[0][..], &[0, 0, 0, 0], &[0, 0, 0, 0, 2, 7], &[0, 255, 255, 255, 255, 1]] {
            assert!(decode(body).is_err(), "{body:?}");
        }
    }
}
