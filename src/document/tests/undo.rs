//! Undo and redo: alone every step exactly, among others nothing but one's own.

use super::*;
use crate::time::Millis;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod alone;
mod among;
mod reload;

/// A document with some of everything, whose edits are recorded.
pub(super) struct Desk {
    pub(super) document: Document,
    pub(super) text: Shared,
    pub(super) list: Shared,
    pub(super) map: Shared,
    page: Shared,
    pub(super) sent: Vec<Vec<u8>>,
    now: Millis,
    /// How many characters were written.
    written: usize,
}

#[derive(Debug, PartialEq)]
pub(super) struct Shown {
    text: Vec<Delta>,
    list: Json,
    map: Json,
    page: String,
}

impl Desk {
    pub(super) fn new(client_id: u64) -> Self {
        let mut document = Document::new(client_id);
        document.record(UndoOptions::default());
        Self::of(document)
    }

    pub(super) fn of(mut document: Document) -> Self {
        let text = document.root("text", Kind::Text).unwrap();
        let list = document.root("list", Kind::Array).unwrap();
        let map = document.root("map", Kind::Map).unwrap();
        let page = document.root("page", Kind::XmlFragment).unwrap();
        Self { document, text, list, map, page, sent: Vec::new(), now: Millis(1_000), written: 0 }
    }

