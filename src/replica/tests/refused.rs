//! S2, W6: what the room does not take, or not at once.

use super::super::*;
use super::{Bench, EPOCH, message, welcome};
use crate::protocol::{FromRoom, Limit, Refusal};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn s2_what_was_refused_is_sent_as_one_when_the_wait_is_over() {
    let mut bench = Bench::online(5);
    bench.write("a");
    bench.write("b");
    bench.pass(100);
    bench.sent();
    let refusal = Refusal { limit: Limit::SessionFrames, value: 9, max: 8, retry_ms: Some(3_000) };
    bench.room(&FromRoom::Refused { number: 0, refusal });
    assert!(bench.out.contains(&Output::Refused(refusal)));
    bench.write("c");
    bench.pass(2_999);
    assert_eq!((bench.sent(), bench.replica.pending()), (vec![], 3));
    bench.pass(1);
    let frames = bench.sent();
    let said: Vec<_> = frames.iter().map(|frame| message(frame)).collect();
    assert!(
        matches!(said[..], [FromClient::SyncStep2 { number: 3, .. }, FromClient::SyncStep1(_)]),
        "{said:?}"
    );
    bench.write("d");
    bench.pass(100);
    let frames = bench.sent();
    assert!(matches!(message(&frames[0]), FromClient::Update { number: 4, .. }));
}

#[test]
fn s2_what_can_never_be_taken_closes_the_document_and_keeps_it() {
    let mut bench = Bench::online(5);
    bench.write("a");
    let refusal = Refusal { limit: Limit::UpdateBytes, value: 9, max: 8, retry_ms: None };
    bench.room(&FromRoom::Refused { number: 1, refusal });
    assert!(matches!(bench.replica.status(), Status::Closed { code: 4413, .. }));
    assert_eq!((bench.string(), bench.replica.pending()), ("a".into(), 1));
}

#[test]
fn w6_a_frame_larger_than_the_room_takes_goes_in_parts() {
    let mut bench = Bench::online(5);
    bench.write(&"x".repeat(3_000));
    bench.pass(100);
    let mut whole = Vec::new();
    for frame in bench.sent() {
        assert!(frame.len() <= 1_024);
        let FromClient::Part { total, offset, bytes } = message(&frame) else {
            panic!("{frame:?}")
        };
        assert_eq!(offset, whole.len() as u64);
        whole.extend_from_slice(bytes);
        assert!(whole.len() as u64 <= total);
    }
    assert!(matches!(message(&whole), FromClient::Update { number: 1, .. }));
}

/// The room acknowledges with 0 what it cannot take, also what came before the answer.
#[test]
fn o2_an_answer_that_was_refused_is_not_paid_by_what_came_before_it() {
    let mut bench = Bench::online(5);
    bench.write("a");
    bench.pass(100);
    bench.room(&FromRoom::Ack { number: 1, sequence: 1 });
    bench.write("b");
    bench.pass(100);
    bench.room(&FromRoom::SyncStep1(&[0]));
    bench.sent();
    let refusal = Refusal { limit: Limit::SessionBytes, value: 9, max: 8, retry_ms: Some(3_000) };
    bench.room(&FromRoom::Refused { number: 0, refusal });
    bench.room(&FromRoom::Ack { number: 0, sequence: 1 });
    bench.pass(3_000);
    let sent = bench.sent();
    let FromClient::SyncStep2 { number: 2, update } = message(&sent[0]) else { panic!("{sent:?}") };
    let mut room = Bench::new(9);
    room.replica.document.apply(update).unwrap();
    assert_eq!(room.string(), "ba");
}

#[test]
fn o2_an_answer_is_owed_until_it_is_acknowledged() {
    let answers = |bench: &mut Bench| {
        let frames = bench.sent();
        let said: Vec<_> = frames.iter().map(|frame| message(frame)).collect();
        said.iter().filter(|it| matches!(it, FromClient::SyncStep2 { update: [1, ..], .. })).count()
    };
    let mut bench = Bench::online(5);
    bench.write("a");
    bench.pass(100);
    bench.room(&FromRoom::Ack { number: 1, sequence: 1 });
    bench.sent();
    // The room lost it, and asks; the answer is too much at once.
    bench.room(&FromRoom::SyncStep1(&[0]));
    assert_eq!(answers(&mut bench), 1);
    let refusal = Refusal { limit: Limit::SessionBytes, value: 9, max: 8, retry_ms: Some(3_000) };
    bench.room(&FromRoom::Refused { number: 0, refusal });
    bench.pass(3_000);
    assert_eq!(answers(&mut bench), 1, "all of it, and not only what is not acknowledged");
    bench.input(Input::Closed { code: 1012, reason: "" });
    bench.pass(30_000);
    bench.input(Input::Opened);
    bench.sent();
    bench.room(&welcome(EPOCH, 1));
    assert_eq!(answers(&mut bench), 1);
    bench.room(&FromRoom::Ack { number: 0, sequence: 2 });
    bench.input(Input::Closed { code: 1012, reason: "" });
    bench.pass(30_000);
    bench.input(Input::Opened);
    bench.room(&welcome(EPOCH, 2));
    assert_eq!(answers(&mut bench), 0);
}
