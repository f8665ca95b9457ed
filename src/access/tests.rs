mod entrance;
mod fetched;
mod signed;
mod token;

use super::*;
use crate::codec::Reader;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The clock of these tests.
const NOW: Millis = Millis(1_800_000_000_000);

/// A key, in two ways, and a token that was signed with it.
#[derive(Clone, Copy)]
struct Signed {
    pem: &'static str,
    jwk: &'static str,
    token: &'static str,
}

#[test]
fn an_access_comes_back_as_written() {
    let everyone = Access::of_everyone(Role::Editor);
    let ann = Access {
        subject: "ann".into(),
        name: Some("Ann Ümlaut".into()),
        role: "reviewer".into(),
        until: Some(Millis(7)),
        issued: Millis(5),
    };
    for access in [everyone, ann] {
        let mut bytes = Vec::new();
        access.write(&mut bytes);
        let mut r = Reader::new(&bytes);
        assert_eq!(Access::read(&mut r), Ok(access));
        assert!(r.is_empty());
    }
}

#[test]
fn an_access_is_over_when_its_time_has_come() {
    let access = Access { until: Some(Millis(7)), ..Access::of_everyone(Role::Reader) };
    assert!(!access.is_over(Millis(6)) && access.is_over(Millis(7)));
    assert!(!Access::of_everyone(Role::Reader).is_over(Millis(u64::MAX)));
}

/// S3: the table, written out. An action without a row here, or a role without a column, fails.
#[test]
fn s3_the_table_says_who_may_do_what() {
    let table = "
        read       yes    yes    yes yes no
        present    schema yes    yes yes no
        write      schema schema yes yes no
        attribute  no     yes    yes yes no
        replay     no     no     yes yes no
        audit      no     no     no  yes yes
        revoke     no     no     no  yes yes
        manage     no     no     no  yes no";
    let rows: Vec<Vec<_>> =
        table.trim().lines().map(|line| line.split_whitespace().collect()).collect();
    let names: Vec<_> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(names, Action::ALL.map(Action::name));
    for (row, action) in rows.iter().zip(Action::ALL) {
        let said = Role::ALL.map(|role| match permits(Some(role), action) {
            Permission::Yes => "yes",
            Permission::Schema => "schema",
            Permission::No => "no",
        });
        assert_eq!(row[1..], said, "{}", action.name());
        assert_eq!(permits(None, action), Permission::No);
    }
}

/// S3: what each kind of message asks for, written out; `free` is what being there is enough for.
/// A kind without a row here does not compile.
#[test]
fn s3_every_kind_of_message_has_a_row() {
    use crate::protocol::{FromClient, Hello};
    let messages = [
        FromClient::Hello(Hello { protocol: 1, epoch: 0, sequence: 0, trace: None }),
        FromClient::Auth { token: "" },
        FromClient::SyncStep1(&[]),
        FromClient::Compare,
        FromClient::SyncStep2 { number: 0, update: &[] },
        FromClient::Update { number: 0, update: &[] },
        FromClient::Conflict { by: None, path: "" },
        FromClient::Awareness(&[]),
        FromClient::QueryAwareness,
        FromClient::Received { bytes: 0 },
        FromClient::Probe { stamp: 0 },
        FromClient::Seen { session: 0, stamp: 0 },
        FromClient::Measured(&[]),
        FromClient::Part { total: 0, offset: 0, bytes: &[] },
    ];
    let mut rows = std::collections::BTreeSet::new();
    for message in messages {
        let row = match message {
            FromClient::Hello(_) => "hello read",
            FromClient::Auth { .. } => "auth free",
            FromClient::SyncStep1(_) => "sync-step-1 read",
            FromClient::Compare => "compare read",
            FromClient::SyncStep2 { .. } => "sync-step-2 write",
            FromClient::Update { .. } => "update write",
            FromClient::Conflict { .. } => "conflict write",
            FromClient::Awareness(_) => "awareness present",
            FromClient::QueryAwareness => "query-awareness read",
            FromClient::Received { .. } => "received free",
            FromClient::Probe { .. } => "probe free",
            FromClient::Seen { .. } => "seen free",
            FromClient::Measured(_) => "measured free",
            FromClient::Part { .. } => "part free",
        };
        let action = Action::of_message(&message).map_or("free", Action::name);
        assert_eq!(row.split(' ').nth(1), Some(action), "{row}");
        rows.insert(row);
    }
    assert_eq!(rows.len(), 14);
}

