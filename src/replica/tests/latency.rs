//! How long edits take, as their author sees it.

use super::super::*;
use super::{Bench, EPOCH, message, welcome};
use crate::protocol::{FromRoom, Measured};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn stamps(sent: &[Vec<u8>]) -> Vec<u64> {
    let stamps = sent.iter().filter_map(|frame| match message(frame) {
        FromClient::Probe { stamp } => Some(stamp),
        _ => None,
    });
    stamps.collect()
}

#[test]
fn an_edit_is_measured_until_it_is_durable() {
    let mut bench = Bench::online(1);
    bench.write("a");
    bench.pass(40);
    bench.room(&FromRoom::Ack { number: 1, sequence: 1 });
    let durable = bench.replica.latency().durable;
    assert_eq!((durable.count(), durable.sum()), (1, 40));
    // What is written without a connection waits for one, and not for the room.
    bench.input(Input::Closed { code: 1006, reason: "" });
    bench.write("b");
    bench.wait_for_connect();
    bench.input(Input::Opened);
    bench.room(&welcome(EPOCH, 1));
    bench.room(&FromRoom::Ack { number: 2, sequence: 2 });
    assert_eq!((bench.replica.pending(), bench.replica.latency().durable.count()), (0, 1));
}

#[test]
fn an_edit_is_marked_now_and_then_if_the_page_allows() {
    let mut bench = Bench::online(1);
    bench.write("a");
    bench.pass(100);
    assert!(stamps(&bench.sent()).is_empty());
    bench.replica.tell_latency();
    bench.write("b");
    bench.pass(30);
    let [stamp] = stamps(&bench.sent())[..] else { panic!("one probe") };
    bench.room(&FromRoom::Seen { stamp: stamp + 1 });
    assert_eq!(bench.replica.latency().seen.count(), 0, "another one's");
    for _ in 0..2 {
        bench.room(&FromRoom::Seen { stamp });
        let seen = bench.replica.latency().seen;
        assert_eq!((seen.count(), seen.sum()), (1, 30));
    }
    for _ in 0..9 {
        bench.pass(1_000);
        bench.write("c");
    }
    bench.pass(20);
    assert!(stamps(&bench.sent()).is_empty(), "not all the time");
    bench.room(&FromRoom::Ack { number: 11, sequence: 11 });
    bench.pass(2_000);
    bench.write("d");
    bench.pass(20);
    assert_eq!(stamps(&bench.sent()).len(), 1);
}

#[test]
fn a_probe_of_another_is_answered() {
    let mut bench = Bench::online(1);
    bench.room(&FromRoom::Probe { session: 7, stamp: 9 });
    assert_eq!(message(&bench.sent()[0]), FromClient::Seen { session: 7, stamp: 9 });
}

#[test]
fn the_room_is_told_what_is_new_at_most_once_a_minute() {
    let mut bench = Bench::online(1);
    bench.replica.tell_latency();
    let mut told = Vec::new();
    for number in 1..=130 {
        bench.write("a");
        bench.pass(100);
        bench.room(&FromRoom::Ack { number, sequence: number });
        bench.pass(900);
        told.extend(bench.sent().iter().filter_map(|frame| match message(frame) {
            FromClient::Measured(measured) => Some(Measured::decode(measured).unwrap()),
            _ => None,
        }));
    }
    let counts: Vec<_> = told.iter().map(|measured| measured.durable.count()).collect();
    assert_eq!(counts, [1, 60, 60]);
}
