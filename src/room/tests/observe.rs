//! What those who run a room see of it.

use super::super::*;
use super::shell::{NOW, Shell, room_says, text};
use crate::access::Role;
use crate::awareness::{self, Entry};
use crate::codec::NUMBER_MAX;
use crate::protocol::native::encode_from_client;
use crate::protocol::{Hello, Measured};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn traced(shell: &mut Shell, trace: Option<Trace>) -> SessionId {
    let session = shell.connect(Dialect::Native);
    let hello = Hello { protocol: 1, epoch: 0, sequence: 0, trace };
    shell.say(session, &FromClient::Hello(hello));
    session
}

fn names(shell: &mut Shell) -> Vec<&'static str> {
    shell.told.drain(..).map(|event| event.name()).collect()
}

#[test]
fn a_trace_goes_from_the_hello_to_the_commit_and_over_a_hibernation() {
    let mut shell = Shell::new();
    let trace = Trace::new(0x5e1);
    let (writer, _) = (traced(&mut shell, trace), shell.native(0, 0));
    shell.told.clear();
    shell.update(writer, 1, &text(5, 0, "a"));
    shell.take(Input::Commit);
    let traces = trace.into_iter().collect::<Vec<_>>();
    let committed = |sequence, peers| Event::Committed {
        sequence,
        updates: 1,
        bytes: text(5, 0, "a").len() as u64,
        peers,
        traces: traces.clone(),
    };
    assert_eq!(shell.told, [committed(1, 1)]);
    shell.reload();
    shell.told.clear();
    shell.update(writer, 2, &text(6, 0, "a"));
    shell.take(Input::Commit);
    assert_eq!(shell.told, [committed(2, 1)]);
    shell.take(Input::Disconnect { session: writer });
    assert_eq!(shell.told[1..], [Event::Ended { session: writer, close: None, trace }]);
}

#[test]
fn what_happens_to_a_session_is_told() {
    let mut shell = Shell::limited(Limits { update_bytes_max: 1_024, ..Limits::default() });
    let session = shell.native(0, 0);
    assert_eq!(names(&mut shell), ["opened", "caught-up"]);
    shell.update(session, 1, &text(5, 0, &"x".repeat(1_024)));
    assert_eq!(names(&mut shell), ["refused"]);
    let stock = shell.connect(Dialect::Stock);
    shell.take(Input::Frame { session: stock, bytes: &[99] });
    // A kind of message that this build does not know.
    assert_eq!(names(&mut shell), ["opened"]);
    shell.take(Input::Frame { session: stock, bytes: &[0, 9] });
    assert_eq!(names(&mut shell), ["ended"]);
    // It is gone already.
    shell.take(Input::Disconnect { session: stock });
    assert_eq!(names(&mut shell), [""; 0]);
    let remembered: Vec<_> = shell.room.events().map(|(_, event)| event.name()).collect();
    assert_eq!(remembered, ["opened", "caught-up", "refused", "opened", "ended"]);
}

#[test]
fn nothing_that_did_not_happen_is_told() {
    let mut shell = Shell::new();
    let writer = shell.native(0, 0);
    let update = FromClient::Update { number: 1, update: &text(5, 0, "a") };
    let bytes = &encode_from_client(&update).unwrap();
    let _ = shell.room.handle(NOW, Input::Frame { session: writer, bytes }, &shell.log);
    let outputs = shell.room.handle(NOW, Input::Commit, &shell.log);
    let row = outputs.iter().position(|output| matches!(output, Output::Append(_)));
    let told = outputs.iter().position(|output| matches!(output, Output::Tell(_)));
    assert!(row < told, "{outputs:?}");
}

#[test]
fn a_report_comes_once_a_minute_and_when_everybody_has_left() {
    let mut shell = Shell::new();
    let session = shell.native(0, 0);
    assert_eq!(shell.reports.len(), 0);
    let type_one = |shell: &mut Shell, clock: u32| {
        shell.update(session, u64::from(clock) + 1, &text(5, u64::from(clock), "a"));
        shell.take(Input::Commit);
        shell.now = shell.now + 1_000;
    };
    for clock in 0..150 {
        type_one(&mut shell, clock);
    }
    // The first commit, and two full minutes.
    assert_eq!(shell.reports.len(), 3);
    for _ in 0..2 {
        shell.take(Input::Disconnect { session });
        shell.take(Input::Commit);
    }
    assert_eq!((shell.reports.len(), shell.reports[3].gauges.sessions), (4, 0));
    let mut sum = Metrics::default();
    for report in &shell.reports {
        sum.extend(&report.metrics);
        assert_eq!(Report::decode(&report.encode()).as_ref(), Some(report));
    }
    assert_eq!(&sum, shell.room.metrics());
    assert_eq!((sum.count(Counter::Updates), sum.count(Counter::Commits)), (150, 150));
    assert_eq!(sum.delay(Delay::Commit).count(), 150);
}

