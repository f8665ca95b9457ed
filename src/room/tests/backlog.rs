//! S2: nobody is sent more than is on its way already.

use super::shell::{EPOCH, Shell, room_says, text};
use crate::codec::write_bytes;
use crate::protocol::{Close, Dialect, FromClient, FromRoom};
use crate::room::{Input, Limits};
use crate::update;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const WINDOW_BYTES: u64 = 4_000;

fn room() -> Shell {
    Shell::limited(Limits { window_bytes: WINDOW_BYTES, ..Limits::default() })
}

/// Someone comes, writes `count` updates of 1,000 bytes from `clock` on, and goes.
fn write(shell: &mut Shell, clock: u64, count: u64) -> Vec<Vec<u8>> {
    let writer = shell.native(0, 0);
    let written = (0..count).map(|at| text(5, clock + 1_000 * at, &"x".repeat(1_000)));
    let written: Vec<_> = written.collect();
    for (number, update) in written.iter().enumerate() {
        shell.update(writer, number as u64 + 1, update);
        shell.take(Input::Commit);
    }
    shell.take(Input::Disconnect { session: writer });
    written
}

#[test]
fn s2_o2_a_client_that_does_not_confirm_is_let_alone_and_catches_up_from_the_log() {
    for slept in [false, true] {
        let mut shell = room();
        let slow = shell.native(0, 0);
        shell.heard(slow);
        let written = write(&mut shell, 0, 10);
        let frames = shell.heard(slow);
        let updates =
            room_says(&frames).iter().filter(|m| matches!(m, FromRoom::Update { .. })).count();
        assert_eq!(updates, 4, "the window and what passes it");
        let gauges = shell.room.gauges();
        assert_eq!((gauges.sessions_behind, gauges.backlog), (1, 6));
        if slept {
            shell.reload();
        }
        let received: usize = frames.iter().map(Vec::len).sum();
        shell.say(slow, &FromClient::Received { bytes: received as u64 / 4 });
        if !slept {
            assert_eq!(shell.heard(slow), [] as [Vec<u8>; 0]);
            shell.say(slow, &FromClient::Received { bytes: received as u64 / 2 });
        }
        let rest: Vec<_> = written[4..].iter().map(|update| &update[..]).collect();
        let rest = update::merge(&rest).unwrap();
        let frames = shell.heard(slow);
        assert_eq!(room_says(&frames)[0], FromRoom::SyncStep2 { sequence: 10, update: &rest });
        assert_eq!(shell.room.gauges().backlog, 0);
        assert_eq!(shell.closed, []);
    }
}

#[test]
fn s2_who_confirms_is_sent_everything() {
    let mut shell = room();
    let reader = shell.native(0, 0);
    shell.heard(reader);
    for clock in 0..10 {
        write(&mut shell, clock * 1_000, 1);
        let frames = shell.heard(reader);
        assert_eq!(frames.len(), 1, "{clock}");
        shell.say(reader, &FromClient::Received { bytes: frames[0].len() as u64 });
    }
}

#[test]
fn s2_a_stock_client_that_is_stuck_is_closed_and_one_that_lives_is_not() {
    let mut shell = room();
    let (stuck, lives) = (shell.connect(Dialect::Stock), shell.connect(Dialect::Stock));
    let mut clock = 0;
    for _ in 0..4 {
        shell.now = shell.now + 10_000;
        write(&mut shell, clock, 3);
        clock += 3_000;
        let mut renewal = vec![1];
        write_bytes(&mut renewal, &[0]);
        shell.take(Input::Frame { session: lives, bytes: &renewal });
    }
    assert_eq!(shell.closed, [(stuck, Close::Behind)]);
}

/// A document larger than the window, and whoever is here besides.
#[test]
fn s2_a_newcomer_may_be_sent_more_than_the_window() {
    let mut shell = room();
    write(&mut shell, 0, 10);
    let stock = shell.connect(Dialect::Stock);
    shell.take(Input::Frame { session: stock, bytes: &[0, 0, 1, 0] });
    shell.take(Input::Commit);
    write(&mut shell, 10_000, 1);
    assert_eq!((shell.heard(stock).len(), &shell.closed[..]), (3, &[][..]));

    let native = shell.native(EPOCH, 0);
    write(&mut shell, 11_000, 1);
    let frames = shell.heard(native);
    assert_eq!(frames.len(), 2, "the welcome and the document");
    shell.say(native, &FromClient::Received { bytes: 11_000 });
    assert_eq!(shell.heard(native).len(), 1, "the rest");
}

#[test]
fn o2_an_ack_does_not_count_what_a_client_was_not_sent() {
    let mut shell = room();
    let slow = shell.native(0, 0);
    write(&mut shell, 0, 10);
    shell.heard(slow);
    shell.update(slow, 1, &text(6, 0, "own"));
    shell.take(Input::Commit);
    // Should it go now, it has to be sent what it was spared.
    assert_eq!(room_says(&shell.heard(slow)), [FromRoom::Ack { number: 1, sequence: 4 }]);
}
