//! A history segment: the rows that a snapshot took the place of, one behind the other.
//!
//! For each row: sequence number, count of updates, time in ms, clocks, update; numbers and
//! length-prefixed bytes as in [`crate::codec`].

use crate::codec::{write_bytes, write_number};
use crate::room::Row;

pub(super) fn encode(rows: &[Row]) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.iter().map(|row| row.update.len() + 32).sum());
    for row in rows {
        write_number(&mut out, row.sequence);
        write_number(&mut out, u64::from(row.updates));
        write_number(&mut out, row.at.0);
        write_bytes(&mut out, &row.clocks);
        write_bytes(&mut out, &row.update);
    }
    out
}
