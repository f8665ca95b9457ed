//! What is allowed stays, whatever comes with it.

use super::*;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn s4_what_is_allowed_of_an_update_stays() {
    let mut world = World::new(SCHEMA, begun);
    let mut author = world.author(9, "editor");
    let [title, fixed, meta, tasks, log] =
        ["title", "fixed", "meta", "tasks", "log"].map(|name| author.root(name));
    let (done, update) = author.edit(|edit| {
        edit.insert_text(&title, 4, " B", None)?;
        edit.insert_text(&fixed, 0, "not ", None)?;
        edit.delete_text(&fixed, 6, 2)?;
        edit.set_key(&meta, "owner", &string("eve"))?;
        edit.set_key(&meta, "state", &string("closed"))?;
        edit.delete_key(&tasks, "one")?;
        edit.delete_key(&tasks, "two")?;
        edit.insert_items(&log, 0, &[string("wild")])?;
        let entry = edit.insert_new(&log, 3, New::Map)?;
        edit.set_key(&entry, "text", &string("third"))
    });
    done.unwrap();
    let (relayed, broken) = world.judge(&update, author.role);
    let expected = [
        "fixed: insert",
        "fixed: delete",
        "log: append-only",
        "log/0: type",
        "meta/owner: change",
        "tasks/one/boss: delete",
    ];
    assert_eq!(broken, expected);
    author.document.apply(&relayed).unwrap();
    assert_eq!(content(&mut author.document), content(&mut world.replica));
    let document = &world.replica;
    assert_eq!(document.string(&title).unwrap(), "Plan B");
    assert_eq!(document.string(&fixed).unwrap(), "stays");
    assert_eq!(document.key(&meta, "state"), Ok(Some(Value::Json(string("closed")))));
    assert_eq!(document.keys(&tasks).unwrap(), ["one"]);
    let one = author.at(&["tasks", "one"]);
    assert_eq!(author.document.keys(&one).unwrap(), ["boss", "done", "text"]);
    assert!(!contains(&relayed, "eve") && !contains(&relayed, "wild"));
}

/// A forbidden change and an allowed one of somebody else that was made at the same time.
#[test]
fn s4_edits_of_others_stay() {
    let mut world = World::new(SCHEMA, begun);
    let mut honest = world.author(8, "editor");
    let mut other = world.author(9, "commenter");
    let title = honest.root("title");
    let (_, allowed) = honest.edit(|edit| edit.insert_text(&title, 4, " A", None).unwrap());
    let (_, forbidden) = other.edit(|edit| edit.delete_text(&title, 0, 4).unwrap());
    world.judge(&allowed, honest.role);
    let (relayed, broken) = world.judge(&forbidden, other.role);
    assert_eq!(broken, ["title: delete"]);
    other.document.apply(&allowed).unwrap();
    other.document.apply(&relayed).unwrap();
    honest.document.apply(&relayed).unwrap();
    for document in [&world.replica, &other.document, &honest.document] {
        assert_eq!(document.string(&title).unwrap(), "Plan A");
    }
}

/// Everything of somebody who was away, as one answer.
#[test]
fn s4_a_long_answer_is_mended_as_a_whole() {
    let mut world = World::new(SCHEMA, begun);
    let mut author = world.author(9, "commenter");
    let known = author.document.state_vector();
    let [title, notes, meta, comments] =
        ["title", "notes", "meta", "comments"].map(|name| author.root(name));
    for round in 0..20 {
        let _ = author.edit(|edit| {
            edit.insert_text(&notes, round, "n", None).unwrap();
            edit.insert_text(&title, round, "forbidden fruit", None).unwrap();
            edit.set_key(&meta, "owner", &string("forbidden fruit")).unwrap();
            edit.insert_items(&comments, 0, &[string("mine")]).unwrap();
            edit.delete_items(&comments, 3, 1).unwrap();
        });
    }
    let update = author.document.diff(&known).unwrap();
    let (relayed, broken) = world.judge(&update, author.role);
    assert!(broken.contains(&"comments/2: delete".to_owned()), "{broken:?}");
    assert!(!contains(&relayed, "forbidden fruit"));
    author.document.apply(&relayed).unwrap();
    assert_eq!(content(&mut author.document), content(&mut world.replica));
    let shown = world.replica.string(&notes).unwrap();
    assert_eq!(shown.matches('n').count(), 21);
    assert_eq!(world.replica.string(&title).unwrap(), "Plan");
    // Its own, which it deleted itself, are gone; the others' are back.
    let items = world.replica.items(&comments).unwrap();
    let is = |it: &&Value, what: &str| **it == Value::Json(string(what));
    for comment in ["c0", "c1", "c2"] {
        assert_eq!(items.iter().filter(|it| is(it, comment)).count(), 1, "{items:?}");
    }
}

