//! What is damaged is quarantined and named; the room goes on with everything else.

use super::*;
use crate::access::{Access, Role};
use crate::codec::write_number;
use crate::protocol::{Denial, Hello};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Three authors, a row each; the third refers to the second's text.
fn three_rows() -> (Shell, SessionId) {
    let mut shell = Shell::new();
    let writer = shell.native(0, 0);
    for (number, update) in
        [text(5, 0, "a"), text(6, 0, "bb"), behind(7, (6, 1), "c")].into_iter().enumerate()
    {
        shell.update(writer, number as u64 + 1, &update);
        shell.take(Input::Commit);
    }
    (shell, writer)
}

/// `client` types `string` first of all, behind a character of another.
fn behind(client: u64, (other, clock): (u64, u64), string: &str) -> Vec<u8> {
    let mut out = vec![1, 1];
    for number in [client, 0] {
        write_number(&mut out, number);
    }
    out.push(0x84);
    for number in [other, clock] {
        write_number(&mut out, number);
    }
    write_bytes(&mut out, string.as_bytes());
    out.push(0);
    out
}

impl Shell {
    fn flip(&mut self, row: usize) {
        let update = &mut self.log.rows[row].value.update;
        let last = update.len() - 2;
        update[last] ^= 1;
    }

    /// As the worker does after [`Output::Abandon`]: sockets are closed, the room is loaded again.
    fn restart(&mut self) {
        assert!(std::mem::take(&mut self.abandoned), "the room goes on");
        self.attachments.clear();
        self.sent.clear();
        self.reload();
    }

    /// Somebody who reads all of it.
    fn join(&mut self) -> Vec<u8> {
        let reader = self.native(0, 0);
        let frames = self.heard(reader);
        match room_says(&frames)[..] {
            [FromRoom::Welcome { .. }] => update::EMPTY.to_vec(),
            [FromRoom::Welcome { .. }, FromRoom::SyncStep2 { update, .. }] => update.to_vec(),
            _ => panic!("{frames:?}"),
        }
    }

    fn marks(&self) -> Vec<(Part, u64, bool)> {
        let marks = self.log.marks.iter();
        marks.map(|(mark, _)| (mark.part, mark.sequence, mark.waits)).collect()
    }
}

#[test]
fn d2_a_damaged_row_is_marked_and_everything_else_is_served() {
    let (mut shell, _) = three_rows();
    shell.flip(1);
    let damaged = shell.log.rows[1].value.clone();
    shell.native(0, 0);
    shell.restart();
    assert_eq!(shell.marks(), [(Part::Row, 2, false), (Part::Row, 3, true)]);
    assert!(shell.log.marks[0].0.reason.contains("checksum"), "{:?}", shell.log.marks[0]);
    assert_eq!(shell.log.rows[1].value, damaged, "it stays as it is");
    assert_eq!(shell.join(), text(5, 0, "a"));
    // And it stays when the log is compacted.
    shell.compact();
    let kept: Vec<_> = shell.log.rows.iter().map(|row| row.value.sequence).collect();
    // The last one says that it was.
    assert_eq!(kept, [2, 3, 5]);
    assert_eq!(shell.join(), text(5, 0, "a"));
    assert!(!shell.abandoned);
}

/// What was lost may hold ids of the one that it had, and clients have them.
#[test]
fn v1_a_room_writes_under_another_client_id_after_a_repair() {
    let (mut shell, _) = three_rows();
    let before = shell.room.own_client();
    shell.flip(1);
    shell.native(0, 0);
    shell.restart();
    let after = shell.room.own_client();
    assert!(before != after && after >> 52 == 1, "{before:x} {after:x}");
    shell.reload();
    assert_eq!(shell.room.own_client(), after);
}

#[test]
fn d2_a_damaged_head_is_found_when_the_room_wakes() {
    let (mut shell, _) = three_rows();
    shell.log.rows[0].value.clocks = vec![5, 9];
    shell.reload();
    let session = shell.connect(Dialect::Stock);
    assert_eq!(shell.heard(session), Vec::<Vec<u8>>::new(), "nothing is said before the repair");
    shell.restart();
    assert_eq!(shell.marks(), [(Part::Row, 1, false)]);
    assert_eq!(shell.join(), update::merge(&[&text(6, 0, "bb"), &behind(7, (6, 1), "c")]).unwrap());
}