#[test]
fn a_quiet_room_reports_nothing() {
    let mut shell = Shell::new();
    shell.native(0, 0);
    shell.take(Input::Commit);
    let before = shell.reports.len();
    shell.now = shell.now + 3_600_000;
    shell.take(Input::Commit);
    shell.take(Input::Alarm);
    assert_eq!(shell.reports.len(), before);
}

#[test]
fn reports_of_another_build_are_not_read() {
    let bytes = Report::default().encode();
    assert_eq!(Report::decode(&bytes), Some(Report::default()));
    assert_eq!(Report::decode(&[&bytes[..], &[0]].concat()), None);
    assert_eq!(Report::decode(&bytes[..bytes.len() - 1]), None);
    assert_eq!(Report::decode(&[&[9], &bytes[1..]].concat()), None);
    assert_eq!(Report::decode(&[]), None);
}

#[test]
fn what_is_damaged_is_told_before_the_room_goes() {
    let mut shell = Shell::new();
    let writer = shell.native(0, 0);
    shell.update(writer, 1, &text(5, 0, "a"));
    shell.take(Input::Commit);
    shell.log.rows[0].value.update[0] ^= 1;
    shell.told.clear();
    shell.native(0, 0);
    assert!(shell.abandoned);
    assert!(names(&mut shell).contains(&"quarantined"));
    // It is known of the next one, too.
    let mut next = Room::load(&shell.log.stored(), Limits::default());
    next.go_on(shell.room.into_observed());
    assert_eq!(next.metrics().count(Counter::Wakes), 2);
    assert_eq!(next.metrics().count(Counter::Quarantines), 1);
    assert_eq!(next.metrics().count(Counter::Abandons), 1);
    assert!(next.events().any(|(_, event)| event.name() == "quarantined"));
}

#[test]
fn metrics_are_open_metrics() {
    let mut shell = Shell::new();
    let session = shell.native(0, 0);
    shell.update(session, 1, &text(5, 0, "a"));
    shell.take(Input::Commit);
    let gauges = shell.room.gauges();
    let text = open_metrics(shell.room.metrics(), gauges.described(), Some("a \"b\"\n\\c"));
    let lines: Vec<_> = text.lines().collect();
    for line in [
        "# TYPE selvedge_commits counter",
        "selvedge_commits_total{document=\"a \\\"b\\\"\\n\\\\c\"} 1",
        "# UNIT selvedge_commit_delay_seconds seconds",
        "# TYPE selvedge_sessions gauge",
    ] {
        assert!(lines.contains(&line), "{line} is not in {text}");
    }
    let of_all = open_metrics(shell.room.metrics(), gauges.described(), None);
    for line in [
        "selvedge_commits_total 1",
        "selvedge_refusals_total{limit=\"update-bytes\"} 0",
        "selvedge_closes_total{code=\"4400\"} 0",
        "selvedge_catch_ups_total{by=\"whole\"} 0",
        "selvedge_commit_delay_seconds_bucket{le=\"0.001\"} 1",
        "selvedge_commit_delay_seconds_bucket{le=\"+Inf\"} 1",
        "selvedge_commit_delay_seconds_count 1",
        "selvedge_sessions 1",
    ] {
        assert!(of_all.lines().any(|other| other == line), "{line} is not in {of_all}");
    }
    assert!(of_all.ends_with("# EOF\n"));
}

#[test]
fn what_carries_sessions_is_counted_and_known_after_a_hibernation() {
    let mut shell = Shell::new();
    let access = &Access::of_everyone(Role::Owner);
    let carriers = [Carrier::Socket, Carrier::Poll, Carrier::Events, Carrier::Poll];
    let sessions = carriers.map(|carrier| shell.connect_over(carrier, Dialect::Native, access));
    let counted = |shell: &Shell| {
        let gauges = shell.room.gauges();
        (gauges.sessions, gauges.polls_held, gauges.event_streams_open)
    };
    assert_eq!(counted(&shell), (4, 2, 1));
    let metrics = shell.room.metrics();
    let opened = [Counter::Sessions, Counter::Polls, Counter::EventStreams];
    assert_eq!(opened.map(|counter| metrics.count(counter)), [4, 2, 1]);
    shell.reload();
    assert_eq!(counted(&shell), (4, 2, 1));
    shell.take(Input::Disconnect { session: sessions[1] });
    shell.take(Input::Disconnect { session: sessions[2] });
    assert_eq!(counted(&shell), (2, 1, 0));
}

