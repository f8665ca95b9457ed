//! Someone who edits a document at random.

use std::ops::Range;

use fastrand::Rng;
use selvedge::document::{Document, Edit, Json};

use crate::env::Env;
use crate::oracle::{Roots, TOKEN_LEN, token, tokens_in};
use crate::server::POISON;
use crate::step::Step;

/// One edit, decided before it is made.
pub struct Change {
    pub token: u32,
    at: u32,
    write: Option<(u32, String)>,
    delete: Option<(u32, u32)>,
    key: Option<(&'static str, Option<u32>)>,
    is_poison: bool,
    /// What is done in a document with rules.
    steps: Vec<Step>,
    /// Whether some of it may not be done, and where something is undone for certain.
    pub is_violation: bool,
    pub places: Vec<&'static str>,
}

impl Change {
    pub fn random(env: &mut Env, document: &Document, roots: &Roots) -> Self {
        let token = env.oracle.next_token();
        let len = document.len(&roots.tokens).expect("a text");
        let draft = document.len(&roots.draft).expect("a text");
        let large = env.chance(env.faults.large);
        if large {
            env.count("large");
        }
        let rng = &mut env.rng;
        let write = (large || rng.bool()).then(|| (rng.u32(0..=draft), words(rng, large)));
        let delete = (draft > 0 && rng.u8(..4) == 0).then(|| {
            let at = rng.u32(0..draft);
            (at, rng.u32(1..=(draft - at).min(40)))
        });
        let key = (rng.u8(..4) == 0).then(|| {
            let key = ["a", "b", "c"][rng.usize(..3)];
            (key, (rng.u8(..4) > 0).then_some(token))
        });
        let at = rng.u32(0..=len / TOKEN_LEN) * TOKEN_LEN;
        let is_poison = false;
        let (steps, places) = (Vec::new(), Vec::new());
        Self { token, at, write, delete, key, is_poison, steps, is_violation: false, places }
    }

    /// The same, as somebody makes it who keeps to what `role` may do in a document with rules.
    pub fn within(
        mut self,
        env: &mut Env,
        document: (&Document, &Roots),
        client: usize,
        role: &str,
    ) -> Self {
        if ["commenter", "reviewer"].contains(&role) {
            (self.write, self.delete, self.key) = (None, None, None);
        }
        self.steps = Step::allowed(env, document, (client, role), self.token);
        self
    }

    /// The same, and beside it something that nobody may do, or not this client.
    pub fn violating(
        mut self,
        env: &mut Env,
        document: (&Document, &Roots),
        client: usize,
    ) -> Self {
        self.is_violation = true;
        for _ in 0..env.rng.usize(1..=2) {
            let (step, place) = Step::forbidden(env, document, client);
            if self.deletes().next().is_some() && step.deleted_tokens().is_some() {
                // The second range would be another one once the first is gone.
                continue;
            }
            self.places.extend(place);
            let at = env.rng.usize(0..=self.steps.len());
            self.steps.insert(at, step);
        }
        self
    }

    fn deletes(&self) -> impl Iterator<Item = Range<usize>> {
        self.steps.iter().filter_map(Step::deleted_tokens)
    }

    /// The tokens that it deletes.
    pub fn deleted_tokens(&self, document: &Document, roots: &Roots) -> Vec<u32> {
        let tokens = document.string(&roots.tokens).expect("a text");
        self.deletes()
            .flat_map(|range| tokens_in(tokens[range].as_bytes()).collect::<Vec<_>>())
            .collect()
    }

    /// The same, but the room will trap on it.
    pub fn poisoned(self, env: &mut Env) -> Self {
        env.count("poison");
        env.note(format_args!("<{:05}> is poison", self.token));
        Self { is_poison: true, ..self }
    }

    /// Steps that would cut a character in half are refused; the others count.
    pub fn make(&self, edit: &mut Edit<'_>, roots: &Roots) {
        for step in &self.steps {
            let _ = step.make(edit, roots);
        }
        let token = token(self.token);
        // What the steps delete was there before.
        let at = self.at.saturating_sub(self.steps.iter().map(Step::deleted_len).sum());
        edit.insert_text(&roots.tokens, at, &token, None).expect("a place between tokens");
        if let Some((at, len)) = self.delete {
            let _ = edit.delete_text(&roots.draft, at, len);
        }
        if let Some((at, words)) = &self.write {
            let _ = edit.insert_text(&roots.draft, *at, words, None);
        }
        if self.is_poison {
            let _ = edit.insert_text(&roots.draft, 0, POISON, None);
        }
        match self.key {
            Some((key, Some(value))) => {
                let _ = edit.set_key(&roots.map, key, &Json::Number(f64::from(value)));
            }
            Some((key, None)) => {
                let _ = edit.delete_key(&roots.map, key);
            }
            None => {}
        }
    }
}

fn words(rng: &mut Rng, large: bool) -> String {
    let len = if large { rng.usize(5_000..30_000) } else { rng.usize(1..12) };
    (0..len).map(|_| rng.choice(['a', 'e', 'n', ' ', 'ü', '🧵']).unwrap_or('x')).collect()
}
