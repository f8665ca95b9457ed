mod entrance;
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
        read       yes    yes    yes yes
        present    schema yes    yes yes
        write      schema schema yes yes
        attribute  no     yes    yes yes
        replay     no     no     yes yes
        audit      no     no     no  yes
        manage     no     no     no  yes";
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

#[test]
fn roles_have_names() {
    for role in Role::ALL {
        assert_eq!(Role::from_name(role.name()), Some(role));
    }
    assert_eq!(Role::from_name("admin"), None);
}
