//! What was granted is over before it expires, and a document is deleted.

use super::shell::{NOW, Shell, text};
use super::*;
use crate::access::Role;
use crate::protocol::Dialect;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The end of the second in which it is.
const BEFORE: Millis = Millis((NOW.0 / 1_000 + 1) * 1_000);

fn issued(subject: &str, issued: Millis) -> Access {
    Access { subject: subject.into(), issued, ..Access::of_everyone(Role::Owner) }
}

impl Shell {
    fn revoke(&mut self, subject: Option<&str>) {
        let asked_by = &issued("owner", NOW);
        self.take(Input::Revoke { subject, asked_by });
    }

    /// Whether somebody with this access gets in, and may ask over HTTP; both or neither.
    fn lets_in(&mut self, access: &Access) -> bool {
        let session = self.connect_as(Dialect::Stock, access);
        let is_in = !self.closed.contains(&(session, Close::Forbidden));
        assert_eq!(self.room.permits(access, Action::Read), is_in, "{access:?}");
        self.take(Input::Disconnect { session });
        is_in
    }
}

#[test]
fn s3_a_revoked_subject_is_closed_at_once_and_comes_back_with_a_newer_token_only() {
    for dialect in [Dialect::Stock, Dialect::Native] {
        let mut shell = Shell::new();
        let ann = shell.connect_as(dialect, &issued("ann", NOW));
        let bob = shell.connect_as(dialect, &issued("bob", NOW));
        shell.revoke(Some("ann"));
        assert_eq!(shell.closed, [(ann, Close::Forbidden)]);
        assert!(shell.told.contains(&Event::Revoked { sessions: 1 }));
        for reloads in [false, true] {
            if reloads {
                shell.reload();
            }
            assert!(!shell.lets_in(&issued("ann", NOW)), "a token of before");
            assert!(!shell.lets_in(&issued("ann", Millis(0))), "a token that says no time");
            assert!(shell.lets_in(&issued("ann", BEFORE)) && shell.lets_in(&issued("bob", NOW)));
        }
        // Nor does it go on with an old token that it shows on an open socket.
        let later = shell.connect_as(dialect, &Access::of_nobody(NOW + 9_000));
        shell.take(Input::Admitted { session: later, access: Ok(&issued("ann", NOW)) });
        assert_eq!(shell.closed.last(), Some(&(later, Close::Forbidden)));
        assert!(!shell.closed.iter().any(|(session, _)| *session == bob));
    }
}

#[test]
fn s3_everybody_is_revoked_but_who_asks() {
    let mut shell = Shell::new();
    let everyone = shell.connect(Dialect::Stock);
    let owner = shell.connect_as(Dialect::Stock, &issued("owner", NOW));
    let ann = shell.connect_as(Dialect::Stock, &issued("ann", NOW));
    shell.revoke(None);
    assert_eq!(shell.closed, [(ann, Close::Forbidden)]);
    assert!(shell.lets_in(&issued("owner", NOW)) && !shell.lets_in(&issued("carl", NOW)));
    // Whoever needs no token holds nothing that could be revoked.
    assert!(shell.lets_in(&Access::of_everyone(Role::Reader)));
    shell.revoke(Some("owner"));
    assert_eq!(shell.closed.last(), Some(&(owner, Close::Forbidden)));
    assert!(!shell.closed.iter().any(|(session, _)| *session == everyone));
}

