use super::shell::{NOW, Shell, room_says, text, welcome};
use super::*;
use crate::access::{Access, Role};
use crate::protocol::{Denial, Dialect, Granted, Hello};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const UNTIL: Millis = Millis(NOW.0 + 60_000);

fn access(subject: &str, role: &str) -> Access {
    Access {
        subject: subject.into(),
        role: role.into(),
        until: Some(UNTIL),
        ..Access::of_everyone(Role::Reader)
    }
}

fn hello() -> FromClient<'static> {
    FromClient::Hello(Hello { protocol: 1, epoch: 0, sequence: 0, trace: None })
}

#[test]
fn s3_a_client_is_told_what_it_may_do_and_until_when() {
    let mut shell = Shell::new();
    let session = shell.connect_as(Dialect::Native, &access("ann", "reader"));
    shell.say(session, &hello());
    let heard = shell.heard_all(session);
    let granted = FromRoom::Access(Granted {
        role: "reader",
        may_write: false,
        may_present: false,
        left_ms: Some(60_000),
    });
    assert_eq!(room_says(&heard), [welcome(0, &Limits::default()), granted]);
}

#[test]
fn s3_a_role_that_is_not_known_opens_nothing() {
    for dialect in [Dialect::Stock, Dialect::Native] {
        let mut shell = Shell::new();
        let session = shell.connect_as(dialect, &access("ann", "admin"));
        assert_eq!(shell.closed, [(session, Close::Forbidden)]);
        assert!(shell.sent.is_empty());
    }
}

/// S3: whatever it says, nothing is taken of it and nothing told to it.
#[test]
fn s3_who_has_not_shown_a_token_can_do_nothing_but_that() {
    let update = text(1, 0, "x");
    for message in [
        hello(),
        FromClient::SyncStep1(&[0]),
        FromClient::SyncStep2 { number: 1, update: &update },
        FromClient::Update { number: 1, update: &update },
        FromClient::Awareness(&[0]),
        FromClient::Conflict { by: Some(1), path: "note" },
        FromClient::Received { bytes: 9 },
        FromClient::Probe { stamp: 1 },
        FromClient::Measured(&[]),
        FromClient::Part { total: 9, offset: 0, bytes: &[1] },
    ] {
        let mut shell = Shell::new();
        let session = shell.connect_as(Dialect::Native, &Access::of_nobody(UNTIL));
        shell.say(session, &message);
        shell.take(Input::Commit);
        assert_eq!(shell.closed.len(), 1, "{message:?}");
        assert!(shell.sent.is_empty() && shell.log.rows.is_empty(), "{message:?}");
    }
}

#[test]
fn s3_a_first_message_can_be_the_token() {
    for dialect in [Dialect::Native, Dialect::Stock] {
        let mut shell = Shell::new();
        let session = shell.connect_as(dialect, &Access::of_nobody(UNTIL));
        match dialect {
            Dialect::Native => shell.say(session, &FromClient::Auth { token: "a.b.c" }),
            Dialect::Stock => {
                shell.take(Input::Frame { session, bytes: b"\x02\x00\x05a.b.c" });
            }
        }
        assert_eq!(shell.verify, [(session, "a.b.c".to_owned())]);
        assert!(shell.sent.is_empty());
        shell.take(Input::Admitted { session, access: Ok(&access("ann", "editor")) });
        if dialect == Dialect::Native {
            shell.say(session, &hello());
        }
        assert!(!shell.sent.is_empty() && shell.closed.is_empty());
    }
}

#[test]
fn s3_a_token_that_does_not_hold_ends_the_session() {
    for close in [Close::Unauthorized, Close::Forbidden, Close::KeysUnavailable] {
        let mut shell = Shell::new();
        let session = shell.native_as(&access("ann", "editor"));
        shell.take(Input::Admitted { session, access: Err(close) });
        assert_eq!(shell.closed, [(session, close)]);
    }
}

#[test]
fn s3_an_access_ends_by_alarm_also_after_a_hibernation() {
    for dialect in [Dialect::Stock, Dialect::Native] {
        let mut shell = Shell::new();
        let session = shell.connect_as(dialect, &access("ann", "editor"));
        assert_eq!(shell.alarm, Some(UNTIL));
        shell.alarm = None;
        shell.reload();
        assert_eq!(shell.alarm, None, "an alarm that is set is not set again");
        shell.now = UNTIL;
        shell.take(Input::Alarm);
        assert_eq!(shell.closed, [(session, Close::Expired)]);
    }
}

#[test]
fn s3_nothing_is_taken_when_an_access_is_over_and_the_alarm_is_late() {
    let mut shell = Shell::new();
    let session = shell.native_as(&access("ann", "editor"));
    shell.now = UNTIL;
    shell.update(session, 1, &text(1, 0, "x"));
    shell.take(Input::Commit);
    assert_eq!(shell.closed, [(session, Close::Expired)]);
    assert!(shell.log.rows.is_empty());
}

