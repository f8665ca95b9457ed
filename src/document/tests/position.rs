//! Positions that survive edits.

use super::*;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn a_position_stays_with_what_is_beside_it() {
    let (mut a, mut b) = (Peer::new(1), Peer::new(2));
    a.insert(0, "hello world").unwrap();
    exchange(&mut a, &mut b);
    let at = |index, before| a.document.position(&a.text, index, before).unwrap();
    let [begin, end] = [at(0, false), at(11, false)];
    let [with_o, with_space] = [at(5, true), at(5, false)];
    let [first, last] = [at(0, true), at(11, true)];
    b.insert(5, ",").unwrap();
    b.insert(0, "> ").unwrap();
    b.insert(14, "!").unwrap();
    exchange(&mut a, &mut b);
    assert_eq!(a.string(), "> hello, world!");
    for peer in [&a, &b] {
        let index = |position| peer.document.index_at(&peer.text, position).unwrap().unwrap();
        assert_eq!([&begin, &end, &with_o, &with_space].map(index), [2, 15, 7, 8]);
        assert_eq!([&first, &last].map(index), [0, 14]);
    }
    b.edit(|edit, text| edit.delete_text(text, 3, 8)).unwrap();
    exchange(&mut a, &mut b);
    let index = |position| a.document.index_at(&a.text, position);
    assert_eq!([&with_o, &with_space].map(index), [Ok(Some(3)), Ok(Some(3))]);
    let elsewhere = Position { target: SharedId::Root("other".into()), ..begin.clone() };
    let unknown = Position { item: Some((77, 0)), ..begin };
    assert_eq!([&elsewhere, &unknown].map(index), [Ok(None), Ok(None)]);
    assert_eq!(a.document.position(&a.text, 8, false), Err(EditError::Range));
}