/// S3: an operator is no subject, and nobody's access to a document is theirs to keep.
#[test]
fn s3_an_operator_revokes_everybody_and_does_nothing_else() {
    let mut shell = Shell::new();
    let everyone = shell.connect(Dialect::Stock);
    let owner = shell.connect_as(Dialect::Stock, &issued("owner", NOW));
    let asked_by = &Access::of_operator();
    shell.take(Input::Revoke { subject: None, asked_by });
    assert_eq!(shell.closed, [(owner, Close::Forbidden)]);
    assert!(!shell.closed.iter().any(|(session, _)| *session == everyone));
    assert!(!shell.lets_in(&issued("owner", NOW)) && shell.lets_in(&issued("owner", BEFORE)));
    // Also where a schema has a role of this name, which is like an owner.
    let name = Role::Operator.name().replace('\u{1}', "\\u0001");
    let schema = format!(r#"{{ "roles": {{ "{name}": {{ "like": "owner" }} }}, "roots": {{}} }}"#);
    let schema = crate::policy::Schema::parse(&schema);
    for has_schema in [false, true] {
        if has_schema && let Ok(schema) = &schema {
            shell.take(Input::Schema(schema));
        }
        for action in Action::ALL {
            let may = matches!(action, Action::Audit | Action::Revoke);
            assert_eq!(shell.room.permits(asked_by, action), may, "{}", action.name());
        }
        let session = shell.connect_as(Dialect::Native, asked_by);
        assert!(shell.closed.contains(&(session, Close::Forbidden)), "no socket is theirs");
    }
}

#[test]
fn s3_a_later_revocation_does_not_undo_one() {
    let mut shell = Shell::new();
    shell.revoke(None);
    let asked_by = &issued("ann", BEFORE);
    shell.now = BEFORE;
    shell.take(Input::Revoke { subject: None, asked_by });
    assert!(!shell.lets_in(&issued("ann", NOW)) && shell.lets_in(asked_by));
    assert!(!shell.lets_in(&issued("owner", NOW)));
}

#[test]
fn s3_what_was_revoked_longer_ago_than_a_token_lives_is_forgotten() {
    let mut shell = Shell::new();
    shell.revoke(Some("ann"));
    shell.now = BEFORE + 86_460_001;
    shell.revoke(Some("bob"));
    let names: Vec<_> = shell.log.revoked.keys().map(Whose::to_string).collect();
    assert_eq!(names, ["revoked one bob"]);
    for whose in [Whose::One("a b".into()), Whose::EveryoneBut("".into())] {
        assert_eq!(whose.to_string().parse(), Ok(whose));
    }
    assert_eq!("suspect 1".parse::<Whose>(), Err(()));
}

#[test]
fn s2_only_so_many_revocations_are_kept() {
    let mut shell = Shell::new();
    for number in 0..1_000 {
        assert!(shell.room.may_revoke(shell.now));
        shell.revoke(Some(&number.to_string()));
    }
    assert!(!shell.room.may_revoke(shell.now));
    assert!(shell.room.may_revoke(shell.now + 86_462_000));
}

#[test]
fn s6_who_revoked_whose_access_is_in_the_log() {
    let mut shell = Shell::new();
    let ann = shell.native_by("ann", 0, 0);
    shell.update(ann, 1, &text(5, 0, "a"));
    shell.revoke(Some("ann"));
    shell.revoke(None);
    let asked_by = &Access::of_operator();
    shell.take(Input::Revoke { subject: None, asked_by });
    let audit = shell.room.audit(&shell.log, 0, 100).unwrap();
    assert_eq!(audit.breaks, []);
    let revoked: Vec<_> = audit
        .entries
        .iter()
        .filter_map(|entry| match entry.decision.what {
            What::Revoked { before, by } => {
                Some((entry.sequence, entry.decision.subject, before, by))
            }
            _ => None,
        })
        .collect();
    assert_eq!(revoked, [(2, 1, BEFORE.0, 2), (3, 0, BEFORE.0, 2), (4, 0, BEFORE.0, OPERATOR)]);
    assert_eq!(shell.log.updates(), [text(5, 0, "a")], "what was taken stays");
}

#[test]
fn s3_who_is_erased_is_gone_first() {
    let mut shell = Shell::new();
    let ann = shell.native_by("ann", 0, 0);
    shell.update(ann, 1, &text(5, 0, "a"));
    shell.take(Input::Erase { subject: "ann" });
    assert_eq!(
        (&shell.closed[..], &shell.log.subjects[&1]),
        (&[(ann, Close::Forbidden)][..], &None)
    );
}

#[test]
fn a_history_can_begin_without_an_update_and_once() {
    let mut shell = Shell::new();
    assert!(!shell.room.has_history());
    for _ in 0..2 {
        shell.take(Input::Create);
        assert_eq!((shell.log.rows.len(), shell.room.sequence()), (1, 1));
        shell.reload();
    }
    let writer = shell.native(EPOCH, 1);
    shell.update(writer, 1, &text(5, 0, "a"));
    shell.take(Input::Commit);
    let audit = shell.room.audit(&shell.log, 0, 100).unwrap();
    let kinds: Vec<_> = audit.entries.iter().map(|entry| entry.decision.what.name()).collect();
    assert_eq!((kinds, audit.breaks), (vec!["epoch", "accepted"], vec![]));
}

/// O3: whoever has a copy of what is deleted is told that it is of another history.
#[test]
fn o3_a_deletion_ends_every_session_and_sets_no_alarm() {
    let mut shell = Shell::new();
    let (ann, bob) = (shell.native_by("ann", 0, 0), shell.connect_by(Dialect::Stock, "bob"));
    shell.update(ann, 1, &text(5, 0, "a"));
    shell.revoke(Some("eve"));
    let (rows, revoked) = (shell.log.rows.len(), shell.log.revoked.clone());
    (shell.alarm, shell.timer) = (None, None);
    shell.take(Input::Delete);
    let closed = [ann, bob].map(|session| (session, Close::EpochMismatch));
    assert_eq!((&shell.closed[..], shell.deleted), (&closed[..], Some(revoked)));
    assert!(shell.told.contains(&Event::Deleted { sessions: 2 }));
    assert_eq!((shell.alarm, shell.timer, shell.log.rows.len()), (None, None, rows));
    assert_eq!(shell.room.metrics().count(Counter::Deletions), 1);
}

#[test]
fn s3_requests_are_decided_by_the_table_and_refusals_counted() {
    let mut shell = Shell::new();
    let reader = Access { role: "reader".into(), ..issued("ann", NOW) };
    assert!(shell.room.permits(&reader, Action::Read));
    assert!(!shell.room.permits(&reader, Action::Audit));
    assert!(!shell.room.permits(&Access::of_nobody(NOW), Action::Read));
    assert!(shell.room.permits(&issued("owner", NOW), Action::Manage));
    assert_eq!(shell.room.metrics().count(Counter::Denials), 2);
}
