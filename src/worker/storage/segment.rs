//! A history segment: the rows that a snapshot took the place of, one behind the other.
//!
//! For each row: sequence number, count of updates, time in ms, clocks, update; numbers and
//! length-prefixed bytes as in [`crate::codec`].

use crate::codec::{DecodeError, Reader, write_bytes, write_number};
use crate::room::Row;

pub(super) fn write(out: &mut Vec<u8>, row: &Row) {
    write_number(out, row.sequence);
    write_number(out, u64::from(row.updates));
    write_number(out, row.at.0);
    write_bytes(out, &row.clocks);
    write_bytes(out, &row.update);
}

/// The updates of the rows in a segment.
pub(super) fn updates(segment: &[u8]) -> Result<Vec<Vec<u8>>, DecodeError> {
    let mut r = Reader::new(segment);
    let mut updates = Vec::new();
    while !r.is_empty() {
        for _ in 0..3 {
            r.number()?;
        }
        r.bytes()?;
        updates.push(r.bytes()?.to_vec());
    }
    Ok(updates)
}
