//! Texts that are tracked by ids, beside what is in the CRDT.

use super::super::undo::id_at;
use super::authors::Dice;
use super::*;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const WORDS: &[&str] = &["a", "bc", "🧵", "é", "漢字", "four words are here", ""];

/// What is tracked has to be what yrs has. Returns whether anything is.
fn check(peer: &mut Peer) -> bool {
    let Peer { document, text, .. } = peer;
    let string: Vec<u16> = document.string(text).unwrap().encode_utf16().collect();
    let Some(sequence) = document.tracked.current(&text.id) else { return false };
    let txn = document.doc.try_transact().unwrap();
    let branch = text.branch(&txn).unwrap();
    assert_eq!(sequence.len() as usize, string.len());
    for index in 0..=sequence.len() {
        assert_eq!(sequence.id_at(index), id_at(branch, &txn, index), "unit {index}");
        let is_low = string.get(index as usize).is_some_and(|unit| (0xdc00..0xe000).contains(unit));
        assert_eq!(sequence.cuts(index), is_low, "unit {index}");
    }
    true
}

/// Change the text, beside a string.
fn edit_both(dice: &mut Dice, peer: &mut Peer) {
    let mut units: Vec<u16> = peer.string().encode_utf16().collect();
    let len = units.len() as u32;
    let at = dice.below(len + 1);
    let result = if dice.below(3) == 0 {
        let run = dice.below((len - at).min(6) + 1);
        units.drain(at as usize..(at + run) as usize);
        peer.edit(|edit, text| edit.delete_text(text, at, run))
    } else {
        let word = WORDS[dice.below(WORDS.len() as u32) as usize];
        units.splice(at as usize..at as usize, word.encode_utf16());
        peer.insert(at, word)
    };
    match result {
        Ok(()) => assert_eq!(peer.string(), String::from_utf16(&units).unwrap()),
        Err(why) => assert_eq!(why, EditError::Surrogate),
    }
}

/// Do to `units` what whoever watches the text was told.
fn follow(peer: &mut Peer, units: &mut Vec<u16>) {
    for event in peer.document.take_events() {
        let mut at = 0;
        for step in event.delta {
            match step {
                Delta::Retain(len, _) => at += len as usize,
                Delta::Delete(len) => drop(units.drain(at..at + len as usize)),
                Delta::Insert(Inserted::Text(text), _) => {
                    units.splice(at..at, text.encode_utf16());
                    at += text.encode_utf16().count();
                }
                Delta::Insert(..) => panic!("no text"),
            }
        }
    }
    assert_eq!(String::from_utf16(units).unwrap(), peer.string());
}

fn recorded(client_id: u64) -> Peer {
    let mut peer = Peer::new(client_id);
    peer.document.record(UndoOptions { group_ms: 0, roots: None });
    peer.document.compare();
    peer
}

/// The oracle is a replica that does the same and always lets yrs find the index.
#[test]
fn d3_edits_are_the_same_however_their_place_is_found() {
    let mut tracked = 0;
    for seed in 0..200 {
        let mut dice = Dice(seed);
        let mut pairs: Vec<[Peer; 2]> = (1..=3).map(|id| [recorded(id), recorded(id)]).collect();
        let mut shown: [[Vec<u16>; 2]; 3] = Default::default();
        // In the order in which they were made, so that nothing refers to what is missing.
        let mut made: Vec<Vec<u8>> = Vec::new();
        for _ in 0..60 {
            let (who, what, rest) = (dice.below(3), dice.below(8), u64::from(dice.below(1 << 30)));
            let pair = &mut pairs[who as usize];
            for (peer, shown) in pair.iter_mut().zip(&mut shown[who as usize]) {
                let mut dice = Dice(rest);
                match what {
                    0 => {
                        let count = dice.below(made.len() as u32 + 1) as usize;
                        // One by one, or as one.
                        let size = dice.below(count as u32 + 1).max(1) as usize;
                        for updates in made[..count].chunks(size) {
                            let updates: Vec<&[u8]> = updates.iter().map(|it| &it[..]).collect();
                            let update = update::merge(&updates).unwrap();
                            peer.document.apply_and_compare(&update).unwrap();
                        }
                    }
                    1 => {
                        let (_, update) = peer.document.undo(None, dice.below(2) == 0);
                        peer.sent.extend(update);
                    }
                    _ => edit_both(&mut dice, peer),
                }
                follow(peer, shown);
            }
            let [peer, walking] = pair;
            walking.document.tracked = Tracked::default();
            assert_eq!(peer.sent, walking.sent, "seed {seed}");
            made.append(&mut peer.sent);
            walking.sent.clear();
            tracked += usize::from(check(peer));
        }
        for peer in pairs.iter_mut().flatten() {
            made.iter().for_each(|update| peer.document.apply(update).unwrap());
        }
        let string = pairs[0][0].string();
        for peer in pairs.iter_mut().flatten() {
            assert_eq!(peer.string(), string, "seed {seed}");
            peer.edit(|edit, text| edit.insert_text(text, 0, "", None)).unwrap();
            check(peer);
        }
    }
    assert!(tracked > 4_000, "{tracked} of 12,000");
}

#[test]
fn what_comes_into_what_others_write_is_read_anew() {
    let (mut a, mut b) = (Peer::new(1), Peer::new(2));
    a.insert(0, "as long as it takes").unwrap();
    (0..4).for_each(|_| a.insert(3, "x").unwrap());
    assert!(check(&mut a));
    exchange(&mut a, &mut b);
    b.insert(0, "over there ").unwrap();
    exchange(&mut a, &mut b);
    assert!(!check(&mut a), "it is put in place by the next edit");
    a.insert(0, "!").unwrap();
    assert!(check(&mut a));
    // Another text, and back.
    let other = a.document.root("other", Kind::Text).unwrap();
    let (done, _) = a.document.edit(|edit| edit.insert_text(&other, 0, "0123456789", None));
    assert_eq!(done, Ok(()));
    assert!(!check(&mut a));
    (0..4).for_each(|_| a.insert(1, "x").unwrap());
    assert!(check(&mut a));
    // Marks of formats have no index.
    a.edit(|edit, text| edit.format(text, 0, 5, &vec![("b".into(), Json::Bool(true))])).unwrap();
    (0..4).for_each(|_| a.insert(5, "x").unwrap());
    assert!(!check(&mut a));
    let bold = a.document.delta(&a.text).unwrap().into_iter().next().unwrap();
    assert!(matches!(bold, Delta::Insert(Inserted::Text(text), _) if text.len() == 9));
}
