//! S4: the schema of a document with rules, who is who in it, and what the schema says, said once
//! more: nothing here asks the code that holds the room's document to it.

use std::collections::BTreeSet;
use std::rc::Rc;

use fastrand::Rng;
use selvedge::access::{Access, Role};
use selvedge::document::{Document, Json};
use selvedge::policy::Schema;
use selvedge::time::Millis;

use crate::env::{ConnId, Env, Event};
use crate::oracle::{Roots, numbers_in, tokens_in};

pub const TITLE_MAX: usize = 20;
const WORD_MAX: usize = 16;

/// Nobody deletes what is in `tokens`, so that what was once there is there in the end.
fn schema(version: u32) -> Rc<Schema> {
    let text = format!(
        r#"{{
          "version": {version},
          "roles": {{ "reviewer": {{ "like": "commenter" }} }},
          "presence": ["reader", "commenter", "editor"],
          "roots": {{
            "tokens": {{ "type": "text", "insert": ["commenter", "editor"], "delete": [] }},
            "draft": {{ "type": "text" }},
            "map": {{ "type": "map" }},
            "title": {{ "type": "text", "maxCharacters": {TITLE_MAX} }},
            "log": {{ "type": "array", "appendOnly": true, "insert": ["commenter", "editor"],
              "items": {{ "value": {{ "type": "string", "maxLength": {WORD_MAX} }} }} }},
            "meta": {{ "type": "map", "closed": true, "keys": {{
              "owner": {{ "insert": ["owner"], "change": ["owner"], "delete": [],
                "value": {{ "type": "string", "maxLength": {WORD_MAX} }} }},
              "state": {{ "value": {{ "enum": ["open", "closed"] }} }},
              "created": {{ "writeOnce": true, "value": {{ "type": "number" }} }},
              "tree": {{ "type": "map", "insert": ["owner"], "change": ["owner"], "delete": [],
                "keys": {{ "*": {{ "value": {{ "type": "string" }} }} }} }} }} }} }}
        }}"#
    );
    Rc::new(Schema::parse(&text).expect("a schema"))
}

/// Somebody's roles, of which they have one at a time, and how they use them.
#[derive(Clone)]
struct Bearer {
    roles: &'static [&'static str],
    role: &'static str,
    is_violator: bool,
}

const ROLES: [&[&str]; 5] = [
    &["editor"],
    &["editor", "commenter"],
    &["reviewer", "commenter", "reader"],
    &["editor", "reader"],
    &["owner", "editor"],
];

/// What a document with rules has beside one without.
pub struct Rules {
    bearers: Vec<Bearer>,
    /// How long what a token grants holds.
    lasts_ms: Option<u64>,
    /// The rate of changes of roles, for each client and step.
    pub promoted: f64,
    /// The rate of changes of the schema, for each step.
    pub amended: f64,
    version: u32,
    pub schema: Rc<Schema>,
    /// Those whose page is told in words that what it wrote is not taken.
    pub spoilt: BTreeSet<usize>,
}

impl Rules {
    /// For so many clients. The first is an honest owner.
    pub fn new(rng: &mut Rng, clients: usize) -> Self {
        let mut bearers = vec![Bearer { roles: &["owner"], role: "owner", is_violator: false }];
        for _ in 1..clients {
            let roles = ROLES[rng.usize(..ROLES.len())];
            let role = roles[rng.usize(..roles.len())];
            bearers.push(Bearer { roles, role, is_violator: rng.u8(..3) > 0 });
        }
        Self {
            bearers,
            lasts_ms: rng.bool().then(|| rng.u64(5_000..100_000)),
            promoted: if rng.bool() { 0.02 } else { 0.0 },
            amended: if rng.bool() { 0.01 } else { 0.0 },
            version: 1,
            schema: schema(1),
            spoilt: BTreeSet::new(),
        }
    }

    fn bearer(&self, client: usize) -> Bearer {
        let late = Bearer { roles: &["editor"], role: "editor", is_violator: false };
        self.bearers.get(client).cloned().unwrap_or(late)
    }

    pub fn role(&self, client: usize) -> &'static str {
        self.bearer(client).role
    }

    pub fn is_violator(&self, client: usize) -> bool {
        self.bearer(client).is_violator
    }

    /// Whether a client ever has one of these roles.
    pub fn is_ever(&self, client: usize, roles: &[&str]) -> bool {
        self.bearer(client).roles.iter().any(|role| roles.contains(role))
    }

    /// Another of its roles.
    pub fn promote(&mut self, rng: &mut Rng, client: usize) -> bool {
        let Some(bearer) = self.bearers.get_mut(client) else { return false };
        let before = bearer.role;
        bearer.role = bearer.roles[rng.usize(..bearer.roles.len())];
        bearer.role != before
    }

    /// The same rules, as another version.
    pub fn amend(&mut self) -> Rc<Schema> {
        self.version += 1;
        self.schema = schema(self.version);
        Rc::clone(&self.schema)
    }

    /// What a token of this client's grants now.
    pub fn access(&self, now: Millis, client: usize, has_subject: bool) -> Access {
        let subject = if has_subject { format!("client {client}") } else { String::new() }.into();
        let until = self.lasts_ms.map(|ms| now + ms);
        let role = self.role(client).into();
        Access { subject, role, until, ..Access::of_everyone(Role::Reader) }
    }

    /// From here on nobody's role changes or ends.
    pub fn heal(&mut self) {
        (self.lasts_ms, self.promoted, self.amended) = (None, 0.0, 0.0);
    }
}

