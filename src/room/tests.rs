//! The room against a log in memory. Updates are written by hand: `text` makes a run of characters
//! at the end of the root `t`.

mod admission;
mod audit;
mod authors;
mod backlog;
mod conflicts;
mod damage;
mod limits;
mod memory;
mod observe;
mod opening;
mod presence;
mod revoked;
mod rules;
mod shell;
mod suspects;
mod sweep;

use super::*;
use crate::codec::write_bytes;
use crate::protocol::native::encode_from_client;
use crate::protocol::{Hello, stock};
use crate::update;
use shell::{EPOCH, NOW, Shell, room_says, text, welcome};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn d1_nothing_is_sent_before_the_row_that_holds_it() {
    let mut shell = Shell::new();
    let (writer, reader) = (shell.native(0, 0), shell.native(0, 0));
    let bytes = encode_from_client(&FromClient::Update { number: 1, update: &text(5, 0, "a") });
    let input = Input::Frame { session: writer, bytes: &bytes.unwrap() };
    assert_eq!(shell.room.handle(NOW, input, &shell.log), []);
    let mut outputs = shell.room.handle(NOW, Input::Commit, &shell.log);
    outputs.retain(|output| !matches!(output, Output::Tell(_) | Output::Report(_)));
    let to = |output: &Output| match output {
        Output::Send { to, .. } => to.clone(),
        _ => Vec::new(),
    };
    assert!(matches!(outputs[0], Output::Append(_)), "{outputs:?}");
    assert_eq!(outputs[1..].iter().map(to).collect::<Vec<_>>(), [vec![reader], vec![writer]]);
}

#[test]
fn c2_what_gathers_is_one_row_and_one_frame_for_each_peer() {
    let mut shell = Shell::new();
    let (a, b, reader) = (shell.native(0, 0), shell.native(0, 0), shell.native(0, 0));
    for session in [a, b, reader] {
        shell.heard(session);
    }
    shell.update(a, 1, &text(5, 0, "a"));
    shell.update(b, 1, &text(6, 0, "b"));
    shell.update(a, 2, &text(5, 1, "c"));
    shell.take(Input::Commit);
    assert_eq!(shell.log.rows.len(), 1);
    assert_eq!((shell.log.rows[0].value.sequence, shell.log.rows[0].value.updates), (3, 3));
    let merged = shell.log.rows[0].value.update.clone();
    let update = FromRoom::Update { sequence: 3, update: &merged };
    assert_eq!(room_says(&shell.heard(reader)), [update]);
    assert_eq!(room_says(&shell.heard(a)), [update, FromRoom::Ack { number: 2, sequence: 3 }]);
    assert_eq!(room_says(&shell.heard(b)), [update, FromRoom::Ack { number: 1, sequence: 3 }]);
}

#[test]
fn a_lone_writer_hears_an_ack_only() {
    let mut shell = Shell::new();
    let writer = shell.native(0, 0);
    shell.heard(writer);
    shell.update(writer, 1, &text(5, 0, "a"));
    shell.take(Input::Commit);
    assert_eq!(room_says(&shell.heard(writer)), [FromRoom::Ack { number: 1, sequence: 1 }]);
}

#[test]
fn o1_what_refers_to_something_unknown_is_answered_with_the_state_vector() {
    let mut shell = Shell::new();
    let writer = shell.native(0, 0);
    shell.heard(writer);
    shell.update(writer, 2, &text(5, 1, "b"));
    assert_eq!(room_says(&shell.heard(writer)), [FromRoom::SyncStep1(&[0])]);
    // Not taken until the answer comes: an ack for 3 would cover 2 as well.
    shell.update(writer, 3, &text(6, 0, "z"));
    shell.take(Input::Commit);
    assert_eq!((shell.heard(writer), shell.log.rows.len()), (vec![], 0));
    let all = update::merge(&[&text(5, 0, "a"), &text(5, 1, "b"), &text(6, 0, "z")]).unwrap();
    shell.say(writer, &FromClient::SyncStep2 { number: 3, update: &all });
    shell.take(Input::Commit);
    assert_eq!(room_says(&shell.heard(writer)), [FromRoom::Ack { number: 3, sequence: 1 }]);
    assert_eq!(shell.log.rows[0].value.update, all);
}

