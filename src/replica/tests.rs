//! The replica against a room that these tests play.

mod aside;
mod brought;
mod browser;
mod checked;
mod conflict;
mod granted;
mod hostile;
mod inflating;
mod keep;
mod latency;
mod presence;
mod refused;
mod tabs;
mod transport;
mod undo;

use super::*;
use crate::awareness::{self, Entry};
use crate::protocol::native::{decode_from_client, encode_from_room};
use crate::protocol::{FromRoom, Hello, PROTOCOL_VERSION, Welcome};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const EPOCH: u64 = 7;
const START: Millis = Millis(1_000_000);

/// A replica, a clock and what the replica asked for.
struct Bench {
    replica: Replica,
    text: Shared,
    now: Millis,
    timer: Option<Millis>,
    out: Vec<Output>,
    /// What could be undone, each time that it changed.
    undo: Vec<UndoState>,
}

impl Bench {
    fn new(client_id: u32) -> Self {
        let mut replica = Replica::new(client_id, 1);
        let text = replica.root("text", Kind::Text).unwrap();
        Self { replica, text, now: START, timer: None, out: Vec::new(), undo: Vec::new() }
    }

    fn online(client_id: u32) -> Self {
        let mut bench = Self::new(client_id);
        bench.input(Input::Connect);
        bench.input(Input::Opened);
        bench.room(&welcome(EPOCH, 0));
        bench.out.clear();
        bench
    }

    fn input(&mut self, input: Input<'_>) {
        let outputs = self.replica.handle(self.now, input);
        self.take(outputs);
    }

    fn room(&mut self, message: &FromRoom<'_>) {
        self.input(Input::Frame(&encode_from_room(message)));
    }

    fn write(&mut self, string: &str) {
        let text = self.text.clone();
        let (written, outputs) =
            self.replica.edit(self.now, |edit| edit.insert_text(&text, 0, string, None));
        assert_eq!(written, Ok(()));
        self.take(outputs);
    }

    fn take(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::SetTimer(at) => self.timer = Some(at),
                Output::Undo(state) => self.undo.push(state),
                output => self.out.push(output),
            }
        }
    }

    /// Let time pass, with timers on time.
    fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        while let Some(at) = self.timer.filter(|&at| at <= end) {
            self.now = self.now.max(at);
            self.timer = None;
            self.input(Input::Timeout);
        }
        self.now = end;
    }

    /// Let time pass until a socket is asked for; returns how many milliseconds that took.
    fn wait_for_connect(&mut self) -> u64 {
        self.out.clear();
        for ms in 0..40_000 {
            if self.out.contains(&Output::Connect) {
                return ms;
            }
            self.pass(1);
        }
        panic!("no attempt");
    }

    fn sent(&mut self) -> Vec<Vec<u8>> {
        let outputs = core::mem::take(&mut self.out);
        outputs
            .into_iter()
            .filter_map(|output| match output {
                Output::Send(frame) => Some(frame),
                _ => None,
            })
            .collect()
    }

    fn string(&self) -> String {
        self.replica.document().string(&self.text).unwrap()
    }
}

fn message(frame: &[u8]) -> FromClient<'_> {
    decode_from_client(frame).unwrap().unwrap()
}

fn welcome(epoch: u64, sequence: u64) -> FromRoom<'static> {
    FromRoom::Welcome(Welcome {
        protocol: 1,
        epoch,
        sequence,
        frame_bytes_max: 1_024,
        update_bytes_max: 1 << 20,
        window_bytes: 8_000,
    })
}

#[test]
fn o3_nothing_is_said_before_the_welcome() {
    let mut bench = Bench::new(1);
    bench.write("early");
    bench.input(Input::Connect);
    assert_eq!(bench.replica.status(), Status::Connecting);
    bench.input(Input::Opened);
    bench.pass(100);
    let sent = bench.sent();
    assert_eq!(sent.len(), 1);
    let hello = Hello { protocol: PROTOCOL_VERSION, epoch: 0, sequence: 0, trace: None };
    assert_eq!(message(&sent[0]), FromClient::Hello(hello));
    bench.room(&welcome(EPOCH, 0));
    let sent = bench.sent();
    assert!(matches!(message(&sent[0]), FromClient::Update { number: 1, .. }));
    assert_eq!(bench.replica.status(), Status::Live);
}

