//! The document's rules, asked before an edit.

use super::*;
use crate::document::{Attributes, Delta, Forbidden, Inserted, Json, New, Value};
use crate::policy::Pattern;
use crate::protocol::{FromRoom, Granted, Rejection, Rejections};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const SCHEMA: &str = r#"{
  "roles": { "reviewer": { "like": "commenter" } },
  "roots": {
    "text": { "type": "text", "maxCharacters": 5, "change": ["owner"] },
    "log": { "type": "text", "appendOnly": true, "insert": ["reviewer", "editor"] },
    "meta": { "type": "map", "closed": true, "required": ["state"], "keys": {
      "state": { "value": { "enum": ["open", "closed"] } },
      "once": { "writeOnce": true },
      "size": { "value": { "type": "integer", "min": 1, "max": 3 } },
      "name": { "value": {
        "type": "string", "minLength": 2, "maxLength": 4, "pattern": "^[a-z]+$" } },
      "owner": { "insert": ["owner"], "change": ["owner"], "delete": [] },
      "body": { "type": "text" } } },
    "list": { "type": "array", "maxItems": 2, "items": { "type": "map", "keys": {
      "n": { "value": { "type": "number" } },
      "kept": { "insert": ["editor"], "delete": ["owner"] } } } },
    "page": { "type": "xml", "change": ["owner"] }
  }
}"#;

/// A replica of somebody who has this role, in a document with these rules.
fn ruled(role: &str) -> Bench {
    let mut bench = Bench::online(1);
    bench.replica.set_patterns(Pattern::compile);
    bench.room(&FromRoom::Schema(SCHEMA));
    let granted = Granted { role, may_write: true, may_present: true, left_ms: None };
    bench.room(&FromRoom::Access(granted));
    bench.out.clear();
    bench
}

impl Bench {
    fn at(&mut self, name: &str, kind: Kind) -> Shared {
        self.replica.root(name, kind).unwrap()
    }

