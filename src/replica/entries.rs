//! y-protocols' awareness update: a count, then for each client its id, a clock and a state as JSON.

use crate::codec::{DecodeError, Reader, write_bytes, write_number};
use crate::update::is_json;

/// What an awareness update says about one client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Entry<'a> {
    pub(super) client: u64,
    pub(super) clock: u32,
    /// JSON; `null` if it is gone.
    pub(super) state: &'a str,
}

pub(super) fn decode(update: &[u8]) -> Result<Vec<Entry<'_>>, DecodeError> {
    let mut reader = Reader::new(update);
    let mut entries = Vec::new();
    for _ in 0..reader.number()? {
        let (client, clock) = (reader.number()?, reader.number_u32()?);
        let state = reader.string()?;
        if !is_json(state) {
            return Err(DecodeError::Range);
        }
        entries.push(Entry { client, clock, state });
    }
    if reader.is_empty() { Ok(entries) } else { Err(DecodeError::Range) }
}

pub(super) fn encode<'a>(entries: impl ExactSizeIterator<Item = Entry<'a>>) -> Vec<u8> {
    let mut out = Vec::new();
    write_number(&mut out, entries.len() as u64);
    for Entry { client, clock, state } in entries {
        write_number(&mut out, client);
        write_number(&mut out, u64::from(clock));
        write_bytes(&mut out, state.as_bytes());
    }
    out
}