#[test]
fn d2_a_row_that_is_gone_is_named() {
    let (mut shell, _) = three_rows();
    shell.log.rows.remove(1);
    shell.reload();
    shell.connect(Dialect::Stock);
    shell.restart();
    assert_eq!(shell.marks(), [(Part::Row, 2, false), (Part::Row, 3, true)]);
    assert_eq!(shell.join(), text(5, 0, "a"));
    assert!(!shell.abandoned, "it is looked into once");
}

#[test]
fn o1_nobody_is_served_past_a_row_that_is_gone() {
    let (mut shell, _) = three_rows();
    shell.log.rows.remove(1);
    let resumed = shell.native(EPOCH, 1);
    assert!(
        !room_says(&shell.heard(resumed)).iter().any(|m| matches!(m, FromRoom::SyncStep2 { .. }))
    );
    shell.restart();
    assert_eq!(shell.marks(), [(Part::Row, 2, false), (Part::Row, 3, true)]);
}

#[test]
fn o1_what_is_ready_of_a_row_that_waits_is_served() {
    let mut shell = Shell::new();
    let writer = shell.native(0, 0);
    shell.update(writer, 1, &text(6, 0, "bb"));
    shell.take(Input::Commit);
    shell.update(writer, 2, &behind(7, (6, 1), "c"));
    shell.update(writer, 3, &text(5, 0, "a"));
    shell.take(Input::Commit);
    shell.flip(0);
    shell.native(0, 0);
    shell.restart();
    assert_eq!(shell.marks(), [(Part::Row, 1, false), (Part::Row, 3, true)]);
    assert_eq!(shell.join(), text(5, 0, "a"));
    shell.reload();
    assert_eq!(shell.join(), text(5, 0, "a"));
}

/// D2: also a reader, if nobody else has it; but nothing more than there was.
#[test]
fn d2_a_reader_gives_back_what_was_lost_and_no_more() {
    let (mut shell, _) = three_rows();
    shell.flip(1);
    shell.native(0, 0);
    shell.restart();
    let reader = Access { subject: "rob".into(), ..Access::of_everyone(Role::Reader) };
    let back = shell.connect_as(Dialect::Native, &reader);
    let hello = Hello { protocol: 1, epoch: EPOCH, sequence: 3, trace: None };
    shell.say(back, &FromClient::Hello(hello));
    shell.heard(back);
    shell.say(back, &FromClient::SyncStep2 { number: 1, update: &text(6, 0, "bb") });
    shell.take(Input::Commit);
    let told = shell.heard(back);
    assert!(room_says(&told).iter().any(|it| matches!(it, FromRoom::Ack { number: 1, .. })));
    shell.say(back, &FromClient::SyncStep2 { number: 2, update: &text(6, 0, "bbb") });
    let denied = FromRoom::Denied { number: 2, denial: Denial::Role };
    assert_eq!(room_says(&shell.heard(back)), [denied]);
}

