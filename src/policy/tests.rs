//! Schemas, and what they say.

use super::*;
use crate::document::{Json, Kind, PathSegment};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn path(path: &str) -> Vec<PathSegment> {
    let segment = |name: &str| match name.parse() {
        Ok(index) => PathSegment::Index(index),
        Err(_) => PathSegment::Key(name.to_owned()),
    };
    path.split('/').map(segment).collect()
}

const FULL: &str = r#"{
  "version": 3,
  "roles": { "reviewer": { "like": "commenter" }, "bot": {} },
  "presence": ["commenter", "editor"],
  "roots": {
    "title": { "type": "text", "maxCharacters": 5, "change": ["bot"] },
    "meta": { "type": "map", "required": ["state"], "closed": true, "keys": {
      "owner": { "insert": ["owner"], "change": ["owner"], "delete": [],
        "value": { "type": "string", "minLength": 1, "maxLength": 4, "pattern": "^[a-z]+$" } },
      "state": { "value": { "enum": ["open", 1, null] } },
      "size": { "value": { "type": "integer", "min": -1, "max": 10 } },
      "once": { "writeOnce": true },
      "place": { "value": { "type": "object", "closed": true, "required": ["x"], "properties": {
        "x": { "type": "number" }, "tags": { "type": ["array", "null"], "maxLength": 2,
          "items": { "type": "string" } } } } } } },
    "log": { "type": "array", "appendOnly": true, "maxItems": 2, "insert": ["reviewer"],
      "items": { "type": "map", "required": ["text"] } },
    "page": { "type": "xml" }
  }
}"#;

#[test]
fn s4_roles_may_do_what_lists_say() {
    let schema = Schema::parse(FULL).unwrap();
    assert_eq!(schema.version(), 3);
    let role = |name| schema.role(name).unwrap();
    assert_eq!(schema.role("nobody"), None);
    // Who may insert, change, delete at a place.
    let cases = [
        ("title", "editor", [true, false, true]),
        ("title", "bot", [false, true, false]),
        ("title", "owner", [true, true, true]),
        ("title", "reader", [false, false, false]),
        ("meta/owner", "editor", [false, false, false]),
        ("meta/owner", "owner", [true, true, false]),
        ("meta/state", "editor", [true, true, true]),
        ("meta/once", "owner", [true, false, false]),
        ("log", "commenter", [false, false, false]),
        ("log", "reviewer", [true, false, false]),
        ("log/0", "reviewer", [true, false, false]),
        ("log/0/text", "editor", [false, true, true]),
        ("page/0/0", "editor", [true, true, true]),
    ];
    for (place, name, may) in cases {
        let rules = schema.at(&path(place)).unwrap();
        let role = role(name);
        let found = [rules.may_insert(role), rules.may_change(role), rules.may_delete(role)];
        assert_eq!(found.map(|found| found.is_ok()), may, "{place} {name}");
    }
    assert_eq!(schema.at(&path("meta/wild")).unwrap_err(), Rule::Closed);
    assert_eq!(schema.at(&path("other")).unwrap_err(), Rule::OtherRoots);
    assert_eq!(schema.at(&[]).unwrap_err(), Rule::OtherRoots);
    let may_write = ["reader", "commenter", "reviewer", "bot", "editor", "owner"]
        .map(|name| schema.may_write(role(name)));
    assert_eq!(may_write, [false, false, true, true, true, true]);
    let shown = ["reader", "commenter", "reviewer", "bot", "editor", "owner"]
        .map(|name| schema.may_show_presence(role(name)));
    assert_eq!(shown, [false, true, true, false, true, true]);
}

#[test]
fn s4_a_role_like_another_has_what_that_has() {
    let schema = Schema::parse(
        r#"{ "roles": { "reviewer": { "like": "commenter" } }, "roots": {
            "comments": { "type": "array", "insert": ["commenter"], "delete": ["reviewer"] } } }"#,
    )
    .unwrap();
    let rules = schema.root("comments").unwrap();
    let [reviewer, commenter] = ["reviewer", "commenter"].map(|name| schema.role(name).unwrap());
    assert!(rules.may_insert(reviewer).is_ok() && rules.may_insert(commenter).is_ok());
    assert!(rules.may_delete(reviewer).is_ok() && rules.may_delete(commenter).is_err());
}

