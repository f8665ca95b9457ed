//! The same rules asked before an edit, as a client does.

use std::cell::RefCell;

use super::random::{Dice, any_rights, change};
use super::*;
use crate::document::{Change, Check, Forbidden, Look, Step};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// What was asked, and the answer.
#[derive(Debug)]
pub(super) struct Asking {
    formats: bool,
    unsets: bool,
    broken: Option<Violation>,
}

/// Who is asked before an edit.
#[derive(Debug)]
pub(super) struct Asked {
    schema: Rc<Schema>,
    role: Role,
    /// Whether the first step that breaks a rule is taken all the same, and none behind it.
    lets_one: bool,
    steps: RefCell<Vec<Asking>>,
}

impl Check for Asked {
    fn check(&self, step: &Step<'_>, document: &dyn Look) -> Result<(), Forbidden> {
        let mut steps = self.steps.borrow_mut();
        let ends = self.lets_one && steps.iter().any(|step| step.broken.is_some());
        let broken = self.schema.permits(self.role, step, document).err();
        let no = Forbidden { path: String::new(), rule: "" };
        let said = if ends || broken.is_some() && !self.lets_one { Err(no) } else { Ok(()) };
        if !ends {
            let formats = matches!(step.change, Change::Format);
            let unsets = matches!(step.change, Change::Unset { .. });
            steps.push(Asking { formats, unsets, broken });
        }
        said
    }
}

/// What a seed's author writes, and what was said of its steps.
fn written(world: &World, seed: u64, lets_one: bool) -> (Vec<u8>, Role, Vec<Asking>) {
    let dice = &mut Dice(seed);
    let role = dice.of(&["owner", "editor", "commenter", "reader", "reviewer"]);
    let mut author = world.author(10, role);
    let (schema, role) = (Rc::clone(&world.guard.schema), author.role);
    author.asked = Some(Asked { schema, role, lets_one, steps: RefCell::default() });
    let update = change(dice, &mut author);
    let steps = author.asked.map(|asked| asked.steps.into_inner());
    (update, role, steps.unwrap_or_default())
}

fn seeds(count: u64, mut each: impl FnMut(World, u64)) {
    for seed in 0..count {
        let any = any_rights(&mut Dice(seed));
        let schema = if seed % 3 == 0 { &any } else { SCHEMA };
        each(World::new(schema, begun), seed);
    }
}

#[test]
fn s4_nothing_is_undone_of_what_was_asked_before() {
    let (mut edits, mut broken) = (0, 0);
    seeds(3_000, |mut world, seed| {
        let (update, role, steps) = written(&world, seed, false);
        let (_, undone) = world.judge(&update, role);
        // Of the whole it is asked what something that was made empty has to have, and a key that
        // was taken away and set again was changed.
        let unsets = steps.iter().any(|step| step.unsets);
        let is_of_whole =
            |it: &str| it.ends_with(": required") || unsets && it.ends_with(": change");
        let undone: Vec<_> = undone.iter().filter(|it| !is_of_whole(it)).collect();
        assert!(undone.is_empty(), "seed {seed}: {undone:?}");
        edits += 1;
        broken += u32::from(steps.iter().any(|step| step.broken.is_some()));
    });
    println!("{broken} of {edits} edits broke a rule");
    assert!(broken > edits / 5 && broken < edits, "{broken} of {edits}");
}

#[test]
fn s4_what_is_said_no_to_would_have_been_undone() {
    let mut told = std::collections::BTreeSet::new();
    seeds(3_000, |mut world, seed| {
        let (update, role, steps) = written(&world, seed, true);
        let [Asking { broken: Some(first), formats, .. }, ..] = &steps[..] else { return };
        let first = format!("{first}: {}", first.rule.name());
        let (_, undone) = world.judge(&update, role);
        if *formats && undone.is_empty() {
            // They were those that are there.
            return;
        }
        assert!(undone.contains(&first), "seed {seed}: {first} is not in {undone:?}");
        told.insert(first.split(": ").nth(1).unwrap_or_default().to_owned());
    });
    let rules: Vec<_> = told.iter().map(String::as_str).collect();
    let expected =
        ["append-only", "change", "delete", "enum", "insert", "max-characters", "required", "type"];
    assert_eq!(rules, expected);
}
