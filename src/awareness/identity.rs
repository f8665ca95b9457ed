//! Who somebody is, in what they say about themselves (S5).
//!
//! A state is the client's own words. Where people have names, others see beside them who the room
//! knows that it is: under `identity`, which nobody can say of themselves, and as the `name` of
//! `user`, which is where editors for Yjs look for what to write beside a cursor.

use std::borrow::Cow;

/// What is the room's to say.
const IDENTITY: &str = "identity";
const USER: &str = "user";
const NAME: &str = "name";

/// Who somebody is, as their token says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Identity<'a> {
    /// Which subject.
    pub subject: &'a str,
    /// What to call them.
    pub name: Option<&'a str>,
}

/// A state as others are shown it. What is no JSON object stays as it is.
pub fn identified<'a>(state: &'a str, identity: Option<Identity<'_>>) -> Cow<'a, str> {
    let Some(entries) = entries(state) else { return state.into() };
    let name = identity.and_then(|identity| identity.name);
    if identity.is_none() && !entries.iter().any(|(key, _)| is(key, IDENTITY)) {
        return state.into();
    }
    let mut kept = Vec::new();
    for (key, value) in entries {
        let user = if is(key, USER) { name.and_then(|name| named(value, name)) } else { None };
        if !is(key, IDENTITY) {
            kept.push(format!("{key}:{}", user.as_deref().unwrap_or(value)));
        }
    }
    if let Some(Identity { subject, name }) = identity {
        let name = name.map(|name| format!(",\"{NAME}\":{}", quoted(name))).unwrap_or_default();
        kept.push(format!("\"{IDENTITY}\":{{\"subject\":{}{name}}}", quoted(subject)));
    }
    object(&kept).into()
}

/// An object whose `name` is another one; nothing if it has none.
fn named(user: &str, name: &str) -> Option<String> {
    let entries = entries(user)?;
    entries.iter().find(|(key, _)| is(key, NAME))?;
    let name = quoted(name);
    let entry = |&(key, value): &(&str, &str)| {
        format!("{key}:{}", if is(key, NAME) { name.as_str() } else { value })
    };
    Some(object(&entries.iter().map(entry).collect::<Vec<_>>()))
}

fn object(entries: &[String]) -> String {
    format!("{{{}}}", entries.join(","))
}

fn quoted(string: &str) -> String {
    serde_json::Value::from(string).to_string()
}

/// Whether a key, as it is written, is this one.
fn is(key: &str, name: &str) -> bool {
    match key.contains('\\') {
        true => serde_json::from_str(key).is_ok_and(|key: String| key == name),
        false => key.strip_prefix('"').and_then(|key| key.strip_suffix('"')) == Some(name),
    }
}

/// The keys and values of a JSON object as they are written; nothing if it is none. The string has
/// to be JSON.
fn entries(json: &str) -> Option<Vec<(&str, &str)>> {
    let inside = trimmed(json).strip_prefix('{')?.strip_suffix('}')?;
    let mut entries = Vec::new();
    let (mut depth, mut is_quoted, mut is_escaped) = (0usize, false, false);
    let (mut start, mut colon) = (0, None);
    for (at, byte) in inside.bytes().chain([b',']).enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b':' if depth == 0 => colon = Some(at),
            b',' if depth == 0 => {
                if let Some(colon) = colon.take() {
                    let (key, value) = (inside.get(start..colon)?, inside.get(colon + 1..at)?);
                    entries.push((trimmed(key), trimmed(value)));
                }
                start = at + 1;
            }
            _ => {}
        }
    }
    Some(entries)
}

fn trimmed(json: &str) -> &str {
    json.trim_matches([' ', '\t', '\n', '\r'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::update::is_json;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const ADA: Identity<'_> = Identity { subject: "u1", name: Some("Ada \"L\"") };
    const NAMELESS: Identity<'_> = Identity { subject: "u1", name: None };

    #[test]
    fn s5_a_state_says_who_it_is_and_keeps_the_rest() {
        let ada = r#""identity":{"subject":"u1","name":"Ada \"L\""}"#;
        for (state, expected) in [
            ("{}", format!("{{{ada}}}")),
            (" { } ", format!("{{{ada}}}")),
            (
                r#"{"at": [1, {"a":2}] , "b":1e400}"#,
                format!(r#"{{"at":[1, {{"a":2}}],"b":1e400,{ada}}}"#),
            ),
            (r#"{"identity":{"subject":"root"}}"#, format!("{{{ada}}}")),
            (
                r#"{"identity":1,"\u0069dentity":2,"a":"\"identity\":{","identity":3}"#,
                format!(r#"{{"a":"\"identity\":{{",{ada}}}"#),
            ),
            (
                r#"{"user":{"name":"Eve","color":"red"}}"#,
                format!(r#"{{"user":{{"name":"Ada \"L\"","color":"red"}},{ada}}}"#),
            ),
            (
                r#"{"user":{"n\u0061me":[1,"}"],"name":2}}"#,
                format!(r#"{{"user":{{"n\u0061me":"Ada \"L\"","name":"Ada \"L\""}},{ada}}}"#),
            ),
            (r#"{"user":{"color":"red"}}"#, format!(r#"{{"user":{{"color":"red"}},{ada}}}"#)),
            (r#"{"user":"Eve","name":"Eve"}"#, format!(r#"{{"user":"Eve","name":"Eve",{ada}}}"#)),
            (
                r#"{"a":{"identity":1,"user":{"name":"Eve"}}}"#,
                format!(r#"{{"a":{{"identity":1,"user":{{"name":"Eve"}}}},{ada}}}"#),
            ),
        ] {
            let identified = identified(state, Some(ADA));
            assert_eq!(identified, expected);
            assert!(is_json(&identified), "{identified}");
            // Who says it again says the same.
            assert_eq!(super::identified(&identified, Some(ADA)), expected);
        }
        for state in ["null", "1", "\"{}\"", "[{\"identity\":1}]", " true "] {
            assert_eq!(identified(state, Some(ADA)), state);
        }
    }

    #[test]
    fn s5_what_nobody_knows_nobody_says() {
        let state = r#"{"user":{"name":"Eve"},"identity":{"subject":"root"}}"#;
        assert_eq!(identified(state, None), r#"{"user":{"name":"Eve"}}"#);
        let nameless = r#"{"user":{"name":"Eve"},"identity":{"subject":"u1"}}"#;
        assert_eq!(identified(state, Some(NAMELESS)), nameless);
        assert!(matches!(identified(r#"{ "user" : 1 }"#, None), Cow::Borrowed(_)));
    }
}
