//! One who edits alone gets back exactly what was there, step by step and in any order of undo and
//! redo.

use super::*;
use crate::document::tests::authors::Dice;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// One random change.
pub(super) fn change(desk: &mut Desk, dice: &mut Dice) {
    let (text, list, map, page) =
        (desk.text.clone(), desk.list.clone(), desk.map.clone(), desk.page.clone());
    let len = |shared: &Shared| desk.document.len(shared).unwrap();
    let [units, elements, nodes] = [&text, &list, &page].map(len);
    let items = desk.document.items(&list).unwrap();
    let children = desk.document.items(&page).unwrap();
    let key = ["k", "l", "m"][dice.below(3) as usize];
    let number = Json::Number(f64::from(dice.below(1_000)));
    let format = vec![(
        ["b", "i"][dice.below(2) as usize].to_owned(),
        [Json::Null, Json::Bool(true), number.clone()][dice.below(3) as usize].clone(),
    )];
    let range = |dice: &mut Dice, len: u32| {
        let from = dice.below(len);
        (from, (1 + dice.below(6)).min(len - from))
    };
    let kind = dice.below(16);
    let made = desk.more(|edit| -> Result<(), EditError> {
        match kind {
            0..=2 => {
                let string = ["a", "bc ", "🧵d", "efghij"][dice.below(4) as usize];
                edit.insert_text(&text, dice.below(units + 1), string, None)
            }
            3 => edit.insert_text(&text, dice.below(units + 1), "fmt", Some(&format)),
            4 => edit.insert_embed(&text, dice.below(units + 1), &number, None),
            5 | 6 if units > 0 => {
                let (from, len) = range(dice, units);
                edit.delete_text(&text, from, len)
            }
            7 if units > 0 => {
                let (from, len) = range(dice, units);
                edit.format(&text, from, len, &format)
            }
            8 => edit.insert_items(&list, dice.below(elements + 1), &[number, Json::Null]),
            9 => {
                let made = edit.insert_new(&list, dice.below(elements + 1), New::Map)?;
                edit.set_key(&made, key, &number)
            }
            10 if elements > 0 => {
                let (from, len) = range(dice, elements);
                edit.delete_items(&list, from, len)
            }
            11 => {
                let inner = items.iter().find_map(|value| match value {
                    Value::Shared(shared) => Some(shared.clone()),
                    _ => None,
                });
                inner.map_or(Ok(()), |inner| edit.set_key(&inner, key, &number))
            }
            12 => edit.set_key(&map, key, &number),
            13 => {
                let made = edit.set_key_new(&map, key, New::Text)?;
                edit.insert_text(&made, 0, "in it", Some(&format))
            }
            14 => edit.delete_key(&map, key),
            15 if nodes < 3 => {
                let made = edit.insert_new(&page, nodes, New::XmlElement("p".into()))?;
                edit.set_key(&made, "class", &Json::String("x".into()))?;
                let words = edit.insert_new(&made, 0, New::XmlText)?;
                edit.insert_text(&words, 0, "words", None)
            }
            15 => match children.first() {
                Some(Value::Shared(element)) if dice.below(2) == 0 => {
                    edit.set_key(element, "class", &Json::String(key.into()))
                }
                _ => edit.delete_items(&page, dice.below(nodes), 1),
            },
            _ => Ok(()),
        }
    });
    // A range may begin inside a character.
    assert!(matches!(made, Ok(()) | Err(EditError::Surrogate)), "{made:?}");
}

#[test]
fn every_step_is_undone_and_done_again_exactly() {
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let mut desk = Desk::new(1);
        let mut shown = vec![desk.shown()];
        for _ in 0..30 {
            desk.now = desk.now + 1_000;
            for _ in 0..1 + dice.below(3) {
                change(&mut desk, &mut dice);
            }
            let now = desk.shown();
            if shown.last() != Some(&now) {
                shown.push(now);
            }
        }
        let last = shown.len() - 1;
        let mut at = last;
        for _ in 0..120 {
            let redo = dice.below(3) == 0;
            let before = desk.shown();
            if !desk.back(redo) {
                assert!(if redo { at == last } else { at == 0 }, "seed {seed} at {at}");
                continue;
            }
            // A step that changed nothing that shows is one all the same.
            if desk.shown() == before {
                continue;
            }
            at = if redo { at + 1 } else { at - 1 };
            assert_eq!(desk.shown(), shown[at], "seed {seed}, at {at}, redo {redo}");
        }
    }
}
