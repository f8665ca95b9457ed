//! The log of decisions: what is in it, that it is chained, and that the document can be replayed.

use super::memory::Kept;
use super::*;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

impl Shell {
    fn audited(&self) -> Audit {
        self.room.audit(&self.log, 0, 10_000).unwrap()
    }

    fn decided(&self) -> Vec<(u64, u32, What)> {
        let entries = self.audited().entries.into_iter();
        entries.map(|it| (it.sequence, it.decision.subject, it.decision.what)).collect()
    }

    /// Somebody types, a row for each character.
    fn types(&mut self, session: SessionId, client: u64, clocks: std::ops::Range<u64>) {
        for clock in clocks {
            self.update(session, clock + 1, &text(client, clock, "x"));
            self.take(Input::Commit);
        }
    }

    /// Change a row so that its checksums are right.
    fn forge(&mut self, row: usize, change: impl FnOnce(&mut Row)) {
        let mut value = self.log.rows[row].value.clone();
        change(&mut value);
        self.log.rows[row] = Kept::row(value);
    }
}

fn accepted(updates: u32, client: u64) -> What {
    What::Accepted { updates, clients: vec![client] }
}

#[test]
fn s6_what_is_decided_is_in_the_log() {
    let mut shell = Shell::limited(Limits { update_bytes_max: 1_024, ..Limits::default() });
    let (ann, bob) = (shell.native_by("ann", 0, 0), shell.native_by("bob", 0, 0));
    shell.update(ann, 1, &text(5, 0, "a"));
    shell.update(bob, 1, &text(6, 0, "b"));
    shell.update(ann, 2, &text(5, 1, "c"));
    shell.take(Input::Commit);
    let epoch = (3, 0, What::Epoch { epoch: EPOCH });
    let first = [epoch, (3, 1, accepted(2, 5)), (3, 2, accepted(1, 6))];
    assert_eq!(shell.decided(), first);
    // What was not taken, and why, with who it was.
    shell.update(bob, 2, &text(5, 2, "d"));
    shell.update(ann, 3, &text(5, 2, &"x".repeat(1_024)));
    shell.take(Input::Commit);
    shell.now = shell.now + 1_000;
    shell.take(Input::Frame { session: ann, bytes: &[3, 255] });
    shell.take(Input::Commit);
    let refused = |why, times| What::Refused { why, times };
    let second = [
        (4, 1, refused(Reason::Limit, 1)),
        (4, 2, refused(Reason::Denied(crate::protocol::Denial::Author), 1)),
        (5, 1, refused(Reason::Unreadable, 1)),
    ];
    assert_eq!(shell.decided()[3..], second);
    shell.compact();
    assert_eq!(shell.decided()[6..], [(6, 0, What::Compacted { sequence: 5 })]);
    shell.take(Input::Erase { subject: "bob" });
    assert_eq!(shell.decided()[7..], [(7, 0, What::Erased { number: 2 })]);
    let entry = &shell.audited().entries[1];
    assert_eq!((entry.at, &*entry.who.as_ref().unwrap().subject), (NOW, "ann"));
    assert_eq!(shell.audited().entries[2].who, None);
}

#[test]
fn s6_decisions_without_an_update_are_a_row_that_nobody_is_sent() {
    let mut shell = Shell::new();
    let (writer, peer) = (shell.native(0, 0), shell.native(0, 0));
    shell.types(writer, 5, 0..1);
    shell.compact();
    shell.heard(peer);
    assert_eq!((shell.log.rows.len(), shell.room.head), (1, 2));
    assert_eq!((shell.alarm, shell.heard(peer)), (shell.room.alarm.rounds.sweep_at, vec![]));
    // Who has the last update is brought up to date with nothing.
    let resumed = shell.native(EPOCH, 1);
    let nothing = FromRoom::SyncStep2 { sequence: 2, update: &update::EMPTY };
    assert_eq!(room_says(&shell.heard(resumed))[1..], [nothing]);
    shell.types(writer, 5, 1..2);
    let said = FromRoom::Update { sequence: 3, update: &text(5, 1, "x") };
    assert_eq!(room_says(&shell.heard(peer)), [said]);
    // A room that wakes finds no gap.
    shell.reload();
    shell.connect(Dialect::Stock);
    assert!(!shell.abandoned);
}

