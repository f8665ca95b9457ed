//! Rules about the source itself: who may import what, how long a file is, how things are named, and
//! that the tests are there which the documentation names.
//!
//! A line counts as it is written: a path in a comment imports nothing.

use std::fs;
use std::path::{Path, PathBuf};

use selvedge::room::{Gauges, Metrics, open_metrics};

/// Who may import what. `std`, `core`, `alloc` and the module itself are always allowed.
#[rustfmt::skip]
const MAY_IMPORT: &[(&str, &[&str])] = &[
    //  module       may import
    ("time",      &["thiserror"]),
    ("histogram", &["codec"]),
    ("codec",     &["thiserror"]),
    ("protocol",  &["thiserror", "codec", "histogram"]),
    ("access",    &["thiserror", "codec", "time", "protocol", "serde", "serde_json",
                    "jsonwebtoken", "signature", "hmac", "sha2", "p256", "ed25519_dalek", "rsa"]),
    ("update",    &["thiserror", "codec", "serde", "serde_json"]),
    ("few",       &[]),
    ("document",  &["thiserror", "codec", "few", "time", "update", "yrs"]),
    // `document` for plain values, kinds and paths.
    ("policy",    &["thiserror", "serde", "serde_json", "regex_lite", "document"]),
    ("guard",     &["thiserror", "codec", "update", "document", "policy"]),
    ("awareness", &["thiserror", "codec", "time", "update", "serde_json"]),
    ("room",      &["thiserror", "crc32fast", "sha2", "codec", "time", "update", "protocol",
                    "awareness", "histogram", "access", "policy", "guard"]),
    ("replica",   &["thiserror", "codec", "few", "time", "update", "protocol", "awareness", "document",
                    "histogram", "policy"]),
    // `update` for the update that holds nothing, `document` for what is asked about its content.
    ("worker",    &["thiserror", "codec", "time", "protocol", "room", "update", "access",
                    "policy", "document", "worker", "wasm_bindgen", "wasm_bindgen_futures", "js_sys",
                    "web_sys",
                    "miniz_oxide", "serde_json", "subtle", "histogram"]),
    ("client",    &["thiserror", "time", "protocol", "document", "policy", "replica", "histogram",
                    "idb", "wasm_bindgen", "js_sys", "web_sys"]),
];

/// Crates and modules that a path may begin with.
const ROOTS: &[&str] = &[
    "yrs",
    "serde",
    "serde_json",
    "jsonwebtoken",
    "signature",
    "hmac",
    "sha2",
    "p256",
    "ed25519_dalek",
    "rsa",
    "thiserror",
    "crc32fast",
    "sha2",
    "worker",
    "wasm_bindgen",
    "wasm_bindgen_futures",
    "js_sys",
    "web_sys",
    "miniz_oxide",
    "idb",
    "subtle",
    "regex_lite",
];

/// What the pure modules never name: clocks, randomness, async, an order that is not one.
const IMPURE: &[&str] =
    &["SystemTime", "Instant", "HashMap", "HashSet", "fastrand", "getrandom", "async", "await"];
const PURE: &[&str] = &[
    "time",
    "histogram",
    "codec",
    "protocol",
    "access",
    "update",
    "document",
    "policy",
    "guard",
    "awareness",
    "room",
    "replica",
];
/// yrs has hash maps in its interface; `document` sorts what it takes out of them.
const EXEMPT: (&str, &str) = ("document", "HashMap");

const UNFINISHED: &[&str] = &["todo!", "unimplemented!", "FIXME"];
const BANNED_IN_NAMES: &[&str] =
    &["manager", "handler", "helper", "util", "service", "engine", "context"];
const LINES_MAX: usize = 400;
const COLUMNS_MAX: usize = 100;