/// S3: what each route asks for, written out. `free` is for everybody, `operator` for those who
/// have the secret. An operation without a row here fails.
#[test]
fn s3_every_route_has_a_row() {
    use crate::protocol::route::{self, Operation};
    let table = "
        GET    /healthz                                   free
        GET    /readyz                                    free
        GET    /openapi.json                              free
        GET    /metrics                                   operator
        GET    /metrics/{+document}                       operator
        GET    /admin/api/rooms                           operator
        GET    /admin/api/rooms/{+document}               operator
        GET    /admin                                     free
        GET    /admin/{+file}                             free
        GET    /local/token                               free
        GET    /sync/{+document}                          read
        POST   /documents/{document}/poll/{session}       read
        POST   /documents/{document}/say/{session}        read
        GET    /documents/{document}/events               read
        GET    /documents/{document}                      read
        PUT    /documents/{document}                      manage
        DELETE /documents/{document}                      manage
        GET    /documents/{document}/audit                audit
        GET    /documents/{document}/at/{sequence}        replay
        GET    /documents/{document}/blame                attribute
        GET    /documents/{document}/who                  attribute
        GET    /documents/{document}/schema               read
        PUT    /documents/{document}/schema               manage
        GET    /documents/{document}/sessions             revoke
        POST   /documents/{document}/revocations          revoke
        DELETE /documents/{document}/subjects/{subject}   manage";
    let rows: Vec<Vec<_>> =
        table.trim().lines().map(|line| line.split_whitespace().collect()).collect();
    let named: Vec<_> = rows.iter().map(|row| [row[0], row[1]]).collect();
    assert_eq!(named, Operation::ALL.iter().map(|it| [it.method(), it.path()]).collect::<Vec<_>>());
    for (row, operation) in rows.iter().zip(Operation::ALL) {
        let path = row[1]
            .replace("{+document}", "a/b")
            .replace("{document}", "a%2Fb")
            .replace("{sequence}", "7")
            .replace("{subject}", "ann")
            .replace("{session}", "s0")
            .replace("{+file}", "x");
        let (method, upgrade) = (row[0], Some("websocket"));
        let request = route::Request { method, path: &path, upgrade, subprotocols: None };
        let found = route::route(&request).unwrap();
        let is_page = *operation == Operation::PageFile;
        assert_eq!(found.operation(), if is_page { Operation::Page } else { *operation });
        let asks = match (Action::of_route(&found), found.is_for_operators()) {
            (Some(action), false) => action.name(),
            (None, true) => "operator",
            (None, false) => "free",
            (Some(_), true) => "both",
        };
        assert_eq!(row[2], asks, "{method} {path}");
    }
}

#[test]
fn roles_have_names() {
    for role in Role::ALL {
        assert_eq!(Role::from_name(role.name()), Some(role));
    }
    assert_eq!(Role::from_name("admin"), None);
}

/// S3: whoever makes tokens or schemas is no operator.
#[test]
fn s3_nobody_can_be_named_an_operator() {
    let name = Role::Operator.name();
    assert!(name.chars().any(char::is_control));
    assert_eq!(Role::from_name("operator"), None);
    assert!(Access::of_operator().is_operator() && !Access::of_operator().is_nobody());
    for role in [Role::Owner, Role::Reader] {
        assert!(!Access::of_everyone(role).is_operator());
    }
}