/// What somebody writes into what was undone goes nowhere, and harms nobody.
#[test]
fn s4_what_follows_on_what_was_undone_is_taken_in() {
    let mut world = World::new(SCHEMA, begun);
    let mut author = world.author(9, "editor");
    let tasks = author.root("tasks");
    let (made, first) = author.edit(|edit| {
        let task = edit.set_key_new(&tasks, "new", New::Map).unwrap();
        edit.set_key(&task, "boss", &string("eve")).unwrap();
        task
    });
    let (_, second) = author.edit(|edit| {
        let text = edit.set_key_new(&made, "text", New::Text).unwrap();
        edit.insert_text(&text, 0, "words", None).unwrap();
    });
    let (relayed, broken) = world.judge(&first, author.role);
    assert_eq!(broken, ["tasks/new/boss: insert"]);
    let (relayed_too, broken) = world.judge(&second, author.role);
    assert_eq!(broken, [""; 0]);
    author.document.apply(&relayed).unwrap();
    author.document.apply(&relayed_too).unwrap();
    assert_eq!(content(&mut author.document), content(&mut world.replica));
}

/// Two append at the same time: both stay, in either order.
#[test]
fn s4_two_may_append_at_the_same_time() {
    for clients in [[8, 9], [9, 8]] {
        let mut world = World::new(SCHEMA, begun);
        let updates = clients.map(|client| {
            let mut author = world.author(client, "editor");
            let log = author.root("log");
            let (_, update) = author.edit(|edit| {
                let entry = edit.insert_new(&log, 2, New::Map).unwrap();
                edit.set_key(&entry, "text", &string("third")).unwrap();
            });
            (update, author.role)
        });
        for (update, role) in updates {
            assert_eq!(world.judge(&update, role).1, [""; 0]);
        }
        let log = root(&mut world.replica, "log");
        assert_eq!(world.replica.len(&log), Ok(4));
    }
}

#[test]
fn s4_a_commenter_may_write_bold() {
    let mut world = World::new(SCHEMA, begun);
    let mut author = world.author(9, "commenter");
    let notes = author.root("notes");
    let bold = vec![("b".to_owned(), Json::Bool(true))];
    let (_, update) = author.edit(|edit| {
        edit.insert_text(&notes, 2, "bold", Some(&bold)).unwrap();
    });
    assert_eq!(world.judge(&update, author.role).1, [""; 0]);
}

#[test]
fn s4_what_cannot_be_undone_is_refused() {
    let mut world = World::new(SCHEMA, begun);
    let editor = world.guard.schema().role("editor").unwrap();
    let before = content(&mut world.replica);
    let cases = [
        // Ids of the room.
        (
            [
                &[1, 1][..],
                &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x08],
                &[0, 1, 1, 1, b't', 1],
                &[0],
            ]
            .concat(),
            None,
        ),
        // A gap.
        (vec![1, 1, 5, 9, 4, 1, 4, b'm', b'e', b't', b'a', 1, b'x', 0], None),
        (vec![0, 0, 0], None),
        // An XmlHook.
        (
            vec![1, 1, 5, 0, 7, 1, 4, b't', b'e', b'x', b't', 5, 1, b'h', 0],
            Some(GuardError::Unreadable),
        ),
    ];
    for (update, error) in cases {
        let found = world.guard.judge(&update, editor).unwrap_err();
        assert!(error.is_none_or(|error| error == found), "{found:?}");
        assert_eq!(content(&mut world.guard.documents.trial), before);
        world.in_step();
    }
    let mut author = world.author(9, "editor");
    let title = author.root("title");
    let (_, update) = author.edit(|edit| edit.insert_text(&title, 0, "!", None).unwrap());
    assert_eq!(world.judge(&update, editor).1, [""; 0]);
}

/// A whole number that no double holds is kept or the update refused: it never becomes another.
#[test]
fn s4_numbers_are_never_put_back_as_others() {
    let mut world = World::new(SCHEMA, begun);
    // owner = 2^62 + 1, as a bigint, from before the schema.
    let int = ((1i64 << 62) + 1).to_be_bytes();
    let set = [
        &[1, 1, 5, 0, 0x28, 1, 4, b'm', b'e', b't', b'a', 5],
        &b"owner"[..],
        &[1, 122],
        &int,
        &[0],
    ]
    .concat();
    let start = crate::update::merge(&[&world.start, &set]).unwrap();
    let schema = Rc::clone(&world.guard.schema);
    world.guard = Guard::load(&start, schema, ROOM).unwrap();
    world.replica.apply(&set).unwrap();
    let mut author = world.author(9, "editor");
    let meta = author.root("meta");
    let (_, update) = author.edit(|edit| edit.set_key(&meta, "owner", &string("eve")).unwrap());
    let found = world.guard.judge(&update, author.role);
    assert!(matches!(found, Err(GuardError::Refused(_))), "{found:?}");
    world.in_step();
}

/// A keystroke that every rule lets through: nobody asks where in the text it is.
#[test]
fn s4_a_keystroke_reads_no_text() {
    let mut world = World::new(SCHEMA, begun);
    for (name, role) in [("title", "editor"), ("notes", "commenter"), ("notes", "editor")] {
        let mut author = world.author(9, role);
        let text = author.root(name);
        let (_, update) = author.edit(|edit| edit.insert_text(&text, 1, "x", None).unwrap());
        // Another client each time, since each begins anew.
        assert_eq!(world.guard.judge(&update, author.role), Ok(Verdict::Accepted));
        let trial = &mut world.guard.documents.trial;
        let watch = trial.watch(&text, false).unwrap();
        assert_eq!(watch, crate::document::WatchId(1));
        world = World::new(SCHEMA, begun);
    }
}