/// What is wrong with one file of `src`, named by its path inside `src`.
fn violations(path: &str, source: &str) -> Vec<String> {
    let module = path.split(['/', '.']).next().unwrap_or_default();
    let mut found = Vec::new();
    if source.lines().count() > LINES_MAX {
        found.push(format!("has more than {LINES_MAX} lines"));
    }
    if BANNED_IN_NAMES.iter().any(|banned| path.contains(banned)) {
        found.push("has a name that says nothing".to_owned());
    }
    for (index, line) in source.lines().enumerate() {
        let mut report = |what: String| found.push(format!("line {}: {what}", index + 1));
        if line.chars().count() > COLUMNS_MAX {
            report(format!("more than {COLUMNS_MAX} columns"));
        }
        for word in UNFINISHED.iter().filter(|word| line.contains(**word)) {
            report(format!("says {word}"));
        }
        let code = code_of(line);
        if let Some(name) = type_name(code)
            && BANNED_IN_NAMES.iter().any(|banned| name.to_lowercase().contains(banned))
        {
            report(format!("{name} is a name that says nothing"));
        }
        if PURE.contains(&module) {
            let words = code.split(|c| !is_of_identifier(c));
            for word in words.filter(|word| IMPURE.contains(word) && (module, *word) != EXEMPT) {
                report(format!("uses {word}"));
            }
        }
        // Who plays the clients of a room edits documents; the room itself never does (C1).
        let plays = |root: &str| path.starts_with("room/tests/") && root == "document";
        for root in imports(code).filter(|root| !may_import(module, root) && !plays(root)) {
            report(format!("{module} imports {root}"));
        }
    }
    found
}

fn may_import(module: &str, root: &str) -> bool {
    // The crate's root lists the modules; its tests use what a test needs.
    let allowed = MAY_IMPORT.iter().find(|(name, _)| *name == module);
    root == module || allowed.is_none_or(|(_, allowed)| allowed.contains(&root))
}

/// What a line of code imports or names by a path: modules of this crate, and crates.
fn imports(code: &str) -> impl Iterator<Item = &str> {
    let own = code.split("crate::").skip(1).map(identifier);
    let foreign = code.match_indices("::").filter_map(|(at, _)| {
        let before = &code[..at];
        let start = before.rfind(|c: char| !is_of_identifier(c)).map_or(0, |before| before + 1);
        let is_first = !before[..start].ends_with("::");
        Some(&before[start..]).filter(|root| is_first && ROOTS.contains(root))
    });
    own.chain(foreign).filter(|root| !root.is_empty())
}

fn identifier(code: &str) -> &str {
    &code[..code.find(|c: char| !is_of_identifier(c)).unwrap_or(code.len())]
}

