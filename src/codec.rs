//! lib0's variable-length encoding, read within bounds.
//!
//! Every byte that comes from a peer or from storage is read by [`Reader`]. It never adds a length
//! to a position, so no length can wrap on 32-bit targets, and it never reserves memory for a count
//! that it was only told. Numbers end at 2^53 - 1, as in JavaScript.
//!
//! Source of the format: lib0's `encoding.js` and `decoding.js`, version 0.2.

use thiserror::Error;

/// The largest whole number that JavaScript holds exactly.
pub const NUMBER_MAX: u64 = (1 << 53) - 1;

/// Why bytes could not be read.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum DecodeError {
    /// The bytes end in the middle of a field.
    #[error("ends in the middle of a field")]
    Truncated,
    /// A number is larger than its field allows.
    #[error("a number is out of range")]
    Range,
    /// A string is not UTF-8.
    #[error("a string is not UTF-8")]
    Utf8,
}

/// Reads fields from the front of a byte slice.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader at the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether everything has been read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// One byte.
    pub fn byte(&mut self) -> Result<u8, DecodeError> {
        let (&byte, rest) = self.rest.split_first().ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(byte)
    }

    /// The next `len` bytes.
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// A variable-length number of at most 53 bits.
    pub fn number(&mut self) -> Result<u64, DecodeError> {
        let mut number = 0u64;
        // Not `step_by`, which a build for size calls for each byte.
        let mut shift = 0;
        while shift < 56 {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return if number > NUMBER_MAX { Err(DecodeError::Range) } else { Ok(number) };
            }
            shift += 7;
        }
        Err(DecodeError::Range)
    }

    /// A variable-length number with a sign, of at most 53 bits without it.
    pub fn number_signed(&mut self) -> Result<i64, DecodeError> {
        let first = self.byte()?;
        let mut number = i64::from(first & 0x3f);
        let mut more = first >= 0x80;
        let mut shift = 6;
        while more && shift < 55 {
            let byte = self.byte()?;
            number |= i64::from(byte & 0x7f) << shift;
            more = byte >= 0x80;
            shift += 7;
        }
        if more || number.unsigned_abs() > NUMBER_MAX {
            return Err(DecodeError::Range);
        }
        Ok(if first & 0x40 != 0 { -number } else { number })
    }

    /// A variable-length number that fits 32 bits: clocks and lengths.
    pub fn number_u32(&mut self) -> Result<u32, DecodeError> {
        u32::try_from(self.number()?).map_err(|_| DecodeError::Range)
    }

    /// Bytes behind their length.
    pub fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = usize::try_from(self.number()?).map_err(|_| DecodeError::Truncated)?;
        self.take(len)
    }

    /// A string behind its length in bytes.
    pub fn string(&mut self) -> Result<&'a str, DecodeError> {
        core::str::from_utf8(self.bytes()?).map_err(|_| DecodeError::Utf8)
    }

    /// What `read` read, as raw bytes.
    pub fn span<E>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<&'a [u8], E> {
        let before = self.rest;
        read(self)?;
        Ok(&before[..before.len() - self.rest.len()])
    }
}

/// Append a variable-length number.
pub fn write_number(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Append a variable-length number with a sign.
pub fn write_number_signed(out: &mut Vec<u8>, number: i64) {
    let sign = if number < 0 { 0x40 } else { 0 };
    let magnitude = number.unsigned_abs();
    let more = if magnitude > 0x3f { 0x80 } else { 0 };
    out.push((magnitude & 0x3f) as u8 | sign | more);
    if more > 0 {
        write_number(out, magnitude >> 6);
    }
}

/// Append bytes behind their length.
pub fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn numbers_come_back_as_written() {
        for number in [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), NUMBER_MAX] {
            let mut out = Vec::new();
            write_number(&mut out, number);
            let mut reader = Reader::new(&out);
            assert_eq!(reader.number(), Ok(number));
            assert!(reader.is_empty());
        }
    }

    #[test]
    fn numbers_with_a_sign_come_back_as_written() {
        for magnitude in [0, 1, 63, 64, 8_191, 8_192, i64::from(u32::MAX), NUMBER_MAX as i64] {
            for number in [magnitude, -magnitude] {
                let mut out = Vec::new();
                write_number_signed(&mut out, number);
                let mut reader = Reader::new(&out);
                assert_eq!(reader.number_signed(), Ok(number));
                assert!(reader.is_empty());
            }
        }
    }

    #[test]
    fn numbers_end_at_53_bits() {
        let mut out = Vec::new();
        write_number(&mut out, NUMBER_MAX + 1);
        assert_eq!(Reader::new(&out).number(), Err(DecodeError::Range));
        assert_eq!(Reader::new(&[0xff; 12]).number(), Err(DecodeError::Range));
    }

    /// S1: on wasm32 a length of 2^32 - 1 wraps when it is added to a position.
    #[test]
    fn s1_a_length_beyond_the_end_is_an_error() {
        let frame = [0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3];
        assert_eq!(Reader::new(&frame).bytes(), Err(DecodeError::Truncated));
        assert_eq!(Reader::new(&frame).string(), Err(DecodeError::Truncated));
    }

    #[test]
    fn strings_are_utf8() {
        assert_eq!(Reader::new(&[2, 0xc3, 0x28]).string(), Err(DecodeError::Utf8));
    }
}
