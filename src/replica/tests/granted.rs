//! What a replica may do, and its token.

use super::*;
use crate::protocol::{Denial, FromRoom, Granted};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn granted(role: &str, may_write: bool, left_ms: Option<u64>) -> FromRoom<'_> {
    FromRoom::Access(Granted { role, may_write, may_present: true, left_ms })
}

fn asked_for_token(bench: &mut Bench) -> bool {
    std::mem::take(&mut bench.out).contains(&Output::RenewToken)
}

#[test]
fn s3_the_page_is_told_what_it_may_do_when_that_changes() {
    let mut bench = Bench::online(1);
    assert!(bench.replica.may_write() && bench.replica.grant().is_none());
    for (role, may_write) in [("editor", true), ("reader", false)] {
        bench.out.clear();
        bench.room(&granted(role, may_write, None));
        let grant = Grant { role: role.to_owned(), may_write, may_present: true };
        assert_eq!(bench.out, [Output::Access(grant)]);
        assert_eq!(bench.replica.may_write(), may_write);
        bench.out.clear();
        bench.room(&granted(role, may_write, None));
        assert_eq!(bench.out, []);
    }
}

#[test]
fn s3_a_token_is_renewed_before_it_ends_and_again_until_the_room_takes_it() {
    let mut bench = Bench::online(1);
    bench.replica.set_renews();
    bench.room(&granted("editor", true, Some(16_000)));
    bench.pass(11_990);
    assert!(!asked_for_token(&mut bench));
    bench.pass(20);
    assert!(asked_for_token(&mut bench));
    // The page's function failed.
    bench.pass(10_010);
    assert!(asked_for_token(&mut bench));
    bench.input(Input::Token("a.b.c"));
    assert_eq!(message(&bench.sent()[0]), FromClient::Auth { token: "a.b.c" });
    bench.room(&granted("editor", true, Some(600_000)));
    bench.pass(15_000);
    assert!(!asked_for_token(&mut bench));
}

#[test]
fn a_token_that_cannot_be_renewed_is_not_asked_for() {
    let mut bench = Bench::online(1);
    bench.room(&granted("editor", true, Some(8_000)));
    bench.pass(30_000);
    assert!(!asked_for_token(&mut bench));
}

/// D3: what may not be written any more is in a copy that the page is given.
#[test]
fn d3_edits_that_may_not_be_made_are_given_back() {
    let mut bench = Bench::online(1);
    bench.write("mine");
    bench.out.clear();
    bench.room(&granted("reader", false, None));
    let aside = bench.out.iter().find_map(|output| match output {
        Output::SetAside(aside) => Some(aside),
        _ => None,
    });
    let aside = aside.expect("the copy is given back");
    assert_eq!((aside.why, aside.pending), (Close::NotAllowed, 1));
    assert!(bench.out.contains(&Output::Disconnect));
    assert_eq!((bench.string(), bench.replica.pending()), (String::new(), 0));
    bench.wait_for_connect();
}

/// D3: as is what the room denies for another reason.
#[test]
fn d3_edits_that_are_denied_are_given_back() {
    for denial in [Denial::Author, Denial::Rules] {
        let mut bench = Bench::online(1);
        bench.write("mine");
        bench.pass(100);
        bench.out.clear();
        bench.room(&FromRoom::Denied { number: 1, denial });
        assert!(bench.out.iter().any(|output| matches!(output, Output::SetAside(_))));
        assert_ne!(bench.replica.document().client_id(), 1);
        bench.wait_for_connect();
    }
}

/// V1: what the room lost, asked for and does not take is not shown as if everybody had it.
#[test]
fn v1_a_copy_that_the_room_will_not_have_back_is_put_aside() {
    let mut bench = Bench::online(1);
    bench.write("mine");
    bench.pass(100);
    bench.room(&FromRoom::Ack { number: 1, sequence: 1 });
    bench.room(&granted("reader", false, None));
    bench.room(&FromRoom::SyncStep1(&[0]));
    bench.out.clear();
    bench.room(&FromRoom::Denied { number: 0, denial: Denial::Role });
    assert!(bench.out.iter().any(|output| matches!(output, Output::SetAside(_))));
    bench.wait_for_connect();
}

#[test]
fn what_is_saved_is_not_given_back() {
    let mut bench = Bench::online(1);
    bench.write("mine");
    bench.pass(100);
    bench.room(&FromRoom::Ack { number: 1, sequence: 1 });
    bench.out.clear();
    bench.room(&granted("reader", false, None));
    assert!(!bench.out.iter().any(|output| matches!(output, Output::SetAside(_))));
    assert_eq!(bench.string(), "mine");
}

#[test]
fn s3_a_refused_token_is_tried_again_with_a_new_one_a_few_times() {
    for close in [Close::Unauthorized, Close::Expired] {
        let (code, reason) = (close.code(), close.reason());
        let refused = Status::Closed { code, reason: reason.to_owned() };
        let mut fixed = Bench::online(1);
        fixed.input(Input::Closed { code, reason });
        assert_eq!(fixed.replica.status(), refused);

        let mut bench = Bench::online(1);
        bench.replica.set_renews();
        for _ in 0..3 {
            bench.input(Input::Closed { code, reason });
            bench.wait_for_connect();
        }
        bench.input(Input::Closed { code, reason });
        assert_eq!(bench.replica.status(), refused);
        // The page can try again, and a welcome counts.
        bench.input(Input::Connect);
        bench.input(Input::Opened);
        bench.room(&welcome(EPOCH, 0));
        bench.input(Input::Closed { code, reason });
        bench.wait_for_connect();
    }
}
