use super::shell::{EPOCH, Shell, room_says};
use super::*;
use crate::access::{Access, Role};
use crate::document::{Document, Json, Kind};
use crate::policy::Schema;
use crate::protocol::{Denial, Dialect, Rejections};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const SCHEMA: &str = r#"{
  "version": 2,
  "roles": { "reviewer": { "like": "commenter" } },
  "presence": ["reader"],
  "roots": {
    "meta": { "type": "map", "keys": {
      "owner": { "insert": ["owner"], "change": ["owner"], "delete": [] },
      "state": { "value": { "enum": ["open", "closed"] } } } },
    "note": { "type": "text", "maxCharacters": 10 },
    "comments": { "type": "array", "insert": ["commenter"], "delete": ["editor"] }
  }
}"#;

fn access(subject: &str, role: &str) -> Access {
    let (subject, role) = (subject.into(), role.into());
    Access { subject, role, ..Access::of_everyone(Role::Reader) }
}

/// A room with rules.
fn room() -> Shell {
    let mut shell = Shell::new();
    shell.take(Input::Schema(&Schema::parse(SCHEMA).unwrap()));
    shell
}

/// Somebody who edits a copy of their own.
struct Author {
    document: Document,
    session: SessionId,
    number: u64,
    /// Of what was rejected last: the number of the update, and the first ids.
    which: (u64, Vec<Option<(u64, u32)>>),
}

impl Author {
    fn new(shell: &mut Shell, client: u64, subject: &str, role: &str) -> Self {
        let session = shell.native_as(&access(subject, role));
        let mut author =
            Self { document: Document::new(client), session, number: 0, which: Default::default() };
        author.hear(shell);
        author
    }

    /// Take in what the room sent; returns what was rejected.
    fn hear(&mut self, shell: &mut Shell) -> Vec<String> {
        let heard = shell.heard(self.session);
        let mut rejected = Vec::new();
        for message in room_says(&heard) {
            match message {
                FromRoom::SyncStep2 { update, .. } | FromRoom::Update { update, .. } => {
                    self.document.apply(update).unwrap();
                }
                FromRoom::Rejected(all) => {
                    let Rejections { all, number } = Rejections::decode(all).unwrap();
                    self.which = (number, all.iter().map(|it| it.id).collect());
                    rejected.extend(all.iter().map(|it| format!("{} {}", it.path, it.rule)));
                }
                FromRoom::Denied { denial, .. } => rejected.push(denial.name().to_owned()),
                _ => {}
            }
        }
        rejected
    }

    /// Change the copy, tell the room, and hear what comes of it.
    fn edit(
        &mut self,
        shell: &mut Shell,
        change: impl FnOnce(&mut Document) -> Vec<u8>,
    ) -> Vec<String> {
        let update = change(&mut self.document);
        self.number += 1;
        shell.update(self.session, self.number, &update);
        shell.take(Input::Commit);
        self.hear(shell)
    }

    fn set(&mut self, shell: &mut Shell, key: &str, value: &str) -> Vec<String> {
        self.edit(shell, |document| set(document, key, value))
    }

    fn content(&mut self) -> String {
        for (name, kind) in [("meta", Kind::Map), ("note", Kind::Text), ("comments", Kind::Array)] {
            self.document.root(name, kind).unwrap();
        }
        format!("{:?}", self.document.content())
    }
}

fn set(document: &mut Document, key: &str, value: &str) -> Vec<u8> {
    let meta = document.root("meta", Kind::Map).unwrap();
    let value = Json::String(value.to_owned());
    let (set, update) = document.edit(|edit| edit.set_key(&meta, key, &value));
    set.unwrap();
    update.unwrap()
}

fn write(document: &mut Document, index: u32, string: &str) -> Vec<u8> {
    let note = document.root("note", Kind::Text).unwrap();
    let (written, update) = document.edit(|edit| edit.insert_text(&note, index, string, None));
    written.unwrap();
    update.unwrap()
}

#[test]
fn s4_what_breaks_a_rule_is_undone_for_everyone_before_anyone_sees_it() {
    let mut shell = room();
    let mut owner = Author::new(&mut shell, 1, "olga", "owner");
    let mut editor = Author::new(&mut shell, 2, "ed", "editor");
    let mut peer = Author::new(&mut shell, 3, "pia", "reader");
    assert!(owner.set(&mut shell, "owner", "olga").is_empty());
    assert!(editor.hear(&mut shell).is_empty());

    let rejected = editor.set(&mut shell, "owner", "mallory");
    assert_eq!(rejected, ["meta/owner change"]);
    assert_eq!(editor.which, (1, vec![Some((2, 0))]));
    let frames = shell.heard(peer.session);
    assert!(!frames.iter().any(|frame| frame.windows(7).any(|it| it == b"mallory")));
    for frame in &frames {
        shell.sent.push((peer.session, frame.clone()));
    }
    assert!(peer.hear(&mut shell).is_empty(), "it is its author's affair");
    owner.hear(&mut shell);
    // What is allowed goes on, from the same copy.
    assert!(editor.set(&mut shell, "state", "open").is_empty());
    owner.hear(&mut shell);
    peer.hear(&mut shell);
    let expected = owner.content();
    assert!(expected.contains("olga") && expected.contains("open"), "{expected}");
    assert_eq!((editor.content(), peer.content()), (expected.clone(), expected));
    let log = shell.log.rows.iter().map(|row| &row.value.update);
    assert!(!log.into_iter().any(|update| update.windows(7).any(|it| it == b"mallory")));
}