#[test]
fn o2_a_client_that_was_away_gets_what_it_missed() {
    let mut shell = Shell::new();
    let writer = shell.native(0, 0);
    for (clock, string) in ["a", "b", "c"].into_iter().enumerate() {
        shell.update(writer, clock as u64 + 1, &text(5, clock as u64, string));
        shell.take(Input::Commit);
    }
    let reader = shell.native(EPOCH, 1);
    let missed = update::merge(&[&text(5, 1, "b"), &text(5, 2, "c")]).unwrap();
    let welcome = welcome(3, &shell.room.limits);
    let rest = FromRoom::SyncStep2 { sequence: 3, update: &missed };
    assert_eq!(room_says(&shell.heard(reader)), [welcome, rest]);
    let reader = shell.native(EPOCH, 3);
    assert_eq!(room_says(&shell.heard(reader)), [welcome]);
}

#[test]
fn o2_without_its_rows_state_vectors_are_compared() {
    let mut shell = Shell::new();
    let writer = shell.native(0, 0);
    for (clock, string) in ["a", "b"].into_iter().enumerate() {
        shell.update(writer, clock as u64 + 1, &text(5, clock as u64, string));
        shell.take(Input::Commit);
    }
    shell.compact();
    for sequence in [1, 9] {
        let reader = shell.native(EPOCH, sequence);
        let state_vector = [1, 5, 2];
        let frames = shell.heard(reader);
        assert_eq!(room_says(&frames)[1..], [FromRoom::SyncStep1(&state_vector)]);
        shell.say(reader, &FromClient::SyncStep1(&[1, 5, 1]));
        let rest = FromRoom::SyncStep2 { sequence: 3, update: &text(5, 1, "b") };
        assert_eq!(room_says(&shell.heard(reader)), [rest]);
    }
}

#[test]
fn o3_another_epoch_is_refused_before_anything_is_taken() {
    let mut shell = Shell::new();
    let stranger = shell.native(EPOCH + 1, 4);
    assert_eq!(shell.closed, [(stranger, Close::EpochMismatch)]);
    shell.update(stranger, 1, &text(5, 0, "a"));
    shell.take(Input::Commit);
    assert_eq!((shell.heard(stranger), shell.log.rows.len()), (vec![], 0));
}

#[test]
fn w3_hello_comes_first_and_once() {
    let mut shell = Shell::new();
    let session = shell.connect(Dialect::Native);
    shell.update(session, 1, &text(5, 0, "a"));
    let other = shell.native(0, 0);
    shell.say(other, &FromClient::Hello(Hello { protocol: 1, epoch: 0, sequence: 0, trace: None }));
    assert_eq!(shell.closed, [(session, Close::Protocol), (other, Close::Protocol)]);
}

#[test]
fn s1_hostile_frames_close_their_own_session_only() {
    let mut shell = Shell::new();
    let good = shell.native(0, 0);
    let stock = shell.connect(Dialect::Stock);
    let native = shell.native(0, 0);
    let bytes = &[0, 2, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3, 4, 5];
    shell.take(Input::Frame { session: stock, bytes });
    shell.update(native, 1, &[1, 1, 5, 0, 4, 1, 1, b't', 0xff, 0xff, 0xff, 0xff, 0x0f]);
    assert_eq!(shell.closed, [(stock, Close::BadFrame), (native, Close::BadFrame)]);
    shell.update(good, 1, &text(5, 0, "a"));
    shell.take(Input::Commit);
    assert_eq!(shell.log.rows.len(), 1);
}

#[test]
fn stock_clients_are_greeted_and_served_without_numbers() {
    let mut shell = Shell::new();
    let writer = shell.connect(Dialect::Stock);
    assert_eq!(shell.heard(writer), [stock::encode(&FromRoom::SyncStep1(&[0])).unwrap()]);
    let typed = text(5, 0, "a");
    let mut frame = vec![0, 2];
    write_bytes(&mut frame, &typed);
    shell.take(Input::Frame { session: writer, bytes: &frame });
    shell.take(Input::Commit);
    let reader = shell.connect(Dialect::Stock);
    shell.heard(reader);
    shell.take(Input::Frame { session: reader, bytes: &[0, 0, 1, 0] });
    let answer = stock::encode(&FromRoom::SyncStep2 { sequence: 1, update: &typed });
    assert_eq!(shell.heard(reader), [answer.unwrap()]);
    // Its answer to the room's SyncStep1 repeats what the room has: nothing is stored or told.
    let mut frame = vec![0, 1];
    write_bytes(&mut frame, &typed);
    shell.take(Input::Frame { session: reader, bytes: &frame });
    shell.take(Input::Commit);
    assert_eq!((shell.log.rows.len(), shell.heard(writer)), (1, vec![]));
}