/// Whoever may change a map but delete nothing in it does not get round that with another map.
#[test]
fn s4_replacing_a_shared_type_deletes_what_is_in_it() {
    let schema = r#"{ "roots": { "tasks": { "type": "map", "delete": ["owner"] } } }"#;
    let mut world = World::new(schema, begun);
    let mut author = world.author(9, "editor");
    let tasks = author.root("tasks");
    let (_, update) = author.edit(|edit| edit.set_key_new(&tasks, "one", New::Map).unwrap());
    assert_eq!(world.judge(&update, author.role).1, ["tasks/one: delete"]);
    let one = world.author(10, "editor").at(&["tasks", "one"]);
    assert_eq!(world.replica.keys(&one).unwrap(), ["boss", "done", "text"]);

    let schema = r#"{ "roots": { "meta": { "type": "map", "insert": ["owner"] } } }"#;
    let mut world = World::new(schema, begun);
    let mut author = world.author(9, "editor");
    let meta = author.root("meta");
    let (_, update) = author.edit(|edit| edit.set_key_new(&meta, "state", New::Map).unwrap());
    assert_eq!(world.judge(&update, author.role).1, ["meta/state: insert"]);
}

#[test]
fn s4_a_text_that_grows_at_its_end_only() {
    let schema = r#"{ "roots": { "notes": { "type": "text", "appendOnly": true } } }"#;
    let mut world = World::new(schema, begun);
    let mut author = world.author(9, "editor");
    let notes = author.root("notes");
    let mut step = |author: &mut Author, at: u32| {
        let (_, update) = author.edit(|edit| edit.insert_text(&notes, at, "!", None).unwrap());
        let (relayed, broken) = world.judge(&update, author.role);
        author.document.apply(&relayed).unwrap();
        broken
    };
    assert_eq!(step(&mut author, 15), [""; 0]);
    assert_eq!(step(&mut author, 16), [""; 0]);
    assert_eq!(step(&mut author, 3), ["notes: append-only"]);
    assert_eq!(step(&mut author, 17), [""; 0]);
    assert_eq!(author.document.string(&notes).unwrap(), "some bold notes!!!");
}

#[test]
fn s4_editors_may_write_anywhere_where_other_roots_are_allowed() {
    let schema = r#"{ "roots": {}, "otherRoots": "allow" }"#;
    let mut world = World::new(schema, begun);
    for (client, role, is_kept) in [(9, "editor", true), (10, "commenter", false)] {
        let mut author = world.author(client, role);
        let before = content(&mut world.replica);
        let [title, meta, tasks] = ["title", "meta", "tasks"].map(|name| author.root(name));
        let one = author.at(&["tasks", "one"]);
        let (done, update) = author.edit(|edit| {
            edit.insert_text(&title, 0, role, None)?;
            edit.set_key(&meta, "new", &string(role))?;
            edit.set_key(&one, "new", &string(role))?;
            edit.set_key(&tasks, "new", &string(role))
        });
        done.unwrap();
        // The guard reads roots that it does not know as maps, so its copies are not compared.
        let relayed = match world.guard.judge(&update, author.role).unwrap() {
            Verdict::Accepted => update,
            Verdict::Compensated { update, .. } => update,
        };
        world.replica.apply(&relayed).unwrap();
        author.document.apply(&relayed).unwrap();
        assert_eq!(content(&mut author.document), content(&mut world.replica));
        assert_eq!(content(&mut world.replica) == before, !is_kept);
    }
}

/// Some of what comes to a list at once is taken out one by one, and much of it all together.
#[test]
fn s4_many_items_that_break_a_rule_go_together() {
    let schema = r#"{ "roots": { "comments": { "type": "array",
        "items": { "value": { "type": "string" } }, "delete": [] } } }"#;
    for (count, kept) in [(50u32, 50), (20_000, 0)] {
        let mut world = World::new(schema, begun);
        let mut author = world.author(9, "editor");
        let comments = author.root("comments");
        let pairs = (0..count).flat_map(|_| [string("fine"), Json::Null]);
        let pairs: Vec<Json> = pairs.collect();
        let (done, update) = author.edit(|edit| {
            edit.delete_items(&comments, 0, 3)?;
            edit.insert_items(&comments, 0, &pairs)
        });
        done.unwrap();
        let (relayed, broken) = world.judge(&update, author.role);
        assert!(broken.len() <= VIOLATIONS_MAX);
        author.document.apply(&relayed).unwrap();
        assert_eq!(author.document.len(&comments), Ok(3 + kept));
        assert_eq!(world.replica.items(&comments), author.document.items(&comments));
        let items = world.replica.items(&comments).unwrap();
        let c0 = items.iter().position(|it| *it == Value::Json(string("c0"))).unwrap();
        assert_eq!(items[c0 + 1], Value::Json(string("c1")));
        assert_eq!(items[c0 + 2], Value::Json(string("c2")));
    }
}
