//! Changes that lose before they are acknowledged.

use super::super::*;
use super::{Bench, EPOCH, message, welcome};
use crate::document::{Conflict, Json, Lost, PathSegment, Value};
use crate::protocol::FromRoom;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn json(string: &str) -> Json {
    Json::String(string.into())
}

/// Sets keys of the map `name`, as a client that nobody told anything.
fn theirs(client: u64, name: &str, key: &str, value: &str) -> Vec<u8> {
    let mut other = Document::new(client);
    let map = other.root(name, Kind::Map).unwrap();
    other.edit(|edit| edit.set_key(&map, key, &json(value))).1.unwrap()
}

impl Bench {
    fn set(&mut self, key: &str, value: &str) {
        let map = self.replica.root("map", Kind::Map).unwrap();
        let (set, outputs) =
            self.replica.edit(self.now, |edit| edit.set_key(&map, key, &json(value)));
        assert_eq!(set, Ok(()));
        self.take(outputs);
    }

    fn value(&mut self, key: &str) -> Option<Value> {
        let map = self.replica.root("map", Kind::Map).unwrap();
        self.replica.document().key(&map, key).unwrap()
    }

    fn conflicts(&mut self) -> Vec<Conflicted> {
        let outputs = core::mem::take(&mut self.out).into_iter();
        let conflicts = outputs.filter_map(|output| match output {
            Output::Conflict(conflict) => Some(*conflict),
            _ => None,
        });
        conflicts.collect()
    }

    fn hears(&mut self, sequence: u64, update: &[u8]) {
        self.room(&FromRoom::Update { sequence, update });
    }
}

fn value(string: &str) -> Option<Value> {
    Some(Value::Json(json(string)))
}

#[test]
fn the_page_is_told_once_and_can_write_it_again() {
    let mut bench = Bench::online(1);
    bench.set("title", "mine");
    bench.set("quiet", "mine");
    let update = theirs(2, "map", "title", "theirs");
    bench.input(Input::Closed { code: 1006, reason: "" });
    bench.wait_for_connect();
    bench.input(Input::Opened);
    bench.room(&welcome(EPOCH, 2));
    bench.hears(1, &update);
    bench.hears(2, &update);
    bench.room(&FromRoom::SyncStep2 { sequence: 2, update: &update });
    let told = bench.conflicts();
    let [Conflicted { conflict, policy: Policy::Notify, kept: None }] = &told[..] else {
        panic!("{told:?}")
    };
    let path = ["map", "title"].map(|key| PathSegment::Key(key.into()));
    assert_eq!((&conflict.path[..], &conflict.lost), (&path[..], &Lost::Key));
    let Conflict { ours, theirs, by, .. } = conflict;
    assert_eq!((ours, theirs, *by), (&json("mine"), &json("theirs"), Some(2)));
    assert_eq!(bench.value("title"), value("theirs"));
    let pending = bench.replica.pending();
    let (restored, outputs) = bench.replica.restore(bench.now, conflict);
    bench.take(outputs);
    assert_eq!((restored, bench.value("title")), (Ok(true), value("mine")));
    assert_eq!(bench.replica.pending(), pending + 1);
    let (undone, _) = bench.replica.undo(bench.now, false);
    assert_eq!((undone, bench.value("title")), (Ok(true), value("theirs")));
}

#[test]
fn what_is_acknowledged_is_no_conflict() {
    let mut bench = Bench::online(1);
    bench.set("a", "mine");
    bench.pass(20);
    bench.set("b", "mine");
    bench.room(&FromRoom::Ack { number: 1, sequence: 1 });
    for (at, key) in [(2, "a"), (3, "b")] {
        bench.hears(at, &theirs(at, "map", key, "theirs"));
    }
    let told: Vec<_> = bench.conflicts().into_iter().map(|it| it.conflict.path).collect();
    assert_eq!(told, [["map", "b"].map(|key| PathSegment::Key(key.into()))]);
}

#[test]
fn the_policy_of_a_path_says_what_becomes_of_it() {
    let mut bench = Bench::online(1);
    let rules = [("map/quiet", Policy::Quiet), ("*/both", Policy::KeepBoth)];
    bench.replica.set_policies(rules.into_iter());
    bench.set("both (conflict 1)", "taken");
    bench.room(&FromRoom::Ack { number: 1, sequence: 1 });
    for (client, key) in [(10, "quiet"), (11, "both"), (12, "other")] {
        bench.set(key, "mine");
        bench.hears(2, &theirs(client, "map", key, "theirs"));
        bench.hears(3, &theirs(client + 10, "elsewhere", key, "theirs"));
    }
    let told = bench.conflicts();
    let told: Vec<_> = told.into_iter().map(|it| (it.policy, it.kept)).collect();
    let kept = Some("both (conflict 2)".to_owned());
    assert_eq!(told, [(Policy::KeepBoth, kept), (Policy::Notify, None)]);
    assert_eq!(bench.value("both"), value("theirs"));
    assert_eq!(bench.value("both (conflict 2)"), value("mine"));
    // Somebody else kept theirs under the same key.
    bench.hears(4, &theirs(40, "map", "both (conflict 2)", "theirs too"));
    let told = bench.conflicts();
    assert_eq!(told[0].kept.as_deref(), Some("both (conflict 3)"));
    assert_eq!(bench.value("both (conflict 2)"), value("theirs too"));
    assert_eq!(bench.value("both (conflict 3)"), value("mine"));
}

#[test]
fn s6_the_room_is_told_what_lost_if_it_asks() {
    for (schema, expected) in [
        (r#"{ "roots": {}, "otherRoots": "allow", "conflicts": "log" }"#, 1),
        (r#"{ "roots": {}, "otherRoots": "allow" }"#, 0),
    ] {
        let mut bench = Bench::online(1);
        bench.room(&FromRoom::Schema(schema));
        bench.set("a/b", "mine");
        bench.out.clear();
        bench.hears(1, &theirs(2, "map", "a/b", "theirs"));
        let sent = bench.sent();
        let told: Vec<_> = sent.iter().map(|frame| message(frame)).collect();
        let conflict = FromClient::Conflict { by: Some(2), path: "map/a~1b" };
        assert_eq!(told.iter().filter(|it| **it == conflict).count(), expected, "{told:?}");
    }
}

/// D3: whatever was written before the page was loaded again, and nobody acknowledged.
#[test]
fn what_was_written_before_a_reload_may_lose_as_well() {
    let mut records = Vec::new();
    let mut before = Bench::reading(1);
    before.input(Input::Restored(&[]));
    before.set("title", "first");
    before.set("title", "mine");
    before.set("other", "mine");
    before.keep(&mut records);
    let mut bench = Bench::reading(7);
    bench.input(Input::Restored(&records));
    bench.hello();
    bench.room(&welcome(EPOCH, 1));
    bench.hears(1, &theirs(9, "map", "title", "theirs"));
    let told = bench.conflicts();
    let [Conflicted { conflict, .. }] = &told[..] else { panic!("{told:?}") };
    assert_eq!((&conflict.ours, &conflict.theirs), (&json("mine"), &json("theirs")));
    assert_eq!(bench.value("title"), value("theirs"));
    let (restored, outputs) = bench.replica.restore(bench.now, conflict);
    bench.take(outputs);
    assert_eq!((restored, bench.value("title")), (Ok(true), value("mine")));
    // What the room has acknowledged cannot lose any more.
    bench.room(&FromRoom::Ack { number: 3, sequence: 2 });
    bench.hears(3, &theirs(9, "map", "other", "theirs"));
    assert_eq!(bench.conflicts(), []);
}
