//! S1: what made the room fail.

use super::shell::{Shell, room_says, text};
use crate::codec::write_bytes;
use crate::protocol::native::encode_from_client;
use crate::protocol::{Close, Dialect, FromClient, FromRoom, Limit, Refusal};
use crate::room::{Input, SessionId, Suspect};
use crate::update;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const REFUSAL: Refusal = Refusal { limit: Limit::Failures, value: 3, max: 2, retry_ms: None };

/// The room fails with this in hand, and everyone comes back.
fn fail(shell: &mut Shell, in_hand: &[Suspect]) {
    shell.attachments.clear();
    shell.reload();
    shell.take(Input::Failed { in_hand });
}

fn in_update(shell: &Shell, session: SessionId, update: &[u8]) -> Option<Suspect> {
    let frame = encode_from_client(&FromClient::Update { number: 1, update }).unwrap();
    shell.room.suspect(session, &frame)
}

fn says_stock(shell: &mut Shell, session: SessionId, update: &[u8]) {
    let mut bytes = vec![0, 2];
    write_bytes(&mut bytes, update);
    shell.take(Input::Frame { session, bytes: &bytes });
}

#[test]
fn s1_a_change_that_makes_the_room_fail_again_and_again_is_refused_for_good() {
    let mut shell = Shell::new();
    let writer = shell.native(0, 0);
    let suspect = in_update(&shell, writer, &text(5, 0, "a")).unwrap();
    assert_eq!(suspect, Suspect::Change { client: 5, clock: 0 });
    for _ in 0..3 {
        fail(&mut shell, &[suspect]);
    }
    shell.reload();
    let (writer, reader) = (shell.native(0, 0), shell.native(0, 0));
    shell.heard(writer);
    shell.heard(reader);
    // Its client typed more meanwhile.
    let more = update::merge(&[&text(5, 0, "a"), &text(5, 1, "b")]).unwrap();
    shell.update(writer, 2, &more);
    shell.take(Input::Commit);
    let refused = FromRoom::Refused { number: 0, refusal: REFUSAL };
    assert_eq!(room_says(&shell.heard(writer)), [refused]);
    assert_eq!(shell.closed, [(writer, Close::Poison)]);
    // Nobody else minds.
    shell.update(reader, 1, &text(6, 0, "c"));
    shell.take(Input::Commit);
    assert_eq!(room_says(&shell.heard(reader)), [FromRoom::Ack { number: 1, sequence: 2 }]);
}

#[test]
fn s1_what_is_suspected_is_taken_alone_and_then_forgotten() {
    let mut shell = Shell::new();
    let suspects = [5, 6].map(|client| Suspect::Change { client, clock: 0 });
    fail(&mut shell, &suspects);
    let (a, b) = (shell.native(0, 0), shell.native(0, 0));
    shell.update(a, 1, &text(7, 0, "z"));
    shell.update(a, 2, &text(5, 0, "a"));
    assert_eq!(shell.log.rows.len(), 2, "what had gathered, and then the change alone");
    assert_eq!(shell.log.rows[1].value.update, text(5, 0, "a"));
    assert_eq!(shell.log.suspects.keys().collect::<Vec<_>>(), [&suspects[1]]);
    shell.heard(b);
    shell.update(b, 1, &text(6, 0, "b"));
    assert!(shell.log.suspects.is_empty());
    assert_eq!(room_says(&shell.heard(b)), [FromRoom::Ack { number: 1, sequence: 3 }]);
}

/// Who gives back what others wrote, and has poison of its own, must not have them refused.
#[test]
fn s1_one_author_is_not_taken_for_another() {
    let mut shell = Shell::new();
    let session = shell.native(0, 0);
    let both = update::merge(&[&text(5, 0, "a"), &text(6, 0, "b")]).unwrap();
    let suspect = in_update(&shell, session, &both).unwrap();
    assert!(matches!(suspect, Suspect::Update { .. }));
    for _ in 0..3 {
        fail(&mut shell, &[suspect]);
    }
    let sessions = [shell.native(0, 0), shell.native(0, 0), shell.native(0, 0)];
    shell.update(sessions[0], 1, &text(5, 0, "a"));
    shell.update(sessions[1], 1, &text(6, 0, "b"));
    shell.update(sessions[2], 1, &both);
    assert_eq!(shell.closed, [(sessions[2], Close::Poison)]);
}

#[test]
fn s1_a_stock_client_is_told_in_words_and_stays() {
    let mut shell = Shell::new();
    for _ in 0..3 {
        fail(&mut shell, &[Suspect::Change { client: 5, clock: 0 }]);
    }
    let stock = shell.connect(Dialect::Stock);
    shell.heard(stock);
    says_stock(&mut shell, stock, &text(5, 0, "a"));
    shell.take(Input::Commit);
    let words = "3 failures of the room to take this are over the limit of 2; trying again will \
                 not help";
    let mut denied = vec![2, 0];
    write_bytes(&mut denied, words.as_bytes());
    assert_eq!((shell.heard(stock), &shell.closed[..]), (vec![denied], &[][..]));
    assert_eq!(shell.log.updates().len(), 0);
}

#[test]
fn s1_a_compaction_that_failed_waits_for_a_longer_log() {
    let mut shell = Shell::new();
    let writer = shell.native(0, 0);
    shell.update(writer, 1, &text(5, 0, "a"));
    shell.take(Input::Commit);
    fail(&mut shell, &[]);
    shell.compact();
    assert!(shell.log.snapshots.is_empty());
    let writer = shell.native(0, 0);
    shell.update(writer, 1, &text(5, 1, "b"));
    shell.take(Input::Commit);
    shell.compact();
    assert_eq!(shell.log.snapshots.len(), 1);
}

#[test]
fn s1_suspects_are_kept_by_name_and_are_few() {
    let suspects = [
        Suspect::Change { client: (1 << 53) - 1, clock: u32::MAX },
        Suspect::Update { checksum: u32::MAX },
        Suspect::Part { total: 1 << 40, offset: 3 },
    ];
    for suspect in suspects {
        assert_eq!(suspect.to_string().parse(), Ok(suspect));
    }
    for name in ["epoch", "suspect", "suspect 1 2", "suspect 9 1 1", "suspect 1 1 4294967296"] {
        assert_eq!(name.parse::<Suspect>(), Err(()));
    }
    let mut shell = Shell::new();
    for client in 0..1_000 {
        shell.take(Input::Failed { in_hand: &[Suspect::Change { client, clock: 0 }] });
    }
    assert!(shell.log.suspects.len() <= 100);
}
