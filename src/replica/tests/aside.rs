//! O3: copies that cannot go on.

use super::super::*;
use super::{Bench, EPOCH, message, welcome};
use crate::document::Json;
use crate::protocol::{FromRoom, Hello, Limit, PROTOCOL_VERSION, Refusal};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn aside(bench: &Bench) -> Aside {
    let found = bench.out.iter().find_map(|output| match output {
        Output::SetAside(aside) => Some(aside.clone()),
        _ => None,
    });
    found.expect("a copy that was put aside")
}

/// Lets the replica connect, and returns its hello.
fn hello(bench: &mut Bench) -> Vec<u8> {
    bench.wait_for_connect();
    bench.input(Input::Opened);
    bench.sent().remove(0)
}

#[test]
fn o3_a_copy_of_another_history_is_put_aside_and_never_merged() {
    let mut bench = Bench::online(1);
    bench.write("mine");
    bench.input(Input::Closed { code: 1006, reason: "" });
    hello(&mut bench);
    bench.input(Input::Closed { code: 4409, reason: "" });
    let aside = aside(&bench);
    assert_eq!((aside.why, aside.pending), (Close::EpochMismatch, 1));
    let content = Json::Object(vec![("text".into(), Json::String("mine".into()))]);
    assert_eq!(aside.content, content);
    let mut kept = Document::new(9);
    let text = kept.root("text", Kind::Text).unwrap();
    kept.apply(&aside.update).unwrap();
    assert_eq!(kept.string(&text).unwrap(), "mine");

    // What follows is somebody else with nothing.
    assert_eq!((bench.string(), bench.replica.pending()), (String::new(), 0));
    assert_ne!(bench.replica.document().client_id(), 1);
    assert_eq!(bench.replica.status(), Status::Offline);
    let hello = hello(&mut bench);
    assert_eq!(
        message(&hello),
        FromClient::Hello(Hello { protocol: PROTOCOL_VERSION, epoch: 0, sequence: 0, trace: None })
    );
    bench.room(&welcome(EPOCH + 1, 0));
    assert!(bench.sent().is_empty());
    bench.write("new");
    bench.pass(20);
    let sent = bench.sent();
    let FromClient::Update { number, update } = message(&sent[0]) else { panic!("{sent:?}") };
    let mut room = Bench::new(9);
    room.replica.document.apply(update).unwrap();
    assert_eq!(room.string(), "new");
    bench.room(&FromRoom::Ack { number, sequence: 1 });
    assert_eq!(bench.replica.pending(), 0);
}

#[test]
fn o3_a_room_that_welcomes_with_another_epoch_is_left() {
    let mut bench = Bench::online(1);
    bench.write("mine");
    bench.input(Input::Closed { code: 1006, reason: "" });
    hello(&mut bench);
    bench.room(&welcome(EPOCH + 1, 3));
    assert!(bench.out.contains(&Output::Disconnect));
    assert_eq!(aside(&bench).why, Close::EpochMismatch);
    assert!(bench.sent().is_empty());
    assert_eq!(
        message(&hello(&mut bench)),
        FromClient::Hello(Hello { protocol: PROTOCOL_VERSION, epoch: 0, sequence: 0, trace: None })
    );
}

#[test]
fn o3_who_has_nothing_puts_nothing_aside() {
    let mut bench = Bench::online(1);
    bench.input(Input::Closed { code: 4409, reason: "" });
    assert!(!bench.out.iter().any(|output| matches!(output, Output::SetAside(_))));
    assert_eq!(bench.replica.document().client_id(), 1);
    assert_eq!(
        message(&hello(&mut bench)),
        FromClient::Hello(Hello { protocol: PROTOCOL_VERSION, epoch: 0, sequence: 0, trace: None })
    );
}

#[test]
fn s1_a_copy_with_a_change_that_makes_the_room_fail_is_put_aside() {
    let mut bench = Bench::online(1);
    bench.write("poison");
    bench.pass(20);
    let refusal = Refusal { limit: Limit::Failures, value: 3, max: 2, retry_ms: None };
    bench.room(&FromRoom::Refused { number: 0, refusal });
    assert!(bench.out.contains(&Output::Refused(refusal)));
    assert_eq!(bench.replica.status(), Status::Live);
    bench.input(Input::Closed { code: 4424, reason: "" });
    assert_eq!((aside(&bench).why, aside(&bench).pending), (Close::Poison, 1));
    hello(&mut bench);
    bench.room(&welcome(EPOCH, 0));
    bench.write("fine");
    bench.pass(20);
    let sent = bench.sent();
    assert!(matches!(message(&sent[0]), FromClient::Update { number: 2, .. }));
}

#[test]
fn s1_after_the_room_failed_changes_go_one_by_one() {
    let mut bench = Bench::online(1);
    bench.write("a");
    bench.pass(20);
    bench.input(Input::Closed { code: 1012, reason: "" });
    bench.write("b");
    hello(&mut bench);
    bench.room(&welcome(EPOCH, 0));
    let numbers = |bench: &mut Bench| -> Vec<u64> {
        bench.pass(100);
        let sent = bench.sent();
        let number = |frame: &Vec<u8>| match message(frame) {
            FromClient::Update { number, .. } => Some(number),
            _ => None,
        };
        sent.iter().filter_map(number).collect()
    };
    assert_eq!(numbers(&mut bench), [1]);
    bench.room(&FromRoom::Ack { number: 1, sequence: 1 });
    assert_eq!(numbers(&mut bench), [2]);
}

#[test]
fn presence_goes_on_under_the_new_id() {
    let mut bench = Bench::online(1);
    let outputs = bench.replica.present(bench.now, Some(r#"{"name":"Ada"}"#)).unwrap();
    bench.take(outputs);
    bench.write("mine");
    bench.input(Input::Closed { code: 4424, reason: "" });
    assert_eq!(aside(&bench).why, Close::Poison);
    hello(&mut bench);
    bench.room(&welcome(EPOCH, 0));
    bench.pass(100);
    let sent = bench.sent();
    let FromClient::Awareness(update) = message(&sent[0]) else { panic!("{sent:?}") };
    let entry = crate::awareness::decode(update).unwrap().remove(0);
    assert_eq!(
        (entry.client, entry.state),
        (bench.replica.document().client_id(), r#"{"name":"Ada"}"#)
    );
}
