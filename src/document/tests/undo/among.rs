//! Among others who write at the same time: what is undone is one's own and nothing else.

use super::alone::change;
use super::*;
use crate::document::tests::authors::Dice;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// What is in a text that has no other characters than letters of those who wrote it.
fn letters(desk: &Desk, of: impl Fn(char) -> bool) -> String {
    desk.string().chars().filter(|&letter| of(letter)).collect()
}

/// Everybody writes letters that nobody else writes, and the first deletes whatever is there.
#[test]
fn all_that_one_did_is_undone_and_done_again_while_others_write() {
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let mut desks = [Desk::new(1), Desk::new(2), Desk::new(3)];
        desks[1].write(0, "0123456789");
        let share = |desks: &mut [Desk; 3]| exchange(&mut desks.each_mut());
        share(&mut desks);
        for desk in &mut desks {
            desk.document.record(UndoOptions::default());
            desk.written = 0;
        }
        for _ in 0..40 {
            let who = dice.below(3) as usize;
            let len = desks[who].string().len() as u32;
            match (who, dice.below(5)) {
                (_, 0..=2) => {
                    let letter = ["a", "b", "c"][who].repeat(1 + dice.below(3) as usize);
                    let at = dice.below(len + 1);
                    desks[who].write(at, &letter);
                }
                // The others only write, so all that they wrote has to be there in the end.
                (0, _) if len > 0 => {
                    let from = dice.below(len);
                    desks[0].delete(from, (1 + dice.below(4)).min(len - from));
                }
                _ if dice.below(2) == 0 => share(&mut desks),
                _ => _ = desks[0].back(dice.below(2) == 0),
            }
        }
        // So that nothing that was undone is done again.
        desks[0].write(0, "a");
        share(&mut desks);
        let theirs = letters(&desks[0], |letter| letter != 'a');
        while desks[0].undo() {}
        share(&mut desks);
        assert_eq!(letters(&desks[0], |letter| letter == 'a'), "", "seed {seed}");
        assert_eq!(letters(&desks[0], |letter| letter.is_ascii_digit()), "0123456789");
        let (b, c) = ('b', 'c');
        for letter in [b, c] {
            let count = desks[0].string().matches(letter).count();
            let written = desks[if letter == b { 1 } else { 2 }].written;
            assert_eq!(count, written, "seed {seed}: {letter} in {}", desks[0].string());
        }
        assert_eq!(desks[0].shown(), desks[1].shown());
        assert_eq!(desks[0].shown(), desks[2].shown());
        while desks[0].redo() {}
        share(&mut desks);
        assert_eq!(letters(&desks[0], |letter| letter != 'a'), theirs, "seed {seed}");
        assert_eq!(desks[0].shown(), desks[2].shown());
    }
}

/// Whatever they do, and wherever: everybody ends with the same, and undo ends.
#[test]
fn v1_everybody_ends_with_the_same() {
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let mut desks = [Desk::new(1), Desk::new(2), Desk::new(3)];
        for _ in 0..60 {
            let desk = &mut desks[dice.below(3) as usize];
            desk.now = desk.now + u64::from(dice.below(800));
            match dice.below(6) {
                0 => _ = desk.back(false),
                1 => _ = desk.back(true),
                _ => change(desk, &mut dice),
            }
            if dice.below(6) == 0 {
                exchange(&mut desks.each_mut());
            }
        }
        for at in 0..3 {
            while desks[at].undo() {}
            exchange(&mut desks.each_mut());
        }
        assert_eq!(desks[0].shown(), desks[1].shown(), "seed {seed}");
        assert_eq!(desks[0].shown(), desks[2].shown(), "seed {seed}");
        let [a, b, _] = &desks;
        assert_eq!(a.document.state_vector(), b.document.state_vector());
    }
}
