//! A client id belongs to the first subject that writes with it.

use super::*;
use crate::protocol::Denial;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const DENIED: FromRoom<'_> = FromRoom::Denied { number: 2, denial: Denial::Author };

impl Shell {
    /// A native session of somebody who has just joined and was told all there is.
    fn joined(&mut self, subject: &str) -> SessionId {
        let session = self.native_by(subject, 0, 0);
        self.heard(session);
        session
    }

    fn writes(&mut self, session: SessionId, number: u64, update: &[u8]) {
        self.update(session, number, update);
        self.take(Input::Commit);
    }

    fn stock_says(&mut self, session: SessionId, tag: u8, update: &[u8]) {
        let mut bytes = vec![0, tag];
        write_bytes(&mut bytes, update);
        self.take(Input::Frame { session, bytes: &bytes });
        self.take(Input::Commit);
    }

    fn owners(&self, clients: &[u64]) -> Vec<Option<u32>> {
        clients.iter().map(|&client| self.room.owner(client)).collect()
    }
}

#[test]
fn s5_who_writes_under_anothers_client_id_is_denied() {
    let mut shell = Shell::new();
    let (ann, bob) = (shell.joined("ann"), shell.joined("bob"));
    shell.writes(ann, 1, &text(5, 0, "a"));
    shell.heard(bob);
    shell.writes(bob, 2, &text(5, 1, "b"));
    assert_eq!(room_says(&shell.heard(bob)), [DENIED]);
    // Neither beside something of its own, nor in an answer.
    let both = update::merge(&[&text(5, 1, "b"), &text(6, 0, "b")]).unwrap();
    shell.say(bob, &FromClient::SyncStep2 { number: 2, update: &both });
    assert_eq!(room_says(&shell.heard(bob)), [DENIED]);
    shell.take(Input::Commit);
    assert_eq!(shell.log.updates(), [text(5, 0, "a")]);
    assert_eq!((shell.owners(&[5, 6]), &shell.closed[..]), (vec![Some(1), None], &[][..]));
    // Nothing more is taken until it says everything; then it goes on.
    shell.say(bob, &FromClient::SyncStep2 { number: 3, update: &text(6, 0, "b") });
    shell.take(Input::Commit);
    assert_eq!((shell.owners(&[5, 6]), shell.log.updates().len()), (vec![Some(1), Some(2)], 2));
}

#[test]
fn s5_a_stock_client_is_told_in_words() {
    let mut shell = Shell::new();
    let (ann, bob) = (shell.joined("ann"), shell.connect_by(Dialect::Stock, "bob"));
    shell.writes(ann, 1, &text(5, 0, "a"));
    for tag in [1, 2] {
        shell.heard(bob);
        shell.stock_says(bob, tag, &text(5, 1, "b"));
        let mut denied = vec![2, 0];
        write_bytes(&mut denied, b"this client id belongs to somebody else");
        assert_eq!(shell.heard(bob), [denied]);
    }
    shell.stock_says(bob, 2, &text(6, 0, "b"));
    assert_eq!((shell.log.updates().len(), &shell.closed[..]), (2, &[][..]));
}

#[test]
fn s5_what_the_log_has_may_be_repeated_by_anybody() {
    let mut shell = Shell::new();
    let (ann, bob) = (shell.joined("ann"), shell.joined("bob"));
    shell.writes(ann, 1, &text(5, 0, "ab"));
    let repeated = update::merge(&[&text(5, 0, "ab"), &text(6, 0, "c")]).unwrap();
    shell.heard(bob);
    shell.writes(bob, 1, &text(5, 0, "a"));
    shell.writes(bob, 2, &repeated);
    let acks: Vec<_> =
        [(1, 1), (2, 2)].map(|(number, sequence)| FromRoom::Ack { number, sequence }).into();
    assert_eq!(room_says(&shell.heard(bob)), acks);
    // Anybody deletes: that is for the document's rules.
    shell.writes(bob, 3, &[0, 1, 5, 1, 0, 1]);
    assert_eq!((shell.owners(&[5, 6]), shell.log.updates().len()), (vec![Some(1), Some(2)], 3));
}

#[test]
fn s5_an_id_is_recorded_once_and_kept() {
    let mut shell = Shell::new();
    let ann = shell.joined("ann");
    shell.writes(ann, 1, &text(5, 0, "a"));
    shell.writes(ann, 2, &text(5, 1, "b"));
    let authors = shell.log.rows.iter().map(|row| row.value.authors.clone());
    assert_eq!(authors.collect::<Vec<_>>(), [vec![5, 1], vec![]]);
    assert_eq!(shell.log.subjects[&1].as_ref().unwrap().subject, "ann".into());
    // Over a hibernation, in a room that starts anew, after a compaction, and after a repair.
    let is_kept = |shell: &mut Shell| {
        assert_eq!(shell.owners(&[5, 6]), [Some(1), None]);
        let bob = shell.joined("bob");
        shell.update(bob, 2, &text(5, 2, "c"));
        assert_eq!(room_says(&shell.heard(bob)), [DENIED]);
        shell.take(Input::Disconnect { session: bob });
    };
    is_kept(&mut shell);
    shell.reload();
    is_kept(&mut shell);
    shell.compact();
    shell.reload();
    assert_eq!(shell.log.rows.len(), 1, "the row that recorded it is in the history");
    is_kept(&mut shell);
    shell.log.snapshots[0].value.update[3] ^= 1;
    shell.reload();
    shell.native(0, 0);
    assert!(std::mem::take(&mut shell.abandoned));
    shell.reload();
    is_kept(&mut shell);
}

