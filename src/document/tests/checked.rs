//! What is known of a text while others write into it.

use super::*;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A peer that wrote "ab" into its text, and has an entry of a map: ids 0 to 1, and 2, of client 5.
fn checked() -> Peer {
    let mut a = Peer::new(1);
    let text = [&[4, 1, 4][..], b"text", &[2, b'a', b'b']].concat();
    let entry = [&[0x28, 1, 3][..], b"map", &[1, b'k', 1, 126]].concat();
    a.document.apply(&[&[1, 2, 5, 0], &text[..], &entry, &[0]].concat()).unwrap();
    assert_eq!(a.edit(|edit, text| edit.delete_text(text, 0, 0)), Ok(()));
    a
}

/// S1: values beside the characters of a text that was looked at before.
#[test]
fn s1_values_that_come_into_a_known_text_are_noticed() {
    for content in [&[8, 1, 126][..], &[3, 1, 0]] {
        let mut a = checked();
        let beside = [&[0x80 | content[0], 5, 0], &content[1..]].concat();
        a.document.apply(&[&[1, 1, 6, 0], &beside[..], &[0]].concat()).unwrap();
        let len = a.document.len(&a.text).unwrap();
        assert_eq!(len, 3);
        assert_eq!(a.edit(|edit, text| edit.delete_text(text, 0, len)), Err(EditError::Kind));
        // Once they are gone it is a text again.
        a.document.apply(&[0, 1, 6, 1, 0, 1]).unwrap();
        assert_eq!(a.edit(|edit, text| edit.delete_text(text, 0, 2)), Ok(()));
    }
}

/// S1: an item beside a character and beside an entry is among the characters, but under the key.
#[test]
fn s1_an_entry_that_comes_among_characters_is_noticed() {
    for (origin, right) in [(0, 2), (2, 1)] {
        let mut a = checked();
        let item = [0xc4, 5, origin, 5, right, 1, b'x'];
        let _ = a.document.apply(&[&[1, 1, 6, 0], &item[..], &[0]].concat());
        let len = a.document.len(&a.text).unwrap();
        let shown = a.string().len();
        let deleted = a.edit(|edit, text| edit.delete_text(text, 0, len));
        let expected = if shown == len as usize { Ok(()) } else { Err(EditError::Kind) };
        assert_eq!(deleted, expected, "{len} of {shown}");
    }
}

#[test]
fn pairs_that_come_into_a_known_text_are_not_cut() {
    let (mut a, mut b) = (Peer::new(1), Peer::new(2));
    a.insert(0, "ab").unwrap();
    exchange(&mut a, &mut b);
    b.insert(1, "🧵").unwrap();
    exchange(&mut a, &mut b);
    assert_eq!(a.insert(2, "x"), Err(EditError::Surrogate));
    assert_eq!(a.insert(3, "x"), Ok(()));
    // Also behind what is harmless, and in a text that nobody has edited.
    exchange(&mut a, &mut b);
    b.insert(0, "c").unwrap();
    exchange(&mut a, &mut b);
    assert_eq!(a.insert(3, "x"), Err(EditError::Surrogate));
    let mut c = Peer::new(3);
    c.document.apply(&a.document.encode()).unwrap();
    assert_eq!(c.insert(3, "x"), Err(EditError::Surrogate));
    assert_eq!(c.string(), "ca🧵xb");
}