#[test]
fn s4_values_fit_or_break_a_rule() {
    let schema = Schema::parse(FULL).unwrap();
    let text = |text: &str| Json::String(text.into());
    let object = |entries: &[(&str, Json)]| {
        Json::Object(entries.iter().map(|(key, it)| ((*key).to_owned(), it.clone())).collect())
    };
    let x = ("x", Json::Number(0.5));
    let tags = |tags: &[Json]| object(&[("tags", Json::Array(tags.to_vec())), x.clone()]);
    let cases = [
        ("meta/owner", text("ann"), Ok(())),
        ("meta/owner", text(""), Err(Rule::MinLength)),
        ("meta/owner", text("annie"), Err(Rule::MaxLength)),
        ("meta/owner", text("🧵🧵"), Err(Rule::Pattern)),
        ("meta/owner", text("🧵🧵🧵"), Err(Rule::MaxLength)),
        ("meta/owner", Json::Undefined, Err(Rule::Type)),
        ("meta/state", text("open"), Ok(())),
        ("meta/state", Json::Number(1.0), Ok(())),
        ("meta/state", Json::Null, Ok(())),
        ("meta/state", text("1"), Err(Rule::Enum)),
        ("meta/size", Json::Number(10.0), Ok(())),
        ("meta/size", Json::Number(-2.0), Err(Rule::Min)),
        ("meta/size", Json::BigInt(1 << 60), Err(Rule::Max)),
        ("meta/size", Json::Number(0.5), Err(Rule::Type)),
        ("meta/size", Json::Number(f64::NAN), Err(Rule::Type)),
        ("meta/once", object(&[]), Ok(())),
        ("meta/place", object(&[]), Err(Rule::Required)),
        ("meta/place", object(std::slice::from_ref(&x)), Ok(())),
        ("meta/place", object(&[x.clone(), ("y", Json::Null)]), Err(Rule::Closed)),
        ("meta/place", tags(&[text("a"), text("b")]), Ok(())),
        ("meta/place", tags(&[text("a"), Json::Null]), Err(Rule::Type)),
        ("meta/place", tags(&[text("a"), text("b"), text("c")]), Err(Rule::MaxLength)),
        ("log/0", Json::Null, Err(Rule::Type)),
    ];
    for (place, value, fits) in cases {
        assert_eq!(schema.at(&path(place)).unwrap().fits(&value), fits, "{place} {value:?}");
    }
    let kinds = [
        ("log/0", Kind::Map, Ok(())),
        ("log/0", Kind::Array, Err(Rule::Type)),
        ("meta/owner", Kind::Text, Err(Rule::Type)),
        ("meta/state", Kind::Text, Err(Rule::Enum)),
        ("meta/once", Kind::Text, Ok(())),
        ("page", Kind::XmlFragment, Ok(())),
    ];
    for (place, kind, fits) in kinds {
        assert_eq!(schema.at(&path(place)).unwrap().fits_kind(kind), fits, "{place} {kind:?}");
    }
    let [title, log] = ["title", "log"].map(|name| schema.root(name).unwrap());
    assert_eq!(title.fits_length(Kind::Text, 5), Ok(()));
    assert_eq!(title.fits_length(Kind::Text, 6), Err(Rule::MaxCharacters));
    assert_eq!(log.fits_length(Kind::Array, 3), Err(Rule::MaxItems));
}

#[test]
fn s4_a_shared_type_may_stand_where_a_value_may() {
    let schema = Schema::parse(
        r#"{ "roots": { "m": { "type": "map",
            "keys": { "*": { "value": { "type": ["null", "sharedText"] } } } } } }"#,
    )
    .unwrap();
    let rules = schema.at(&path("m/k")).unwrap();
    assert_eq!(rules.fits_kind(Kind::Text), Ok(()));
    assert_eq!(rules.fits_kind(Kind::Map), Err(Rule::Type));
    assert_eq!(rules.fits(&Json::Null), Ok(()));
    assert_eq!(rules.fits_opaque(), Err(Rule::Type));
}