#[test]
fn s6_a_short_log_is_not_compacted_for_ever() {
    let mut shell = Shell::limited(Limits { log_rows_max: 1, ..Limits::default() });
    let writer = shell.native(0, 0);
    shell.types(writer, 5, 0..1);
    for _ in 0..5 {
        shell.now = shell.now + 10_000;
        shell.take(Input::Alarm);
        shell.reload();
    }
    let rows: Vec<_> = shell.log.rows.iter().map(|row| row.value.sequence).collect();
    assert_eq!((shell.log.history.len(), rows), (1, vec![2]));
}

/// Whoever may not write cannot fill the log either.
#[test]
fn s6_refusals_are_counted_and_written_once_in_a_second() {
    let mut shell = Shell::limited(Limits { update_bytes_max: 1_024, ..Limits::default() });
    let ann = shell.connect_by(Dialect::Stock, "ann");
    let mut bytes = vec![0, 2];
    write_bytes(&mut bytes, &text(5, 0, &"x".repeat(1_024)));
    for _ in 0..50 {
        shell.take(Input::Frame { session: ann, bytes: &bytes });
        shell.take(Input::Commit);
        shell.now = shell.now + 10;
    }
    let refused = |times| What::Refused { why: Reason::Limit, times };
    assert_eq!(shell.decided()[1..], [(1, 1, refused(1))]);
    // The rest comes by itself, and then the room is quiet.
    shell.now = shell.timer.take().expect("a timer");
    assert_eq!(shell.now, NOW + 1_000);
    shell.take(Input::Commit);
    assert_eq!(shell.decided()[2..], [(2, 1, refused(49))]);
    assert_eq!(shell.timer, None);
    // Or with the next update.
    shell.take(Input::Frame { session: ann, bytes: &bytes });
    let bob = shell.native(0, 0);
    shell.types(bob, 6, 0..1);
    assert_eq!(shell.decided()[3..], [(3, 0, accepted(1, 6)), (3, 1, refused(1))]);
    // However many are refused, a row tells a hundred of them apart.
    shell.now = shell.now + 5_000;
    for _ in 0..150 {
        let session = shell.connect_by(Dialect::Stock, "mallory");
        shell.take(Input::Frame { session, bytes: &bytes });
    }
    shell.take(Input::Commit);
    let last: Vec<_> = shell.decided().split_off(5);
    assert_eq!((last.len(), &last[0]), (101, &(4, 0, refused(50))));
}

#[test]
fn s6_a_change_to_a_row_is_found_where_it_is() {
    let changes: [fn(&mut Row); 8] = [
        |row| row.at = row.at + 1,
        |row| row.clocks[1] ^= 1,
        |row| row.authors[1] ^= 1,
        |row| row.deletes ^= true,
        |row| row.decisions[2] ^= 1,
        |row| *row.update.iter_mut().rev().nth(1).unwrap() ^= 1,
        |row| row.chain = row.chain.map(|chain| [chain[0] ^ 1; 32]),
        |row| row.chain = None,
    ];
    for (nth, change) in changes.into_iter().enumerate() {
        let mut shell = Shell::new();
        let ann = shell.native_by("ann", 0, 0);
        for (number, client) in (1..).zip([5, 6, 7]) {
            shell.update(ann, number, &text(client, 0, "x"));
            shell.take(Input::Commit);
        }
        assert_eq!(shell.audited().breaks, []);
        let kept = shell.audited().chain;
        // With checksums that are wrong, and with such as a forger would write.
        let (mut damaged, row) = (shell.log.rows[1].clone(), shell.log.rows[1].clone());
        change(&mut damaged.value);
        shell.log.rows[1] = damaged;
        let breaks = shell.audited().breaks;
        let [Break { sequence: 2, flaw: Flaw::Unreadable(_) }] = &breaks[..] else {
            panic!("change {nth}: {breaks:?}");
        };
        shell.log.rows[1] = row;
        shell.forge(1, change);
        let breaks = shell.audited().breaks;
        assert_eq!(breaks[0], Break { sequence: 2, flaw: Flaw::Changed }, "change {nth}");
        // Nor does it help to chain everything anew, if somebody kept the last chain.
        let mut link = shell.log.rows[0].value.chain.unwrap();
        for row in 1..3 {
            shell.forge(row, |row| *row = row.clone().chain_to(&link));
            link = shell.log.rows[row].value.chain.unwrap();
        }
        let is_same = shell.audited().chain == kept;
        assert_eq!((shell.audited().breaks.len(), is_same), (0, nth >= 6), "change {nth}");
    }
}

