//! Text measured and cut in UTF-16 units, as JavaScript counts it.

use std::borrow::Cow;

use crate::codec::write_number;

/// What stands for half a surrogate pair, which UTF-8 cannot say.
const HALF: &str = "\u{fffd}";

/// Characters that may have lost the half of one before them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Text<'a> {
    /// U+FFFD comes first. Kept apart so that a cut never has to copy what is behind it, and many
    /// cuts through pairs cost no more than one.
    half: bool,
    text: Cow<'a, str>,
}

impl<'a> Text<'a> {
    /// The length in UTF-16 units.
    pub(super) fn utf16_len(&self) -> usize {
        usize::from(self.half) + utf16_len(self.text.as_bytes())
    }

    /// All of it; nothing if it has lost half a character, which is for the CRDT to fill in.
    pub fn as_str(&self) -> Option<&str> {
        (!self.half).then_some(&self.text)
    }

    /// Whether some characters take two UTF-16 units.
    pub fn has_pairs(&self) -> bool {
        self.text.bytes().any(|byte| byte >= 0xf0)
    }

    /// What is before and what is from the UTF-16 unit `at`.
    ///
    /// A cut between the halves of a surrogate pair puts U+FFFD on both sides, as Yjs does: both
    /// sides keep their length.
    pub(super) fn split(self, at: usize) -> (Self, Self) {
        let Some(at) = at.checked_sub(usize::from(self.half)) else {
            return ("".into(), self);
        };
        let mut units = 0;
        for (index, char) in self.text.char_indices() {
            if units == at {
                let (left, right) = split_at(self.text, index);
                return (Self { half: self.half, text: left }, Self { half: false, text: right });
            }
            units += char.len_utf16();
            if units > at {
                let (left, right) = split_at(self.text, index);
                let (_, right) = split_at(right, char.len_utf8());
                let left = (left.into_owned() + HALF).into();
                return (Self { half: self.half, text: left }, Self { half: true, text: right });
            }
        }
        (self, "".into())
    }

    /// Add what follows.
    pub(super) fn append(&mut self, next: &Text<'_>) {
        let text = self.text.to_mut();
        if next.half {
            text.push_str(HALF);
        }
        text.push_str(&next.text);
    }

    /// The same text, borrowed.
    pub(super) fn view(&self) -> Text<'_> {
        Text { half: self.half, text: Cow::Borrowed(&self.text) }
    }

    /// Append the encoding.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let half = if self.half { HALF } else { "" };
        write_number(out, (half.len() + self.text.len()) as u64);
        out.extend_from_slice(half.as_bytes());
        out.extend_from_slice(self.text.as_bytes());
    }
}

/// The length in UTF-16 units of what is UTF-8.
pub(super) fn utf16_len(bytes: &[u8]) -> usize {
    let units = |byte: &u8| usize::from(byte & 0xc0 != 0x80) + usize::from(*byte >= 0xf0);
    bytes.iter().map(units).sum()
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self { half: false, text: text.into() }
    }
}

/// Cut at a byte, without copying what is borrowed.
fn split_at(text: Cow<'_, str>, at: usize) -> (Cow<'_, str>, Cow<'_, str>) {
    match text {
        Cow::Borrowed(text) => {
            let (left, right) = text.split_at(at);
            (left.into(), right.into())
        }
        Cow::Owned(mut text) => {
            let right = text.split_off(at);
            (text.into(), right.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn plain(text: &Text<'_>) -> String {
        let mut out = Vec::new();
        text.write(&mut out);
        String::from_utf8(out[1..].to_vec()).unwrap()
    }

    #[test]
    fn text_is_measured_in_utf16() {
        for text in ["", "a", "hé", "漢字", "🌍x🌍", "\0"] {
            assert_eq!(Text::from(text).utf16_len(), text.encode_utf16().count(), "{text}");
        }
    }

    /// Against the definition: cut the UTF-16, let each lone half become U+FFFD.
    #[test]
    fn a_cut_pair_becomes_two_replacement_characters() {
        let text = "a🌍é🌍🌍";
        let units: Vec<u16> = text.encode_utf16().collect();
        for first in 0..=units.len() {
            let (left, right) = Text::from(text).split(first);
            assert_eq!(plain(&left), String::from_utf16_lossy(&units[..first]));
            assert_eq!(plain(&right), String::from_utf16_lossy(&units[first..]));
            assert_eq!((left.utf16_len(), right.utf16_len()), (first, units.len() - first));
            for second in 0..=right.utf16_len() {
                let (middle, end) = right.view().split(second);
                let (from, to) = (first, first + second);
                assert_eq!(plain(&middle), String::from_utf16_lossy(&units[from..to]));
                assert_eq!(plain(&end), String::from_utf16_lossy(&units[to..]));
                let mut joined = middle.clone();
                joined.append(&end);
                assert_eq!(joined.utf16_len(), right.utf16_len());
            }
        }
    }
}