#[test]
fn o2_one_who_was_here_before_the_damage_is_asked_and_gives_back_what_was_lost() {
    let (mut shell, _) = three_rows();
    shell.flip(1);
    shell.native(0, 0);
    shell.restart();
    let witness = shell.native(EPOCH, 3);
    let frames = shell.heard(witness);
    assert_eq!(
        room_says(&frames),
        [welcome(4, &Limits::default()), FromRoom::SyncStep1(&[1, 5, 1])]
    );
    // It has the lost row, but never saw the one that waits for it.
    shell.say(witness, &FromClient::SyncStep2 { number: 0, update: &text(6, 0, "bb") });
    shell.say(witness, &FromClient::SyncStep1(&[2, 6, 2, 5, 1]));
    // What it gave is not durable yet: should the room die now, it has to be asked again.
    let step = FromRoom::SyncStep2 { sequence: 3, update: &update::EMPTY };
    assert_eq!(room_says(&shell.heard(witness)), [step]);
    shell.take(Input::Commit);
    assert_eq!(shell.marks(), [(Part::Row, 2, false), (Part::Row, 3, false)]);
    assert_eq!(shell.log.rows.last().unwrap().value.returns, [3]);
    let all = [text(5, 0, "a"), text(6, 0, "bb"), behind(7, (6, 1), "c")];
    let given = update::merge(&[&all[1], &all[2]]).unwrap();
    let told = FromRoom::Update { sequence: 6, update: &given };
    let ack = FromRoom::Ack { number: 0, sequence: 6 };
    assert_eq!(room_says(&shell.heard(witness)), [told, ack]);
    shell.reload();
    let parts: Vec<_> = all.iter().map(|update| &update[..]).collect();
    assert_eq!(shell.join(), update::merge(&parts).unwrap());
    // Whoever was here since the repair resumes by number again.
    let resumed = shell.native(EPOCH, 4);
    let step = FromRoom::SyncStep2 { sequence: 6, update: &given };
    assert_eq!(room_says(&shell.heard(resumed))[1..], [step]);
}

/// Its ack was lost with the row: it sends its update again, and nobody asks.
#[test]
fn o2_an_author_who_was_never_told_gives_back_what_was_lost() {
    let (mut shell, _) = three_rows();
    shell.flip(1);
    shell.native(0, 0);
    shell.restart();
    let author = shell.native(0, 0);
    shell.take(Input::Commit);
    shell.update(author, 1, &text(6, 0, "bb"));
    shell.take(Input::Commit);
    assert_eq!(shell.marks(), [(Part::Row, 2, false), (Part::Row, 3, false)]);
    assert_eq!(shell.log.rows.last().unwrap().value.returns, [3]);
}

/// It was told of the repair, but the room died before its update was durable: it comes back as one
/// that was here since, and sends it again.
#[test]
fn d2_an_author_who_was_here_since_gives_back_what_was_lost() {
    let (mut shell, _) = three_rows();
    shell.flip(1);
    shell.native(0, 0);
    shell.restart();
    let author = shell.native(0, 0);
    shell.take(Input::Commit);
    shell.update(author, 1, &text(6, 0, "bb"));
    shell.reload();
    shell.take(Input::Commit);
    let author = shell.native(EPOCH, 4);
    shell.update(author, 1, &text(6, 0, "bb"));
    shell.take(Input::Commit);
    assert_eq!(shell.marks(), [(Part::Row, 2, false), (Part::Row, 3, false)]);
    let all = [text(5, 0, "a"), text(6, 0, "bb"), behind(7, (6, 1), "c")];
    let all: Vec<_> = all.iter().map(|update| &update[..]).collect();
    assert_eq!(shell.join(), update::merge(&all).unwrap());
}

/// Each part of a row that waits comes back with what it needs.
#[test]
fn d2_what_waits_comes_back_bit_by_bit() {
    let mut shell = Shell::new();
    let writer = shell.native(0, 0);
    let lost = [text(5, 0, "a"), text(6, 0, "bb")];
    let parts = [behind(7, (5, 0), "c"), behind(8, (6, 1), "d"), vec![0, 1, 6, 1, 0, 1]];
    let rows = [vec![&lost[0]], vec![&lost[1]], parts.iter().collect()];
    for row in rows {
        row.into_iter().for_each(|update| shell.update(writer, 1, update));
        shell.take(Input::Commit);
    }
    shell.flip(0);
    shell.flip(1);
    shell.native(0, 0);
    shell.restart();
    assert_eq!(shell.marks(), [(Part::Row, 1, false), (Part::Row, 2, false), (Part::Row, 5, true)]);
    let author = shell.native(EPOCH, 6);
    shell.take(Input::Commit);
    shell.update(author, 1, &lost[0]);
    shell.take(Input::Commit);
    assert!(shell.marks()[2].2, "the rest waits");
    assert_eq!(shell.join(), update::merge(&[&lost[0], &parts[0]]).unwrap());
    shell.update(author, 2, &text(9, 0, "e"));
    assert!(!shell.room.quarantine.may_return(&shell.room.known), "nothing that it needs");
    shell.update(author, 3, &lost[1]);
    shell.take(Input::Commit);
    assert!(!shell.marks()[2].2);
    let all = [&lost[0], &lost[1], &parts[0], &parts[1], &parts[2], &text(9, 0, "e")];
    assert_eq!(shell.join(), update::merge(&all.map(|update| &update[..])).unwrap());
}