#[test]
fn s6_a_row_that_is_missing_or_elsewhere_is_found() {
    let three_rows = || {
        let mut shell = Shell::new();
        let writer = shell.native(0, 0);
        shell.types(writer, 5, 0..4);
        shell
    };
    let mut shell = three_rows();
    shell.log.rows.remove(1);
    assert_eq!(shell.audited().breaks, [Break { sequence: 2, flaw: Flaw::Missing }]);
    let mut shell = three_rows();
    shell.log.rows.remove(0);
    assert_eq!(shell.audited().breaks, [Break { sequence: 1, flaw: Flaw::Missing }]);
    // Two that changed places.
    let mut shell = three_rows();
    let (second, third) = (shell.log.rows[1].value.clone(), shell.log.rows[2].value.clone());
    shell.forge(1, |row| *row = Row { sequence: 2, ..third });
    shell.forge(2, |row| *row = Row { sequence: 3, ..second });
    assert_eq!(shell.audited().breaks[0], Break { sequence: 2, flaw: Flaw::Changed });
    // One that was put between.
    let mut shell = three_rows();
    let between = Row { updates: 1, ..shell.log.rows[1].value.clone() };
    shell.forge(2, |row| *row = Row { sequence: 3, ..between });
    assert_eq!(shell.audited().breaks[0], Break { sequence: 3, flaw: Flaw::Changed });
    // Another history's.
    let mut shell = three_rows();
    shell.room.epoch += 1;
    assert_eq!(shell.audited().breaks, [Break { sequence: 1, flaw: Flaw::Changed }]);
}

#[test]
fn s6_pages_follow_each_other_and_reach_into_the_history() {
    let mut shell = Shell::new();
    let writer = shell.native(0, 0);
    shell.types(writer, 5, 0..10);
    shell.compact();
    shell.types(writer, 5, 10..15);
    shell.compact();
    shell.types(writer, 5, 15..17);
    let whole = shell.audited();
    assert_eq!((whole.sequence, whole.entries.len(), whole.has_more), (19, 20, false));
    for rows_max in [1, 3, 7] {
        let (mut after, mut entries) = (0, Vec::new());
        loop {
            let page = shell.room.audit(&shell.log, after, rows_max).unwrap();
            assert_eq!(page.breaks, []);
            entries.extend(page.entries);
            after = page.sequence;
            if !page.has_more {
                assert_eq!(page.chain, whole.chain);
                break;
            }
        }
        assert_eq!(entries, whole.entries);
    }
    // A change in the history is found as well.
    let Ok(rows) = &mut shell.log.history[0].1 else { panic!("a segment") };
    rows[4].at = NOW + 1;
    assert_eq!(shell.audited().breaks, [Break { sequence: 5, flaw: Flaw::Changed }]);
}

#[test]
fn s6_what_storage_lost_is_named_and_the_chain_goes_on() {
    let mut shell = Shell::new();
    let writer = shell.native(0, 0);
    for (number, client) in (1..).zip([5, 6, 7]) {
        shell.update(writer, number, &text(client, 0, "x"));
        shell.take(Input::Commit);
    }
    shell.log.rows[1].value.clocks[1] ^= 1;
    shell.reload();
    shell.connect(Dialect::Stock);
    shell.reload();
    let breaks = shell.audited().breaks;
    assert!(matches!(breaks[..], [Break { sequence: 2, flaw: Flaw::Unreadable(_) }]), "{breaks:?}");
    let lost = What::Quarantined { part: Part::Row, sequence: 2 };
    assert_eq!(shell.decided().last(), Some(&(4, 0, lost)));
    let writer = shell.native(0, 0);
    shell.update(writer, 1, &text(8, 0, "x"));
    shell.take(Input::Commit);
    assert_eq!(shell.audited().breaks.len(), 1);
}

