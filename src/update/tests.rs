//! The algebra on updates written by hand. Stock Yjs is the oracle in `tests/update`.

use super::*;
use crate::codec::{DecodeError, NUMBER_MAX, write_bytes, write_number};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A section of one client: its id, the first clock, its structs.
type Section<'a> = (u64, u32, &'a [Vec<u8>]);
/// A deleted range: client, first clock, length.
type Deleted = (u64, u32, u32);

fn update(sections: &[Section<'_>], deletes: &[Deleted]) -> Vec<u8> {
    let mut out = vec![sections.len() as u8];
    for &(client, clock, structs) in sections {
        out.push(structs.len() as u8);
        write_number(&mut out, client);
        write_number(&mut out, clock.into());
        out.extend(structs.concat());
    }
    out.push(deletes.len() as u8);
    for &(client, start, len) in deletes {
        write_number(&mut out, client);
        out.push(1);
        write_number(&mut out, start.into());
        write_number(&mut out, len.into());
    }
    out
}

fn id(client: u64, clock: u32) -> Id {
    Id { client, clock }
}

/// Text under the root `t`.
fn first(text: &str) -> Vec<u8> {
    let mut out = vec![4, 1];
    write_bytes(&mut out, b"t");
    write_bytes(&mut out, text.as_bytes());
    out
}

/// Text behind `origin`.
fn behind(origin: Id, text: &str) -> Vec<u8> {
    let mut out = vec![0x84];
    write_number(&mut out, origin.client);
    write_number(&mut out, origin.clock.into());
    write_bytes(&mut out, text.as_bytes());
    out
}

fn known(clocks: &[(u64, u32)]) -> StateVector {
    clocks.iter().copied().collect()
}

#[test]
fn o1_what_is_new_and_ready_is_the_input_itself() {
    let bytes = update(&[(7, 2, &[behind(id(7, 1), "c")])], &[(7, 0, 1)]);
    let admission = admit(&bytes, &known(&[(7, 2)])).unwrap();
    assert!(matches!(admission.fresh, std::borrow::Cow::Borrowed(_)));
    assert_eq!(admission.fresh, bytes);
    assert_eq!(admission.ends, [(7, 3)]);
    assert!(admission.has_deletes && !admission.repeats && !admission.missing);
}

#[test]
fn o1_what_is_known_is_dropped_and_what_is_partly_known_is_cut() {
    let bytes = update(&[(7, 0, &[first("a🌍b")])], &[]);
    let repeated = admit(&bytes, &known(&[(7, 4)])).unwrap();
    assert_eq!((&repeated.fresh[..], repeated.repeats), (&EMPTY[..], true));
    let cut = admit(&bytes, &known(&[(7, 2)])).unwrap();
    assert_eq!(cut.fresh, update(&[(7, 2, &[behind(id(7, 1), "\u{fffd}b")])], &[]));
    assert_eq!(cut.ends, [(7, 4)]);
    assert!(cut.repeats && !cut.missing);
}

#[test]
fn o1_what_refers_to_the_unknown_is_missing() {
    let gap = update(&[(7, 1, &[behind(id(7, 0), "b")])], &[]);
    let stranger = update(&[(7, 0, &[behind(id(8, 0), "b")])], &[]);
    let itself = update(&[(7, 0, &[behind(id(7, 0), "b")])], &[]);
    for bytes in [gap, stranger, itself] {
        let admission = admit(&bytes, &known(&[])).unwrap();
        assert_eq!(&admission.fresh[..], EMPTY);
        assert!(admission.missing && admission.ends.is_empty());
    }
    let skipped = update(&[(7, 0, &[first("a"), vec![10, 1], first("c")])], &[]);
    let admission = admit(&skipped, &known(&[])).unwrap();
    assert_eq!(admission.fresh, update(&[(7, 0, &[first("a")])], &[]));
    assert!(admission.missing);
    let deletes = update(&[], &[(7, 1, 5)]);
    let admission = admit(&deletes, &known(&[(7, 3)])).unwrap();
    assert_eq!(admission.fresh, update(&[], &[(7, 1, 2)]));
    assert!(admission.missing && admission.has_deletes && admission.repeats);
}

/// 9 and 5 need each other in turns, which is fine; 3 and 2 need each other at once, and 1 needs
/// them, so only what is before is taken.
#[test]
fn o1_clients_of_one_update_may_need_each_other_but_not_in_a_cycle() {
    let turns: [Section<'_>; 2] = [
        (9, 0, &[behind(id(5, 0), "a"), behind(id(5, 1), "b")]),
        (5, 0, &[first("x"), behind(id(9, 0), "y")]),
    ];
    let bytes = update(&turns, &[(9, 1, 1)]);
    let admission = admit(&bytes, &known(&[])).unwrap();
    assert_eq!(admission.fresh, bytes);
    assert_eq!(admission.ends, [(9, 2), (5, 2)]);

    let cycle: [Section<'_>; 3] = [
        (3, 0, &[first("x"), behind(id(2, 0), "a")]),
        (2, 0, &[behind(id(3, 1), "b")]),
        (1, 0, &[first("y"), behind(id(2, 0), "c"), first("z")]),
    ];
    let bytes = update(&cycle, &[]);
    let admission = admit(&bytes, &known(&[])).unwrap();
    assert_eq!(admission.fresh, update(&[(3, 0, &[first("x")]), (1, 0, &[first("y")])], &[]));
    assert!(admission.missing && !admission.repeats);
}

#[test]
fn typing_is_joined_and_gaps_are_skipped() {
    let a = update(&[(7, 0, &[first("a")])], &[]);
    let b = update(&[(7, 1, &[behind(id(7, 0), "b")])], &[]);
    let d = update(&[(7, 3, &[behind(id(7, 2), "d")])], &[]);
    assert_eq!(merge(&[&a, &b]), Ok(update(&[(7, 0, &[first("ab")])], &[])));
    assert_eq!(merge(&[&b, &a, &b]).unwrap(), merge(&[&a, &b]).unwrap().as_slice());
    let skip = vec![10, 1];
    let with_gap = update(&[(7, 0, &[first("ab"), skip, behind(id(7, 2), "d")])], &[]);
    assert_eq!(merge(&[&d, &a, &b]).as_deref(), Ok(&with_gap[..]));
    assert_eq!(state_vector(&with_gap), Ok(known(&[(7, 2)])));
    let rest = diff(&[&with_gap], &known(&[(7, 1)])).unwrap();
    assert_eq!(state_vector(&rest), Ok(known(&[])));
    let Some(Ok(Part::Struct(7, item))) = walk(&rest).next() else { panic!("a struct") };
    assert_eq!((item.clock, item.len), (1, 1));
}

#[test]
fn what_a_log_lacks_of_an_update_is_named_by_client() {
    let structs = [behind(id(5, 3), "ab"), behind(id(6, u32::MAX), "c")];
    let bytes = update(&[(7, 2, &structs)], &[(8, 0, 2), (9, 1, 1)]);
    let lacks = |clocks: &[(u64, u32)]| {
        known(clocks).lacks(&bytes).unwrap().into_iter().collect::<Vec<_>>()
    };
    assert_eq!(lacks(&[]), [5, 6, 7, 8, 9]);
    assert_eq!(lacks(&[(5, 3), (7, 4), (8, 1), (9, 1)]), [5, 6, 7, 8, 9]);
    assert_eq!(lacks(&[(5, 4), (7, 5), (8, 2), (9, 2)]), [6]);
    assert!(known(&[]).lacks(&[1]).is_err());
}

/// S1: of a run of many structs yrs would copy the rest for each.
#[test]
fn s1_an_update_is_plain_if_its_runs_are_joined_and_its_deletions_in_order() {
    let is_plain = |bytes: &[u8]| admit(bytes, &known(&[])).unwrap().plain;
    let typed: Vec<Vec<u8>> =
        (0..100).map(|at| if at == 0 { first("a") } else { behind(id(7, at - 1), "a") }).collect();
    assert!(is_plain(&update(&[(7, 0, &typed[..5])], &[])));
    let alone = update(&[(7, 0, &typed)], &[]);
    assert!(!is_plain(&alone));
    assert!(is_plain(&merge(&[&alone]).unwrap()));
    // Beside somebody else's as well, and whatever is deleted.
    let beside = update(&[(9, 0, &[first("b")]), (7, 0, &typed)], &[]);
    assert!(!is_plain(&beside));
    assert!(is_plain(&merge(&[&beside]).unwrap()));
    let with = |deletes: &[Deleted]| {
        let both: [Section<'_>; 2] = [(9, 0, &[first("bcde")]), (7, 0, &[first("fghi")])];
        is_plain(&update(&both, deletes))
    };
    assert!(with(&[(9, 0, 1), (7, 2, 1)]) && with(&[(7, 0, 1), (9, 2, 1)]));
    assert!(with(&[(7, 0, 1), (7, 2, 1), (9, 0, 1)]));
    assert!(!with(&[(7, 2, 1), (7, 0, 1)]) && !with(&[(7, 0, 2), (7, 1, 2)]));
    assert!(!with(&[(7, 0, 1), (9, 0, 1), (7, 2, 1)]));
    // What was known already was cut, and is joined again.
    assert!(!admit(&update(&[(7, 0, &typed[..2])], &[]), &known(&[(7, 1)])).unwrap().plain);
}

/// Only the first says under which key it is; the others are behind it.
#[test]
fn entries_of_a_key_stay_apart_however_they_come() {
    let entry = vec![8 | 0x20, 1, 1, b'm', 1, b'k', 1, 126];
    let behind = |clock| vec![8 | 0x80, 7, clock, 1, 126];
    let parts = [
        update(&[(7, 0, &[entry])], &[]),
        update(&[(7, 1, &[behind(0)])], &[]),
        update(&[(7, 2, &[behind(1)])], &[]),
        update(&[(7, 3, &[behind(2)])], &[]),
    ];
    let merged = merge(&parts.each_ref().map(|part| &part[..])).unwrap();
    assert_eq!(walk(&merged).count(), 4);
}

#[test]
fn deleted_content_is_gone_and_the_rest_stays() {
    let log = update(&[(7, 0, &[first("keep🌍secret")])], &[(7, 4, 8)]);
    let compacted = compact(&[&log]).unwrap();
    assert!(!compacted.windows(6).any(|bytes| bytes == b"secret"));
    assert!(compacted.windows(4).any(|bytes| bytes == b"keep"));
    assert_eq!(state_vector(&compacted), state_vector(&log));
    assert_eq!(delete_set(&[&compacted]), delete_set(&[&log]));
    assert_eq!(compact(&[&compacted]), Ok(compacted.clone()));
}

#[test]
fn known_deletions_are_left_out() {
    let bytes = update(&[(7, 0, &[first("abcdef")])], &[(7, 1, 4), (9, 0, 2)]);
    let mut gone = DeleteSet::default();
    assert_eq!(without_deletes(&bytes, &gone).unwrap(), bytes);
    gone.insert(7, 2, 3);
    gone.insert(9, 0, 9);
    let rest = without_deletes(&bytes, &gone).unwrap();
    let mut expected = DeleteSet::default();
    expected.insert(7, 1, 2);
    expected.insert(7, 3, 5);
    assert_eq!(delete_set(&[&rest]), Ok(expected));
    assert_eq!(state_vector(&rest), Ok(known(&[(7, 6)])));
}

/// S1: what yrs traps on, or what stock Yjs throws on after it was relayed.
#[test]
fn s1_hostile_updates_are_refused() {
    let many = [0xff, 0xff, 0xff, 0xff, 0x0f];
    let item = |content: &[u8]| {
        update(&[(7, 0, &[[&[content[0], 1, 1, b't'], &content[1..]].concat()])], &[])
    };
    let deep = |depth: usize| item(&[&[8, 1], [117, 1].repeat(depth).as_slice(), &[126]].concat());
    assert!(walk(&deep(DEPTH_MAX)).all(|part| part.is_ok()));
    let cases: Vec<(Vec<u8>, Malformed)> = vec![
        (vec![], DecodeError::Truncated.into()),
        (many.to_vec(), DecodeError::Truncated.into()),
        ([&[1][..], &many, &[7, 0, 0]].concat(), DecodeError::Truncated.into()),
        ([&[0][..], &many].concat(), DecodeError::Truncated.into()),
        (item(&[&[4][..], &many, b"abc"].concat()), DecodeError::Truncated.into()),
        (item(&[&[8][..], &many, &[126]].concat()), Malformed::Tag(0)),
        (item(&[4, 2, 0xc3, 0x28]), DecodeError::Utf8.into()),
        (item(&[4, 0]), Malformed::Empty),
        (item(&[1, 0]), Malformed::Empty),
        (item(&[5, 1, b'{']), Malformed::Json),
        (
            item(&[6, 1, b'b', 9, b'u', b'n', b'd', b'e', b'f', b'i', b'n', b'e', b'd']),
            Malformed::Json,
        ),
        (item(&[2, 1, 1, b'x']), Malformed::Json),
        (item(&[7, 7]), Malformed::Tag(7)),
        (item(&[11, 1]), Malformed::Tag(11)),
        (item(&[8, 1, 115]), Malformed::Tag(115)),
        (item(&[8, 1, 128]), Malformed::Tag(128)),
        (item(&[9, 1, b'g', 126]), Malformed::Subdocument),
        (item(&[9, 1, b'g', 118, 1, 4, b'g', b'u', b'i', b'd', 126]), Malformed::Subdocument),
        (deep(DEPTH_MAX + 1), Malformed::Depth),
        (deep(100_000), Malformed::Depth),
        (update(&[(7, 0, &[vec![0x80, 1]])], &[]), Malformed::Tag(0x80)),
        (update(&[(7, u32::MAX, &[vec![0, 1]])], &[]), DecodeError::Range.into()),
        (
            update(&[(7, 0, &[[&[0][..], &many].concat(), vec![0, 1]])], &[]),
            DecodeError::Range.into(),
        ),
        (update(&[(NUMBER_MAX + 1, 0, &[vec![0, 1]])], &[]), DecodeError::Range.into()),
        (update(&[], &[(7, u32::MAX, 1)]), DecodeError::Range.into()),
        (update(&[], &[(7, 1, 0)]), Malformed::Empty),
        (
            update(&[(7, 0, &[vec![0, 1]]), (6, 0, &[]), (7, 1, &[])], &[]),
            Malformed::RepeatedClient,
        ),
        (vec![0, 0, 0], Malformed::Trailing(1)),
    ];
    for (bytes, error) in cases {
        let walked: Result<Vec<_>, _> = walk(&bytes).collect();
        assert_eq!(walked, Err(error), "{bytes:?}");
        assert_eq!(admit(&bytes, &known(&[])), Err(error), "{bytes:?}");
        assert_eq!(merge(&[&bytes]), Err(error), "{bytes:?}");
        assert_eq!(compact(&[&bytes]), Err(error), "{bytes:?}");
    }
}

#[test]
fn s1_hostile_state_vectors_and_delete_sets_are_refused() {
    let many = [0xff, 0xff, 0xff, 0xff, 0x0f];
    assert_eq!(StateVector::decode(&many), Err(DecodeError::Truncated.into()));
    assert_eq!(DeleteSet::decode(&many), Err(DecodeError::Truncated.into()));
    assert_eq!(StateVector::decode(&[0, 0]), Err(Malformed::Trailing(1)));
    assert_eq!(DeleteSet::decode(&[1, 7, 1, 0, 0]), Err(Malformed::Empty));
}

/// S1: any bytes, and updates with a few bytes changed, end in a value or an error; what comes out
/// can go in again. On the host only, because arbtest reads a clock.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn s1_every_function_is_total() {
    let whole = update(
        &[
            (300, 0, &[first("a🌍b"), behind(id(7, 1), "c"), vec![10, 3], vec![0, 2]]),
            (7, 0, &[vec![8, 1, 1, b'a', 3, 125, 5, 119, 1, b'x', 126], vec![0x88, 7, 1, 1, 127]]),
        ],
        &[(7, 1, 2), (300, 1, 1)],
    );
    arbtest::arbtest(|source| {
        let mut bytes = whole.clone();
        for _ in 0..source.int_in_range(0..=4)? {
            let at = source.choose_index(bytes.len())?;
            let by: [u8; 5] =
                *source.choose(&[[0xff; 5], [0xff, 0xff, 0xff, 0xff, 0x0f], [0; 5]])?;
            match source.int_in_range(0..=3)? {
                0 => bytes[at] = source.arbitrary()?,
                1 => bytes.truncate(at + 1),
                2 => drop(bytes.splice(at..at, by)),
                _ => drop(bytes.remove(at)),
            }
            if bytes.is_empty() {
                bytes = source.arbitrary()?;
                break;
            }
        }
        let vector = StateVector::decode(source.arbitrary()?).unwrap_or_else(|_| known(&[(7, 1)]));
        let deletes = DeleteSet::decode(source.arbitrary()?).unwrap_or_default();
        let mut results = vec![
            merge(&[&bytes, &whole]),
            merge(&[&whole, &bytes]),
            diff(&[&bytes], &vector),
            compact(&[&bytes, &whole]),
        ];
        results.push(admit(&bytes, &vector).map(|admission| admission.fresh.into_owned()));
        results.push(without_deletes(&bytes, &deletes).map(|rest| rest.into_owned()));
        let is_update = walk(&bytes).all(|part| part.is_ok());
        for result in results {
            assert_eq!(result.is_ok(), is_update);
            assert!(result.is_err() || walk(&result.unwrap()).all(|part| part.is_ok()));
        }
        Ok(())
    });
}

/// Each kind of struct and of place.
fn motley() -> Vec<u8> {
    let map = [&[0x27, 1, 1, b'm', 1, b'k'][..], &[1]].concat();
    let inside = [&[0x28, 0, 7, 9][..], &[1, b'x', 1, 126]].concat();
    let gap = vec![10, 3];
    let garbage = vec![0, 2];
    let gone = [&[0xc1, 7, 1, 9, 5][..], &[2]].concat();
    let format = [&[0x46, 7, 2][..], &[1, b'b', 4, b't', b'r', b'u', b'e']].concat();
    update(
        &[
            (9, 4, &[first("ab🌍é"), gap, behind(id(7, 2), "c"), behind(id(9, 12), "d")]),
            (7, 0, &[map, inside, behind(id(8, 77), "漢"), gone, garbage, format]),
        ],
        &[(9, 4, 1), (7, 3, 4)],
    )
}

#[test]
fn c1_columns_hold_what_an_update_holds() {
    let texts = update(&[(9, 4, &[first("ab🌍é"), behind(id(9, 8), "c")])], &[(9, 4, 1)]);
    let deleted = update(&[(7, 0, &[vec![0, 2], first("a")])], &[(7, 0, 2)]);
    let kept = update(&[(7, 0, &[vec![0, 2]])], &[]);
    let mut all = vec![EMPTY.to_vec(), texts, deleted, kept];
    all.push(compact(&[&motley()]).unwrap());
    for update in all {
        let columns = to_columns(&update).unwrap();
        assert_eq!(from_columns(&columns).unwrap(), update);
        // A column of its own is not cut off without notice.
        for end in 0..columns.len() {
            assert!(from_columns(&columns[..end]).is_err(), "{end}");
        }
        let longer = [&columns[..], &[0]].concat();
        assert_eq!(from_columns(&longer), Err(Malformed::Trailing(1)));
    }
}
