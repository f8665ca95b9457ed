//! D3: what a browser's storage has of a copy is a copy that can go on.

use super::super::*;
use super::{Bench, EPOCH, START, message, welcome};
use crate::protocol::{FromRoom, Hello};
use crate::update;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

impl Bench {
    pub(super) fn reading(client_id: u32) -> Self {
        let mut bench = Self::new(client_id);
        bench.replica.await_stored(START);
        bench.input(Input::Connect);
        bench
    }

    /// What was asked to be kept since the last time, as it would be stored.
    pub(super) fn keep(&mut self, records: &mut Vec<Vec<u8>>) -> u64 {
        let mut count = 0;
        self.out.retain(|output| {
            match output {
                Output::Keep(record) => records.push(record.clone()),
                Output::KeepAll(record) => *records = vec![record.clone()],
                _ => return true,
            }
            count += 1;
            false
        });
        count
    }

    pub(super) fn hello(&mut self) -> Hello {
        self.input(Input::Opened);
        match message(self.sent().last().expect("a hello")) {
            FromClient::Hello(hello) => hello,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn d3_nothing_is_connected_before_it_is_known_what_is_kept() {
    let mut bench = Bench::reading(1);
    bench.write("early");
    assert!(!bench.out.contains(&Output::Connect));
    assert_eq!(bench.replica.pending_here(), 1);
    bench.input(Input::Restored(&[]));
    assert!(bench.out.contains(&Output::Connect));
    let mut records = Vec::new();
    let count = bench.keep(&mut records);
    bench.input(Input::Kept(count));
    assert_eq!((bench.replica.pending(), bench.replica.pending_here()), (1, 0));
    assert!(bench.out.contains(&Output::Saved(Saved { pending: 1, pending_here: 0 })));
}

#[test]
fn d3_a_storage_that_says_nothing_is_not_waited_for() {
    let mut bench = Bench::reading(1);
    bench.pass(4_999);
    assert!(bench.out.is_empty(), "{:?}", bench.out);
    bench.pass(1);
    assert!(bench.out.contains(&Output::StopKeeping) && bench.out.contains(&Output::Connect));
    bench.out.clear();
    bench.input(Input::Restored(&[vec![9, 9]]));
    bench.write("a");
    assert!(!bench.out.iter().any(|it| matches!(it, Output::Keep(_) | Output::KeepAll(_))));
}

/// How many updates were sent since the last time.
fn updates(bench: &mut Bench) -> usize {
    let sent = bench.sent();
    sent.iter().filter(|it| matches!(message(it), FromClient::Update { .. })).count()
}

/// A page that wrote before it heard of any history, and is welcomed into one.
fn welcomed_with_an_edit() -> (Bench, Vec<Vec<u8>>) {
    let mut bench = Bench::reading(1);
    let mut records = Vec::new();
    bench.input(Input::Restored(&[]));
    bench.write("a");
    let count = bench.keep(&mut records);
    bench.input(Input::Kept(count));
    bench.hello();
    bench.room(&welcome(EPOCH, 0));
    (bench, records)
}

/// Loaded again before that, it would send the same into the history that takes its place.
#[test]
fn o3_nothing_is_sent_before_it_is_stored_into_which_history() {
    let (mut bench, mut records) = welcomed_with_an_edit();
    let mut stored = records.clone();
    let count = bench.keep(&mut records);
    bench.write("b");
    bench.pass(1_000);
    bench.keep(&mut records);
    assert_eq!((updates(&mut bench), count), (0, 1));
    bench.input(Input::Kept(count));
    assert_eq!(updates(&mut bench), 1, "both in one");
    stored.extend(records[stored.len()..].iter().take(1).cloned());
    let mut again = Bench::reading(9);
    again.input(Input::Restored(&stored));
    assert_eq!((again.hello().epoch, again.replica.pending()), (EPOCH, 1));
    again.room(&welcome(EPOCH + 1, 0));
    assert!(again.out.iter().any(|it| matches!(it, Output::SetAside(_))));
    assert_eq!((updates(&mut again), again.replica.pending()), (0, 0));
}

/// The room may ask for what it lacks before that, too.
#[test]
fn o3_nothing_is_answered_before_it_is_stored_into_which_history() {
    let (mut bench, mut records) = welcomed_with_an_edit();
    let count = bench.keep(&mut records);
    bench.room(&FromRoom::SyncStep1(&update::StateVector::default().encode()));
    let answers = |bench: &mut Bench| {
        let sent = bench.sent();
        sent.iter().filter(|it| matches!(message(it), FromClient::SyncStep2 { .. })).count()
    };
    assert_eq!(answers(&mut bench), 0);
    bench.input(Input::Kept(count));
    assert_eq!(answers(&mut bench), 1);
    assert_eq!(updates(&mut bench), 0, "it is in the answer");
}

/// A tab that led had heard of it, and was gone before it was stored.
#[test]
fn o3_who_leads_next_stores_into_which_history_as_well() {
    let (bench, mut records) = welcomed_with_an_edit();
    let mut next = Bench::new(2);
    next.input(Input::Follow);
    next.replica.epoch = bench.replica.epoch();
    next.input(Input::Lead { keeps: true });
    next.input(Input::Connect);
    next.input(Input::Restored(&records));
    let count = next.keep(&mut records);
    next.hello();
    next.room(&welcome(EPOCH, 0));
    assert_eq!((updates(&mut next), next.replica.pending(), count), (0, 1, 1));
    next.input(Input::Kept(count));
    assert_eq!(updates(&mut next), 1);
}

#[test]
fn d3_a_storage_that_stops_answering_keeps_no_edit_from_the_room() {
    let (mut bench, _) = welcomed_with_an_edit();
    bench.pass(4_999);
    assert!(!bench.out.iter().any(|it| matches!(it, Output::Send(_))));
    bench.pass(1);
    assert!(bench.replica.is_kept(), "what it may still store is another thing");
    assert_eq!(updates(&mut bench), 1);
    let (mut bench, _) = welcomed_with_an_edit();
    bench.pass(3_000);
    bench.input(Input::Closed { code: 1006, reason: "" });
    bench.input(Input::Wake);
    bench.hello();
    bench.room(&welcome(EPOCH, 0));
    bench.pass(2_000);
    assert_eq!(updates(&mut bench), 1, "a new welcome gives the storage no more time");
    let (mut bench, _) = welcomed_with_an_edit();
    bench.input(Input::KeepFailed);
    assert_eq!(updates(&mut bench), 1);
}

/// Its timer comes late, and so does the storage.
#[test]
fn d3_a_storage_that_slept_with_the_machine_is_given_its_time_again() {
    let mut bench = Bench::reading(1);
    bench.now = bench.now + 60_000;
    bench.input(Input::Timeout);
    bench.timer = None;
    assert!(!bench.out.contains(&Output::StopKeeping));
    bench.input(Input::Restored(&[]));
    assert!(bench.replica.is_kept());
    let mut bench = Bench::reading(1);
    bench.now = bench.now + 60_000;
    bench.input(Input::Timeout);
    bench.pass(5_000);
    assert!(bench.out.contains(&Output::StopKeeping));
}

/// Whatever first part of it is stored, it goes on from there, and what is not acknowledged goes
/// out as it was.
#[test]
fn d3_any_first_part_of_what_was_kept_is_a_copy_that_can_go_on() {
    let mut bench = Bench::reading(1);
    let mut records = Vec::new();
    bench.input(Input::Restored(&[]));
    bench.hello();
    bench.room(&welcome(EPOCH, 0));
    let mut other = Bench::new(2);
    other.write("theirs ");
    for round in 0..3 {
        bench.write("ours ");
        bench.pass(20);
        bench.room(&FromRoom::Ack { number: round + 1, sequence: 2 * round + 1 });
        let update = other.replica.document().encode();
        bench.room(&FromRoom::Update { sequence: 2 * round + 2, update: &update });
    }
    bench.write("unsent ");
    bench.keep(&mut records);
    for end in 0..=records.len() {
        let mut again = Bench::reading(9);
        again.input(Input::Restored(&records[..end]));
        let shown = again.string();
        assert!(bench.string().ends_with(&shown) || !shown.contains("theirs"), "{end}: {shown}");
        let hello = again.hello();
        assert!(hello.sequence <= 6 && (hello.epoch == EPOCH || hello.sequence == 0));
        again.room(&welcome(EPOCH, 6));
        let pending = again.replica.pending();
        let sent = again
            .sent()
            .iter()
            .filter(|it| matches!(message(it), FromClient::Update { .. }))
            .count() as u64;
        assert_eq!(sent, pending.min(1), "{end}: what is pending is one batch");
    }
    let mut again = Bench::reading(9);
    again.input(Input::Restored(&records));
    assert_eq!((again.string(), again.replica.pending()), (bench.string(), 1));
    assert_eq!(again.hello().sequence, 6);
}

#[test]
fn d3_what_is_damaged_is_left_out_and_asked_for() {
    let mut bench = Bench::reading(1);
    let mut records = Vec::new();
    bench.input(Input::Restored(&[]));
    bench.hello();
    bench.room(&welcome(EPOCH, 0));
    for _ in 0..2 {
        bench.write("ab");
        bench.pass(20);
    }
    bench.room(&FromRoom::Ack { number: 2, sequence: 2 });
    bench.keep(&mut records);
    let edit = records.iter().position(|record| record.first() == Some(&2)).unwrap();
    records[edit] = vec![77];
    let mut again = Bench::reading(9);
    again.input(Input::Restored(&records));
    let hello = again.hello();
    assert_eq!((hello.epoch, hello.sequence), (EPOCH, 0));
}

#[test]
fn many_records_become_one() {
    let mut bench = Bench::reading(1);
    let mut records = Vec::new();
    bench.input(Input::Restored(&[]));
    for _ in 0..600 {
        bench.write("a");
    }
    bench.keep(&mut records);
    assert!(records.len() > 600);
    bench.pass(1_000);
    bench.keep(&mut records);
    assert!(records.len() <= 2, "{}", records.len());
    let mut again = Bench::reading(9);
    again.input(Input::Restored(&records));
    assert_eq!((again.string().len(), again.replica.pending()), (600, 600));
}

#[test]
fn what_can_be_undone_is_kept_a_second_later_or_when_the_page_may_end() {
    let mut bench = Bench::reading(1);
    let mut records = Vec::new();
    bench.input(Input::Restored(&[]));
    bench.write("a");
    bench.input(Input::Wake);
    bench.keep(&mut records);
    let mut again = Bench::reading(9);
    again.input(Input::Restored(&records));
    let (undone, _) = again.replica.undo(START, false);
    assert_eq!((undone, again.string().as_str()), (Ok(true), ""));
}
