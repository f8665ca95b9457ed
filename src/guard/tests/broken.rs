//! Each rule, broken by an author who does not care.

use super::*;
use crate::document::EditError;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

type Change = fn(&mut Author) -> Vec<u8>;

const SECRET: &str = "forbidden fruit";

fn edit(
    author: &mut Author,
    change: impl FnOnce(&mut Edit<'_>) -> Result<(), EditError>,
) -> Vec<u8> {
    let (done, update) = author.edit(change);
    done.unwrap();
    update
}

fn set(author: &mut Author, path: &[&str], key: &str, value: Json) -> Vec<u8> {
    let map = author.at(path);
    edit(author, |edit| edit.set_key(&map, key, &value))
}

fn unset(author: &mut Author, path: &[&str], key: &str) -> Vec<u8> {
    let map = author.at(path);
    edit(author, |edit| edit.delete_key(&map, key))
}

fn task(author: &mut Author, change: impl FnOnce(&mut Edit<'_>, &Shared)) -> Vec<u8> {
    let tasks = author.root("tasks");
    edit(author, |edit| {
        let task = edit.set_key_new(&tasks, "new", New::Map)?;
        change(edit, &task);
        Ok(())
    })
}

fn log(author: &mut Author, at: u32, key: &str) -> Vec<u8> {
    let log = author.root("log");
    edit(author, |edit| {
        let entry = edit.insert_new(&log, at, New::Map)?;
        edit.set_key(&entry, key, &string(SECRET))
    })
}

fn first_item(author: &mut Author, list: &str) -> Shared {
    let list = author.root(list);
    match author.document.item(&list, 0) {
        Ok(Some(Value::Shared(item))) => item,
        other => panic!("{other:?}"),
    }
}

fn words(author: &mut Author) -> Shared {
    let p = first_item(author, "page");
    match author.document.item(&p, 0) {
        Ok(Some(Value::Shared(words))) => words,
        other => panic!("{other:?}"),
    }
}

fn object(value: &str) -> Json {
    Json::Object(vec![("image".to_owned(), string(value))])
}

fn bold(value: &str) -> crate::document::Attributes {
    vec![("b".to_owned(), string(value))]
}

/// Who does what, and which rule that breaks. All of it is undone.
#[rustfmt::skip]
const BROKEN: &[(&str, Change, &str)] = &[
    ("editor", |a| set(a, &["meta"], "owner", string(SECRET)), "meta/owner: change"),
    ("editor", |a| unset(a, &["meta"], "owner"), "meta/owner: delete"),
    ("owner", |a| unset(a, &["meta"], "owner"), "meta/owner: delete"),
    ("owner", |a| set(a, &["meta"], "owner", Json::Number(1.0)), "meta/owner: type"),
    ("owner", |a| set(a, &["meta"], "owner", string(&SECRET.repeat(5))), "meta/owner: max-length"),
    ("editor", |a| set(a, &["meta"], "state", string(SECRET)), "meta/state: enum"),
    ("editor", |a| unset(a, &["meta"], "state"), "meta/state: required"),
    ("editor", |a| set(a, &["meta"], "other", Json::Array(vec![string(SECRET)])),
        "meta/other: type"),
    ("commenter", |a| set(a, &["meta"], "a/b~", string(SECRET)), "meta/a~1b~0: insert"),
    ("editor", |a| { let meta = a.root("meta"); edit(a, |edit| {
        let text = edit.set_key_new(&meta, "t", New::Text)?;
        edit.insert_text(&text, 0, SECRET, None) }) }, "meta/t: type"),
    ("editor", |a| set(a, &["tasks"], "flat", string(SECRET)), "tasks/flat: type"),
    ("editor", |a| set(a, &["tasks", "one"], "done", string(SECRET)), "tasks/one/done: type"),
    ("editor", |a| set(a, &["tasks", "one"], "boss", string(SECRET)), "tasks/one/boss: change"),
    ("editor", |a| set(a, &["tasks", "one"], "wild", string(SECRET)), "tasks/one/wild: closed"),
    ("editor", |a| unset(a, &["tasks"], "one"), "tasks/one/boss: delete"),
    ("editor", |a| set(a, &["tasks"], "one", string(SECRET)), "tasks/one/boss: delete"),
    ("editor", |a| task(a, |edit, task| {
        edit.set_key(task, "boss", &string(SECRET)).unwrap() }), "tasks/new/boss: insert"),
    ("editor", |a| task(a, |edit, task| {
        edit.set_key(task, "wild", &string(SECRET)).unwrap() }), "tasks/new/wild: closed"),
    ("editor", |a| task(a, |edit, task| {
        let text = edit.set_key_new(task, "text", New::Text).unwrap();
        edit.insert_text(&text, 0, SECRET, None).unwrap() }), "tasks/new/text: max-characters"),
    ("editor", |a| { let text = a.at(&["tasks", "one", "text"]);
        edit(a, |edit| edit.insert_text(&text, 2, SECRET, None)) },
        "tasks/one/text: max-characters"),
    ("editor", |a| { let title = a.root("title");
        edit(a, |edit| edit.insert_text(&title, 2, &SECRET.repeat(2), None)) },
        "title: max-characters"),
    ("commenter", |a| { let title = a.root("title");
        edit(a, |edit| edit.insert_text(&title, 2, SECRET, None)) }, "title: insert"),
    ("commenter", |a| { let title = a.root("title");
        edit(a, |edit| edit.delete_text(&title, 1, 2)) }, "title: delete"),
    ("owner", |a| { let fixed = a.root("fixed");
        edit(a, |edit| edit.insert_text(&fixed, 2, SECRET, None)) }, "fixed: insert"),
    ("owner", |a| { let fixed = a.root("fixed");
        edit(a, |edit| edit.delete_text(&fixed, 1, 3)) }, "fixed: delete"),
    ("owner", |a| { let fixed = a.root("fixed");
        edit(a, |edit| edit.format(&fixed, 1, 3, &bold(SECRET))) }, "fixed: change"),
    ("owner", |a| { let fixed = a.root("fixed");
        edit(a, |edit| edit.insert_embed(&fixed, 1, &object(SECRET), Some(&bold(SECRET)))) },
        "fixed: insert"),
    ("commenter", |a| { let notes = a.root("notes");
        edit(a, |edit| edit.format(&notes, 2, 9, &bold(SECRET))) }, "notes: change"),
    ("commenter", |a| { let notes = a.root("notes");
        edit(a, |edit| edit.format(&notes, 6, 2, &vec![("b".into(), Json::Null)])) },
        "notes: change"),
    ("reviewer", |a| { let notes = a.root("notes");
        edit(a, |edit| edit.delete_text(&notes, 3, 5)) }, "notes: delete"),
    ("commenter", |a| { let comments = a.root("comments");
        edit(a, |edit| edit.delete_items(&comments, 1, 2)) }, "comments/1: delete"),
    ("editor", |a| { let comments = a.root("comments");
        edit(a, |edit| edit.insert_items(&comments, 1, &[string(SECRET)])) }, "comments: insert"),
    ("editor", |a| log(a, 1, "text"), "log: append-only"),
    ("editor", |a| log(a, 2, "wild"), "log/2/text: required"),
    ("owner", |a| { let log = a.root("log"); edit(a, |edit| edit.delete_items(&log, 0, 1)) },
        "log/0: append-only"),
    ("owner", |a| { let log = a.root("log");
        edit(a, |edit| edit.insert_items(&log, 2, &[string(SECRET)])) }, "log/2: type"),
    ("owner", |a| { let entry = first_item(a, "log");
        edit(a, |edit| edit.set_key(&entry, "text", &Json::Null)) }, "log/0/text: type"),
    ("owner", |a| { let log = a.root("log"); edit(a, |edit| {
        for index in 2..8 {
            let entry = edit.insert_new(&log, index, New::Map)?;
            edit.set_key(&entry, "text", &string(SECRET))?;
        }
        Ok(()) }) }, "log: max-items"),
    ("commenter", |a| { let p = first_item(a, "page");
        edit(a, |edit| edit.set_key(&p, "class", &string(SECRET))) }, "page/0/class: change"),
    ("commenter", |a| { let p = first_item(a, "page");
        edit(a, |edit| edit.delete_key(&p, "class")) }, "page/0/class: change"),
    ("commenter", |a| { let page = a.root("page");
        edit(a, |edit| edit.delete_items(&page, 0, 1)) }, "page/0: delete"),
    ("commenter", |a| { let words = words(a);
        edit(a, |edit| edit.delete_text(&words, 1, 2)) }, "page/0/0: delete"),
    ("commenter", |a| { let words = words(a);
        edit(a, |edit| edit.format(&words, 1, 2, &bold(SECRET))) }, "page/0/0: change"),
    ("reader", |a| { let page = a.root("page");
        edit(a, |edit| {
            let p = edit.insert_new(&page, 0, New::XmlElement("p".into()))?;
            edit.set_key(&p, "k", &string(SECRET)) }) },
        "page: insert"),
    ("owner", |a| { let other = a.root("other");
        edit(a, |edit| edit.set_key(&other, "k", &string(SECRET))) }, "other/k: other-roots"),
    ("owner", |a| { let other = a.document.root("other", Kind::Array).unwrap();
        edit(a, |edit| edit.insert_items(&other, 0, &[string(SECRET)])) }, "other: other-roots"),
    ("owner", |a| { let other = a.document.root("other", Kind::Text).unwrap();
        edit(a, |edit| edit.insert_text(&other, 0, SECRET, Some(&bold(SECRET)))) },
        "other: other-roots"),
    ("owner", |a| { let mut other = a.like(77);
        let meta = other.document.root("meta", Kind::Text).unwrap();
        edit(&mut other, |edit| edit.insert_text(&meta, 0, SECRET, None)) }, "meta: type"),
    ("owner", |a| { let mut other = a.like(77);
        let title = other.document.root("title", Kind::Array).unwrap();
        edit(&mut other, |edit| edit.insert_items(&title, 0, &[string(SECRET)])) }, "title: type"),
    ("owner", |a| { let mut other = a.like(77);
        let title = other.document.root("comments", Kind::Text).unwrap();
        edit(&mut other, |edit| edit.insert_text(&title, 0, SECRET, None)) }, "comments: type"),
];

#[test]
fn s4_what_breaks_a_rule_is_undone() {
    for (index, (role, change, rule)) in BROKEN.iter().enumerate() {
        let mut world = World::new(SCHEMA, begun);
        let mut author = world.author(9, role);
        let before = content(&mut world.replica);
        let update = change(&mut author);
        let (relayed, broken) = world.judge(&update, author.role);
        assert!(broken.contains(&(*rule).to_owned()), "{index}, {rule}: {broken:?}");
        assert_eq!(content(&mut world.replica), before, "{index}, {rule}");
        assert!(!contains(&relayed, SECRET), "{index}, {rule}");
        author.document.apply(&relayed).unwrap();
        assert_eq!(content(&mut author.document), before, "{index}, {rule}");
        // The author goes on.
        let title = author.root("title");
        let (_, update) = author.edit(|edit| edit.insert_text(&title, 0, "!", None));
        let (_, broken) = world.judge(&update, world.guard.schema().role("editor").unwrap());
        assert_eq!(broken, [""; 0], "{index}, {rule}");
        assert_eq!(content(&mut author.document), content(&mut world.replica));
        // So does a guard that is loaded again.
        let schema = Rc::clone(&world.guard.schema);
        let stored = crate::update::compact(&[&world.start, &relayed, &update]).unwrap();
        let mut again = Guard::load(&stored, schema, ROOM).unwrap();
        assert_eq!(content(&mut again.documents.settled), content(&mut world.replica));
    }
}

#[test]
fn s4_a_value_that_was_set_once_stays() {
    let mut world = World::new(SCHEMA, begun);
    let mut author = world.author(9, "owner");
    let first = set(&mut author, &["meta"], "created", Json::Number(1.0));
    assert_eq!(world.judge(&first, author.role).1, [""; 0]);
    let second = set(&mut author, &["meta"], "created", Json::Number(2.0));
    assert_eq!(world.judge(&second, author.role).1, ["meta/created: write-once"]);
    let mut author = world.author(10, "owner");
    let gone = unset(&mut author, &["meta"], "created");
    assert_eq!(world.judge(&gone, author.role).1, ["meta/created: write-once"]);
    let meta = author.root("meta");
    let created = world.replica.key(&meta, "created");
    assert_eq!(created, Ok(Some(Value::Json(Json::Number(1.0)))));
}

/// Neither what a later value of the same update takes the place of, nor what somebody else's does,
/// nor what comes into something that is gone, was ever looked at.
#[test]
fn s4_what_nobody_sees_is_not_relayed_either() {
    let mut world = World::new(SCHEMA, begun);
    let mut early = world.author(5, "editor");
    let mut late = world.author(9, "owner");
    let meta = early.root("meta");
    let (_, first) = early.edit(|edit| edit.set_key(&meta, "state", &string("secret 1")));
    let (_, second) = early.edit(|edit| edit.set_key(&meta, "state", &string("closed")));
    let both = crate::update::merge(&[&first, &second]).unwrap();
    let (relayed, broken) = world.judge(&both, early.role);
    assert!(broken.is_empty() && !contains(&relayed, "secret"), "{broken:?}");

    let mut beaten = world.author(6, "editor");
    let (_, update) = late.edit(|edit| edit.set_key(&meta, "owner", &string("olga")));
    world.judge(&update, late.role);
    let (_, update) = beaten.edit(|edit| edit.set_key(&meta, "owner", &string("secret 2")));
    let (relayed, _) = world.judge(&update, beaten.role);
    assert!(!contains(&relayed, "secret"));

    let mut inside = world.author(7, "editor");
    let two = inside.at(&["tasks", "two"]);
    let tasks = late.root("tasks");
    let (_, update) = late.edit(|edit| edit.delete_key(&tasks, "two"));
    world.judge(&update, late.role);
    let (_, update) = inside.edit(|edit| edit.set_key(&two, "done", &string("secret 3")));
    let (relayed, _) = world.judge(&update, inside.role);
    assert!(!contains(&relayed, "secret"));
}

/// Where nobody may write, what its author takes back was never there.
#[test]
fn s4_what_is_gone_already_may_be_deleted_in_a_root_that_nobody_knows() {
    let mut world = World::new(SCHEMA, begun);
    let mut author = world.author(5, "editor");
    let other = author.document.root("other", Kind::Text).unwrap();
    let (_, written) = author.edit(|edit| edit.insert_text(&other, 0, "secret", None));
    let (_, deleted) = author.edit(|edit| edit.delete_text(&other, 0, 6));
    let (relayed, broken) = world.judge(&written, author.role);
    assert_eq!(broken, ["other: other-roots"]);
    assert!(!contains(&relayed, "secret"));
    assert_eq!(world.judge(&deleted, author.role).1, Vec::<String>::new());

    let (_, written) = author.edit(|edit| edit.insert_text(&other, 0, "secret", None));
    let (_, deleted) = author.edit(|edit| edit.delete_text(&other, 0, 6));
    let both = crate::update::merge(&[&written, &deleted]).unwrap();
    assert!(!contains(&world.judge(&both, author.role).0, "secret"));
}

/// S4: an author is told which of its edits it was.
#[test]
fn s4_what_went_is_told_by_its_first_id() {
    let at = |clock| Some(Id { client: 3, clock });
    type Edits = fn(&mut Author) -> Vec<Vec<u8>>;
    let cases: [(&str, Edits, &str, Option<Id>); 8] = [
        // The value that counts is the last.
        (
            "editor",
            |it| ["a", "b"].map(|v| set(it, &["meta"], "owner", string(v))).into(),
            "meta/owner",
            at(1),
        ),
        ("editor", |it| vec![unset(it, &["meta"], "state")], "meta/state", None),
        (
            "editor",
            |it| {
                let (ok, wrong) = (log(it, 2, "text"), log(it, 3, "other"));
                vec![ok, wrong]
            },
            "log/3/text",
            at(2),
        ),
        (
            "editor",
            |it| {
                let log = it.root("log");
                let one = edit(it, |edit| edit.insert_items(&log, 2, &[string("plain")]));
                let two = edit(it, |edit| edit.insert_items(&log, 3, &[string("too")]));
                vec![one, two]
            },
            "log/3",
            at(1),
        ),
        (
            "editor",
            |it| {
                let title = it.root("title");
                let one = edit(it, |edit| edit.insert_text(&title, 0, "0123456789", None));
                let two = edit(it, |edit| edit.insert_text(&title, 0, "0123456789", None));
                vec![one, two]
            },
            "title",
            at(0),
        ),
        (
            "editor",
            |it| {
                let comments = it.root("comments");
                vec![edit(it, |edit| edit.insert_items(&comments, 0, &[string("x")]))]
            },
            "comments",
            at(0),
        ),
        (
            "commenter",
            |it| {
                let notes = it.root("notes");
                let one = edit(it, |edit| edit.insert_text(&notes, 0, "more", None));
                let two = edit(it, |edit| edit.delete_text(&notes, 6, 2));
                vec![one, two]
            },
            "notes",
            None,
        ),
        (
            "commenter",
            |it| {
                let notes = it.root("notes");
                let bold = vec![("i".to_owned(), Json::Bool(true))];
                let one = edit(it, |edit| edit.insert_text(&notes, 0, "more", None));
                let two = edit(it, |edit| edit.format(&notes, 6, 2, &bold));
                vec![one, two]
            },
            "notes",
            at(4),
        ),
    ];
    for (role, edits, path, id) in cases {
        let mut world = World::new(SCHEMA, begun);
        let mut author = world.author(3, role);
        let updates = edits(&mut author);
        let updates: Vec<_> = updates.iter().map(Vec::as_slice).collect();
        let update = crate::update::merge(&updates).unwrap();
        let verdict = world.guard.judge(&update, author.role).unwrap();
        let Verdict::Compensated { undone, .. } = verdict else { panic!("{path}") };
        let told = undone.iter().find(|it| it.violation.to_string() == path);
        assert_eq!(told.map(|it| it.id), Some(id), "{path} {undone:?}");
    }
}