#[test]
fn s4_a_stock_client_is_told_in_its_words_and_converges() {
    let mut shell = room();
    let mut document = Document::new(5);
    let stock = shell.connect_as(Dialect::Stock, &access("sam", "editor"));
    shell.heard(stock);
    let update = write(&mut document, 0, "far too long");
    let frame = [&[0, 2, update.len() as u8][..], &update].concat();
    shell.take(Input::Frame { session: stock, bytes: &frame });
    shell.take(Input::Commit);
    let heard = shell.heard(stock);
    let said = String::from_utf8_lossy(&heard[0]).into_owned();
    assert!(said.contains("a change of note was undone: it breaks the rule max-characters"));
    document.apply(&heard[1][3..]).unwrap();
    let note = document.root("note", Kind::Text).unwrap();
    assert_eq!(document.string(&note).unwrap(), "");
}

#[test]
fn s4_rules_hold_after_a_hibernation_and_a_compaction() {
    let mut shell = room();
    let mut editor = Author::new(&mut shell, 2, "ed", "editor");
    assert!(editor.edit(&mut shell, |it| write(it, 0, "12345678")).is_empty());
    shell.reload();
    let rejected = editor.edit(&mut shell, |it| write(it, 8, "90ab"));
    assert_eq!(rejected, ["note max-characters"]);
    shell.compact();
    shell.reload();
    assert!(editor.edit(&mut shell, |it| write(it, 8, "90")).is_empty());
    assert!(editor.content().contains("1234567890"));
    assert_eq!(editor.edit(&mut shell, |it| write(it, 0, "x")), ["note max-characters"]);
}

#[test]
fn s4_somebody_who_was_away_learns_what_was_undone() {
    let mut shell = room();
    let mut editor = Author::new(&mut shell, 2, "ed", "editor");
    editor.set(&mut shell, "state", "open");
    let has = shell.room.head;
    // The answer does not reach it.
    editor.set(&mut shell, "owner", "ed");
    shell.heard(editor.session);
    shell.take(Input::Disconnect { session: editor.session });
    for is_history in [false, true] {
        if is_history {
            shell.compact();
        }
        let back = shell.connect_as(Dialect::Native, &access("ed", "editor"));
        let hello = Hello { protocol: 1, epoch: EPOCH, sequence: has, trace: None };
        shell.say(back, &FromClient::Hello(hello));
        let somebody_else = shell.native_as(&access("pia", "reader"));
        editor.session = back;
        assert_eq!(editor.hear(&mut shell), ["meta/owner insert"]);
        assert_eq!(editor.which, (0, vec![Some((2, 1))]), "the session's number is over");
        let others = shell.heard(somebody_else);
        assert!(!room_says(&others).iter().any(|it| matches!(it, FromRoom::Rejected(_))));
    }
}

/// What it sent on a connection that it lost comes late, when it is back already, and has been told
/// what it missed.
#[test]
fn s4_somebody_who_is_back_learns_what_was_undone_of_the_connection_before() {
    for is_gone in [false, true] {
        let mut shell = room();
        let mut editor = Author::new(&mut shell, 2, "ed", "editor");
        editor.set(&mut shell, "state", "open");
        let [before, elder] = [editor.session, shell.native_as(&access("ed", "editor"))];
        let has = shell.room.head;
        let update = set(&mut editor.document, "owner", "ed");
        let early = shell.native_as(&access("ed", "editor"));
        shell.update(before, 2, &update);
        if is_gone {
            shell.take(Input::Disconnect { session: before });
        }
        let back = shell.connect_as(Dialect::Native, &access("ed", "editor"));
        let hello = Hello { protocol: 1, epoch: EPOCH, sequence: has, trace: None };
        shell.say(back, &FromClient::Hello(hello));
        let [silent, pia] = [
            shell.connect_as(Dialect::Native, &access("ed", "editor")),
            shell.native_as(&access("pia", "editor")),
        ];
        shell.take(Input::Commit);
        for (session, expected) in [
            (back, 1),
            (early, 1),
            (elder, 1),
            (silent, 0),
            (pia, 0),
            (before, usize::from(!is_gone)),
        ] {
            editor.session = session;
            let heard = editor.hear(&mut shell);
            assert_eq!(heard, vec!["meta/owner insert"; expected], "{session:?}");
        }
        // And it sends again what was not acknowledged.
        shell.update(back, 2, &update);
        shell.take(Input::Commit);
        editor.session = back;
        assert!(editor.hear(&mut shell).is_empty(), "it was told");
    }
}

