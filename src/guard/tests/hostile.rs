//! Updates that no client of Yjs writes (S1): items anywhere, beside anything, of any kind.

use super::oracle::check;
use super::random::Dice;
use super::*;
use crate::codec::{write_bytes, write_number};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const NAMES: &[&str] =
    &["title", "notes", "fixed", "meta", "tasks", "log", "comments", "page", "other"];
const KEYS: &[&str] = &["owner", "state", "one", "done", "boss", "text", "class"];

fn id(dice: &mut Dice, own: u32, out: &mut Vec<u8>) {
    // The document is client 1's; what is written is client 9's.
    let (client, end) = if own > 0 && dice.below(3) == 0 { (9, own) } else { (1, 75) };
    write_number(out, client);
    write_number(out, dice.below(end).into());
}

/// One item, and how many ids it has.
fn item(dice: &mut Dice, own: u32, out: &mut Vec<u8>) -> u32 {
    let tag = dice.of(&[0u8, 1, 3, 4, 4, 5, 6, 7, 7, 8, 8]);
    if tag == 0 {
        out.extend([0, 1]);
        return 1;
    }
    let beside = dice.of(&[0u8, 0, 0x80, 0x80, 0x40, 0xc0]);
    let key = if dice.below(2) == 0 { 0x20 } else { 0 };
    out.push(tag | beside | key);
    for _ in 0..beside.count_ones() {
        id(dice, own, out);
    }
    if beside == 0 {
        if dice.below(2) == 0 {
            out.push(1);
            write_bytes(out, dice.of(NAMES).as_bytes());
        } else {
            out.push(0);
            id(dice, own, out);
        }
        if key > 0 {
            write_bytes(out, dice.of(KEYS).as_bytes());
        }
    }
    match tag {
        1 => {
            out.push(2);
            2
        }
        3 => {
            write_bytes(out, b"bytes");
            1
        }
        4 => {
            write_bytes(out, dice.of(&["text", "🧵!!"]).as_bytes());
            4
        }
        5 => {
            write_bytes(out, b"{\"x\":1}");
            1
        }
        6 => {
            write_bytes(out, b"b");
            write_bytes(out, dice.of(&["true", "null"]).as_bytes());
            1
        }
        7 => {
            let kind = dice.of(&[0u8, 1, 2, 3, 4, 6]);
            out.push(kind);
            if kind == 3 {
                write_bytes(out, b"p");
            }
            1
        }
        _ => {
            out.extend([2, 126, 120]);
            2
        }
    }
}

fn forged(dice: &mut Dice) -> Vec<u8> {
    let (mut items, mut own) = (Vec::new(), 0);
    let count = dice.below(4);
    for _ in 0..count {
        own += item(dice, own, &mut items);
    }
    let mut out = vec![];
    if count > 0 {
        out.push(1);
        write_number(&mut out, count.into());
        out.extend([9, 0]);
        out.extend(items);
    } else {
        out.push(0);
    }
    let deletes = dice.below(3);
    out.push(u8::from(deletes > 0));
    if deletes > 0 {
        out.push(1);
        write_number(&mut out, deletes.into());
        for _ in 0..deletes {
            let start = dice.below(70);
            write_number(&mut out, start.into());
            write_number(&mut out, (1 + dice.below(75 - start).min(9)).into());
        }
    }
    out
}

#[test]
fn s1_s4_whatever_is_written_keeps_every_rule() {
    let seeds = std::env::var("SELVEDGE_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
    let first = std::env::var("SELVEDGE_SEED").ok().and_then(|seed| seed.parse().ok());
    let first: u64 = first.unwrap_or(0);
    let (mut judged, mut refused, mut mended) = (0u32, 0u32, 0u32);
    for seed in first..first + seeds.unwrap_or(1_500) {
        let result = std::panic::catch_unwind(|| {
            let dice = &mut Dice(seed);
            let mut world = World::new(SCHEMA, begun);
            let role = dice.of(&["reader", "reader", "commenter", "editor", "owner"]);
            let author = world.author(9, role);
            let before = content(&mut world.replica);
            let update = forged(dice);
            let verdict = world.guard.judge(&update, author.role);
            let relayed = match verdict {
                Err(GuardError::Broken) => panic!("not in step"),
                Err(_) => {
                    let settled = content(&mut world.guard.documents.settled);
                    assert_eq!(settled, before);
                    world.in_step();
                    return [1, 1, 0];
                }
                Ok(Verdict::Accepted) => None,
                Ok(Verdict::Compensated { update, .. }) => Some(update),
            };
            world.replica.apply(relayed.as_ref().unwrap_or(&update)).unwrap();
            world.in_step();
            let after = content(&mut world.replica);
            check(&before, &after, role);
            if role == "reader" {
                assert_eq!(before, after);
            }
            [1, 0, u32::from(relayed.is_some())]
        });
        let [one, no, mend] = result.unwrap_or_else(|_| panic!("seed {seed}"));
        (judged, refused, mended) = (judged + one, refused + no, mended + mend);
    }
    println!("{judged} judged, {refused} refused, {mended} mended");
    assert!(refused < judged && mended > judged / 10);
}
