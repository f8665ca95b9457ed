//! Where WebSockets are blocked: the way to the room, and going on from one answer to the next.

use super::*;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const CUT: Input<'_> = Input::Closed { code: 1006, reason: "" };

impl Bench {
    /// Over an answer that is read while it comes, since no WebSocket opened.
    fn without_sockets() -> Self {
        let mut bench = Self::new(1);
        bench.input(Input::Connect);
        bench.out.clear();
        bench.input(CUT);
        assert_eq!(
            (bench.out.as_slice(), bench.replica.way()),
            (&[Output::Connect][..], Way::Stream)
        );
        bench.input(Input::Opened);
        bench.room(&welcome(EPOCH, 0));
        bench
    }

    fn status(&self) -> (Status, Option<Transport>) {
        (self.replica.status(), self.replica.transport())
    }

    fn says(&mut self) -> Vec<String> {
        self.sent().iter().map(|frame| format!("{:?}", message(frame))).collect()
    }
}

#[test]
fn a_websocket_that_does_not_open_is_followed_by_requests_at_once() {
    let mut bench = Bench::new(1);
    bench.input(Input::Connect);
    assert_eq!((bench.replica.way(), bench.status()), (Way::Socket, (Status::Connecting, None)));
    bench = Bench::without_sockets();
    assert_eq!(bench.status(), (Status::Live, Some(Transport::Http)));
    assert!(bench.out.contains(&Output::Status(Status::Live)));
    let mut online = Bench::online(2);
    assert_eq!(online.status(), (Status::Live, Some(Transport::WebSocket)));
    online.input(CUT);
    assert_eq!(online.status(), (Status::Offline, None));
}

#[test]
fn one_that_hangs_is_given_up_within_seconds() {
    let mut bench = Bench::new(1);
    bench.input(Input::Connect);
    bench.out.clear();
    bench.pass(4_999);
    assert_eq!(bench.out, []);
    bench.pass(1);
    assert_eq!(bench.out, [Output::Disconnect, Output::Connect]);
    assert_eq!(bench.replica.way(), Way::Stream);
    // The answer is held back by a proxy: it has to end to be read.
    bench.input(Input::Opened);
    bench.out.clear();
    bench.pass(5_000);
    assert_eq!(bench.out, [Output::Disconnect, Output::Connect]);
    assert_eq!(bench.replica.way(), Way::Brief { hold_s: 0 });
}

#[test]
fn a_server_that_is_away_is_not_taken_for_a_blocked_websocket() {
    let mut bench = Bench::new(1);
    bench.input(Input::Connect);
    bench.input(CUT);
    bench.out.clear();
    bench.input(CUT);
    assert_eq!(bench.status(), (Status::Offline, None));
    assert!(!bench.out.contains(&Output::Connect));
    bench.wait_for_connect();
    assert_eq!(bench.replica.way(), Way::Socket);
    bench.input(Input::Opened);
    bench.room(&welcome(EPOCH, 0));
    assert_eq!(bench.status(), (Status::Live, Some(Transport::WebSocket)));
}

#[test]
fn who_is_refused_is_not_let_in_another_way() {
    for code in [4403, 1013] {
        let mut bench = Bench::new(1);
        bench.input(Input::Connect);
        bench.input(Input::Opened);
        bench.out.clear();
        bench.input(Input::Closed { code, reason: "no" });
        assert!(!bench.out.contains(&Output::Connect), "{code}");
    }
    let mut bench = Bench::new(1);
    bench.input(Input::Connect);
    bench.input(CUT);
    bench.input(Input::Opened);
    bench.input(Input::Closed { code: 4403, reason: "no" });
    assert_eq!(bench.replica.status(), Status::Closed { code: 4403, reason: "no".into() });
}

#[test]
fn what_worked_is_tried_first_and_a_websocket_beside_it_ever_less() {
    let mut bench = Bench::without_sockets();
    let mut tries = Vec::new();
    for second in 1..=100 {
        bench.out.clear();
        bench.pass(1_000);
        bench.input(Input::Alive);
        if bench.out.contains(&Output::TrySocket) {
            tries.push(second);
        }
    }
    assert_eq!(tries, [10, 30, 70]);
    bench.input(CUT);
    bench.wait_for_connect();
    assert_eq!(bench.replica.way(), Way::Stream);
    // It fails as well: the network is another one, or there is none.
    bench.input(CUT);
    bench.wait_for_connect();
    assert_eq!(bench.replica.way(), Way::Socket);
}

