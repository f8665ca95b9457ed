//! What a keystroke costs in a document with a schema, by the size of the document.

use std::rc::Rc;
use std::time::Instant;

use selvedge::document::{Document, Kind};
use selvedge::guard::{Guard, Verdict};
use selvedge::policy::Schema;
use selvedge::update;

const SCHEMA: &str = r#"{ "roots": {
    "title": { "type": "text", "maxCharacters": 1000000, "insert": ["commenter", "editor"] }
} }"#;

/// The text in so many pieces that nothing joins, and what judging a keystroke in it takes, in ms.
fn keystroke_ms(pieces: u32, role: &str, keystrokes: u32) -> f64 {
    let mut document = Document::new(1);
    let title = document.root("title", Kind::Text).expect("a text");
    for _ in 0..pieces {
        // Each in front of the one before.
        let (done, _) = document.edit(|edit| edit.insert_text(&title, 0, "ab", None));
        done.expect("in range");
    }
    let schema = Rc::new(Schema::parse(SCHEMA).expect("a schema"));
    let role = schema.role(role).expect("a role");
    let mut guard = Guard::load(&document.encode(), schema, 1 << 52).expect("a document");
    let updates: Vec<_> = (0..keystrokes)
        .map(|at| document.edit(|edit| edit.insert_text(&title, pieces + at, "x", None)).1)
        .collect();
    #[allow(clippy::disallowed_methods)]
    let begun = Instant::now();
    for update in &updates {
        let update = update.as_deref().unwrap_or(&update::EMPTY);
        assert_eq!(guard.judge(update, role), Ok(Verdict::Accepted));
    }
    begun.elapsed().as_secs_f64() * 1_000.0 / f64::from(keystrokes)
}

/// A measurement, not a test: run it by name.
#[test]
#[ignore = "measures time"]
fn s4_a_keystroke_costs_the_same_in_any_document() {
    for role in ["editor", "commenter"] {
        for pieces in [100, 10_000, 130_000] {
            let ms = keystroke_ms(pieces, role, 200);
            println!("{role}, {} characters in {pieces} pieces: {ms:.4} ms", pieces * 2);
        }
    }
}
