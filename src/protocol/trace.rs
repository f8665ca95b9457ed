//! Which visit something belongs to, from the client's page to the row that it ends in.
//!
//! Source of the format: W3C Trace Context, level 1, `traceparent`.

use core::fmt;

/// The id of a trace: 128 bits, never 0.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Trace(u128);

/// The bytes of a trace in a native hello.
pub const TRACE_BYTES: usize = 16;

impl Trace {
    /// A trace with this id; nothing if it is 0, which is none.
    pub const fn new(id: u128) -> Option<Self> {
        if id == 0 { None } else { Some(Self(id)) }
    }

    /// The trace that a `traceparent` header names. Fields behind those of version 00 are ignored.
    pub fn from_header(header: &str) -> Option<Self> {
        let mut fields = header.trim().split('-');
        let mut field = |len| {
            let is_hex = |field: &&str| {
                let is_lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
                field.len() == len && field.bytes().all(is_lower)
            };
            fields.next().filter(is_hex)
        };
        let (version, id, parent, _flags) = (field(2)?, field(32)?, field(16)?, field(2)?);
        if version == "ff" || parent.bytes().all(|digit| digit == b'0') {
            return None;
        }
        Self::new(u128::from_str_radix(id, 16).ok()?)
    }

    pub(super) fn to_bytes(self) -> [u8; TRACE_BYTES] {
        self.0.to_be_bytes()
    }

    /// The trace in the first bytes of what is left of a hello.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::new(u128::from_be_bytes(*bytes.first_chunk()?))
    }

    /// The number, to be kept.
    pub fn id(self) -> u128 {
        self.0
    }
}

/// The 32 hexadecimal digits of the id.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn traces_are_read_from_their_header() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        for header in [
            format!("00-{id}-00f067aa0ba902b7-01"),
            format!(" 00-{id}-00f067aa0ba902b7-00 "),
            format!("01-{id}-00f067aa0ba902b7-01-later"),
        ] {
            let trace = Trace::from_header(&header).map(|trace| trace.to_string());
            assert_eq!(trace.as_deref(), Some(id), "{header}");
        }
        for header in [
            "",
            "00",
            id,
            &format!("ff-{id}-00f067aa0ba902b7-01"),
            &format!("00-{id}-0000000000000000-01"),
            &format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            &format!("00-{}-00f067aa0ba902b7-01", id.to_uppercase()),
            &format!("00-+{}-00f067aa0ba902b7-01", &id[1..]),
        ] {
            assert_eq!(Trace::from_header(header), None, "{header}");
        }
    }
}
