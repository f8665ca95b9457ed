//! What can be undone outlives a reload, and everything that the CRDT collects on the way.

use super::alone::change;
use super::*;
use crate::document::tests::authors::Dice;
use crate::update;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The document as it is stored, loaded by another client; compacted, or as it is.
fn reloaded(desk: &Desk, client_id: u64, compact: bool) -> Desk {
    let encoded = desk.document.encode();
    let encoded = if compact { update::compact(&[&encoded]).unwrap() } else { encoded };
    let mut document = Document::new(client_id);
    document.record(UndoOptions::default());
    document.apply(&encoded).unwrap();
    document.restore_steps(&desk.document.encode_steps(usize::MAX)).unwrap();
    let mut fresh = Desk::of(document);
    fresh.now = desk.now;
    fresh.document.set_step_meta(Json::String("caret".into()));
    fresh
}

#[test]
fn what_was_deleted_before_a_reload_comes_back() {
    for compact in [false, true] {
        let (mut a, mut b) = (Desk::new(1), Desk::new(2));
        a.write(0, "hello world");
        a.set("k", "first");
        exchange(&mut [&mut a, &mut b]);
        a.delete(0, 6);
        a.set("k", "second");
        b.write(5, "!");
        exchange(&mut [&mut a, &mut b]);
        let mut a = reloaded(&a, 3, compact);
        assert_eq!(a.string(), "!world");
        while a.undo() {
            exchange(&mut [&mut a, &mut b]);
            if a.value("k") == string("first") && a.string().len() > 6 {
                assert_eq!(a.string(), "hello! world");
            }
        }
        assert_eq!((a.string(), a.value("k")), ("!".into(), None));
        assert_eq!(a.shown(), b.shown());
        let mut a = reloaded(&a, 4, compact);
        let (redone, update) = a.document.undo(None, true);
        assert_eq!(redone, Ok(Some(Json::String("caret".into()))));
        a.sent.extend(update);
        while a.redo() {}
        exchange(&mut [&mut a, &mut b]);
        assert_eq!((b.string(), b.value("k")), ("!world".into(), string("second")));
    }
}

#[test]
fn every_step_is_undone_exactly_whatever_is_reloaded_in_between() {
    for seed in 0..60 {
        let mut dice = Dice(seed);
        let mut desk = Desk::new(1);
        let mut shown = vec![desk.shown()];
        let mut client = 1;
        for _ in 0..20 {
            desk.now = desk.now + 1_000;
            (0..1 + dice.below(3)).for_each(|_| change(&mut desk, &mut dice));
            if shown.last() != Some(&desk.shown()) {
                shown.push(desk.shown());
            }
            if dice.below(8) == 0 {
                client += 1;
                desk = reloaded(&desk, client, dice.below(2) == 0);
            }
        }
        for redo in [false, true, false] {
            let mut steps: Vec<&Shown> = shown.iter().collect();
            if !redo {
                steps.reverse();
            }
            let mut steps = steps.into_iter().skip(1);
            loop {
                if dice.below(8) == 0 {
                    client += 1;
                    desk = reloaded(&desk, client, dice.below(2) == 0);
                }
                let before = desk.shown();
                if !desk.back(redo) {
                    break;
                }
                if desk.shown() != before {
                    assert_eq!(Some(&desk.shown()), steps.next(), "seed {seed}, redo {redo}");
                }
            }
            assert_eq!(steps.next(), None, "seed {seed}");
        }
    }
}

#[test]
fn the_newest_steps_are_stored_that_fit() {
    let mut a = Desk::new(1);
    for at in 0..20 {
        a.write(at, "a");
        a.write(at + 1, "b");
        a.delete(at + 1, 1);
    }
    assert!(a.undo());
    let encoded = a.document.encode_steps(1_000);
    assert!((500..=1_000).contains(&encoded.len()), "{}", encoded.len());
    a.document.restore_steps(&encoded).unwrap();
    let mut count = 0;
    while a.undo() {
        count += 1;
    }
    assert!((10..50).contains(&count), "{count}");
    assert_eq!(a.document.restore_steps(&[]), Ok(()));
    assert_eq!(a.document.can_undo(), (false, false));
}

/// S1: what was stored may be damaged, or be of another document.
#[test]
fn s1_damaged_steps_are_refused_or_undone_as_far_as_they_go() {
    let mut dice = Dice(7);
    let mut desk = Desk::new(1);
    for _ in 0..60 {
        desk.now = desk.now + 1_000;
        change(&mut desk, &mut dice);
    }
    (0..10).for_each(|_| assert!(desk.undo()));
    let good = desk.document.encode_steps(usize::MAX);
    for at in 0..good.len() {
        let mut other = reloaded(&desk, 9, false);
        let mut bad = good.clone();
        bad[at] = bad[at].wrapping_add(1 + dice.below(255) as u8);
        let _ = other.document.restore_steps(&bad);
        for _ in 0..5 {
            other.back(dice.below(2) == 0);
        }
        assert_eq!(other.document.restore_steps(&good[..at]).is_ok(), at == 0);
        let mut empty = Desk::new(1);
        assert_eq!(empty.document.restore_steps(&good), Err(ApplyError::Malformed));
    }
}
