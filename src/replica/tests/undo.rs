//! Undo goes the way of every edit.

use super::super::*;
use super::{Bench, EPOCH, message, welcome};
use crate::document::{Forbidden, Json};
use crate::protocol::{FromRoom, Granted, Rejection, Rejections};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

impl Bench {
    fn undo(&mut self, redo: bool) -> Result<bool, EditError> {
        let (undone, outputs) = self.replica.undo(self.now, redo);
        self.take(outputs);
        undone
    }

    /// What the page was told of what can be undone, and of what was.
    fn told_undo(&mut self) -> (Vec<(bool, bool)>, Vec<Undone>) {
        let states = core::mem::take(&mut self.undo).into_iter();
        let undone = core::mem::take(&mut self.out).into_iter().filter_map(|output| match output {
            Output::Undone(it) => Some(it),
            _ => None,
        });
        (states.map(|it| (it.can_undo, it.can_redo)).collect(), undone.collect())
    }

    fn update(&mut self) -> (u64, Vec<u8>) {
        self.pass(20);
        let sent = self.sent();
        let update = sent.iter().rev().find_map(|frame| match message(frame) {
            FromClient::Update { number, update } => Some((number, update.to_vec())),
            _ => None,
        });
        update.expect("an update")
    }
}

fn meta(string: &str) -> Json {
    Json::String(string.into())
}

#[test]
fn d3_undo_is_sent_until_it_is_acknowledged() {
    let mut bench = Bench::online(1);
    bench.write("words");
    let (number, written) = bench.update();
    bench.room(&FromRoom::Ack { number, sequence: 1 });
    assert_eq!((bench.undo(false), bench.replica.pending()), (Ok(true), 1));
    let (number, update) = bench.update();
    let mut other = Bench::new(2);
    for update in [&written, &update] {
        other.replica.document.apply(update).unwrap();
    }
    assert_eq!(other.string(), "");
    bench.input(Input::Closed { code: 1006, reason: "" });
    bench.wait_for_connect();
    bench.input(Input::Opened);
    bench.room(&welcome(EPOCH, 1));
    assert_eq!(bench.update(), (number, update), "it is sent again");
    bench.room(&FromRoom::Ack { number, sequence: 2 });
    assert_eq!(bench.replica.pending(), 0);
    assert_eq!((bench.undo(true), bench.string()), (Ok(true), "words".into()));
}

#[test]
fn the_page_is_told_what_can_be_undone_and_what_was() {
    let mut bench = Bench::online(1);
    bench.replica.set_step_meta(meta("before"));
    bench.write("a");
    bench.write("b");
    assert_eq!(bench.told_undo().0, [(true, false)]);
    bench.replica.set_step_meta(meta("after"));
    assert_eq!(bench.undo(false), Ok(true));
    let undone = |redo, string| vec![Undone { redo, meta: meta(string) }];
    assert_eq!(bench.told_undo(), (vec![(false, true)], undone(false, "before")));
    assert_eq!(bench.undo(true), Ok(true));
    assert_eq!(bench.told_undo(), (vec![(true, false)], undone(true, "after")));
    bench.undo(false).unwrap();
    bench.told_undo();
    assert_eq!((bench.undo(false), bench.told_undo()), (Ok(false), (vec![], vec![])));

    bench.replica.record(None);
    bench.write("c");
    assert_eq!(bench.undo(false), Ok(false));
}

#[test]
fn s4_what_the_rules_forbid_is_not_undone() {
    let mut bench = Bench::online(1);
    bench.write("words");
    let schema = r#"{ "roots": { "text": { "type": "text", "delete": ["owner"] } } }"#;
    bench.room(&FromRoom::Schema(schema));
    let granted = Granted { role: "editor", may_write: true, may_present: true, left_ms: None };
    bench.room(&FromRoom::Access(granted));
    let forbidden = Forbidden { path: "text".into(), rule: "delete" };
    for _ in 0..2 {
        assert_eq!(bench.undo(false), Err(EditError::Forbidden(forbidden.clone().into())));
    }
    assert_eq!((bench.string().as_str(), bench.replica.pending()), ("words", 1));
    bench.room(&FromRoom::Access(Granted { role: "owner", ..granted }));
    assert_eq!((bench.undo(false), bench.string()), (Ok(true), String::new()));
}

#[test]
fn nothing_is_undone_of_what_the_room_has_undone_or_of_another_copy() {
    let mut bench = Bench::online(1);
    bench.write("words");
    let rejection = Rejection { path: "text".into(), rule: "delete".into(), id: None };
    let rejections = Rejections { all: vec![rejection], number: 0 };
    bench.room(&FromRoom::Rejected(&rejections.encode()));
    assert_eq!(
        (bench.told_undo().0, bench.undo(false)),
        (vec![(true, false), (false, false)], Ok(false))
    );
    bench.write("more ");
    bench.input(Input::Closed { code: 4409, reason: "" });
    assert_eq!((bench.string(), bench.undo(false)), (String::new(), Ok(false)));
    assert_eq!(bench.told_undo().0, [(true, false), (false, false)]);
}
