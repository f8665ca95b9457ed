//! Patterns of document names, as grants and schemas say them.

/// Whether `pattern` is about the document `name`. `*` stands for anything but a slash, `**` for
/// anything, every other character for itself.
///
/// Takes time in proportion to the product of the lengths, whatever the pattern is.
pub fn matches(pattern: &str, name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    // Whether what was read of the pattern fits the first so many characters of the name.
    let mut fits = vec![false; name.len() + 1];
    fits[0] = true;
    let mut rest = pattern.chars().peekable();
    while let Some(token) = rest.next() {
        let crosses = token == '*' && rest.next_if_eq(&'*').is_some();
        if token == '*' {
            for at in 0..name.len() {
                fits[at + 1] |= fits[at] && (crosses || name[at] != '/');
            }
        } else {
            for at in (0..name.len()).rev() {
                fits[at + 1] = fits[at] && name[at] == token;
            }
            fits[0] = false;
        }
    }
    fits[name.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn patterns_are_about_names() {
        for (pattern, name, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("", "a", false),
            ("*", "a", true),
            ("*", "a/b", false),
            ("**", "a/b", true),
            ("team/*", "team/plan", true),
            ("team/*", "team/", true),
            ("team/*", "team/x/y", false),
            ("team/**", "team/x/y", true),
            ("team/*/notes", "team/x/notes", true),
            ("team/*/notes", "team/x/y/notes", false),
            ("*.md", "a.md", true),
            ("ü*", "üß", true),
            ("Team/*", "team/a", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    /// S1: no pattern takes for ever.
    #[test]
    fn s1_a_pattern_of_many_stars_is_no_slower() {
        assert!(!matches(&"*a".repeat(256), &"a".repeat(512).replace("aa", "ab")));
    }
}
