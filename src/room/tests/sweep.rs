//! Who is gone without a word, and when that is noticed.

use super::*;
use crate::awareness::Entry;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const SECOND: u64 = 1_000;
const SWEEP: u64 = 75 * SECOND;
const SILENCE_MAX: u64 = 150 * SECOND;

fn presence(client: u64, clock: u64) -> Vec<u8> {
    crate::awareness::encode([Entry { client, clock, state: r#"{"name":"ada"}"# }].into_iter())
}

impl Shell {
    fn shown(&mut self, dialect: Dialect, client: u64) -> SessionId {
        let session = match dialect {
            Dialect::Native => self.native(0, 0),
            Dialect::Stock => self.connect(Dialect::Stock),
        };
        self.present(session, dialect, client, 1);
        session
    }

    fn present(&mut self, session: SessionId, dialect: Dialect, client: u64, clock: u64) {
        let update = presence(client, clock);
        let mut bytes = vec![4];
        match dialect {
            Dialect::Native => bytes.extend(update),
            Dialect::Stock => {
                bytes = vec![1];
                write_bytes(&mut bytes, &update);
            }
        }
        self.take(Input::Frame { session, bytes: &bytes });
        self.take(Input::Commit);
    }

    /// Two who are shown in a room that may sleep.
    fn pair(dialect: Dialect) -> (Self, SessionId, SessionId) {
        let mut shell = Self::new();
        let pair = (shell.shown(dialect, 5), shell.shown(dialect, 6));
        shell.sent.clear();
        (shell, pair.0, pair.1)
    }

    /// The next alarm, at its time. Everyone in `pinging` pinged five seconds before. Returns how
    /// long it took.
    fn alarmed(&mut self, pinging: &[SessionId]) -> u64 {
        let began = self.now;
        self.now = self.alarm.expect("an alarm");
        self.ring(pinging);
        self.now.since(began)
    }

    /// The same, in a room that sleeps until then.
    fn slept(&mut self, pinging: &[SessionId]) -> u64 {
        let began = self.now;
        self.now = self.alarm.expect("an alarm");
        self.reload();
        self.ring(pinging);
        self.now.since(began)
    }

    fn ring(&mut self, pinging: &[SessionId]) {
        self.alarm = None;
        for &session in pinging {
            self.take(Input::Pinged { session, at: Millis(self.now.0 - 5 * SECOND) });
        }
        self.take(Input::Alarm);
    }

    /// Alarms until the first of two is gone for the other, who goes on. Returns how long it took.
    fn until_gone(
        &mut self,
        (gone, live): (SessionId, SessionId),
        dialect: Dialect,
        sleeps: bool,
    ) -> u64 {
        let since = self.now;
        for _ in 0..4 {
            if !self.closed.is_empty() {
                break;
            }
            if dialect == Dialect::Stock {
                if sleeps {
                    self.reload();
                }
                self.present(live, dialect, 6, self.now.0);
            }
            if sleeps {
                self.slept(&[live])
            } else {
                self.alarmed(&[live])
            };
        }
        assert!(self.is_gone(gone, live), "{:?} {:?}", self.closed, self.sent);
        self.now.since(since)
    }

    fn is_gone(&mut self, session: SessionId, for_whom: SessionId) -> bool {
        self.closed == [(session, Close::Silent)]
            && self.heard(for_whom).last().is_some_and(|frame| frame.ends_with(b"null"))
    }
}

#[test]
fn c3_one_who_is_gone_without_a_word_is_shown_no_more() {
    for dialect in [Dialect::Native, Dialect::Stock] {
        let (mut shell, a, b) = Shell::pair(dialect);
        assert_eq!(shell.until_gone((a, b), dialect, false), SILENCE_MAX);
    }
}

#[test]
fn c3_also_in_a_room_that_sleeps() {
    for dialect in [Dialect::Native, Dialect::Stock] {
        let (mut shell, a, b) = Shell::pair(dialect);
        assert_eq!(shell.until_gone((a, b), dialect, true), SWEEP + SILENCE_MAX);
    }
}

#[test]
fn who_was_closed_does_not_come_back_with_its_socket() {
    let (mut shell, a, b) = Shell::pair(Dialect::Native);
    for _ in 0..3 {
        shell.slept(&[b]);
    }
    assert!(shell.is_gone(a, b));
    // It never answers, so the platform keeps its socket.
    shell.reload();
    assert!(shell.room.next_session() > b);
    let late = shell.native(0, 0);
    let frames = shell.heard(late);
    let here = room_says(&frames);
    let Some(FromRoom::Awareness(here)) = here.last() else { panic!("{here:?}") };
    let clients: Vec<_> = crate::awareness::decode(here).unwrap();
    assert_eq!(clients.iter().map(|entry| entry.client).collect::<Vec<_>>(), [6]);
}

#[test]
fn c3_a_room_of_two_who_only_ping_is_woken_ever_less() {
    let (mut shell, a, b) = Shell::pair(Dialect::Native);
    let took: Vec<_> = (0..9).map(|_| shell.slept(&[a, b]) / SECOND).collect();
    assert_eq!(took, [75, 75, 150, 300, 600, 1_200, 2_400, 3_600, 3_600]);
    assert_eq!((&shell.closed[..], &shell.sent[..]), (&[][..], &[][..]));
    // Until something happens.
    shell.reload();
    shell.now = shell.now + 1_000 * SECOND;
    shell.present(a, Dialect::Native, 5, 2);
    assert_eq!(shell.slept(&[a, b]), SWEEP);
}

#[test]
fn c3_what_happens_sets_no_alarm_while_one_is_set() {
    let (mut shell, a, _) = Shell::pair(Dialect::Native);
    let set = shell.alarm.take();
    assert_eq!(set, Some(shell.now + SWEEP));
    for clock in 2..60 {
        shell.now = shell.now + SECOND;
        shell.present(a, Dialect::Native, 5, clock);
        if clock % 10 == 0 {
            shell.reload();
        }
        assert_eq!(shell.alarm, None);
    }
    // One that was lost is set again.
    shell.now = shell.now + 80 * SECOND;
    shell.present(a, Dialect::Native, 5, 60);
    assert!(shell.alarm.is_some());
}

#[test]
fn c3_nobody_is_looked_after_where_nobody_could_be_misled() {
    let mut shell = Shell::new();
    let a = shell.shown(Dialect::Native, 5);
    assert_eq!(shell.alarm, None, "alone");
    let b = shell.native(0, 0);
    assert!(shell.alarm.is_some());
    shell.take(Input::Disconnect { session: b });
    shell.attachments.remove(&b);
    shell.slept(&[]);
    assert_eq!((shell.alarm, &shell.closed[..]), (None, &[][..]));
    shell.take(Input::Disconnect { session: a });
    let mut shell = Shell::new();
    shell.connect(Dialect::Stock);
    shell.connect(Dialect::Stock);
    assert_eq!(shell.alarm, None, "nobody is shown");
}

#[test]
fn one_who_was_marked_and_spoke_before_the_room_slept_stays() {
    let (mut shell, a, b) = Shell::pair(Dialect::Stock);
    for clock in 2..40 {
        // The alarm is late: who has not spoken since it last came would have to go.
        shell.alarm = shell.alarm.map(|at| at + 40 * SECOND);
        shell.slept(&[]);
        assert_eq!(shell.closed, [], "{clock}");
        for (session, client) in [(a, 5), (b, 6)] {
            shell.reload();
            shell.present(session, Dialect::Stock, client, clock);
        }
        shell.reload();
        shell.now = shell.now + 20 * SECOND;
    }
}

#[test]
fn a_stock_client_that_shows_nothing_may_be_silent() {
    let mut shell = Shell::new();
    let (quiet, a) = (shell.connect(Dialect::Stock), shell.shown(Dialect::Native, 5));
    for _ in 0..9 {
        shell.slept(&[a]);
    }
    assert_eq!(shell.closed, [], "{quiet:?}");
}

#[test]
fn what_the_first_session_kept_for_the_room_outlives_it() {
    let (mut shell, a, b) = Shell::pair(Dialect::Native);
    let c = shell.shown(Dialect::Native, 7);
    shell.slept(&[a, b, c]);
    shell.reload();
    shell.take(Input::Disconnect { session: a });
    shell.attachments.remove(&a);
    shell.take(Input::Commit);
    assert_eq!(shell.alarm.take(), Some(shell.now + SWEEP));
    shell.now = shell.now + 70 * SECOND;
    shell.reload();
    shell.present(b, Dialect::Native, 6, 2);
    assert_eq!(shell.alarm, None, "it is known to be set");
}

/// A row written and a wake each; ARCHITECTURE.md says how many.
#[test]
fn c3_two_idle_people_cost_some_thirty_alarms_a_day() {
    let (mut shell, a, b) = Shell::pair(Dialect::Native);
    let end = shell.now + 86_400 * SECOND;
    let mut alarms = 0;
    while shell.alarm.is_some_and(|at| at < end) && alarms < 100 {
        shell.slept(&[a, b]);
        alarms += 1;
    }
    assert!((24..=36).contains(&alarms), "{alarms} alarms");
    assert!(shell.closed.is_empty());
}

#[test]
fn a_sweep_and_a_compaction_share_the_alarm() {
    let mut shell = Shell::limited(Limits { log_rows_max: 2, ..Limits::default() });
    let (a, b) = (shell.shown(Dialect::Native, 5), shell.shown(Dialect::Native, 6));
    let began = shell.now;
    assert_eq!(shell.alarm, Some(began + SWEEP));
    for (number, string) in [(1, "a"), (2, "b")] {
        shell.update(a, number, &text(5, number - 1, string));
        shell.take(Input::Commit);
    }
    // The earlier one comes first, and sets the other again. Also if the room slept.
    for sleeps in [false, true] {
        assert_eq!(shell.alarm, Some(shell.now + SECOND));
        if sleeps {
            shell.reload();
        }
        shell.alarmed(&[a, b]);
        assert_eq!(shell.log.snapshots.len(), 1);
        assert_eq!((shell.log.updates().len(), shell.alarm), (0, Some(began + SWEEP)));
        for (number, string) in [(3, "c"), (4, "d")] {
            shell.update(b, number, &text(6, number - 3, string));
            shell.take(Input::Commit);
        }
    }
    // A sweep compacts what is due, and nothing that is not.
    shell.alarm = Some(began + SWEEP);
    shell.alarmed(&[a, b]);
    assert_eq!(shell.log.updates().len(), 0);
    shell.update(b, 5, &text(6, 2, "e"));
    shell.take(Input::Commit);
    shell.alarmed(&[a, b]);
    assert_eq!(shell.log.updates().len(), 1);
    // Twice is as good as once.
    let alarm = shell.alarm;
    shell.take(Input::Alarm);
    assert_eq!((shell.alarm, &shell.closed[..]), (alarm, &[][..]));
}