#[test]
fn o2_a_resume_says_epoch_and_sequence() {
    let mut bench = Bench::online(1);
    let mut other = Bench::new(2);
    other.write("theirs");
    let update = other.replica.document().encode();
    bench.room(&FromRoom::Update { sequence: 41, update: &update });
    assert_eq!(bench.string(), "theirs");
    bench.input(Input::Closed { code: 1006, reason: "" });
    assert_eq!(bench.replica.status(), Status::Offline);
    bench.pass(1_000);
    bench.input(Input::Opened);
    let sent = bench.sent();
    let hello = Hello { protocol: PROTOCOL_VERSION, epoch: EPOCH, sequence: 41, trace: None };
    assert_eq!(message(&sent[0]), FromClient::Hello(hello));
    bench.room(&welcome(EPOCH, 42));
    assert_eq!(bench.replica.status(), Status::Behind);
    bench.room(&FromRoom::SyncStep2 { sequence: 42, update: &update });
    assert_eq!(bench.replica.status(), Status::Live);
}

#[test]
fn o1_a_state_vector_is_answered_with_the_rest_and_covers_the_outbox() {
    let mut bench = Bench::online(1);
    bench.write("one");
    bench.pass(1);
    bench.write("two");
    bench.sent();
    bench.room(&FromRoom::SyncStep1(&[0]));
    let sent = bench.sent();
    let FromClient::SyncStep2 { number: 2, update } = message(&sent[0]) else {
        panic!("{:?}", message(&sent[0]));
    };
    // Behind what it gives: the answer to its own question then counts that (O2).
    assert_eq!(message(&sent[1]), FromClient::SyncStep1(&bench.replica.document().state_vector()));
    let mut room = Bench::new(9);
    room.replica.document.apply(update).unwrap();
    assert_eq!(room.string(), "twoone");
    bench.room(&FromRoom::Ack { number: 2, sequence: 1 });
    assert_eq!(bench.replica.pending(), 0);
    bench.pass(1_000);
    assert!(bench.sent().is_empty());
}

#[test]
fn keystrokes_within_a_frame_go_out_as_one_update() {
    let mut bench = Bench::online(1);
    bench.write("a");
    bench.write("b");
    bench.pass(0);
    assert_eq!(bench.sent().len(), 1);
    for _ in 0..5 {
        bench.pass(2);
        bench.write("c");
    }
    assert!(bench.sent().is_empty());
    bench.pass(16);
    let sent = bench.sent();
    assert_eq!(sent.len(), 1);
    assert!(matches!(message(&sent[0]), FromClient::Update { number: 7, .. }));
}

#[test]
fn d3_what_was_not_acknowledged_is_sent_again_after_every_reconnect() {
    let mut bench = Bench::online(1);
    bench.write("a");
    bench.pass(20);
    bench.write("b");
    bench.pass(20);
    bench.room(&FromRoom::Ack { number: 1, sequence: 1 });
    assert_eq!(bench.replica.pending(), 1);
    for _ in 0..3 {
        bench.input(Input::Closed { code: 1012, reason: "" });
        bench.write("c");
        bench.wait_for_connect();
        bench.input(Input::Opened);
        bench.sent();
        bench.room(&welcome(EPOCH, 1));
        let sent = bench.sent();
        assert_eq!(sent.len(), 1, "one merged update");
        assert!(matches!(message(&sent[0]), FromClient::Update { .. }));
    }
    bench.room(&FromRoom::Ack { number: 5, sequence: 2 });
    assert_eq!(bench.replica.pending(), 0);
    assert!(bench.out.contains(&Output::Saved(Saved { pending: 0, pending_here: 0 })));
}

/// The next resume must ask for what a state vector round was to bring and did not.
#[test]
fn o2_numbers_do_not_count_while_something_before_them_is_on_its_way() {
    let mut bench = Bench::online(1);
    let resume = |bench: &mut Bench| {
        bench.input(Input::Closed { code: 1012, reason: "" });
        bench.wait_for_connect();
        bench.input(Input::Opened);
        let hello = bench.sent();
        bench.room(&welcome(EPOCH, 0));
        match message(hello.last().unwrap()) {
            FromClient::Hello(Hello { sequence, .. }) => sequence,
            other => panic!("{other:?}"),
        }
    };
    bench.room(&FromRoom::Update { sequence: 3, update: &[0, 0] });
    assert_eq!(resume(&mut bench), 3);
    bench.room(&FromRoom::SyncStep1(&[0]));
    bench.room(&FromRoom::Update { sequence: 9, update: &[0, 0] });
    assert_eq!(resume(&mut bench), 3);
    bench.room(&FromRoom::SyncStep1(&[0]));
    bench.room(&FromRoom::SyncStep2 { sequence: 2, update: &[0, 0] });
    assert_eq!(resume(&mut bench), 2, "the room has lost something, and numbers anew");
}