#[test]
fn s5_what_was_lost_may_be_given_back_by_others_and_no_more() {
    let mut shell = Shell::new();
    let (ann, bob) = (shell.joined("ann"), shell.joined("bob"));
    shell.writes(ann, 1, &text(5, 0, "ab"));
    shell.writes(bob, 1, &text(6, 0, "c"));
    let update = &mut shell.log.rows[0].value.update;
    let last = update.len() - 2;
    update[last] ^= 1;
    shell.native(0, 0);
    assert!(std::mem::take(&mut shell.abandoned));
    shell.attachments.clear();
    shell.reload();
    assert_eq!((shell.owners(&[5]), shell.room.known.clock(5)), (vec![Some(1)], 0));
    let bob = shell.native_by("bob", EPOCH, 2);
    shell.heard(bob);
    // More than there was.
    shell.say(bob, &FromClient::SyncStep2 { number: 2, update: &text(5, 0, "abd") });
    assert_eq!(room_says(&shell.heard(bob)), [DENIED]);
    shell.say(bob, &FromClient::SyncStep2 { number: 0, update: &text(5, 0, "ab") });
    shell.take(Input::Commit);
    assert_eq!((shell.owners(&[5]), shell.room.known.clock(5)), (vec![Some(1)], 2));
}

#[test]
fn s5_where_everybody_is_everyone_nothing_is_denied_or_recorded() {
    let mut shell = Shell::new();
    let (a, b) = (shell.joined(""), shell.joined(""));
    shell.writes(a, 1, &text(5, 0, "a"));
    shell.writes(b, 1, &text(5, 1, "b"));
    assert!(shell.log.rows.iter().all(|row| row.value.authors.is_empty()));
    assert_eq!((shell.owners(&[5]), shell.log.subjects.len()), (vec![Some(EVERYONE)], 0));
    // What was everyone's is nobody else's later.
    shell.reload();
    let ann = shell.joined("ann");
    shell.writes(ann, 2, &text(5, 2, "c"));
    assert_eq!(room_says(&shell.heard(ann)), [DENIED]);
}

#[test]
fn s5_the_rooms_own_client_id_is_nobodys() {
    let mut shell = Shell::new();
    for subject in ["", "ann"] {
        let session = shell.joined(subject);
        let own = shell.room.own_client();
        assert_eq!(own, 1 << 52 | EPOCH);
        shell.writes(session, 2, &text(own, 0, "a"));
        assert_eq!(room_says(&shell.heard(session)), [DENIED]);
    }
    assert!(shell.log.updates().is_empty());
}

/// y-websocket repeats what it hears about others, so it is not told off.
#[test]
fn s5_presence_under_anothers_client_id_is_not_shown() {
    let mut shell = Shell::new();
    let (ann, bob) = (shell.joined("ann"), shell.joined("bob"));
    shell.writes(ann, 1, &text(5, 0, "a"));
    let watcher = shell.joined("carl");
    shell.say(bob, &FromClient::Awareness(&[2, 5, 1, 2, b'{', b'}', 6, 1, 2, b'{', b'}']));
    shell.take(Input::Commit);
    let frames = shell.heard(watcher);
    let [FromRoom::Awareness(shown)] = room_says(&frames)[..] else { panic!("{frames:?}") };
    let shown: Vec<_> =
        crate::awareness::decode(shown).unwrap().iter().map(|entry| entry.client).collect();
    assert_eq!(shown, [6]);
    shell.say(ann, &FromClient::Awareness(&[1, 5, 1, 2, b'{', b'}']));
    shell.take(Input::Commit);
    assert_eq!((shell.heard(watcher).len(), &shell.closed[..]), (1, &[][..]));
}

#[test]
fn s6_who_was_erased_is_another_when_they_come_back() {
    let mut shell = Shell::new();
    let ann = shell.joined("ann");
    shell.writes(ann, 1, &text(5, 0, "a"));
    shell.take(Input::Erase { subject: "nobody" });
    shell.take(Input::Erase { subject: "ann" });
    assert_eq!((shell.log.subjects.len(), &shell.log.subjects[&1]), (1, &None));
    for reloads in [false, true] {
        if reloads {
            shell.reload();
        }
        assert_eq!((shell.owners(&[5]), shell.room.subjects().get(1)), (vec![Some(1)], None));
        let audit = shell.room.audit(&shell.log, 0, 100).unwrap();
        assert_eq!(audit.breaks, []);
        let of_ann = audit.entries.iter().find(|entry| entry.decision.subject == 1).unwrap();
        assert_eq!((of_ann.sequence, &of_ann.who), (1, &None));
    }
    let ann = shell.joined("ann");
    shell.writes(ann, 2, &text(5, 1, "b"));
    assert_eq!(room_says(&shell.heard(ann)), [DENIED]);
    shell.say(ann, &FromClient::SyncStep2 { number: 3, update: &text(7, 0, "c") });
    shell.take(Input::Commit);
    assert_eq!((shell.owners(&[7]), shell.log.subjects.len()), (vec![Some(2)], 2));
}
