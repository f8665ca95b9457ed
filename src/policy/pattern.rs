//! Regular expressions of schemas.
//!
//! They are regex-lite's, which takes linear time. A browser has an engine of its own, and no other
//! is loaded into one: [`to_javascript`] says the same to that, where it can.

use std::fmt;
use std::rc::Rc;

use regex_lite::RegexBuilder;

/// What a pattern may take once it is compiled, and how deep it may be nested.
const COMPILED_BYTES_MAX: usize = 64 << 10;
const NESTED_MAX: u32 = 16;

/// Tells whether a string matches.
#[derive(Clone)]
pub struct Pattern(Rc<dyn Fn(&str) -> bool>);

/// Makes a pattern of a regular expression, or says why it cannot be used.
pub type Compile = fn(&str) -> Result<Pattern, String>;

impl Pattern {
    /// What matches if `matches` says so.
    pub fn new(matches: impl Fn(&str) -> bool + 'static) -> Self {
        Self(Rc::new(matches))
    }

    /// What everything matches.
    pub fn any(_: &str) -> Result<Self, String> {
        Ok(Self::new(|_| true))
    }

    /// What matches a regular expression.
    pub fn compile(pattern: &str) -> Result<Self, String> {
        let regex = RegexBuilder::new(pattern)
            .size_limit(COMPILED_BYTES_MAX)
            .nest_limit(NESTED_MAX)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self::new(move |string| regex.is_match(string)))
    }

    pub(super) fn is_match(&self, string: &str) -> bool {
        (self.0)(string)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pattern")
    }
}

/// The same as a regular expression of JavaScript with the flag `u`, which refuses what it does not
/// know. Nothing if it may mean something else there.
pub fn to_javascript(pattern: &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = pattern.chars().peekable();
    let mut is_class = false;
    while let Some(char) = chars.next() {
        let next = chars.peek().copied();
        match char {
            '\\' => {
                chars.next();
                match (next?, is_class) {
                    // JavaScript's space is wider.
                    ('s', true) => out.push_str(r"\t-\r "),
                    ('s', false) => out.push_str(r"[\t-\r ]"),
                    ('S', false) => out.push_str(r"[^\t-\r ]"),
                    ('b' | 'B', true) | ('<' | '>', _) => return None,
                    (
                        escaped @ ('d' | 'D' | 'w' | 'W' | 'b' | 'B' | 't' | 'n' | 'r' | 'v' | 'f'
                        | '^' | '$' | '\\' | '.' | '*' | '+' | '?' | '(' | ')' | '['
                        | ']' | '{' | '}' | '|' | '/'),
                        _,
                    )
                    | (escaped @ '-', true) => out.extend(['\\', escaped]),
                    (escaped, _) if escaped.is_ascii_punctuation() => out.push(escaped),
                    _ => return None,
                }
            }
            '[' if is_class => return None,
            '[' => {
                is_class = true;
                out.push('[');
                out.extend(chars.next_if_eq(&'^'));
                // Here it would be one of the class.
                if chars.peek() == Some(&']') {
                    return None;
                }
            }
            ']' => {
                if !std::mem::take(&mut is_class) {
                    return None;
                }
                out.push(']');
            }
            '&' | '~' | '-' if is_class && next == Some(char) => return None,
            '.' if !is_class => out.push_str(r"[^\n]"),
            '(' if !is_class && next == Some('?') => {
                chars.next();
                chars.next_if_eq(&':')?;
                out.push_str("(?:");
            }
            char => out.push(char),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_means_the_same_in_javascript_is_said_there() {
        for (pattern, expected) in [
            ("^#[0-9a-f]{6}$", "^#[0-9a-f]{6}$"),
            (r"^\w+@\w+\.\w{2,}$", r"^\w+@\w+\.\w{2,}$"),
            (r"a.\s[\s.]\S", r"a[^\n][\t-\r ][\t-\r .][^\t-\r ]"),
            (r"(?:a|b)+(c)", "(?:a|b)+(c)"),
            (r"\'\#\-[\-\]^]", r"'#-[\-\]^]"),
            ("ü🧵", "ü🧵"),
            ("", ""),
        ] {
            assert_eq!(to_javascript(pattern).as_deref(), Some(expected), "{pattern}");
            assert!(Pattern::compile(pattern).is_ok(), "{pattern}");
        }
        for pattern in [
            "(?i)a",
            "(?P<a>b)",
            "(?<a>b)",
            "(?s:a)",
            "[[:alpha:]]",
            "[]a]",
            "[^]a]",
            "a]",
            r"\Aa",
            r"a\z",
            r"\x41",
            r"\u0041",
            r"\<a",
            r"[\S]",
            r"[\b]",
            "[a&&b]",
            "[a--b]",
            r"\pL",
            "\\",
        ] {
            assert_eq!(to_javascript(pattern), None, "{pattern}");
        }
    }
}