/// A schema with one root of this text.
fn root(node: &str) -> String {
    format!(r#"{{ "roots": {{ "r": {node} }} }}"#)
}

/// A schema with one rule of a value.
fn value(rule: &str) -> String {
    root(&format!(r#"{{ "type": "map", "keys": {{ "a/b": {{ "value": {rule} }} }} }}"#))
}

#[test]
fn s4_mistakes_in_schemas_are_told_with_their_place() {
    let text = |rest: &str| root(&format!(r#"{{ "type": "text", {rest} }}"#));
    let word = |key: &str| format!(r#"{{ "roots": {{}}, "{key}": "maybe" }}"#);
    let v = "/roots/r/keys/a~1b/value";
    let deep = |open: &str, close: &str, depth| open.repeat(depth) + "{}" + &close.repeat(depth);
    let many = |node: &str, count: usize| {
        let keys: Vec<_> = (0..count).map(|key| format!(r#""{key}": {node}"#)).collect();
        format!("{{ {} }}", keys.join(","))
    };
    let cases: &[(String, &str, Fault)] = &[
        (" ".repeat(SCHEMA_BYTES_MAX + 1), "", Fault::TooLarge),
        ("[]".into(), "", Fault::Expected("an object")),
        ("{}".into(), "", Fault::Missing("roots")),
        (r#"{ "roots": {}, "rootz": 1 }"#.into(), "/rootz", Fault::UnknownKey),
        (r#"{ "roots": 1 }"#.into(), "/roots", Fault::Expected("an object")),
        (r#"{ "roots": {}, "version": -1 }"#.into(), "/version", Fault::Expected("a whole number")),
        (
            r#"{ "roots": {}, "version": 0.5 }"#.into(),
            "/version",
            Fault::Expected("a whole number"),
        ),
        (word("otherRoots"), "/otherRoots", Fault::Expected("\"deny\" or \"allow\"")),
        (word("conflicts"), "/conflicts", Fault::Expected("\"log\" or \"ignore\"")),
        (
            r#"{ "roots": {}, "presence": ["boss"] }"#.into(),
            "/presence/0",
            Fault::UnknownRole("boss".into()),
        ),
        (
            r#"{ "roots": {}, "roles": { "a": { "like": "b" }, "b": {} } }"#.into(),
            "/roles/a/like",
            Fault::UnknownRole("b".into()),
        ),
        (
            r#"{ "roots": {}, "roles": { "a": { "like": 1 } } }"#.into(),
            "/roles/a/like",
            Fault::Expected("the name of a role"),
        ),
        (
            r#"{ "roots": {}, "roles": { "a": { "lik": "b" } } }"#.into(),
            "/roles/a/lik",
            Fault::UnknownKey,
        ),
        (
            r#"{ "roots": {}, "roles": { "owner": {} } }"#.into(),
            "/roles/owner",
            Fault::Expected("a name that is not built in"),
        ),
        (
            format!(r#"{{ "roots": {{}}, "roles": {} }}"#, many("{}", ROLES_MAX + 1)),
            "/roles",
            Fault::TooMany(ROLES_MAX, "roles"),
        ),
        (root("{}"), "/roots/r", Fault::Missing("type")),
        (root("[]"), "/roots/r", Fault::Expected("an object")),
        (
            root(r#"{ "type": "list" }"#),
            "/roots/r/type",
            Fault::Expected("\"text\", \"map\", \"array\" or \"xml\""),
        ),
        (text(r#""inserts": []"#), "/roots/r/inserts", Fault::UnknownKey),
        (text(r#""maxItems": 1"#), "/roots/r/maxItems", Fault::UnknownKey),
        (text(r#""value": {}"#), "/roots/r/value", Fault::UnknownKey),
        (text(r#""writeOnce": true"#), "/roots/r/writeOnce", Fault::UnknownKey),
        (text(r#""insert": "editor""#), "/roots/r/insert", Fault::Expected("a list of roles")),
        (text(r#""insert": [1]"#), "/roots/r/insert/0", Fault::Expected("the name of a role")),
        (text(r#""delete": ["x"]"#), "/roots/r/delete/0", Fault::UnknownRole("x".into())),
        (text(r#""appendOnly": 1"#), "/roots/r/appendOnly", Fault::Expected("true or false")),
        (
            text(r#""maxCharacters": 1e10"#),
            "/roots/r/maxCharacters",
            Fault::Expected("a whole number"),
        ),
        (
            root(r#"{ "type": "array", "items": { "writeOnce": true } }"#),
            "/roots/r/items/writeOnce",
            Fault::UnknownKey,
        ),
        (
            root(r#"{ "type": "map", "required": "a" }"#),
            "/roots/r/required",
            Fault::Expected("a list of strings"),
        ),
        (
            root(r#"{ "type": "map", "required": [1] }"#),
            "/roots/r/required/0",
            Fault::Expected("a string"),
        ),
        (value("1"), v, Fault::Expected("an object")),
        (value(r#"{ "min": "1" }"#), "/roots/r/keys/a~1b/value/min", Fault::Expected("a number")),
        (
            value(r#"{ "type": ["string", "text"] }"#),
            "/roots/r/keys/a~1b/value/type/1",
            Fault::Expected("the name of a type"),
        ),
        (
            value(r#"{ "enum": 1 }"#),
            "/roots/r/keys/a~1b/value/enum",
            Fault::Expected("a list of values"),
        ),
        (
            value(r#"{ "pattern": 1 }"#),
            "/roots/r/keys/a~1b/value/pattern",
            Fault::Expected("a regular expression"),
        ),
        (value(r#"{ "min": 2, "max": 1 }"#), v, Fault::Bounds),
        (value(r#"{ "minLength": 2, "maxLength": 1 }"#), v, Fault::Bounds),
        (value(r#"{ "mni": 2 }"#), "/roots/r/keys/a~1b/value/mni", Fault::UnknownKey),
        (
            root(&format!(r#"{{ "type": "map", "keys": {} }}"#, many("{}", NODES_MAX))),
            "/roots/r/keys/999",
            Fault::TooMany(NODES_MAX, "rules"),
        ),
        (
            root(&format!(
                r#"{{ "type": "map", "keys": {} }}"#,
                many(r#"{ "value": { "pattern": "a" } }"#, PATTERNS_MAX + 1)
            )),
            "/roots/r/keys/32/value/pattern",
            Fault::TooMany(PATTERNS_MAX, "patterns"),
        ),
        (
            root(&deep(r#"{ "type": "array", "items": "#, "}", 16)),
            &("/roots/r".to_owned() + &"/items".repeat(16)),
            Fault::TooDeep,
        ),
        (
            value(&deep(r#"{ "items": "#, "}", 14)),
            &(v.to_owned() + &"/items".repeat(14)),
            Fault::TooDeep,
        ),
    ];
    for (json, place, fault) in cases {
        let error = Schema::parse(json).unwrap_err();
        assert_eq!((&*error.place, &error.fault), (*place, fault), "{json}");
    }
    // The sentence is another's.
    let nested = deep("[", "]", 1_000);
    for json in ["", "{", "{} {}", r#"{ "roots": {}, "roots": {} }"#, &nested] {
        let error = Schema::parse(json).unwrap_err();
        assert!(matches!(error.fault, Fault::Json(_)), "{json}: {error}");
    }
    for pattern in ["(", "a{1000}{1000}", &"(".repeat(200), &"a".repeat(300), "\\\\p{L}", "(?=a)"] {
        let error = Schema::parse(&value(&format!(r#"{{ "pattern": "{pattern}" }}"#))).unwrap_err();
        assert!(matches!(error.fault, Fault::Pattern(_)), "{pattern}: {error}");
    }
    let long = value(r#"{ "pattern": "a", "maxLength": 5000 }"#);
    assert!(matches!(Schema::parse(&long).unwrap_err().fault, Fault::Pattern(_)));
    let shown = Schema::parse(&text(r#""inserts": []"#)).unwrap_err().to_string();
    assert_eq!(shown, "/roots/r/inserts: this key is not known here");
}

#[test]
fn s4_a_path_shows_which_of_its_signs_are_its_own() {
    let path = vec![
        PathSegment::Key("a/b~".into()),
        PathSegment::Index(7),
        PathSegment::Key(String::new()),
    ];
    let violation = Violation { path, rule: Rule::AppendOnly };
    assert_eq!(violation.to_string(), "a~1b~0/7/");
    assert_eq!(violation.rule.name(), "append-only");
}

/// Whatever is written, reading it ends, in a schema or in an error. On the host only, because
/// arbtest reads a clock.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn s4_any_schema_is_read_or_refused() {
    const PIECES: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "1",
        "-1e999",
        "\"*\"",
        "\"keys\"",
        "\"type\"",
        "\"map\"",
        "\"array\"",
        "\"items\"",
        "\"value\"",
        "\"pattern\"",
        "\"(a*)*{9}\"",
        "true",
        "null",
        "\"insert\"",
        "\"editor\"",
        "\"\\ud800\"",
    ];
    arbtest::arbtest(|source| {
        let mut json = FULL.to_owned();
        for _ in 0..source.int_in_range(0..=5)? {
            let at = source.choose_index(json.len())?;
            let to = (at + source.int_in_range(0..=8)?).min(json.len());
            let Some(_) = json.get(at..to) else { continue };
            json.replace_range(at..to, source.choose(PIECES)?);
        }
        if let Ok(schema) = Schema::parse(&json) {
            for (_, rules) in schema.roots() {
                let _ = rules.key("owner").map(|rules| rules.fits(&Json::String("aaa".into())));
            }
        }
        Ok(())
    });
}

/// What the documentation shows can be used. On the host only, where the file is.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn s4_every_schema_in_the_documentation_is_one() {
    let pages =
        [(include_str!("../../docs/schemas.md"), "", 4), (include_str!("../policy.rs"), "//! ", 1)];
    for (page, margin, count) in pages {
        let lines: Vec<_> =
            page.lines().map(|line| line.strip_prefix(margin).unwrap_or(line)).collect();
        let page = lines.join("\n");
        let snippets: Vec<_> = page.split("```json\n").skip(1).collect();
        assert_eq!(snippets.len(), count);
        for snippet in snippets {
            let json = snippet.split("```").next().unwrap();
            assert!(Schema::parse(json).is_ok(), "{json}: {:?}", Schema::parse(json).err());
        }
    }
}