#[test]
fn a_websocket_that_opens_again_is_gone_back_to() {
    let mut bench = Bench::without_sockets();
    bench.out.clear();
    bench.input(Input::Wake);
    bench.pass(0);
    assert!(bench.out.contains(&Output::TrySocket), "the network may be another one");
    bench.out.clear();
    bench.input(Input::SocketOpens);
    assert_eq!(bench.out[..2], [Output::Disconnect, Output::Connect]);
    assert_eq!(bench.replica.way(), Way::Socket);
    bench.input(Input::Opened);
    bench.room(&welcome(EPOCH, 0));
    assert_eq!(bench.status(), (Status::Live, Some(Transport::WebSocket)));
    bench.out.clear();
    bench.input(Input::SocketOpens);
    assert_eq!(bench.out, []);
}

#[test]
fn o2_d3_the_next_answer_begins_by_sequence_number_and_with_what_is_not_acknowledged() {
    let mut bench = Bench::without_sockets();
    let outputs = bench.replica.present(bench.now, Some("{}")).unwrap();
    bench.take(outputs);
    bench.write("a");
    bench.pass(60);
    bench.room(&FromRoom::Ack { number: 1, sequence: 4 });
    bench.write("b");
    bench.pass(5_000);
    bench.out.clear();
    bench.input(Input::Over);
    assert_eq!(bench.out[0], Output::Renew);
    assert_eq!(bench.status(), (Status::Live, Some(Transport::Http)), "nobody notices");
    let said = bench.says();
    assert!(said[0].contains("Hello") && said[0].contains("epoch: 7, sequence: 4"), "{said:?}");
    assert!(said[1].starts_with("Update { number: 2"), "{said:?}");
    assert!(said.iter().any(|it| it.starts_with("Awareness")), "{said:?}");
    // The welcome says nothing new.
    bench.room(&welcome(EPOCH, 4));
    assert_eq!(bench.says(), [""; 0]);
    bench.write("c");
    bench.pass(60);
    assert!(bench.says()[0].starts_with("Update { number: 3"));
}

#[test]
fn o3_another_history_is_found_between_two_answers() {
    let mut bench = Bench::without_sockets();
    bench.write("a");
    bench.pass(5_000);
    bench.input(Input::Over);
    bench.out.clear();
    bench.room(&welcome(EPOCH + 1, 0));
    assert!(bench.out.iter().any(|it| matches!(it, Output::SetAside(_))), "{:?}", bench.out);
}

#[test]
fn who_went_unheard_between_two_answers_is_gone() {
    let mut bench = Bench::without_sockets();
    let entry = |client, clock| Entry { client, clock, state: "{}" };
    let all = awareness::encode([entry(5, 1), entry(6, 1)].into_iter());
    bench.room(&FromRoom::Awareness(&all));
    bench.room(&FromRoom::Awareness(&awareness::EMPTY));
    bench.pass(5_000);
    bench.input(Input::Over);
    bench.room(&welcome(EPOCH, 0));
    assert_eq!(bench.replica.peers().count(), 2);
    let one = awareness::encode([entry(6, 2)].into_iter());
    bench.room(&FromRoom::Awareness(&one));
    bench.out.clear();
    bench.room(&FromRoom::Awareness(&awareness::EMPTY));
    assert_eq!(bench.replica.peers().collect::<Vec<_>>(), [(6, "{}")]);
    let gone = PeersChanged { removed: vec![5], ..PeersChanged::default() };
    assert_eq!(bench.out, [Output::Peers(gone)]);
}

#[test]
fn answers_that_end_as_they_begin_do_not_go_round_for_ever() {
    let mut bench = Bench::without_sockets();
    bench.out.clear();
    bench.input(Input::Over);
    assert!(!bench.out.contains(&Output::Renew));
    assert_eq!(bench.status(), (Status::Offline, None));

    let mut bench = Bench::new(1);
    bench.input(Input::Connect);
    bench.pass(5_000);
    bench.input(Input::Opened);
    bench.pass(5_000);
    bench.input(Input::Opened);
    bench.room(&welcome(EPOCH, 0));
    bench.out.clear();
    bench.input(Input::Over);
    assert_eq!(bench.out[0], Output::Renew);
    assert_eq!(bench.replica.way(), Way::Brief { hold_s: 20 });
    // No room said anything.
    bench.out.clear();
    bench.input(Input::Over);
    assert_eq!(bench.status(), (Status::Offline, None));
}
