//! Changes that lost, as clients tell.

use super::*;
use crate::access::{Access, Role};
use crate::policy::Schema;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

impl Shell {
    /// A room whose schema says this of conflicts.
    fn asked(conflicts: &str) -> Self {
        let schema = format!(r#"{{ "roots": {{}}, "otherRoots": "allow" {conflicts} }}"#);
        let mut shell = Self::new();
        shell.take(Input::Schema(&Schema::parse(&schema).unwrap()));
        shell.take(Input::Commit);
        shell
    }

    fn lost(&mut self, session: SessionId, by: Option<u64>, path: &str) {
        self.say(session, &FromClient::Conflict { by, path });
    }

    /// Who lost what to whom, how often, and in which row.
    fn conflicts(&self) -> Vec<(u64, u32, String, Option<u64>, u32)> {
        let entries = self.room.audit(&self.log, 0, 10_000).unwrap().entries.into_iter();
        let conflicts = entries.filter_map(|it| match it.decision.what {
            What::Conflict { path, by, times } => {
                Some((it.sequence, it.decision.subject, path, by, times))
            }
            _ => None,
        });
        conflicts.collect()
    }
}

#[test]
fn s6_a_schema_has_conflicts_written_down() {
    let mut shell = Shell::asked(r#", "conflicts": "log""#);
    let [ann, bob] = ["ann", "bob"].map(|subject| shell.native_by(subject, 0, 0));
    shell.take(Input::Commit);
    let before = shell.log.rows.len();
    shell.lost(ann, Some(6), "tasks/1/title");
    shell.lost(ann, Some(7), "tasks/1/title");
    shell.lost(bob, None, "note");
    shell.take(Input::Commit);
    let (title, note) = ("tasks/1/title".to_owned(), "note".to_owned());
    let row = shell.conflicts()[0].0;
    let first = [(row, 1, title, Some(7), 2), (row, 2, note.clone(), None, 1)];
    assert_eq!(shell.conflicts(), first);
    assert_eq!(shell.log.rows.len(), before + 1);
    // They do not fill the log: the next row of their own comes a second later.
    for _ in 0..3 {
        shell.lost(bob, None, "note");
        shell.take(Input::Commit);
    }
    assert_eq!(shell.log.rows.len(), before + 1);
    let at = shell.timer.unwrap();
    assert_eq!(at, NOW + 1_000);
    shell.now = at;
    shell.take(Input::Commit);
    assert_eq!(shell.conflicts()[2..], [(row + 1, 2, note, None, 3)]);
    assert_eq!(shell.room.observed.metrics.count(Counter::Conflicts), 6);
}

#[test]
fn s6_without_that_they_are_counted_only() {
    for conflicts in ["", r#", "conflicts": "ignore""#] {
        let mut shell = Shell::asked(conflicts);
        let ann = shell.native(0, 0);
        shell.take(Input::Commit);
        let before = shell.log.rows.len();
        shell.lost(ann, Some(6), "note");
        shell.take(Input::Commit);
        assert_eq!((shell.conflicts(), shell.log.rows.len()), (vec![], before));
        assert_eq!(shell.room.observed.metrics.count(Counter::Conflicts), 1);
    }
}

#[test]
fn s3_who_may_not_write_is_not_believed() {
    let mut shell = Shell::asked(r#", "conflicts": "log""#);
    let reader = shell.native_as(&Access::of_everyone(Role::Reader));
    shell.lost(reader, Some(6), "note");
    shell.take(Input::Commit);
    assert_eq!(shell.conflicts(), []);
    assert_eq!(shell.room.observed.metrics.count(Counter::Conflicts), 0);
}

#[test]
fn s2_neither_many_nor_long_paths_make_a_row_large() {
    let mut shell = Shell::asked(r#", "conflicts": "log""#);
    let ann = shell.native(0, 0);
    for number in 0..300 {
        shell.lost(ann, None, &format!("{number}{}", "x".repeat(1_000)));
    }
    shell.take(Input::Commit);
    let conflicts = shell.conflicts();
    assert_eq!(conflicts.len(), 100);
    assert!(conflicts.iter().all(|(_, _, path, ..)| path.len() <= 255));
}