#[test]
fn known_deletions_are_not_stored_again() {
    let mut shell = Shell::new();
    let writer = shell.native(0, 0);
    shell.update(writer, 1, &text(5, 0, "abc"));
    shell.update(writer, 2, &[0, 1, 5, 1, 1, 1]);
    shell.take(Input::Commit);
    let other = shell.native(EPOCH, 2);
    shell.say(other, &FromClient::SyncStep2 { number: 1, update: &[0, 1, 5, 1, 1, 1] });
    shell.heard(other);
    shell.take(Input::Commit);
    assert_eq!(shell.log.rows.len(), 1);
    assert_eq!(room_says(&shell.heard(other)), [FromRoom::Ack { number: 1, sequence: 2 }]);
    shell.say(other, &FromClient::SyncStep2 { number: 2, update: &[0, 1, 5, 1, 0, 3] });
    shell.take(Input::Commit);
    let rest = &shell.log.rows[1].value.update;
    assert_eq!(rest[..], [0, 1, 5, 2, 0, 1, 2, 1]);
}

#[test]
fn sessions_and_presence_survive_a_hibernation() {
    let mut shell = Shell::new();
    let (a, b) = (shell.native(0, 0), shell.connect(Dialect::Stock));
    shell.update(a, 1, &text(5, 0, "a"));
    shell.say(a, &FromClient::Awareness(&[1, 5, 0, 2, b'{', b'}']));
    shell.take(Input::Commit);
    shell.reload();
    shell.heard(a);
    shell.heard(b);
    shell.update(a, 2, &text(5, 1, "b"));
    shell.take(Input::Commit);
    assert_eq!(room_says(&shell.heard(a)), [FromRoom::Ack { number: 2, sequence: 2 }]);
    assert_eq!(shell.heard(b).len(), 1);
    shell.take(Input::Frame { session: b, bytes: &[3] });
    assert_eq!(shell.heard(b).len(), 1, "presence is still known");
    shell.take(Input::Disconnect { session: a });
    shell.take(Input::Commit);
    let gone = shell.heard(b);
    assert!(gone.len() == 1 && gone[0].ends_with(b"null"), "{gone:?}");
}

#[test]
fn s6_compaction_keeps_rows_and_changes_nothing_that_clients_see() {
    let mut shell = Shell::new();
    let writer = shell.native(0, 0);
    for clock in 0..1_000 {
        assert_eq!(shell.alarm, None);
        shell.update(writer, clock + 1, &text(5, clock, "x"));
        shell.take(Input::Commit);
        if clock == 500 {
            shell.native(0, 0); // The encoding of now is kept for the next one who joins.
        }
    }
    assert!(shell.alarm.is_some());
    let rows = shell.log.updates();
    let rows: Vec<_> = rows.iter().map(|update| &update[..]).collect();
    let before = update::merge(&rows).unwrap();
    shell.take(Input::Alarm);
    shell.take(Input::Alarm);
    let history = shell.log.segment(1_000).unwrap();
    assert_eq!((shell.log.updates().len(), history.len()), (0, 1_000));
    for _ in 0..2 {
        let quarantine = &shell.room.quarantine;
        let whole = shell.room.answers.whole(NOW, 1_000, quarantine, &shell.log);
        assert_eq!(whole.unwrap(), before);
        shell.reload();
    }
    shell.update(writer, 1_001, &text(5, 1_000, "y"));
    shell.take(Input::Commit);
    // One says that the log was compacted.
    let rows = shell.log.rows.iter().map(|row| row.value.sequence);
    assert_eq!(rows.collect::<Vec<_>>(), [1_001, 1_002]);
}

#[test]
fn c3_a_crowd_is_served_from_memory_and_nothing_is_held_afterwards() {
    let mut shell = Shell::new();
    let writer = shell.native(0, 0);
    shell.update(writer, 1, &text(5, 0, "a"));
    shell.take(Input::Commit);
    for _ in 0..3 {
        shell.native(0, 0);
        assert!(shell.room.answers.is_held());
        shell.now = shell.now + 600;
        shell.take(Input::Commit);
    }
    while let Some(at) = shell.timer.take() {
        shell.now = at;
        shell.take(Input::Commit);
    }
    assert!(!shell.room.answers.is_held());
}
