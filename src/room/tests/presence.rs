//! Presence: who others are told that somebody is (S5).

use super::shell::{Shell, room_says};
use super::*;
use crate::access::{Access, Role};
use crate::awareness::{self, Entry};
use crate::protocol::Dialect;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn access(subject: &str, name: Option<&str>) -> Access {
    let (subject, name) = (subject.into(), name.map(Into::into));
    Access { subject, name, ..Access::of_everyone(Role::Editor) }
}

/// Say something under a client id, in the words of either dialect.
fn present(shell: &mut Shell, session: SessionId, dialect: Dialect, client: u64, state: &str) {
    let update = awareness::encode([Entry { client, clock: shell.now.0, state }].into_iter());
    match dialect {
        Dialect::Native => shell.say(session, &FromClient::Awareness(&update)),
        Dialect::Stock => {
            let mut bytes = vec![1];
            crate::codec::write_bytes(&mut bytes, &update);
            shell.take(Input::Frame { session, bytes: &bytes });
        }
    }
    shell.take(Input::Commit);
}

/// What a native session is shown.
fn shown(shell: &mut Shell, session: SessionId) -> Vec<String> {
    let frames = shell.heard(session);
    let states = room_says(&frames).into_iter().flat_map(|message| match message {
        FromRoom::Awareness(update) => awareness::decode(update).unwrap(),
        _ => Vec::new(),
    });
    states.map(|entry| entry.state.to_owned()).collect()
}

#[test]
fn s5_presence_says_who_the_room_knows_that_it_is() {
    for dialect in [Dialect::Native, Dialect::Stock] {
        let mut shell = Shell::new();
        let watcher = shell.native_as(&access("carl", None));
        let ada = access("u1", Some("Ada"));
        let session = match dialect {
            Dialect::Native => shell.native_as(&ada),
            Dialect::Stock => shell.connect_as(dialect, &ada),
        };
        let said = r#"{"user":{"name":"Eve","color":"red"},"identity":{"subject":"root"}}"#;
        present(&mut shell, session, dialect, 5, said);
        let expected =
            r#"{"user":{"name":"Ada","color":"red"},"identity":{"subject":"u1","name":"Ada"}}"#;
        assert_eq!(shown(&mut shell, watcher), [expected]);
        // Said again it is no news, also to a room that slept.
        shell.now = shell.now + 1_000;
        present(&mut shell, session, dialect, 5, said);
        assert!(shown(&mut shell, watcher).is_empty());
        shell.reload();
        let late = shell.native_as(&access("dora", None));
        assert_eq!(shown(&mut shell, late), [expected]);
        present(&mut shell, watcher, Dialect::Native, 6, "\"no object\"");
        assert_eq!(shown(&mut shell, late), ["\"no object\""]);
    }
}

#[test]
fn s5_where_everyone_is_anybody_nobody_says_who_it_is() {
    let mut shell = Shell::new();
    let (session, watcher) = (shell.native(0, 0), shell.native(0, 0));
    shell.heard(watcher);
    let said = r#"{"user":{"name":"Eve"},"identity":{"subject":"root"}}"#;
    present(&mut shell, session, Dialect::Native, 5, said);
    assert_eq!(shown(&mut shell, watcher), [r#"{"user":{"name":"Eve"}}"#]);
}

#[test]
fn s2_what_the_room_adds_to_presence_counts() {
    let mut shell = Shell::limited(Limits { presence_bytes_max: 55, ..Limits::default() });
    let session = shell.native_as(&access("somebody", None));
    shell.heard(session);
    for (said, fits) in [(r#"{}"#, true), (r#"{"at":1}"#, false)] {
        present(&mut shell, session, Dialect::Native, 5, said);
        let frames = shell.heard(session);
        let is_refused = room_says(&frames).iter().any(|it| matches!(it, FromRoom::Refused { .. }));
        assert_eq!(!is_refused, fits, "{said}");
        shell.now = shell.now + 1_000;
    }
    assert_eq!(shell.closed, []);
}

#[test]
fn presence_passes_on_to_the_session_that_goes_on_for_another() {
    let mut shell = Shell::new();
    let watcher = shell.native_as(&access("carl", None));
    let ada = access("", None);
    let first = shell.native_as(&ada);
    present(&mut shell, first, Dialect::Native, 5, "1");
    assert_eq!(shown(&mut shell, watcher), ["1"]);
    let next = shell.native_as(&ada);
    shell.heard(next);
    let update = awareness::encode([Entry { client: 5, clock: 9, state: "2" }].into_iter());
    shell.say(next, &FromClient::Awareness(&update));
    shell.take(Input::Disconnect { session: first });
    shell.take(Input::GoesOn { session: next });
    shell.take(Input::Commit);
    assert_eq!(shown(&mut shell, watcher), ["2"], "nobody sees it gone");
    let frames = shell.heard(next);
    let said = room_says(&frames);
    assert_eq!(said.last(), Some(&FromRoom::Awareness(&awareness::EMPTY)));
}
