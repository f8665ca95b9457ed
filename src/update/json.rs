//! JSON as `JSON.parse` accepts it, checked without building it.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::DEPTH_MAX;

/// Whether `text` is one JSON value that is nested at most [`DEPTH_MAX`] deep.
///
/// The depth counts because V8 reads any depth but runs out of stack when it writes it again.
/// Escaped halves of surrogate pairs are accepted, as in JavaScript.
pub fn is_json(text: &str) -> bool {
    if depth(text) > DEPTH_MAX {
        return false;
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    IgnoredAny::deserialize(&mut reader).is_ok() && reader.end().is_ok()
}

/// How deep brackets are nested, if `text` is JSON.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let (mut quoted, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn json_is_what_json_parse_accepts() {
        for text in ["1", " [1, -2e9, \"\\ud83d\", null]\n", "{\"a\":{\"a\":\"]]\\\"[\"}}", "1e999"]
        {
            assert!(is_json(text), "{text}");
        }
        for text in
            ["", "undefined", "01", "1 2", "[1,]", "{a:1}", "'a'", "\u{feff}1", "\"\n\"", "NaN"]
        {
            assert!(!is_json(text), "{text}");
        }
    }

    #[test]
    fn s1_deep_json_is_refused() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(is_json(&nested(DEPTH_MAX)));
        assert!(!is_json(&nested(DEPTH_MAX + 1)));
        assert!(!is_json(&nested(1_000_000)));
    }
}
