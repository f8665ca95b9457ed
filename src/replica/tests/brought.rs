//! Updates that the page brings, and those that it is told.

use super::super::*;
use super::{Bench, EPOCH, START, message, welcome};
use crate::document::BringError;
use crate::protocol::{FromRoom, Granted};
use crate::update;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A document that the page keeps beside the replica, as stock Yjs does.
struct Page {
    document: Document,
    text: Shared,
}

impl Page {
    fn new() -> Self {
        let mut document = Document::new(77);
        let text = document.root("text", Kind::Text).unwrap();
        Self { document, text }
    }

    fn write(&mut self, at: u32, string: &str) -> Vec<u8> {
        let text = &self.text;
        let (done, update) = self.document.edit(|edit| edit.insert_text(text, at, string, None));
        done.unwrap();
        update.unwrap()
    }

    fn delete(&mut self, at: u32, len: u32) -> Vec<u8> {
        let text = &self.text;
        let (done, update) = self.document.edit(|edit| edit.delete_text(text, at, len));
        done.unwrap();
        update.unwrap()
    }

    fn string(&self) -> String {
        self.document.string(&self.text).unwrap()
    }
}

impl Bench {
    fn bring(&mut self, update: &[u8]) -> Result<(), BringError> {
        let (returned, outputs) = self.replica.bring(self.now, update);
        self.take(outputs);
        returned
    }

    fn granted(&mut self, may_write: bool) {
        let role = if may_write { "editor" } else { "reader" };
        let granted = Granted { role, may_write, may_present: true, left_ms: None };
        self.room(&FromRoom::Access(granted));
    }

    fn told(&mut self) -> Vec<(Vec<u8>, bool)> {
        let told = |output| match output {
            Output::Updated { update, local } => Some((update, local)),
            _ => None,
        };
        std::mem::take(&mut self.out).into_iter().filter_map(told).collect()
    }

    /// The updates that were sent, with their numbers.
    fn updates(&mut self) -> Vec<(u64, Vec<u8>)> {
        let sent = self.sent();
        let update = |frame: &Vec<u8>| match message(frame) {
            FromClient::Update { number, update } => Some((number, update.to_vec())),
            _ => None,
        };
        sent.iter().filter_map(update).collect()
    }
}

#[test]
fn d3_what_the_page_brings_is_an_edit_like_any_other() {
    let (mut bench, mut page) = (Bench::online(1), Page::new());
    let text = bench.text.clone();
    bench.replica.watch(&text, false).unwrap();
    let first = page.write(0, "brought");
    assert_eq!(bench.bring(&first), Ok(()));
    assert_eq!((bench.string().as_str(), bench.replica.pending()), ("brought", 1));
    let is_local = |output: &Output| match output {
        Output::Changed(events) => events.iter().all(|event| event.local),
        _ => false,
    };
    assert!(bench.out.iter().any(is_local), "{:?}", bench.out);
    bench.pass(20);
    assert_eq!(bench.updates(), [(1, first.clone())]);

    // Until it is acknowledged it is sent again.
    bench.input(Input::Closed { code: 1006, reason: "" });
    assert_eq!(bench.bring(&page.delete(0, 1)), Ok(()));
    bench.wait_for_connect();
    bench.input(Input::Opened);
    bench.room(&welcome(EPOCH, 0));
    bench.pass(20);
    let sent = bench.updates();
    assert_eq!(sent.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [2]);
    let mut room = Page::new();
    room.document.apply(&sent[0].1).unwrap();
    assert_eq!(room.string(), "rought");
    bench.room(&FromRoom::Ack { number: 2, sequence: 1 });
    assert_eq!(bench.replica.pending(), 0);
}

#[test]
fn what_is_here_already_is_no_edit() {
    let (mut bench, mut page) = (Bench::online(1), Page::new());
    page.write(0, "twice");
    page.delete(0, 1);
    assert_eq!(bench.bring(&page.document.encode()), Ok(()));
    bench.pass(20);
    bench.room(&FromRoom::Ack { number: 1, sequence: 1 });
    bench.out.clear();
    // A stock document says all that it deleted each time.
    assert_eq!(bench.bring(&page.document.encode()), Ok(()));
    assert_eq!(bench.bring(&update::EMPTY), Ok(()));
    bench.pass(100);
    assert_eq!((bench.replica.pending(), bench.updates()), (0, vec![]));

    // Of what is new only that goes out.
    page.delete(0, 1);
    let new = page.write(3, "!");
    let both = page.document.encode();
    assert_eq!(bench.bring(&both), Ok(()));
    bench.pass(20);
    let sent = bench.updates();
    let expected = update::merge(&[&new, &[0, 1, 77, 1, 1, 1]]).unwrap();
    assert_eq!(sent, [(2, expected)]);
    assert_eq!(bench.string(), page.string());
}