    /// An edit as a step of its own.
    pub(super) fn step<R>(&mut self, change: impl FnOnce(&mut Edit<'_>) -> R) -> R {
        self.now = self.now + 1_000;
        self.more(change)
    }

    /// An edit that belongs to the same step.
    pub(super) fn more<R>(&mut self, change: impl FnOnce(&mut Edit<'_>) -> R) -> R {
        self.document.edits_at(self.now);
        let (returned, update) = self.document.edit(change);
        self.sent.extend(update);
        returned
    }

    pub(super) fn write(&mut self, index: u32, string: &str) {
        let text = self.text.clone();
        self.written += string.len();
        self.step(|edit| edit.insert_text(&text, index, string, None)).unwrap();
    }

    pub(super) fn delete(&mut self, index: u32, len: u32) {
        let text = self.text.clone();
        self.step(|edit| edit.delete_text(&text, index, len)).unwrap();
    }

    pub(super) fn set(&mut self, key: &str, value: &str) {
        let map = self.map.clone();
        self.step(|edit| edit.set_key(&map, key, &Json::String(value.into()))).unwrap();
    }

    pub(super) fn undo(&mut self) -> bool {
        self.back(false)
    }

    pub(super) fn redo(&mut self) -> bool {
        self.back(true)
    }

    pub(super) fn back(&mut self, redo: bool) -> bool {
        let (undone, update) = self.document.undo(None, redo);
        self.sent.extend(update);
        undone.unwrap().is_some()
    }

    pub(super) fn string(&self) -> String {
        self.document.string(&self.text).unwrap()
    }

    pub(super) fn value(&self, key: &str) -> Option<Json> {
        match self.document.key(&self.map, key).unwrap()? {
            Value::Json(json) => Some(json),
            Value::Shared(shared) => self.document.json(&shared).ok(),
            Value::Opaque => None,
        }
    }

    pub(super) fn shown(&self) -> Shown {
        Shown {
            text: joined(self.document.delta(&self.text).unwrap()),
            list: self.document.json(&self.list).unwrap(),
            map: self.document.json(&self.map).unwrap(),
            page: self.document.string(&self.page).unwrap(),
        }
    }
}

/// Pieces of equal formats as one.
fn joined(pieces: Vec<Delta>) -> Vec<Delta> {
    let mut joined: Vec<Delta> = Vec::new();
    for piece in pieces {
        match (joined.last_mut(), piece) {
            (
                Some(Delta::Insert(Inserted::Text(last), formats)),
                Delta::Insert(Inserted::Text(next), same),
            ) if *formats == same => last.push_str(&next),
            (_, piece) => joined.push(piece),
        }
    }
    joined
}

/// Everybody gets what the others did.
pub(super) fn exchange(desks: &mut [&mut Desk]) {
    let sent: Vec<Vec<u8>> = desks.iter_mut().flat_map(|desk| desk.sent.drain(..)).collect();
    for desk in desks.iter_mut() {
        sent.iter().for_each(|update| desk.document.apply(update).unwrap());
    }
}

pub(super) fn string(string: &str) -> Option<Json> {
    Some(Json::String(string.into()))
}

#[test]
fn edits_close_to_each_other_are_one_step() {
    let mut a = Desk::new(1);
    let text = a.text.clone();
    assert_eq!(a.document.can_undo(), (false, false));
    for (at, ms, string) in [(0, 0, "a"), (1, 500, "b"), (2, 501, "c"), (3, 100, "d")] {
        a.now = a.now + ms;
        a.more(|edit| edit.insert_text(&text, at, string, None)).unwrap();
    }
    a.document.end_step();
    a.more(|edit| edit.insert_text(&text, 4, "e", None)).unwrap();
    let mut seen = vec![a.string()];
    while a.undo() {
        seen.push(a.string());
    }
    assert_eq!(seen, ["abcde", "abcd", "ab", ""]);
    assert_eq!(a.document.can_undo(), (false, true));
    while a.redo() {
        seen.push(a.string());
    }
    assert_eq!(seen[4..], ["ab", "abcd", "abcde"]);
    assert!(a.undo());
    a.write(0, "x");
    assert!(!a.redo(), "what is done after an undo takes the place of what was undone");
    assert_eq!(a.string(), "xabcd");
}

#[test]
fn what_a_step_carries_comes_back() {
    let mut a = Desk::new(1);
    let carried = |number| Json::Number(f64::from(number));
    for number in 0..3 {
        a.document.set_step_meta(carried(number));
        a.write(0, "a");
    }
    a.document.set_step_meta(carried(9));
    let (undone, _) = a.document.undo(None, false);
    assert_eq!(undone, Ok(Some(carried(2))));
    a.document.set_step_meta(carried(7));
    let (redone, _) = a.document.undo(None, true);
    assert_eq!(redone, Ok(Some(carried(9))), "as it was when that was undone");
}

#[test]
fn nobody_elses_edit_is_undone() {
    let (mut a, mut b) = (Desk::new(1), Desk::new(2));
    a.write(0, "hello world");
    a.set("k", "mine");
    a.set("l", "mine");
    exchange(&mut [&mut a, &mut b]);
    b.write(5, " dear");
    b.delete(0, 1);
    b.set("k", "theirs");
    exchange(&mut [&mut a, &mut b]);
    while a.undo() {}
    exchange(&mut [&mut a, &mut b]);
    assert_eq!(
        (a.string().as_str(), a.value("k"), a.value("l")),
        (" dear", string("theirs"), None)
    );
    while a.redo() {}
    exchange(&mut [&mut a, &mut b]);
    assert_eq!(a.string(), "ello dear world", "what somebody deleted does not come back");
    assert_eq!((a.value("k"), a.value("l")), (string("theirs"), string("mine")));
    assert_eq!(a.shown(), b.shown());
}

#[test]
fn a_step_of_which_nothing_is_left_is_passed_over() {
    let (mut a, mut b) = (Desk::new(1), Desk::new(2));
    a.write(0, "first");
    a.write(5, "second");
    exchange(&mut [&mut a, &mut b]);
    b.delete(5, 6);
    exchange(&mut [&mut a, &mut b]);
    assert!(a.undo());
    assert_eq!(a.string(), "");
    assert!(!a.undo());
}

#[test]
fn what_others_wrote_in_between_stays_where_it_is() {
    let (mut a, mut b) = (Desk::new(1), Desk::new(2));
    a.write(0, "one two three");
    exchange(&mut [&mut a, &mut b]);
    a.delete(0, 13);
    b.write(4, "1½ ");
    b.write(16, "!");
    exchange(&mut [&mut a, &mut b]);
    assert_eq!(a.string(), "1½ !");
    assert!(a.undo());
    exchange(&mut [&mut a, &mut b]);
    assert_eq!((a.string(), b.string()), ("one 1½ two three!".into(), "one 1½ two three!".into()));
}

#[test]
fn an_earlier_step_finds_what_a_later_one_brought_back() {
    let mut a = Desk::new(1);
    let (list, text) = (a.list.clone(), a.text.clone());
    let bold = |on| vec![("b".to_owned(), on)];
    a.write(0, "some words");
    a.step(|edit| edit.format(&text, 0, 4, &bold(Json::Bool(true)))).unwrap();
    let task = a.step(|edit| edit.insert_new(&list, 0, New::Map)).unwrap();
    a.step(|edit| edit.set_key(&task, "title", &Json::String("a".into()))).unwrap();
    a.step(|edit| edit.set_key(&task, "title", &Json::String("b".into()))).unwrap();
    let mut seen = vec![a.shown()];
    a.step(|edit| edit.delete_items(&list, 0, 1)).unwrap();
    seen.push(a.shown());
    a.delete(0, 10);
    for _ in 0..3 {
        for at in [1, 0] {
            assert!(a.undo());
            assert_eq!(a.shown(), seen[at]);
        }
        let mut count = 0;
        while a.undo() {
            count += 1;
        }
        assert_eq!((count, a.string()), (5, String::new()));
        assert_eq!(a.document.json(&a.list), Ok(Json::Array(vec![])));
        for _ in 0..7 {
            assert!(a.redo());
        }
        assert_eq!(a.string(), "");
    }
}

#[test]
fn only_what_is_asked_for_is_recorded() {
    let mut a = Desk::of(Document::new(1));
    a.write(0, "a");
    assert!(!a.undo(), "nothing is by default");
    a.document.record(UndoOptions { roots: Some(vec!["map".into()]), ..UndoOptions::default() });
    let map = a.map.clone();
    let inner = a.step(|edit| edit.set_key_new(&map, "in", New::Map)).unwrap();
    a.step(|edit| edit.set_key(&inner, "k", &Json::Null)).unwrap();
    a.write(1, "b");
    assert!(a.undo());
    assert_eq!((a.document.len(&inner), a.string()), (Ok(0), "ab".into()));
    assert!(a.undo() && !a.undo());
    a.document.record_nothing();
    assert_eq!(a.document.can_undo(), (false, false));
}

#[test]
fn a_document_that_starts_over_has_nothing_to_undo() {
    let mut a = Desk::new(1);
    a.write(0, "a");
    a.document.start_over(5);
    assert!(!a.undo());
    a.write(0, "b");
    assert!(a.undo(), "and goes on recording");
}

#[test]
fn the_oldest_steps_are_forgotten() {
    let mut a = Desk::new(1);
    for _ in 0..STEPS_MAX + 5 {
        a.write(0, "a");
    }
    while a.undo() {}
    assert_eq!(a.string(), "aaaaa");
}