/// A document from before there was a chain.
#[test]
fn s6_rows_of_an_older_build_are_read_and_the_chain_begins_behind_them() {
    let mut shell = Shell::new();
    let writer = shell.native(0, 0);
    shell.types(writer, 5, 0..2);
    for row in 0..2 {
        shell.forge(row, |row| {
            (row.chain, row.decisions) = (None, Vec::new());
        });
    }
    shell.reload();
    let ann = shell.native_by("ann", 0, 0);
    shell.types(ann, 6, 0..2);
    assert_eq!(shell.audited().breaks, []);
    let epoch = (3, 0, What::Epoch { epoch: EPOCH });
    let decided = [epoch, (3, 1, accepted(1, 6)), (4, 1, accepted(1, 6))];
    assert_eq!(shell.decided(), decided);
    assert_eq!(shell.room.owner(5), Some(EVERYONE));
    // It cannot begin twice.
    shell.forge(3, |row| *row = row.clone().chain_to(&origin(EPOCH)));
    assert_eq!(shell.audited().breaks, [Break { sequence: 4, flaw: Flaw::Changed }]);
}

#[test]
fn s6_each_length_of_the_log_replays_to_the_document_of_then() {
    for compactions in [0, 1, 3] {
        let mut shell = Shell::new();
        let writer = shell.native(0, 0);
        let mut then = vec![];
        let mut clocks = [0, 0, 0];
        for number in 1..=60_u64 {
            // Three who type, and one of them deletes now and then.
            let nth = number as usize * 7 % 3;
            let update = if number % 5 == 0 && clocks[nth] > 3 {
                vec![0, 1, 5 + nth as u8, 1, number as u8 % (clocks[nth] as u8 - 2), 2]
            } else {
                clocks[nth] += 2;
                text(5 + nth as u64, clocks[nth] - 2, "xy")
            };
            shell.update(writer, number, &update);
            // Some are several in a row.
            if number % 4 != 1 {
                shell.take(Input::Commit);
                then.push((shell.room.head, shell.log.rows.last().unwrap().value.update.clone()));
            }
            if number % 20 == 0 && number / 20 <= compactions {
                shell.compact();
            }
        }
        let head = shell.room.head;
        for through in 0..=head {
            let rows = then.iter().take_while(|(sequence, _)| *sequence <= through);
            let rows: Vec<_> = rows.map(|(_, update)| &update[..]).collect();
            let replayed = replay(&shell.log, through).unwrap();
            // Compacted, two that are the same document are the same bytes.
            let same = update::compact(&[&replayed.update]) == update::compact(&rows);
            assert!(same && replayed.sequence <= through, "{} at {through}", replayed.sequence);
        }
        // At the head it is the live document, to the byte.
        let live = shell.room.answers.whole(NOW, head, &shell.room.quarantine, &shell.log);
        let live = live.unwrap().to_vec();
        assert_eq!(replay(&shell.log, head), Ok(Replayed { sequence: head, update: live.clone() }));
        let all = replay_all(&shell.log, u64::MAX).unwrap();
        assert_eq!(all.sequence, head);
        assert_eq!(update::state_vector(&all.update), update::state_vector(&live));
        assert_eq!(update::delete_set(&[&all.update]), update::delete_set(&[&live]));
        assert_eq!(update::compact(&[&all.update]), update::compact(&[&live]));
    }
}

#[test]
fn s6_a_history_that_is_not_there_is_not_replayed_as_if_it_was() {
    let mut shell = Shell::new();
    let writer = shell.native(0, 0);
    shell.types(writer, 5, 0..4);
    shell.compact();
    shell.types(writer, 5, 4..6);
    let Ok(rows) = &mut shell.log.history[0].1 else { panic!("a segment") };
    rows.remove(0);
    assert!(replay(&shell.log, 3).is_err_and(|error| error.is_damage()));
    shell.log.history[0].1 = Err(LogError::Damaged("cannot be inflated".into()));
    assert!(replay(&shell.log, 3).is_err_and(|error| error.is_damage()));
    assert_eq!(replay(&shell.log, 6).unwrap().sequence, 6);
    let breaks = shell.audited().breaks;
    assert!(matches!(breaks[..], [Break { sequence: 4, flaw: Flaw::Unreadable(_) }]), "{breaks:?}");
}