/// What it wrote was taken, and the connection was gone before it had anything.
#[test]
fn s4_somebody_who_was_cut_off_at_once_learns_what_was_undone() {
    let mut shell = room();
    let mut editor = Author::new(&mut shell, 2, "ed", "editor");
    editor.set(&mut shell, "owner", "ed");
    shell.heard(editor.session);
    shell.take(Input::Disconnect { session: editor.session });
    let back = |shell: &mut Shell, epoch| {
        let back = shell.connect_as(Dialect::Native, &access("ed", "editor"));
        let hello = Hello { protocol: 1, epoch, sequence: 0, trace: None };
        shell.say(back, &FromClient::Hello(hello));
        back
    };
    editor.session = back(&mut shell, EPOCH);
    assert_eq!(editor.hear(&mut shell), ["meta/owner insert"]);
    // Another page of the same person wrote nothing.
    editor.session = back(&mut shell, 0);
    assert!(editor.hear(&mut shell).is_empty());
}

#[test]
fn s3_a_schema_says_more_of_who_may_do_what() {
    let mut shell = room();
    // It is like a commenter.
    let mut reviewer = Author::new(&mut shell, 4, "rita", "reviewer");
    let comment = |document: &mut Document| {
        let comments = document.root("comments", Kind::Array).unwrap();
        let value = Json::String("nice".to_owned());
        document.edit(|edit| edit.insert_items(&comments, 0, &[value])).1.unwrap()
    };
    assert!(reviewer.edit(&mut shell, comment).is_empty());
    assert_eq!(reviewer.set(&mut shell, "state", "open"), ["meta/state insert"]);
    let mut reader = Author::new(&mut shell, 6, "rob", "reader");
    assert_eq!(reader.edit(&mut shell, comment), [Denial::Role.name()]);
    let may = |role, action| shell.room.allows(&access("x", role), action);
    use crate::access::Action::{Audit, Present, Read, Write};
    assert!(may("reviewer", Read) && may("reviewer", Write) && !may("reviewer", Audit));
    assert!(may("reader", Present) && !may("reader", Write));
    assert!(!may("stranger", Read));
}

#[test]
fn s6_what_was_undone_is_in_the_log_without_its_content() {
    let mut shell = room();
    let mut editor = Author::new(&mut shell, 2, "ed", "editor");
    editor.set(&mut shell, "owner", "mallory");
    let audit = shell.room.audit(&shell.log, 0, 100).unwrap();
    let kinds: Vec<_> = audit.entries.iter().map(|it| it.decision.what.name()).collect();
    assert!(kinds.contains(&"schema") && kinds.contains(&"compensated"), "{kinds:?}");
    assert!(audit.breaks.is_empty());
    assert!(!format!("{audit:?}").contains("mallory"));
}

/// C1: a document without a schema is not loaded.
#[test]
fn c1_only_a_document_with_rules_is_loaded() {
    let mut shell = Shell::new();
    let mut editor = Author::new(&mut shell, 2, "ed", "editor");
    editor.set(&mut shell, "owner", "ed");
    assert!(!shell.room.is_loaded());
    let mut shell = room();
    let mut editor = Author::new(&mut shell, 2, "ed", "editor");
    assert!(!shell.room.is_loaded());
    editor.set(&mut shell, "state", "open");
    assert!(shell.room.is_loaded());
    shell.take(Input::Schema(&Schema::parse(r#"{ "roots": {} }"#).unwrap()));
    assert_eq!(editor.set(&mut shell, "state", "closed"), ["meta/state other-roots"]);
}

/// The schema that a session was told, in the order of what it heard.
fn told(shell: &mut Shell, session: SessionId) -> Vec<String> {
    let frames = shell.heard_all(session);
    let said = room_says(&frames).into_iter().filter_map(|message| match message {
        FromRoom::Welcome(_) => Some("welcome".to_owned()),
        FromRoom::Access(granted) => Some(granted.role.to_owned()),
        FromRoom::Schema(json) => Some(json.to_owned()),
        _ => None,
    });
    said.collect()
}

#[test]
fn s4_a_native_client_is_told_the_rules_and_a_stock_one_has_no_word_for_them() {
    let mut shell = Shell::new();
    let early = shell.native_as(&access("ann", "editor"));
    let stock = shell.connect_as(Dialect::Stock, &access("bob", "editor"));
    assert_eq!(told(&mut shell, early), ["welcome", "editor"]);
    shell.heard(stock);
    shell.take(Input::Schema(&Schema::parse(SCHEMA).unwrap()));
    assert_eq!(told(&mut shell, early), ["editor", SCHEMA]);
    assert!(shell.heard(stock).is_empty());
    let late = shell.native_as(&access("dora", "reviewer"));
    assert_eq!(told(&mut shell, late), ["welcome", "reviewer", SCHEMA]);
    // It is kept.
    shell.reload();
    let later = shell.native_as(&access("eve", "reader"));
    assert_eq!(told(&mut shell, later), ["welcome", "reader", SCHEMA]);
}
