//! What a keystroke costs, by the size of the document.

use super::*;

/// A document with a text of so many pieces that nothing joins, and what judging keystrokes in it
/// takes, in ms for each.
fn keystroke_ms(pieces: u32, role: &str, keystrokes: u32) -> f64 {
    let schema = r#"{ "roots": {
        "title": { "type": "text", "maxCharacters": 1000000, "insert": ["commenter", "editor"] }
    } }"#;
    let mut world = World::new(schema, |author| {
        let title = author.root("title");
        for at in 0..pieces {
            // Each in front of the one before.
            let _ = author.edit(|edit| edit.insert_text(&title, 0, "ab", None));
            if at % 1_000 == 0 {
                let _ = author.edit(|edit| edit.insert_text(&title, at, "c", None));
            }
        }
    });
    let mut author = world.author(9, role);
    let title = author.root("title");
    let updates: Vec<_> = (0..keystrokes)
        .map(|at| author.edit(|edit| edit.insert_text(&title, pieces + at, "x", None).unwrap()).1)
        .collect();
    #[allow(clippy::disallowed_methods)]
    let begun = std::time::SystemTime::now();
    for update in &updates {
        assert_eq!(world.guard.judge(update, author.role), Ok(Verdict::Accepted));
    }
    begun.elapsed().unwrap().as_secs_f64() * 1_000.0 / f64::from(keystrokes)
}

/// A measurement, not a test: run it by name in a release build.
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
