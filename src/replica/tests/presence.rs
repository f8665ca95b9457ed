//! What a replica says about itself, and when.

use super::*;
use crate::protocol::FromRoom;
use crate::replica::ActivityLimits;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn presence_is_throttled_said_again_and_cleared() {
    let mut bench = Bench::online(1);
    for state in [r#"{"at":1}"#, r#"{"at":2}"#, r#"{"at":3}"#] {
        let outputs = bench.replica.present(bench.now, Some(state)).unwrap();
        bench.take(outputs);
    }
    bench.pass(0);
    let sent = bench.sent();
    assert_eq!(sent.len(), 1);
    let FromClient::Awareness(update) = message(&sent[0]) else { panic!() };
    let entries = awareness::decode(update).unwrap();
    assert_eq!(entries, [Entry { client: 1, clock: 1, state: r#"{"at":3}"# }]);

    let theirs = awareness::encode([Entry { client: 5, clock: 1, state: "{}" }].into_iter());
    bench.room(&FromRoom::Awareness(&theirs));
    assert_eq!(bench.replica.peers().collect::<Vec<_>>(), [(5, "{}")]);
    bench.out.clear();
    bench.input(Input::Closed { code: 1006, reason: "" });
    let gone = PeersChanged { removed: vec![5], ..PeersChanged::default() };
    assert!(bench.out.contains(&Output::Peers(gone)));
    bench.pass(1_000);
    bench.input(Input::Opened);
    bench.sent();
    bench.room(&welcome(EPOCH, 0));
    let sent = bench.sent();
    assert!(matches!(message(&sent[0]), FromClient::Awareness(_)));
    assert_eq!(bench.replica.present(bench.now, Some("{")), Err(PresenceError::Json));
}

const LIMITS: ActivityLimits =
    ActivityLimits { idle_ms: 60_000, away_ms: 300_000, hidden_ms: 30_000 };

/// The states that were sent since the last time.
fn said(bench: &mut Bench) -> Vec<String> {
    let frames = bench.sent();
    let said = frames.iter().filter_map(|frame| match message(frame) {
        FromClient::Awareness(update) => {
            Some(awareness::decode(update).unwrap()[0].state.to_owned())
        }
        _ => None,
    });
    said.collect()
}

fn present(bench: &mut Bench, state: &str) {
    let outputs = bench.replica.present(bench.now, Some(state)).unwrap();
    bench.take(outputs);
    bench.pass(100);
}

/// The room answers pings, and nothing else happens.
fn quiet(bench: &mut Bench, seconds: u64) {
    for _ in 0..seconds {
        bench.pass(1_000);
        bench.input(Input::Pong);
    }
}

#[test]
fn carets_that_move_without_end_are_twenty_messages_a_second() {
    let mut bench = Bench::online(1);
    for at in 0..1_000 {
        let state = format!("{{\"at\":{at}}}");
        let outputs = bench.replica.present(bench.now, Some(&state)).unwrap();
        bench.take(outputs);
        bench.pass(1);
    }
    bench.pass(100);
    let said = said(&mut bench);
    assert!((19..=21).contains(&said.len()), "{}", said.len());
    assert_eq!(said.last().unwrap(), r#"{"at":999}"#);
}

#[test]
fn c3_who_does_nothing_says_so_once_and_then_nothing_more() {
    let mut bench = Bench::online(1);
    bench.replica.watch_activity(bench.now, LIMITS);
    present(&mut bench, r#"{"at":1}"#);
    assert_eq!(said(&mut bench), [r#"{"at":1}"#]);
    for _ in 0..10 {
        quiet(&mut bench, 6);
        bench.input(Input::Noticed { hidden: false });
    }
    assert_eq!(said(&mut bench), [""; 0]);
    quiet(&mut bench, 700);
    let expected = [r#"{"activity":"idle","at":1}"#, r#"{"activity":"away","at":1}"#];
    assert_eq!(said(&mut bench), expected);
    bench.input(Input::Noticed { hidden: false });
    bench.pass(0);
    assert_eq!(said(&mut bench), [r#"{"at":1}"#]);
    // Of a state that is no object nothing can be said, and no timer is set for it.
    present(&mut bench, "1");
    bench.input(Input::Noticed { hidden: true });
    assert_eq!(said(&mut bench), ["1"]);
    quiet(&mut bench, 700);
    assert_eq!(said(&mut bench), [""; 0]);
}

#[test]
fn who_was_cut_off_says_at_once_whether_they_are_there() {
    let mut bench = Bench::online(1);
    bench.replica.watch_activity(bench.now, LIMITS);
    present(&mut bench, "{}");
    bench.input(Input::Noticed { hidden: true });
    bench.input(Input::Closed { code: 1006, reason: "" });
    bench.pass(40_000);
    bench.input(Input::Opened);
    said(&mut bench);
    bench.room(&welcome(EPOCH, 0));
    assert_eq!(said(&mut bench), [r#"{"activity":"away"}"#]);
}