#[test]
fn d2_a_damaged_snapshot_is_rebuilt_from_the_history() {
    for head in [false, true] {
        let (mut shell, writer) = three_rows();
        shell.compact();
        shell.update(writer, 4, &text(5, 1, "d"));
        shell.take(Input::Commit);
        let before = shell.join();
        let snapshot = &mut shell.log.snapshots[0].value;
        let bytes = if head { &mut snapshot.state_vector } else { &mut snapshot.update };
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        let damaged = snapshot.clone();
        shell.reload();
        shell.native(0, 0);
        shell.restart();
        assert_eq!(shell.marks(), [(Part::Snapshot, 3, false)]);
        let reason = &shell.log.marks[0].0.reason;
        assert!(reason.contains("rebuilt from history"), "{reason}");
        assert_eq!(shell.join(), before);
        assert_eq!(shell.log.snapshots[0].value, damaged, "it stays as it is");
        assert_eq!(shell.log.snapshots[1].value.state_vector, [3, 7, 1, 6, 2, 5, 1]);
        assert!(!shell.abandoned);
    }
}

#[test]
fn d2_without_snapshot_and_history_the_rest_is_served() {
    let (mut shell, writer) = three_rows();
    shell.compact();
    for (number, update) in [(4, text(5, 1, "d")), (5, text(8, 0, "e"))] {
        shell.update(writer, number, &update);
        shell.take(Input::Commit);
    }
    shell.log.snapshots[0].value.update[3] ^= 1;
    shell.log.history[0].1 = Err(LogError::Damaged("cannot be inflated".into()));
    shell.reload();
    shell.native(0, 0);
    shell.restart();
    let marks = [(Part::Segment, 3, false), (Part::Snapshot, 3, false), (Part::Row, 5, true)];
    assert_eq!(shell.marks(), marks);
    assert_eq!(shell.join(), text(8, 0, "e"));
}

#[test]
fn storage_that_only_fails_marks_nothing() {
    struct Failing;
    impl Log for Failing {
        fn snapshot(&self) -> Result<Option<Snapshot>, LogError> {
            Err(LogError::Storage("full".into()))
        }
        fn snapshot_head(&self) -> Result<Option<SnapshotHead>, LogError> {
            Ok(None)
        }
        fn rows(&self, _: u64, _: u64) -> Result<Vec<Row>, LogError> {
            Err(LogError::Storage("full".into()))
        }
        fn row(&self, _: u64) -> Result<Row, LogError> {
            Err(LogError::Storage("full".into()))
        }
        fn sequences(&self) -> Result<Vec<u64>, LogError> {
            Ok(vec![1, 2, 3])
        }
        fn segments(&self) -> Result<Vec<u64>, LogError> {
            Ok(vec![])
        }
        fn quarantined(&self) -> Result<Vec<u64>, LogError> {
            Ok(vec![])
        }
        fn segment(&self, _: u64) -> Result<Vec<Row>, LogError> {
            Ok(vec![])
        }
    }
    let (mut shell, _) = three_rows();
    let reader = shell.connect(Dialect::Native);
    let hello = FromClient::Hello(Hello { protocol: 1, epoch: 0, sequence: 0, trace: None });
    let bytes = &encode_from_client(&hello).unwrap();
    let mut outputs = shell.room.handle(NOW, Input::Frame { session: reader, bytes }, &Failing);
    outputs.retain(|output| !matches!(output, Output::Tell(_)));
    assert_eq!(outputs, [Output::Close { session: reader, close: Close::Storage }]);
    assert_eq!(shell.room.handle(NOW, Input::Alarm, &Failing), []);
}