#[test]
fn relays_presence_and_what_a_compaction_wrote_are_counted() {
    let mut shell = Shell::limited(Limits { log_rows_max: 1, ..Limits::default() });
    let writer = shell.native(0, 0);
    let others = [shell.native(0, 0), shell.connect(Dialect::Stock)];
    for clock in 0..2 {
        shell.update(writer, clock + 1, &text(5, clock, "a"));
        shell.take(Input::Commit);
    }
    let presence = |clock, state| {
        let entry = Entry { client: 5, clock, state };
        awareness::encode([entry].into_iter())
    };
    shell.say(writer, &FromClient::Awareness(&presence(1, "{}")));
    assert_eq!(shell.room.gauges().present, 1);
    shell.say(writer, &FromClient::Awareness(&presence(2, "null")));
    assert_eq!(shell.room.gauges().present, 0);
    shell.now = shell.now + 60_000;
    shell.take(Input::Alarm);
    let (metrics, snapshot_bytes) = (shell.room.metrics(), shell.room.gauges().snapshot_bytes);
    assert_eq!(metrics.count(Counter::Relays), 2 * others.len() as u64);
    assert_eq!(metrics.count(Counter::PresenceUpdates), 2);
    assert!(snapshot_bytes > 0);
    assert_eq!(metrics.count(Counter::SnapshotBytes), snapshot_bytes);
}

#[test]
fn a_marked_update_is_asked_for_behind_its_commit() {
    let mut shell = Shell::new();
    let (writer, reader, other) =
        (shell.native(0, 0), shell.native(0, 0), shell.connect(Dialect::Stock));
    for session in [writer, reader, other] {
        shell.heard(session);
    }
    shell.update(writer, 1, &text(5, 0, "a"));
    shell.say(writer, &FromClient::Probe { stamp: 9 });
    shell.take(Input::Commit);
    let heard = shell.heard(reader);
    let probe = FromRoom::Probe { session: writer.0, stamp: 9 };
    assert_eq!(room_says(&heard)[1..], [probe]);
    assert_eq!(shell.heard(other).len(), 1);
    shell.heard(writer);
    shell.say(reader, &FromClient::Seen { session: writer.0, stamp: 9 });
    assert_eq!(room_says(&shell.heard(writer)), [FromRoom::Seen { stamp: 9 }]);
    // A stock client has no word for it, and one alone nobody to ask.
    shell.take(Input::Disconnect { session: reader });
    shell.update(writer, 2, &text(5, 1, "b"));
    shell.say(writer, &FromClient::Probe { stamp: 10 });
    shell.take(Input::Commit);
    assert_eq!((shell.heard(other).len(), shell.heard(writer).len()), (1, 1));
    // Nobody is asked for a session that is gone.
    shell.say(writer, &FromClient::Seen { session: 99, stamp: 9 });
    assert_eq!(shell.sent, []);
}

#[test]
fn what_clients_measured_is_summed_and_compared_with_the_budget() {
    let limits = Limits { durable_budget_ms: 100, seen_budget_ms: 200, ..Limits::default() };
    let mut shell = Shell::limited(limits);
    let writer = shell.native(0, 0);
    let mut measured = Measured::default();
    for ms in [5, 90, 150, 3_000] {
        measured.durable.record(ms);
        measured.seen.record(ms);
    }
    for _ in 0..2 {
        shell.say(writer, &FromClient::Measured(&measured.encode()));
    }
    let metrics = shell.room.metrics();
    assert_eq!(metrics.delay(Delay::Durable).count(), 8);
    assert_eq!((metrics.count(Counter::SlowDurable), metrics.count(Counter::SlowSeen)), (4, 2));
    shell.say(writer, &FromClient::Measured(&[1, 2]));
    assert_eq!(shell.closed, [(writer, Close::BadFrame)]);
}

#[test]
fn s1_what_a_client_says_it_measured_does_not_spoil_the_figures() {
    let mut shell = Shell::new();
    let writer = shell.native(0, 0);
    let mut most = Measured::default();
    most.durable.numbers_mut().fill(NUMBER_MAX);
    most.seen.numbers_mut().fill(NUMBER_MAX);
    for _ in 0..2 {
        shell.say(writer, &FromClient::Measured(&most.encode()));
    }
    shell.update(writer, 1, &text(5, 0, "a"));
    shell.take(Input::Commit);
    let [report] = &shell.reports[..] else { panic!("one report") };
    assert_eq!(Report::decode(&report.encode()).as_ref(), Some(report));
    // Nor those of all rooms.
    let mut total = report.clone();
    total.metrics.extend(&report.metrics);
    total.gauges.extend(&report.gauges);
    assert_eq!(Report::decode(&total.encode()), Some(total));
}