#[test]
fn o1_what_refers_to_something_that_is_not_here_is_not_taken() {
    let (mut bench, mut page) = (Bench::online(1), Page::new());
    let first = page.write(0, "first");
    let second = page.write(5, " second");
    let deletion = page.delete(0, 1);
    bench.replica.tell_updates(true);
    for update in [&second, &deletion, &update::merge(&[&second, &deletion]).unwrap()] {
        assert_eq!(bench.bring(update), Err(BringError::Missing));
    }
    assert_eq!((bench.string().as_str(), bench.replica.pending()), ("", 0));
    assert_eq!(bench.told(), []);
    for update in [first, second, deletion] {
        assert_eq!(bench.bring(&update), Ok(()));
    }
    assert_eq!(bench.string(), page.string());
}

#[test]
fn s1_what_is_no_update_changes_nothing() {
    let mut bench = Bench::online(1);
    bench.write("mine");
    bench.pass(20);
    bench.out.clear();
    // An XmlHook, at the root "text".
    let hook = [1, 1, 9, 0, 7, 1, 4, b't', b'e', b'x', b't', 5, 1, b'h', 0];
    let cases: [(&[u8], _); 4] = [
        (&[], BringError::Malformed),
        (&[9, 9], BringError::Malformed),
        (&[0, 0, 0], BringError::Malformed),
        (&hook, BringError::Unreadable),
    ];
    for (bytes, error) in cases {
        assert_eq!(bench.bring(bytes), Err(error), "{bytes:?}");
    }
    assert_eq!(bench.out, []);
    assert_eq!((bench.string().as_str(), bench.replica.status()), ("mine", Status::Live));
}

#[test]
fn s3_a_reader_brings_nothing_new() {
    let (mut bench, mut page) = (Bench::online(1), Page::new());
    page.write(0, "shared");
    page.delete(0, 1);
    let all = page.document.encode();
    bench.room(&FromRoom::Update { sequence: 1, update: &all });
    bench.granted(false);
    assert_eq!(bench.bring(&all), Ok(()), "it is all here");
    assert_eq!(bench.bring(&page.delete(0, 1)), Err(BringError::NotAllowed));
    let written = page.write(0, "x");
    assert_eq!(bench.bring(&written), Err(BringError::NotAllowed));
    assert_eq!((bench.string().as_str(), bench.replica.pending()), ("hared", 0));
    bench.granted(true);
    assert_eq!(bench.bring(&page.document.encode()), Ok(()));
    assert_eq!(bench.string(), page.string());
}

#[test]
fn every_update_that_is_taken_in_is_told_to_who_asks() {
    let (mut bench, mut page, mut other) = (Bench::online(1), Page::new(), Bench::new(2));
    other.write("theirs ");
    let theirs = other.replica.document().encode();
    bench.write("untold ");
    assert_eq!(bench.told(), []);
    page.document.apply(&bench.replica.document().encode()).unwrap();

    bench.replica.tell_updates(true);
    bench.write("mine ");
    let brought = page.write(0, "brought ");
    assert_eq!(bench.bring(&brought), Ok(()));
    bench.room(&FromRoom::Update { sequence: 1, update: &theirs });
    bench.room(&FromRoom::Update { sequence: 2, update: &theirs });
    let told = bench.told();
    let local: Vec<_> = told.iter().map(|(_, local)| *local).collect();
    assert_eq!(local, [true, true, false], "what is known is no news");
    for (update, _) in told {
        page.document.apply(&update).unwrap();
    }
    assert_eq!(page.string(), bench.string());

    bench.replica.tell_updates(false);
    bench.write("untold ");
    assert_eq!(bench.told(), []);
    assert_eq!(bench.now, START);
}
