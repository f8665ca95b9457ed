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
    /// What of the change went for it: the client and the clock of the first id, if anything came.
    /// Nothing if something had been deleted, or of a room of the build before.
    pub id: Option<(u64, u32)>,
}

/// What is told at once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rejections {
    /// The parts.
    pub all: Vec<Rejection>,
    /// The number of the update of this session that they are parts of; 0 if it is another's, or
    /// not known.
    pub number: u64,
}

impl Rejection {
    /// Several, each as its path and its rule.
    pub fn write_all(out: &mut Vec<u8>, rejections: &[Self]) {
        write_number(out, rejections.len() as u64);
        for Self { path, rule, .. } in rejections {
            write_bytes(out, path.as_bytes());
            write_bytes(out, rule.as_bytes());
        }
    }

    /// What [`Rejection::write_all`] wrote.
    pub fn read_all(r: &mut Reader<'_>) -> Result<Vec<Self>, DecodeError> {
        let one = |r: &mut Reader<'_>| {
            Ok(Self { path: r.string()?.to_owned(), rule: r.string()?.to_owned(), id: None })
        };
        // Each takes two bytes at least, so that a count that is too large ends soon.
        (0..r.number()?).map(|_| one(r)).collect()
    }

    /// Their ids, which stand behind everything that an older build reads (W2).
    pub fn write_ids(out: &mut Vec<u8>, rejections: &[Self]) {
        for Self { id, .. } in rejections {
            write_number(out, u64::from(id.is_some()));
            if let Some((client, clock)) = *id {
                write_number(out, client);
                write_number(out, clock.into());
            }
        }
    }

    /// What [`Rejection::write_ids`] wrote, if it is there.
    pub fn read_ids(r: &mut Reader<'_>, rejections: &mut [Self]) -> Result<(), DecodeError> {
        for Self { id, .. } in rejections {
            if !r.is_empty() && r.number()? > 0 {
                *id = Some((r.number()?, r.number_u32()?));
            }
        }
        Ok(())
    }
}

impl Rejections {
    /// As they are sent.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        Rejection::write_all(&mut out, &self.all);
        write_number(&mut out, self.number);
        Rejection::write_ids(&mut out, &self.all);
        out
    }

    /// What [`Rejections::encode`] wrote, of this build or the one before.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes);
        let mut all = Rejection::read_all(&mut r)?;
        let number = if r.is_empty() { 0 } else { r.number()? };
        Rejection::read_ids(&mut r, &mut all)?;
        Ok(Self { all, number })
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
        let one =
            |path: &str| Rejection { path: path.to_owned(), rule: "change".to_owned(), id: None };
        let of = |path: &str| Rejection { id: Some((1 << 52, 300)), ..one(path) };
        for all in [vec![], vec![one("meta/owner")], vec![of("a"), one(""), of("ü~1/0")]] {
            for number in [0, 300] {
                let rejections = Rejections { all: all.clone(), number };
                assert_eq!(Rejections::decode(&rejections.encode()), Ok(rejections));
            }
        }
        let malformed = [
            &[][..],
            &[1],
            &[255, 255, 255, 255, 15, 0, 0],
            &[1, 1, 0xff, 0],
            &[1, 0, 0, 0, 1, 5],
            &[1, 0, 0, 0, 1, 5, 255, 255, 255, 255, 31],
        ];
        for bytes in malformed {
            assert!(Rejections::decode(bytes).is_err());
        }
        let sentence = "a change of meta/owner was undone: it breaks the rule change";
        assert_eq!(one("meta/owner").to_string(), sentence);
    }

    /// W2: a newer build meets an older one, and an older one a newer.
    #[test]
    fn w2_rejections_of_the_build_before_say_no_id_and_later_fields_are_ignored() {
        let before = [1, 1, b'a', 1, b'b'];
        let one = |id| Rejection { path: "a".to_owned(), rule: "b".to_owned(), id };
        let read = Rejections::decode(&before);
        assert_eq!(read, Ok(Rejections { all: vec![one(None)], number: 0 }));
        let later = Rejections { all: vec![one(Some((7, 8)))], number: 9 };
        let encoded = [&later.encode()[..], &[77, 78]].concat();
        assert!(encoded.starts_with(&before));
        assert_eq!(Rejections::decode(&encoded), Ok(later));
    }
}