fn is_of_identifier(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// A line without its comment.
fn code_of(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// The type, trait or alias that a line declares.
fn type_name(code: &str) -> Option<&str> {
    let declared = ["struct ", "enum ", "trait ", "type "].iter().find_map(|keyword| {
        let at = code.find(keyword)?;
        let before = code[..at].trim_start();
        let is_declaration = before.is_empty() || before.starts_with("pub");
        is_declaration.then(|| identifier(&code[at + keyword.len()..]))
    })?;
    Some(declared).filter(|name| !name.is_empty())
}

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("src can be listed");
    for entry in entries {
        let path = entry.expect("src can be listed").path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
}

#[test]
fn the_source_keeps_its_rules() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&src, &mut paths);
    assert!(paths.len() > 20, "only {} files in {}", paths.len(), src.display());
    let mut found = Vec::new();
    for path in paths {
        let source = fs::read_to_string(&path).expect("a source file can be read");
        let name = path.strip_prefix(&src).expect("inside src").display().to_string();
        let name = name.replace('\\', "/");
        found.extend(violations(&name, &source).iter().map(|what| format!("src/{name}: {what}")));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// The tests that the last column of a row of docs/symptoms.md names: files, and names in them.
fn named_tests(row: &str) -> Vec<(&str, &str)> {
    let cells: Vec<_> = row.trim_matches('|').split('|').collect();
    let quoted: Vec<_> =
        cells.last().map_or("", |cell| *cell).split('`').skip(1).step_by(2).collect();
    quoted.chunks(2).map(|pair| (pair[0], pair.get(1).copied().unwrap_or_default())).collect()
}

/// Whether a test file has a test of this name.
fn has_test(file: &str, source: &str, name: &str) -> bool {
    if file.ends_with(".rs") {
        return source.contains(&format!("#[test]\nfn {name}("))
            || source.contains(&format!("#[test]\n    fn {name}("));
    }
    ["'", "\"", "`"].iter().any(|quote| source.contains(&format!("test({quote}{name}{quote},")))
}

#[test]
fn every_symptom_is_held_by_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(root.join("docs/symptoms.md")).expect("the table can be read");
    let is_symptom = |row: &&str| row.starts_with("| ") && !row.starts_with("| symptom");
    let rows: Vec<_> = table.lines().filter(is_symptom).collect();
    assert_eq!(rows.len(), 15);
    for (index, row) in rows.into_iter().enumerate() {
        assert!(row.starts_with(&format!("| {}. ", index + 1)), "{row}");
        let tests = named_tests(row);
        assert_eq!(tests.is_empty(), row.contains("| not yet: "), "{row}");
        for (file, name) in tests {
            let source = fs::read_to_string(root.join(file)).unwrap_or_default();
            assert!(has_test(file, &source, name), "{file} has no test {name:?}");
        }
    }
}

#[test]
fn a_test_that_is_not_there_is_found() {
    assert!(has_test("a.test.mjs", "  test(`x: ${what}`, async () => {", "x: ${what}"));
    assert!(!has_test("a.test.mjs", "  // 'x: one' was a test", "x: one"));
    assert!(!has_test("a.test.mjs", "  test('x: one and two', () => {", "x: one"));
    assert!(has_test("a.rs", "#[test]\nfn d1_x() {", "d1_x"));
    assert!(!has_test("a.rs", "fn d1_x() {", "d1_x"));
    assert_eq!(named_tests("| a `b` | c | `f` `n`, `g` `m` |"), [("f", "n"), ("g", "m")]);
    assert_eq!(named_tests("| a | c | |"), []);
}

#[test]
fn every_module_of_the_crate_has_a_row() {
    let lib = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    let lib = fs::read_to_string(lib).expect("lib.rs can be read");
    let declared = lib.lines().filter_map(|line| line.strip_prefix("pub mod "));
    for module in declared.map(identifier) {
        assert!(MAY_IMPORT.iter().any(|(name, _)| *name == module), "{module} has no row");
    }
}

#[test]
fn what_breaks_a_rule_is_found() {
    let bad = [
        ("room/log.rs", "use yrs::Doc;", "line 1: room imports yrs"),
        ("room.rs", "let doc = yrs::Doc::new();", "line 1: room imports yrs"),
        ("room.rs", "use crate::replica::Replica;", "line 1: room imports replica"),
        ("time.rs", "use crate::codec::Reader;", "line 1: time imports codec"),
        ("client/shell.rs", "use crate::room::Room;", "line 1: client imports room"),
        ("replica.rs", "use std::collections::HashMap;", "line 1: uses HashMap"),
        ("room.rs", "let now = std::time::Instant::now();", "uses Instant"),
        ("update.rs", "todo!()", "line 1: says todo!"),
        ("update.rs", "pub(super) struct LogManager;", "LogManager is a name that says nothing"),
        ("room/utils.rs", "", "has a name that says nothing"),
    ];
    for (path, source, expected) in bad {
        let found = violations(path, source).join("; ");
        assert!(found.contains(expected), "{path}: {source}: {found}");
    }
    let long = "x".repeat(101);
    assert_eq!(violations("room.rs", &long), ["line 1: more than 100 columns"]);
    assert_eq!(violations("room.rs", &"\n".repeat(401)), ["has more than 400 lines"]);
}

#[test]
fn what_keeps_the_rules_is_not_found() {
    let good = "\
//! Knows nothing of [`crate::replica`], and yrs::Doc is only mentioned.
use crate::update::{self, Part};
use super::log::Log;
pub struct Engraving;
fn f() -> core::fmt::Result { update::walk(&[]); other::yrs::f() }
";
    assert_eq!(violations("room/commit.rs", good), ["line 4: x"; 0]);
}

#[test]
fn alerts_and_their_description_name_metrics_that_exist() {
    let gauges = Gauges::default();
    let text = open_metrics(&Metrics::default(), gauges.described(), None);
    let is_there = |name: &str| {
        // These two are the registry's.
        ["selvedge_rooms", "selvedge_active_rooms"].contains(&name)
            || text.lines().any(|line| line.split([' ', '{']).next() == Some(name))
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let alerts = fs::read_to_string(root.join("docs/alerts.yml")).expect("the alerts can be read");
    let named: Vec<_> = alerts.match_indices("selvedge_").collect();
    assert!(named.len() > 10);
    for (at, _) in named {
        let name = identifier(&alerts[at..]);
        assert!(is_there(name), "docs/alerts.yml names {name}");
    }
    let page = fs::read_to_string(root.join("docs/observability.md")).expect("the page");
    for family in text.lines().filter_map(|line| line.strip_prefix("# TYPE selvedge_")) {
        let name = identifier(family);
        let is_named = page.contains(&format!("`{name}`")) || page.contains(&format!("`{name}{{"));
        assert!(is_named, "docs/observability.md does not name {name}");
    }
}