impl Env {
    /// The role of a client; nothing in a document without rules.
    pub fn role(&self, client: usize) -> Option<&'static str> {
        self.rules.as_ref().map(|rules| rules.role(client))
    }

    pub fn is_violator(&self, client: usize) -> bool {
        self.rules.as_ref().is_some_and(|rules| rules.is_violator(client))
    }

    /// The keys to check a token with were fetched, some time later.
    pub fn verify(&mut self, conn: ConnId) {
        let in_ms = self.rng.u64(0..200);
        self.schedule(in_ms, Event::Verified(conn));
    }
}

/// What stands in every change that breaks a rule. As long as a token.
pub fn mark(number: u32) -> String {
    format!("[{number:05}]")
}

/// The marks in encoded or plain text.
pub fn marks_in(bytes: &[u8]) -> impl Iterator<Item = u32> {
    numbers_in(bytes, b'[', b']')
}

fn units(string: &str) -> usize {
    string.encode_utf16().count()
}

/// What of a document nobody may ever see. A title may be too long for a moment where it was
/// written to at the same time as elsewhere: then `may_be_long`.
pub fn broken(document: &Document, roots: &Roots, may_be_long: bool) -> Option<String> {
    let title = document.string(&roots.title).expect("a text");
    if units(&title) > TITLE_MAX && !may_be_long {
        return Some(format!("a title of {} units", units(&title)));
    }
    let (meta, log) = (json(document, roots).0, json(document, roots).1);
    let is_word = |json: &Json| matches!(json, Json::String(word) if units(word) <= WORD_MAX);
    for (key, value) in &meta {
        let is_kept = match key.as_str() {
            "owner" => is_word(value),
            "state" => [Json::String("open".into()), Json::String("closed".into())].contains(value),
            "created" => matches!(value, Json::Number(_)),
            "tree" => matches!(value, Json::Object(leaves)
                if leaves.iter().all(|(_, leaf)| matches!(leaf, Json::String(_)))),
            _ => false,
        };
        if !is_kept {
            return Some(format!("meta/{key} is {value:?}"));
        }
    }
    if let Some(item) = log.iter().find(|item| !is_word(item)) {
        return Some(format!("log holds {item:?}"));
    }
    let texts = [&roots.tokens, &roots.draft, &roots.stray];
    let texts = texts.map(|text| document.string(text).expect("a text"));
    if !texts[2].is_empty() {
        return Some(format!("a root that nobody may write to holds {}", texts[2]));
    }
    let all = format!("{texts:?} {title} {:?} {meta:?} {log:?}", document.json(&roots.map));
    marks_in(all.as_bytes()).next().map(|number| format!("{} is shown", mark(number)))
}

fn json(document: &Document, roots: &Roots) -> (Vec<(String, Json)>, Vec<Json>) {
    match (document.json(&roots.meta), document.json(&roots.log)) {
        (Ok(Json::Object(meta)), Ok(Json::Array(log))) => (meta, log),
        other => panic!("{other:?}"),
    }
}

/// What once was in the document and has to stay.
#[derive(Default)]
pub struct Seen {
    tokens: BTreeSet<u32>,
    log: BTreeSet<String>,
    owner: bool,
    tree: bool,
    created: Option<Json>,
}

impl Seen {
    /// The document is this now. What it lacks that was protected.
    pub fn advance(&mut self, document: &Document, roots: &Roots) -> Option<String> {
        let tokens = document.string(&roots.tokens).expect("a text");
        let (meta, log) = json(document, roots);
        let get = |key: &str| meta.iter().find(|(known, _)| known == key).map(|(_, value)| value);
        let log = log.into_iter().filter_map(|item| match item {
            Json::String(item) => Some(item),
            _ => None,
        });
        let now = Self {
            tokens: tokens_in(tokens.as_bytes()).collect(),
            log: log.collect(),
            owner: get("owner").is_some(),
            tree: get("tree").is_some(),
            created: get("created").cloned(),
        };
        let before = std::mem::replace(self, now);
        let tokens: Vec<_> = before.tokens.difference(&self.tokens).collect();
        let log: Vec<_> = before.log.difference(&self.log).collect();
        let is_kept = tokens.is_empty()
            && log.is_empty()
            && before.owner <= self.owner
            && before.tree <= self.tree
            && (before.created.is_none() || before.created == self.created);
        (!is_kept).then(|| {
            let (was, is) = ((before.owner, before.tree), (self.owner, self.tree));
            let created = (before.created, &self.created);
            format!("tokens {tokens:?}, log {log:?}, owner and tree {was:?} {is:?}, {created:?}")
        })
    }

    pub fn has(&self, token: u32) -> bool {
        self.tokens.contains(&token)
    }
}
