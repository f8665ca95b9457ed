//! Schemas: what an owner sets, and what a room tells its clients.

use std::rc::Rc;

use fastrand::Rng;
use selvedge::document::Document;
use selvedge::guard::{Guard, GuardError, Verdict};
use selvedge::policy::{Pattern, Schema};
use selvedge::update::EMPTY;

use crate::mutate::mutate;

const SEEDS: [&str; 3] = [
    r#"{ "version": 3, "roles": { "reviewer": { "like": "commenter" } }, "otherRoots": "allow",
      "presence": ["reader", "commenter"],
      "roots": {
        "text": { "type": "text", "maxCharacters": 20, "insert": ["commenter", "editor"] },
        "map": { "type": "map", "closed": true, "required": ["state"], "keys": {
          "state": { "value": { "enum": ["open", 1, null] } },
          "owner": { "insert": ["owner"], "change": [], "delete": [],
            "value": { "type": "string", "minLength": 1, "maxLength": 8, "pattern": "^[a-z]+$" } },
          "once": { "writeOnce": true, "value": { "type": ["number", "boolean"], "min": 0 } },
          "*": { "type": "map", "keys": { "*": { "value": { "type": "integer", "max": 9 } } } } } },
        "array": { "type": "array", "appendOnly": true, "maxItems": 6,
          "items": { "type": "map", "keys": { "text": { "type": "text" } }, "required": ["text"] } },
        "xml": { "type": "xml", "change": ["reviewer"], "delete": ["editor"] } } }"#,
    r#"{ "roots": { "text": { "type": "text" }, "map": { "type": "map" } } }"#,
    r#"{ "version": 4294967295, "otherRoots": "deny", "roots": {
      "map": { "type": "map", "insert": [], "keys": {
        "a": { "value": { "pattern": "(a|b)*c{1,9}[^\\d\\s]$" } } } },
      "array": { "type": "array", "items": { "value": { "maxLength": 3 } } } } }"#,
];

/// What may stand in the place of something else.
const WORDS: [&str; 40] = [
    "\"text\"",
    "\"map\"",
    "\"array\"",
    "\"xml\"",
    "\"string\"",
    "\"number\"",
    "\"integer\"",
    "\"boolean\"",
    "\"null\"",
    "\"owner\"",
    "\"editor\"",
    "\"commenter\"",
    "\"reader\"",
    "\"reviewer\"",
    "\"*\"",
    "\"\"",
    "\"\\u0001operator\"",
    "\"state\"",
    "\"keys\"",
    "\"items\"",
    "\"value\"",
    "\"insert\"",
    "\"delete\"",
    "\"closed\"",
    "\"pattern\"",
    "\"^(a+)+$\"",
    "\"(\"",
    "\"[^\\\\w]{9,99}\"",
    "\"((a{9}){9}){9}\"",
    "true",
    "false",
    "null",
    "0",
    "-1",
    "1e400",
    "18446744073709551616",
    "[]",
    "{}",
    "[\"owner\"]",
    "{\"like\":\"owner\"}",
];

/// A schema, or what is nearly one.
pub(crate) fn make(rng: &mut Rng) -> Vec<u8> {
    let mut text = SEEDS[rng.usize(..SEEDS.len())].to_owned();
    for _ in 0..[0, 1, 1, 1, 2, 4][rng.usize(..6)] {
        let (from, to) = (WORDS[rng.usize(..WORDS.len())], WORDS[rng.usize(..WORDS.len())]);
        let found: Vec<_> = text.match_indices(from).map(|(at, _)| at).collect();
        if !found.is_empty() {
            let at = found[rng.usize(..found.len())];
            text.replace_range(at..at + from.len(), to);
        }
    }
    let mut bytes = text.into_bytes();
    if rng.u8(..3) == 0 {
        let other = WORDS[rng.usize(..WORDS.len())];
        mutate(rng, &mut bytes, other.as_bytes());
    }
    bytes
}

/// What needs few bytes and may take much.
pub(crate) fn dangerous() -> Vec<(&'static str, Vec<u8>)> {
    let root = |rules: &str| format!(r#"{{"roots":{{"map":{{"type":"map",{rules}}}}}}}"#);
    let pattern = |pattern: &str| {
        let rules = format!(r#""keys":{{"*":{{"value":{{"pattern":"{pattern}"}}}}}}"#);
        root(&rules).into_bytes()
    };
    let deep = |depth: usize| {
        let (open, close) = (r#"{"type":"map","keys":{"*":"#, "}}");
        root(&format!(
            r#""keys":{{"a":{}{{"value":{{}}}}{}}}"#,
            open.repeat(depth),
            close.repeat(depth)
        ))
    };
    let arrays =
        |depth: usize| root(&format!(r#""keys":{}{}"#, "[".repeat(depth), "]".repeat(depth)));
    vec![
        ("a pattern of patterns", pattern(&format!("{}a{}", "(".repeat(120), ")".repeat(120)))),
        ("a pattern of many repeats", pattern("((((a{99}){99}){99}){99}){99}")),
        ("a pattern of many letters", pattern(&format!("(\\\\w{{99}}){{{}}}", 99))),
        ("maps in maps of a schema", deep(14).into_bytes()),
        ("more maps in maps of a schema", deep(500).into_bytes()),
        ("arrays in arrays of a schema", arrays(120).into_bytes()),
        ("more arrays in arrays of a schema", arrays(30_000).into_bytes()),
        ("many keys of a schema", {
            let keys: Vec<_> =
                (0..2_000).map(|key| format!(r#""{key}":{{"value":{{}}}}"#)).collect();
            root(&format!(r#""keys":{{{}}}"#, keys.join(","))).into_bytes()
        }),
    ]
}

/// The schema, if it can be read.
pub(crate) fn read(bytes: &[u8]) -> Option<Schema> {
    Schema::parse(std::str::from_utf8(bytes).ok()?).ok()
}

/// Hold a document to it: `update` is what somebody brings, whose role the schema decides.
pub(crate) fn check(schema: Schema, update: &[u8]) {
    let source = schema.source().to_owned();
    let again = Schema::parse_with(&source, Pattern::any);
    assert!(again.is_ok(), "a client does not read what its room does: {again:?}");
    let role = ["reader", "commenter", "editor", "owner", "reviewer"][source.len() % 5];
    let Some(role) = schema.role(role) else { return };
    let mut guard = match Guard::load(&EMPTY, Rc::new(schema), 1 << 52) {
        Ok(guard) => guard,
        Err(error) => panic!("an empty document: {error}"),
    };
    let relayed = match guard.judge(update, role) {
        Ok(Verdict::Accepted) => update.to_vec(),
        Ok(Verdict::Compensated { update, .. }) => update,
        Err(GuardError::Broken) => panic!("not in step"),
        Err(_) => return,
    };
    // What a room relays, a replica takes.
    let mut replica = Document::new(11);
    replica.apply(&relayed).expect("what was relayed");
    assert!(!replica.has_missing_updates(), "relayed too early");
}
