//! What somebody does in a document with rules, beside what they would do without: what their role
//! may, or what it may not.

use std::ops::Range;

use selvedge::document::{Document, Edit, EditError, Json, New, Shared};

use crate::env::Env;
use crate::oracle::{Roots, TOKEN_LEN, token};
use crate::rules::{TITLE_MAX, mark};

type Root = fn(&Roots) -> &Shared;

/// One step of a change.
#[derive(Debug)]
pub enum Step {
    Set(Root, &'static str, Json),
    SetNew(&'static str, String),
    DeleteKey(&'static str),
    Write(Root, u32, String),
    Delete(Root, u32, u32),
    DeleteTokens(u32, u32),
    Push(u32, Json),
    DeleteItem(u32),
}

fn string(string: &str) -> Json {
    Json::String(string.to_owned())
}

impl Step {
    /// What is not in range any more is not done.
    pub fn make(&self, edit: &mut Edit<'_>, roots: &Roots) -> Result<(), EditError> {
        match self {
            Self::Set(root, key, value) => edit.set_key(root(roots), key, value),
            Self::SetNew(key, leaf) => {
                let made = edit.set_key_new(&roots.meta, key, New::Map)?;
                edit.set_key(&made, "leaf", &string(leaf))
            }
            Self::DeleteKey(key) => edit.delete_key(&roots.meta, key),
            Self::Write(root, at, words) => edit.insert_text(root(roots), *at, words, None),
            Self::Delete(root, at, len) => edit.delete_text(root(roots), *at, *len),
            Self::DeleteTokens(at, len) => edit.delete_text(&roots.tokens, *at, *len),
            Self::Push(at, item) => edit.insert_items(&roots.log, *at, std::slice::from_ref(item)),
            Self::DeleteItem(at) => edit.delete_items(&roots.log, *at, 1),
        }
    }

    /// Where it deletes tokens.
    pub fn deleted_tokens(&self) -> Option<Range<usize>> {
        match *self {
            Self::DeleteTokens(at, len) => Some(at as usize..(at + len) as usize),
            _ => None,
        }
    }

    pub fn deleted_len(&self) -> u32 {
        self.deleted_tokens().map_or(0, |range| range.len() as u32)
    }

    /// What `role` may do. `number` is that of the change's token.
    pub fn allowed(
        env: &mut Env,
        (document, roots): (&Document, &Roots),
        (client, role): (usize, &str),
        number: u32,
    ) -> Vec<Self> {
        let mut steps = Vec::new();
        // Cut short before the room has it, it might be allowed after all.
        let may_shorten = !env.is_violator(client);
        let rng = &mut env.rng;
        let log = document.len(&roots.log).expect("an array");
        if rng.u8(..3) == 0 {
            steps.push(Self::Push(log, string(&token(number))));
        }
        if ["editor", "owner"].contains(&role) {
            let title = document.len(&roots.title).expect("a text");
            match rng.u8(..6) {
                0 => {
                    let state = if rng.bool() { "open" } else { "closed" };
                    steps.push(Self::Set(|roots| &roots.meta, "state", string(state)));
                }
                1 if document.key(&roots.meta, "created") == Ok(None) => {
                    let at = Json::Number(number.into());
                    steps.push(Self::Set(|roots| &roots.meta, "created", at));
                }
                2 if (title as usize) < TITLE_MAX => {
                    let words = "x".repeat(rng.usize(1..=TITLE_MAX - title as usize));
                    steps.push(Self::Write(|roots| &roots.title, rng.u32(0..=title), words));
                }
                3 if title > 0 && may_shorten => {
                    let at = rng.u32(0..title);
                    let len = rng.u32(1..=title - at);
                    steps.push(Self::Delete(|roots| &roots.title, at, len));
                }
                _ => {}
            }
        }
        if role == "owner" {
            match rng.u8(..3) {
                0 => {
                    let name = format!("owner {number}");
                    steps.push(Self::Set(|roots| &roots.meta, "owner", string(&name)));
                }
                1 if document.key(&roots.meta, "tree") == Ok(None) => {
                    steps.push(Self::SetNew("tree", "leaf".to_owned()));
                }
                _ => {}
            }
        }
        steps
    }

    /// What nobody may do, or nobody who ever has the roles that `client` has. Whatever is written
    /// holds a mark. With it the root where something is undone for certain, if there is one.
    pub fn forbidden(
        env: &mut Env,
        (document, roots): (&Document, &Roots),
        client: usize,
    ) -> (Self, Option<&'static str>) {
        env.count("violation");
        let mark = mark(env.oracle.next_token());
        let is_ever =
            |roles: &[&str]| env.rules.as_ref().is_some_and(|it| it.is_ever(client, roles));
        let (is_owner, is_editor) = (is_ever(&["owner"]), is_ever(&["owner", "editor"]));
        let rng = &mut env.rng;
        let [title, log, tokens, draft, stray] =
            [&roots.title, &roots.log, &roots.tokens, &roots.draft, &roots.stray]
                .map(|root| document.len(root).expect("a length"));
        let meta: Root = |roots| &roots.meta;
        let wrong = Json::Object(vec![("x".to_owned(), string(&mark))]);
        let (step, place) = match rng.u8(..15) {
            0 if !is_owner => (Self::Set(meta, "owner", string(&mark)), None),
            1 => (Self::DeleteKey("owner"), None),
            2 => (Self::DeleteKey("tree"), None),
            3 => (Self::Set(meta, "tree", string(&mark)), None),
            4 => (Self::Set(meta, "state", string(&mark)), None),
            5 => (Self::SetNew("state", mark), None),
            6 => (Self::Set(meta, "stray", string(&mark)), None),
            7 => (Self::Set(meta, "created", wrong), None),
            8 => {
                let at = rng.u32(0..=title);
                (Self::Write(|roots| &roots.title, at, mark.repeat(4)), Some("title"))
            }
            // It may take this back before the room has it.
            9 => (Self::Push(rng.u32(0..=log), wrong), None),
            10 if log > 0 => (Self::DeleteItem(rng.u32(0..log)), None),
            11 if tokens > 0 => {
                let at = rng.u32(0..tokens / TOKEN_LEN);
                let len = rng.u32(1..=(tokens / TOKEN_LEN - at).min(3));
                (Self::DeleteTokens(at * TOKEN_LEN, len * TOKEN_LEN), None)
            }
            12 if !is_editor => (Self::Write(|roots| &roots.draft, rng.u32(0..=draft), mark), None),
            13 if !is_editor => (Self::Set(|roots| &roots.map, "a", string(&mark)), None),
            14 if stray > 0 => (Self::Delete(|roots| &roots.stray, 0, rng.u32(1..=stray)), None),
            _ => (Self::Write(|roots| &roots.stray, 0, mark), None),
        };
        env.trace(|| format!("client {client} will try {step:?}"));
        (step, place)
    }
}