    fn edit<R>(
        &mut self,
        change: impl FnOnce(&mut Edit<'_>) -> Result<R, EditError>,
    ) -> Result<R, String> {
        let (returned, outputs) = self.replica.edit(self.now, change);
        self.take(outputs);
        returned.map_err(|error| match error {
            EditError::Forbidden(why) => {
                let Forbidden { path, rule } = *why;
                format!("{path} {rule}")
            }
            other => other.to_string(),
        })
    }

    /// An edit breaks this rule, and nothing comes of it.
    fn breaks<R: std::fmt::Debug>(
        &mut self,
        change: impl FnOnce(&mut Edit<'_>) -> Result<R, EditError>,
        expected: &str,
    ) {
        self.pass(300);
        let before = (self.replica.document().encode(), self.replica.pending());
        self.out.clear();
        assert_eq!(self.edit(change).unwrap_err(), expected);
        assert_eq!((self.replica.document().encode(), self.replica.pending()), before);
        self.pass(300);
        assert_eq!(self.out, [], "{expected}");
    }
}

fn string(string: &str) -> Json {
    Json::String(string.to_owned())
}

fn bold() -> Attributes {
    vec![("b".to_owned(), Json::Bool(true))]
}

#[test]
fn s4_values_are_asked_before_they_are_set() {
    let mut bench = ruled("editor");
    let meta = &bench.at("meta", Kind::Map);
    for (key, value) in [
        ("state", string("open")),
        ("once", Json::Null),
        ("size", Json::Number(3.0)),
        ("name", string("ann")),
    ] {
        assert_eq!(bench.edit(|edit| edit.set_key(meta, key, &value)), Ok(()));
    }
    // As it is: nothing changes.
    assert_eq!(bench.edit(|edit| edit.set_key(meta, "once", &Json::Null)), Ok(()));
    assert_eq!(bench.edit(|edit| edit.delete_key(meta, "owner")), Ok(()));
    for (key, value, rule) in [
        ("state", string("ajar"), "enum"),
        ("once", Json::Bool(true), "write-once"),
        ("size", string("3"), "type"),
        ("size", Json::Number(1.5), "type"),
        ("size", Json::Number(0.0), "min"),
        ("size", Json::Number(4.0), "max"),
        ("name", string("a"), "min-length"),
        ("name", string("annie"), "max-length"),
        ("name", string("ANN"), "pattern"),
        ("owner", string("me"), "insert"),
        ("body", string("me"), "type"),
        ("other", Json::Null, "closed"),
    ] {
        let expected = format!("meta/{key} {rule}");
        bench.breaks(|edit| edit.set_key(meta, key, &value), &expected);
    }
    bench.breaks(|edit| edit.set_key_new(meta, "body", New::Map), "meta/body type");
    bench.breaks(|edit| edit.set_key_new(meta, "other", New::Map), "meta/other closed");
    bench.breaks(|edit| edit.delete_key(meta, "state"), "meta/state required");
    bench.breaks(|edit| edit.delete_key(meta, "once"), "meta/once write-once");
    let body = bench.edit(|edit| edit.set_key_new(meta, "body", New::Text)).unwrap();
    assert_eq!(bench.edit(|edit| edit.insert_text(&body, 0, "free", None)), Ok(()));
}

#[test]
fn s4_texts_are_asked_before_they_are_written() {
    let mut bench = ruled("editor");
    let text = &bench.at("text", Kind::Text);
    assert_eq!(bench.edit(|edit| edit.insert_text(text, 0, "four", Some(&bold()))), Ok(()));
    bench.breaks(|edit| edit.insert_text(text, 4, "🧵", None), "text max-characters");
    bench.breaks(|edit| edit.format(text, 0, 2, &vec![]), "text change");
    // All of a delta or nothing, by what it makes of the text.
    let longer = [
        Delta::Insert(Inserted::Text("two".to_owned()), vec![]),
        Delta::Insert(Inserted::Embed(Value::Json(Json::Null)), vec![]),
    ];
    bench.breaks(|edit| edit.apply_delta(text, &longer), "text max-characters");
    let formats = [longer[0].clone(), Delta::Delete(4), Delta::Retain(0, bold())];
    bench.breaks(|edit| edit.apply_delta(text, &formats), "text change");
    let [two, delete, _] = formats;
    assert_eq!(bench.edit(|edit| edit.apply_delta(text, &[two, delete])), Ok(()));
    assert_eq!(bench.string(), "two");
    bench.breaks(
        |edit| edit.insert_embed(text, 9, &Json::Null, None),
        "the range ends behind the end",
    );

    let log = &bench.at("log", Kind::Text);
    assert_eq!(bench.edit(|edit| edit.insert_text(log, 0, "a", None)), Ok(()));
    assert_eq!(bench.edit(|edit| edit.insert_text(log, 1, "b", None)), Ok(()));
    bench.breaks(|edit| edit.insert_text(log, 1, "c", None), "log append-only");
    bench.breaks(|edit| edit.delete_text(log, 0, 1), "log append-only");
    let behind = [Delta::Retain(2, vec![]), Delta::Insert(Inserted::Text("c".to_owned()), vec![])];
    assert_eq!(bench.edit(|edit| edit.apply_delta(log, &behind)), Ok(()));
}

#[test]
fn s4_lists_and_what_is_in_them_are_asked_before() {
    let mut bench = ruled("editor");
    let list = &bench.at("list", Kind::Array);
    let first = bench.edit(|edit| edit.insert_new(list, 0, New::Map)).unwrap();
    let second = bench.edit(|edit| edit.insert_new(list, 0, New::Map)).unwrap();
    bench.breaks(|edit| edit.insert_new(list, 0, New::Map), "list max-items");
    assert_eq!(bench.edit(|edit| edit.delete_items(list, 0, 1)), Ok(()));
    bench.breaks(|edit| edit.insert_items(list, 1, &[Json::Null]), "list/1 type");
    bench.breaks(|edit| edit.insert_new(list, 0, New::Text), "list/0 type");
    bench.breaks(|edit| edit.set_key(&second, "n", &Json::Null), &EditError::Gone.to_string());
    bench.breaks(|edit| edit.set_key(&first, "n", &Json::Null), "list/0/n type");
    assert_eq!(bench.edit(|edit| edit.set_key(&first, "n", &Json::Number(1.0))), Ok(()));
    assert_eq!(bench.edit(|edit| edit.set_key(&first, "kept", &Json::Null)), Ok(()));
    // Whoever deletes something deletes what is in it.
    bench.breaks(|edit| edit.delete_items(list, 0, 1), "list/0/kept delete");
    // A path goes by where something is now.
    assert!(bench.edit(|edit| edit.insert_new(list, 0, New::Map)).is_ok());
    bench.breaks(|edit| edit.set_key(&first, "n", &Json::Null), "list/1/n type");

    let page = &bench.at("page", Kind::XmlFragment);
    let p = bench.edit(|edit| edit.insert_new(page, 0, New::XmlElement("p".to_owned()))).unwrap();
    bench.breaks(|edit| edit.set_key(&p, "class", &string("a")), "page/0/class change");
    let words = bench.edit(|edit| edit.insert_new(&p, 0, New::XmlText)).unwrap();
    assert_eq!(bench.edit(|edit| edit.insert_text(&words, 0, "hello", None)), Ok(()));
    bench.breaks(|edit| edit.format(&words, 0, 1, &bold()), "page/0/0 change");

    let other = &bench.at("other", Kind::Map);
    bench.breaks(|edit| edit.set_key(other, "a", &Json::Null), "other/a other-roots");
    let other = &bench.at("elsewhere", Kind::Text);
    bench.breaks(|edit| edit.insert_text(other, 0, "a", None), "elsewhere other-roots");
}

#[test]
fn s4_rules_are_those_of_the_role_that_the_schema_knows() {
    let mut bench = ruled("reviewer");
    let (text, log) = (&bench.at("text", Kind::Text), &bench.at("log", Kind::Text));
    bench.breaks(|edit| edit.insert_text(text, 0, "a", None), "text insert");
    assert_eq!(bench.edit(|edit| edit.insert_text(log, 0, "a", None)), Ok(()));
    for (role, may) in [("editor", true), ("commenter", false), ("owner", true), ("stranger", true)]
    {
        let granted = Granted { role, may_write: true, may_present: true, left_ms: None };
        bench.room(&FromRoom::Access(granted));
        assert_eq!(bench.edit(|edit| edit.insert_text(text, 0, "a", None)).is_ok(), may, "{role}");
    }
}

#[test]
fn s4_rules_are_those_that_the_room_said_last() {
    let mut bench = ruled("editor");
    let text = &bench.at("text", Kind::Text);
    bench.breaks(|edit| edit.insert_text(text, 0, "longer", None), "text max-characters");
    // What this build cannot read the room still holds the document to.
    for json in [r#"{ "roots": {}, "otherRoots": "allow" }"#, r#"{ "later": 1 }"#, "no JSON"] {
        bench.room(&FromRoom::Schema(SCHEMA));
        bench.room(&FromRoom::Schema(json));
        assert_eq!(bench.edit(|edit| edit.insert_text(text, 0, "longer", None)), Ok(()), "{json}");
    }
    // And those of a room that has none are none.
    bench.room(&FromRoom::Schema(SCHEMA));
    assert!(bench.replica.schema().is_some());
    bench.input(Input::Closed { code: 1006, reason: "" });
    assert!(bench.replica.schema().is_some());
    bench.pass(1_000);
    bench.input(Input::Opened);
    bench.room(&welcome(EPOCH, 0));
    assert!(bench.replica.schema().is_none());
}

#[test]
fn s4_the_page_is_told_what_was_undone_and_what_stood_there() {
    let mut bench = Bench::online(1);
    bench.write("hello");
    bench.out.clear();
    let one = |path: &str| Rejection { path: path.to_owned(), rule: "insert".to_owned(), id: None };
    let all = vec![one("text"), one("other/a")];
    bench.room(&FromRoom::Rejected(&Rejections { all, number: 0 }.encode()));
    let expected = [
        Rejected { rejection: one("text"), value: Some(string("hello")), edit: None },
        Rejected { rejection: one("other/a"), value: None, edit: None },
    ];
    assert_eq!(bench.out, [Output::Rejected(expected.to_vec())]);
}

#[test]
fn s4_the_page_is_told_which_edit_was_undone() {
    let mut bench = Bench::online(1);
    let own = bench.replica.document().client_id();
    assert_eq!(bench.replica.last_edit(), 0);
    // One update of the first two, and one of the third.
    bench.write("ab");
    bench.write("c");
    bench.pass(100);
    bench.write("d");
    bench.pass(100);
    assert_eq!(bench.replica.last_edit(), 3);
    let told = |bench: &mut Bench, id, number| {
        let rejection = Rejection { path: "text".to_owned(), rule: "insert".to_owned(), id };
        let rejections = Rejections { all: vec![rejection], number };
        bench.out.clear();
        bench.room(&FromRoom::Rejected(&rejections.encode()));
        match &bench.out[..] {
            [Output::Rejected(rejected)] => rejected[0].edit,
            other => panic!("{other:?}"),
        }
    };
    for (id, number, edit) in [
        (Some((own, 0)), 2, Some(1)),
        (Some((own, 1)), 2, Some(1)),
        (Some((own, 2)), 2, Some(2)),
        (Some((own, 3)), 0, Some(3)),
        (Some((own, 4)), 3, None),
        (Some((own + 1, 0)), 3, None),
        (None, 2, None),
        (None, 3, Some(3)),
        (None, 0, None),
    ] {
        assert_eq!(told(&mut bench, id, number), edit, "{id:?} {number}");
    }
    // Over a reconnect, as long as it is not acknowledged: it is told before that.
    bench.input(Input::Closed { code: 1006, reason: "" });
    bench.pass(1_000);
    bench.input(Input::Opened);
    bench.room(&welcome(EPOCH, 0));
    assert_eq!(told(&mut bench, Some((own, 2)), 0), Some(2));
    bench.room(&FromRoom::Ack { number: 2, sequence: 1 });
    assert_eq!(told(&mut bench, Some((own, 2)), 0), None);
    assert_eq!(told(&mut bench, Some((own, 3)), 0), Some(3));
}