#[test]
fn s3_a_new_token_prolongs_on_the_open_socket() {
    let mut shell = Shell::new();
    let session = shell.native_as(&access("ann", "editor"));
    let longer = Access { until: Some(UNTIL + 60_000), ..access("ann", "reader") };
    shell.heard(session);
    shell.take(Input::Admitted { session, access: Ok(&longer) });
    let heard = shell.heard_all(session);
    let granted =
        Granted { role: "reader", may_write: false, may_present: false, left_ms: Some(120_000) };
    assert_eq!(room_says(&heard), [FromRoom::Access(granted)]);
    shell.now = UNTIL;
    shell.take(Input::Alarm);
    assert!(shell.closed.is_empty());
    assert_eq!(shell.alarm, Some(UNTIL + 60_000));
}

#[test]
fn s3_nobody_goes_on_as_somebody_else() {
    let mut shell = Shell::new();
    let session = shell.native_as(&access("ann", "editor"));
    shell.take(Input::Admitted { session, access: Ok(&access("bob", "editor")) });
    assert_eq!(shell.closed, [(session, Close::Forbidden)]);
}

/// S3: whoever may not write is told so, and nothing is stored or relayed.
#[test]
fn s3_readers_and_commenters_do_not_write() {
    for role in ["reader", "commenter"] {
        let mut shell = Shell::new();
        let (peer, author) = (shell.native(0, 0), shell.native_as(&access("ann", role)));
        let stock = shell.connect_as(Dialect::Stock, &access("bob", role));
        shell.heard(peer);
        shell.heard(author);
        let update = text(1, 0, "x");
        shell.update(author, 1, &update);
        let denied = FromRoom::Denied { number: 1, denial: Denial::Role };
        assert_eq!(room_says(&shell.heard(author)), [denied]);
        shell.say(author, &FromClient::SyncStep2 { number: 1, update: &update });
        assert_eq!(room_says(&shell.heard(author)), [denied]);
        shell.heard(stock);
        // As y-websocket answers at every connect: what it has, which is nothing new.
        shell.take(Input::Frame { session: stock, bytes: &[0, 1, 2, 0, 0] });
        assert!(shell.heard(stock).is_empty());
        let frame = [&[0, 2, update.len() as u8][..], &update].concat();
        shell.take(Input::Frame { session: stock, bytes: &frame });
        let said = String::from_utf8_lossy(&shell.heard(stock)[0]).into_owned();
        assert!(said.contains("your role may not do this"), "{said}");
        shell.take(Input::Commit);
        assert!(room_says(&shell.heard(peer)).is_empty());
        assert!(shell.log.rows.iter().all(|row| row.value.update == update::EMPTY));
        assert_eq!(shell.closed, []);
    }
}

/// S3: what the log has is no news, whoever says it.
#[test]
fn s3_a_reader_may_repeat_what_there_is() {
    let mut shell = Shell::new();
    let writer = shell.native_as(&access("ann", "editor"));
    shell.update(writer, 1, &text(1, 0, "x"));
    shell.take(Input::Commit);
    let reader = shell.native_as(&access("bob", "reader"));
    shell.heard(reader);
    shell.say(reader, &FromClient::SyncStep2 { number: 1, update: &text(1, 0, "x") });
    shell.take(Input::Commit);
    let ack = FromRoom::Ack { number: 1, sequence: 1 };
    assert_eq!(room_says(&shell.heard(reader)), [ack]);
}

/// S3: readers are not shown, and see who is.
#[test]
fn s3_a_reader_has_no_presence() {
    let mut shell = Shell::new();
    let reader = shell.native_as(&access("ann", "reader"));
    let commenter = shell.native_as(&access("bob", "commenter"));
    let state = |client: u8| [1, client, 1, 2, b'{', b'}'];
    shell.say(reader, &FromClient::Awareness(&state(1)));
    shell.take(Input::Commit);
    let heard = shell.heard(commenter);
    assert!(!room_says(&heard).iter().any(|it| matches!(it, FromRoom::Awareness(_))));
    shell.say(commenter, &FromClient::Awareness(&state(2)));
    shell.take(Input::Commit);
    let heard = shell.heard(reader);
    assert!(room_says(&heard).iter().any(|it| matches!(it, FromRoom::Awareness(_))));
    // Whoever becomes a reader is shown no longer.
    shell.take(Input::Admitted { session: commenter, access: Ok(&access("bob", "reader")) });
    shell.take(Input::Commit);
    let heard = shell.heard(reader);
    assert!(room_says(&heard).iter().any(|it| matches!(it, FromRoom::Awareness(_))));
}
