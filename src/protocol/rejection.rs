//! What a document's rules undid, as its author is told (S4).

use core::fmt;

use crate::codec::{DecodeError, Reader, write_bytes, write_number};

/// A part of a change that was undone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rejection {
    /// Where in the document: keys and indexes with a slash between them, in which `~` is written
    /// `~0` and `/` is written `~1` (as in a JSON pointer, RFC 6901).
    pub path: String,
    /// The name of the rule that it broke.
    pub rule: String,
}

impl Rejection {
    /// Several, as they are sent.
    pub fn encode_all(rejections: &[Self]) -> Vec<u8> {
        let mut out = Vec::new();
        write_number(&mut out, rejections.len() as u64);
        for Self { path, rule } in rejections {
            write_bytes(&mut out, path.as_bytes());
            write_bytes(&mut out, rule.as_bytes());
        }
        out
    }

    /// What [`Rejection::encode_all`] wrote.
    pub fn decode_all(bytes: &[u8]) -> Result<Vec<Self>, DecodeError> {
        let mut r = Reader::new(bytes);
        let count = r.number()?;
        let mut rejections = Vec::new();
        for _ in 0..count {
            let (path, rule) = (r.string()?.to_owned(), r.string()?.to_owned());
            rejections.push(Self { path, rule });
        }
        Ok(rejections)
    }
}

/// As a sentence for people.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a change of {} was undone: it breaks the rule {}", self.path, self.rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn rejections_come_back_as_sent() {
        let one = |path: &str| Rejection { path: path.to_owned(), rule: "change".to_owned() };
        for all in [vec![], vec![one("meta/owner")], vec![one(""), one("ü~1/0")]] {
            assert_eq!(Rejection::decode_all(&Rejection::encode_all(&all)), Ok(all));
        }
        for bytes in [&[][..], &[1], &[255, 255, 255, 255, 15, 0, 0], &[1, 1, 0xff, 0]] {
            assert!(Rejection::decode_all(bytes).is_err());
        }
        let sentence = "a change of meta/owner was undone: it breaks the rule change";
        assert_eq!(one("meta/owner").to_string(), sentence);
    }
}
