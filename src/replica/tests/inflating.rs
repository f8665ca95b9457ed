//! A document that comes deflated.

use super::super::*;
use super::{Bench, EPOCH, message, welcome};
use crate::protocol::{FromRoom, Hello, INFLATES, PLAIN};
use crate::update::to_columns;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A replica that was sent the document up to 2, which is `theirs`, and then more.
fn opening() -> (Bench, Vec<u8>) {
    let mut other = Bench::new(2);
    other.write("s");
    let document = other.replica.document().encode();
    other.write("their");
    let mut bench = Bench::new(1);
    bench.input(Input::Connect);
    bench.input(Input::Opened);
    bench.room(&welcome(EPOCH, 3));
    bench.room(&FromRoom::Document { sequence: 2, deflated: b"deflated" });
    assert!(bench.out.contains(&Output::Inflate(b"deflated".to_vec())));
    bench.room(&FromRoom::SyncStep2 { sequence: 3, update: &other.replica.document().encode() });
    (bench, document)
}

#[test]
fn o2_what_comes_behind_a_document_waits_until_it_is_inflated() {
    let (mut bench, document) = opening();
    assert_eq!((bench.string(), bench.replica.sequence()), (String::new(), 0));
    assert_eq!(bench.replica.status(), Status::Behind);
    bench.input(Input::Inflated(Some(&to_columns(&document).unwrap())));
    assert_eq!((bench.string(), bench.replica.sequence()), ("theirs".into(), 3));
    assert_eq!(bench.replica.status(), Status::Live);
    // It is over: nothing waits any more.
    bench.room(&FromRoom::Update { sequence: 4, update: &document });
    assert_eq!(bench.replica.sequence(), 4);
}

#[test]
fn o2_a_connection_that_ends_meanwhile_leaves_nothing_behind() {
    let (mut bench, document) = opening();
    bench.input(Input::Closed { code: 1006, reason: "" });
    bench.input(Input::Inflated(Some(&to_columns(&document).unwrap())));
    assert_eq!((bench.string(), bench.replica.sequence()), (String::new(), 0));
    bench.wait_for_connect();
    bench.input(Input::Opened);
    let sent = bench.sent();
    let hello = Hello { protocol: INFLATES, epoch: EPOCH, sequence: 0, trace: None };
    assert_eq!(message(&sent[0]), FromClient::Hello(hello));
    bench.room(&welcome(EPOCH, 1));
    bench.room(&FromRoom::SyncStep2 { sequence: 1, update: &document });
    assert_eq!((bench.string(), bench.replica.sequence()), ("s".into(), 1));
}

#[test]
fn d3_what_cannot_be_inflated_is_asked_for_as_it_is() {
    // And what is inflated to something else: a room of a build before sends no columns.
    for inflated in [None, Some(&[1, 1, 5, 0, 4, 1, 1, b't', 1, b'a', 0][..])] {
        let (mut bench, _) = opening();
        bench.write("mine ");
        bench.input(Input::Inflated(inflated));
        assert!(bench.out.contains(&Output::Disconnect));
        bench.wait_for_connect();
        bench.input(Input::Opened);
        let sent = bench.sent();
        let hello = Hello { protocol: PLAIN, epoch: EPOCH, sequence: 0, trace: None };
        assert_eq!(message(&sent[0]), FromClient::Hello(hello));
        assert_eq!((bench.string(), bench.replica.pending()), ("mine ".into(), 1));
    }
}

#[test]
fn s2_what_waits_is_confirmed_when_it_comes() {
    let (mut bench, _) = opening();
    bench.out.clear();
    let long = vec![0; 1_000];
    bench.room(&FromRoom::Awareness(&long));
    let sent = bench.sent();
    assert!(matches!(message(&sent[0]), FromClient::Received { bytes } if bytes > 1_000));
    assert_eq!(bench.replica.sequence(), 0);
}