#[test]
fn d3_what_waits_is_sent_before_the_page_cuts_the_connection() {
    let mut bench = Bench::online(1);
    bench.write("a");
    bench.input(Input::Disconnect);
    assert!(matches!(bench.out[1], Output::Send(_)), "{:?}", bench.out);
    assert_eq!(bench.out[2], Output::Disconnect);
    assert_eq!(bench.replica.pending(), 1);
}

#[test]
fn permanent_close_codes_stop_until_the_page_connects_again() {
    let mut bench = Bench::online(1);
    bench.input(Input::Closed { code: 4400, reason: "no" });
    assert_eq!(bench.replica.status(), Status::Closed { code: 4400, reason: "no".into() });
    bench.pass(120_000);
    assert!(!bench.out.contains(&Output::Connect));
    bench.input(Input::Connect);
    assert!(bench.out.contains(&Output::Connect));
}

#[test]
fn failures_back_off_and_a_lasting_connection_starts_over() {
    let mut bench = Bench::new(1);
    bench.input(Input::Connect);
    let mut longest = 0;
    for _ in 0..40 {
        bench.input(Input::Closed { code: 1006, reason: "" });
        longest = longest.max(bench.wait_for_connect());
    }
    assert!((10_000..30_000).contains(&longest), "{longest}");
    bench.input(Input::Opened);
    bench.room(&welcome(EPOCH, 0));
    bench.pass(6_000);
    bench.input(Input::Closed { code: 1012, reason: "" });
    assert!(bench.wait_for_connect() <= 2_000);
}

#[test]
fn c3_a_quiet_connection_is_probed_and_a_dead_one_dropped() {
    let mut bench = Bench::online(1);
    bench.pass(19_000);
    assert!(bench.out.is_empty());
    bench.pass(1_000);
    assert_eq!(bench.out, [Output::SendPing]);
    bench.input(Input::Pong);
    bench.out.clear();
    bench.pass(20_000);
    assert_eq!(bench.out, [Output::SendPing]);
    bench.out.clear();
    bench.pass(9_999);
    assert!(bench.out.is_empty());
    bench.pass(1);
    assert_eq!(bench.out, [Output::Disconnect, Output::Status(Status::Offline)]);
    assert!(bench.timer.is_some());
}

#[test]
fn it_is_known_when_this_copy_was_in_step_and_how_long_the_room_takes() {
    let mut bench = Bench::new(1);
    bench.input(Input::Connect);
    bench.input(Input::Opened);
    assert_eq!((bench.replica.synced_at(), bench.replica.rtt_ms()), (None, None));
    bench.pass(30);
    bench.room(&welcome(EPOCH, 1));
    assert_eq!((bench.replica.synced_at(), bench.replica.rtt_ms()), (None, Some(30)));
    bench.pass(10);
    bench.room(&FromRoom::Update { sequence: 1, update: &[0, 0] });
    assert_eq!(bench.replica.synced_at(), Some(START + 40));
    bench.input(Input::Wake);
    bench.pass(7);
    bench.input(Input::Pong);
    assert_eq!((bench.replica.synced_at(), bench.replica.rtt_ms()), (Some(START + 47), Some(7)));
    bench.input(Input::Closed { code: 1006, reason: "" });
    assert_eq!(bench.replica.synced_at(), Some(START + 47));
}

#[test]
fn a_missing_acknowledgement_counts_as_a_dead_connection() {
    let mut bench = Bench::online(1);
    bench.write("a");
    bench.pass(11_000);
    assert!(bench.out.contains(&Output::Disconnect));
}

#[test]
fn waking_up_tries_at_once_or_probes() {
    let mut bench = Bench::online(1);
    bench.input(Input::Wake);
    assert_eq!(bench.out, [Output::SendPing]);
    bench.input(Input::Closed { code: 1006, reason: "" });
    bench.out.clear();
    bench.input(Input::Wake);
    assert!(bench.out.contains(&Output::Connect));
    bench.input(Input::Disconnect);
    bench.out.clear();
    bench.input(Input::Wake);
    assert!(bench.out.is_empty());
}
