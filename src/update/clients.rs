//! How many clients an update may bring, so that it takes no more memory than its size allows (S1).

use super::Malformed;
use crate::codec::{DecodeError, Reader};

/// How many clients any update may bring.
const COUNT_MAX: u64 = 8_192;
/// For so many of its bytes it may bring one more. Of a client that typed one letter behind another
/// Yjs writes 16.
const BYTES_PER_CLIENT: u64 = 16;

/// The least that an update says of a client, in bytes: how many structs, whose, and from where.
const SECTION_BYTES_MIN: u64 = 3;

/// Of how many clients `update` says that it has structs. A walk holds it to that; that it cannot
/// be is found here.
pub fn client_count(update: &[u8]) -> Result<u64, Malformed> {
    let mut reader = Reader::new(update);
    let count = reader.number()?;
    if count > reader.rest().len() as u64 / SECTION_BYTES_MIN {
        return Err(DecodeError::Truncated.into());
    }
    Ok(count)
}

/// How many clients an update of so many bytes may bring. A client takes up to 128 bytes of memory,
/// however little it brings: with no more of them, the functions here take at most 1 MB and eight
/// times the update on 32-bit targets.
pub fn clients_max(bytes: usize) -> u64 {
    COUNT_MAX + bytes as u64 / BYTES_PER_CLIENT
}
