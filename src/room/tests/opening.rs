//! A client that has nothing is sent the document as it is stored.

use super::memory::DEFLATED;
use super::shell::{EPOCH, NOW, Shell, text};
use crate::protocol::native::decode_from_room;
use crate::protocol::{Dialect, FromClient, FromRoom, Hello, INFLATES};
use crate::room::{Input, SessionId};
use crate::update;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn hello(shell: &mut Shell, protocol: u32, sequence: u64) -> SessionId {
    let session = shell.connect(Dialect::Native);
    let epoch = if sequence > 0 { EPOCH } else { 0 };
    shell.say(session, &FromClient::Hello(Hello { protocol, epoch, sequence, trace: None }));
    session
}

/// The updates of what a session was sent, and up to where: those that came deflated as well.
fn opened(shell: &mut Shell, session: SessionId) -> Vec<(bool, u64, Vec<u8>)> {
    let heard = shell.heard(session);
    let update = |frame: &Vec<u8>| match decode_from_room(frame).unwrap().unwrap() {
        FromRoom::Document { sequence, deflated } => {
            Some((true, sequence, deflated.strip_prefix(DEFLATED).unwrap().to_vec()))
        }
        FromRoom::SyncStep2 { sequence, update } => Some((false, sequence, update.to_vec())),
        _ => None,
    };
    heard.iter().filter_map(update).collect()
}

/// A room with a snapshot of two commits, and one commit behind it.
fn room() -> (Shell, Vec<u8>) {
    let mut shell = Shell::new();
    let writer = shell.native(0, 0);
    for clock in 0..2_u64 {
        shell.update(writer, clock + 1, &text(5, clock, "x"));
        shell.take(Input::Commit);
    }
    shell.compact();
    let stored = shell.log.snapshots.last().unwrap().value.update.clone();
    (shell, stored)
}

#[test]
fn o2_the_document_comes_as_it_is_stored_and_the_rest_behind_it() {
    let (mut shell, stored) = room();
    // One says that the log was compacted.
    let first = hello(&mut shell, INFLATES, 0);
    assert_eq!(
        opened(&mut shell, first),
        [(true, 2, stored.clone()), (false, 3, update::EMPTY.to_vec())]
    );
    let rest = text(5, 2, "y");
    shell.update(first, 1, &rest);
    shell.take(Input::Commit);
    for _ in 0..2 {
        // The second is served from what is kept, the third after a restart.
        for _ in 0..2 {
            let next = hello(&mut shell, INFLATES, 0);
            assert_eq!(
                opened(&mut shell, next),
                [(true, 2, stored.clone()), (false, 4, rest.clone())]
            );
        }
        shell.reload();
    }
}

#[test]
fn w2_a_client_that_cannot_inflate_gets_the_document_as_it_is() {
    let (mut shell, stored) = room();
    let old = hello(&mut shell, INFLATES - 1, 0);
    assert_eq!(opened(&mut shell, old), [(false, 3, stored)]);
}

#[test]
fn o2_who_was_here_gets_what_it_missed_and_no_document() {
    let (mut shell, _) = room();
    let writer = hello(&mut shell, INFLATES, 3);
    shell.update(writer, 1, &text(5, 2, "y"));
    shell.take(Input::Commit);
    let back = hello(&mut shell, INFLATES, 3);
    assert_eq!(opened(&mut shell, back), [(false, 4, text(5, 2, "y"))]);
}

#[test]
fn d2_a_document_that_is_damaged_is_not_sent() {
    let (mut shell, stored) = room();
    shell.log.snapshots.last_mut().unwrap().value.update[3] ^= 1;
    let session = hello(&mut shell, INFLATES, 0);
    assert_eq!(opened(&mut shell, session), []);
    // It is made again from the history.
    shell.reload();
    shell.take(Input::Commit);
    let session = hello(&mut shell, INFLATES, 0);
    let sent = opened(&mut shell, session);
    assert_eq!(update::merge(&[&sent[0].2]).unwrap(), stored);
}

#[test]
fn c3_it_is_kept_for_a_crowd_and_not_longer() {
    let (mut shell, _) = room();
    hello(&mut shell, INFLATES, 0);
    assert!(shell.room.answers.is_held());
    shell.now = NOW + 10_000;
    shell.take(Input::Commit);
    assert!(!shell.room.answers.is_held());
}
