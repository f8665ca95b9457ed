//! Where a request carries its token.

use std::borrow::Cow;

use super::SUBPROTOCOL;

/// What a subprotocol begins with that is a token: browsers can send no header but this one.
pub const TOKEN_PREFIX: &str = "token.";

/// The token of a request: from `Authorization: Bearer`, else a subprotocol `token.…`, else the
/// query's `token=`, which stock clients can say.
pub fn token_of<'a>(
    authorization: Option<&'a str>,
    subprotocols: Option<&'a str>,
    query: Option<&'a str>,
) -> Option<Cow<'a, str>> {
    let bearer = authorization.and_then(|said| {
        let (scheme, token) = said.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().into())
    });
    let offered = || offered(subprotocols).find_map(|name| name.strip_prefix(TOKEN_PREFIX));
    bearer.or_else(|| offered().map(Into::into)).or_else(|| parameter(query?, "token"))
}

/// Whether the client wants to show its token in its first message.
pub fn says_token_later(query: Option<&str>) -> bool {
    query.and_then(|query| parameter(query, "auth")).is_some_and(|how| how == "message")
}

/// The subprotocol to answer with: ours, or the first that is no token. Browsers break off when
/// they offered some and are answered none.
pub fn answered_subprotocol(subprotocols: Option<&str>) -> Option<&str> {
    let is_token = |name: &&str| name.starts_with(TOKEN_PREFIX);
    let ours = offered(subprotocols).find(|&name| name == SUBPROTOCOL);
    ours.or_else(|| offered(subprotocols).find(|name| !is_token(name)))
        .or_else(|| offered(subprotocols).next())
}

fn offered(subprotocols: Option<&str>) -> impl Iterator<Item = &str> {
    subprotocols.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty())
}

/// A parameter of a query, decoded; nothing if it is not there, or no UTF-8.
pub fn parameter<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let value = query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key == name).then_some(value)
    })?;
    match value.contains(['%', '+']) {
        false => Some(value.into()),
        // As forms write it.
        true => super::route::percent_decode(&value.replace('+', " ")).map(Into::into),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_token_is_found_wherever_it_may_stand() {
        let (header, offered) = (Some("bearer a.b.c"), Some("selvedge.v1, token.d.e.f"));
        let query = Some("x=1&token=g.h%2Ei&token=j");
        assert_eq!(token_of(header, offered, query).as_deref(), Some("a.b.c"));
        assert_eq!(token_of(Some("Basic xyz"), offered, query).as_deref(), Some("d.e.f"));
        assert_eq!(token_of(None, Some("selvedge.v1"), query).as_deref(), Some("g.h.i"));
        assert_eq!(token_of(None, None, Some("token")), None);
        assert_eq!(token_of(None, None, None), None);
        assert_eq!(token_of(None, None, Some("token=%f")), None);
    }

    #[test]
    fn an_answer_never_repeats_a_token_if_it_can_say_something_else() {
        for (offered, expected) in [
            (Some("selvedge.v1, token.x"), Some("selvedge.v1")),
            (Some("token.x, yjs"), Some("yjs")),
            (Some("token.x"), Some("token.x")),
            (Some(""), None),
            (None, None),
        ] {
            assert_eq!(answered_subprotocol(offered), expected);
        }
    }

    #[test]
    fn a_client_can_say_that_its_token_comes_later() {
        assert!(says_token_later(Some("a=b&auth=message")));
        assert!(!says_token_later(Some("auth=query")) && !says_token_later(None));
    }
}
