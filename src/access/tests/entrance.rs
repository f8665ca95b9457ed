use super::signed::{ES256, RS256};
use super::*;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const SECRET: (&str, &str) = ("TOKEN_SECRET", "a secret that is at least 32 bytes");
const PAGE: Visitor<'static> = Visitor {
    is_operator: false,
    token: None,
    says_later: false,
    origin: Some("https://app.example"),
    host: "sync.example",
};

fn entrance(settings: &[(&str, &str)]) -> Result<Entrance, SettingError> {
    Entrance::read(|name| {
        settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    })
}

fn admit(settings: &[(&str, &str)], visitor: Visitor<'_>) -> Result<Access, Exclusion> {
    entrance(settings).unwrap().admit(&visitor, &Keys::default(), "team/plan", NOW)
}

fn role(settings: &[(&str, &str)], visitor: Visitor<'_>) -> Result<String, Exclusion> {
    admit(settings, visitor).map(|access| access.role.into())
}

#[test]
fn s3_without_settings_nobody_is_let_in() {
    for token in [None, Some(ES256.token), Some("")] {
        assert_eq!(admit(&[], Visitor { token, ..PAGE }), Err(Exclusion::NoKeys));
        let local = Visitor { token, origin: None, host: "localhost:8787", ..PAGE };
        assert_eq!(admit(&[], local), Err(Exclusion::NoKeys));
    }
    assert!(Exclusion::NoKeys.to_string().contains("TOKEN_SECRET"));
}

#[test]
fn s3_with_keys_a_token_is_needed() {
    let settings = [("TOKEN_PUBLIC_KEY", ES256.jwk)];
    assert_eq!(admit(&settings, PAGE), Err(Exclusion::NoToken));
    let with = |token| Visitor { token: Some(token), ..PAGE };
    assert_eq!(role(&settings, with(ES256.token)), Ok("editor".into()));
    let wrong = Err(Exclusion::Token(TokenError::Algorithm));
    assert_eq!(role(&settings, with(RS256.token)), wrong);
    let entrance = entrance(&settings).unwrap();
    let elsewhere = entrance.admit(&with(ES256.token), &Keys::default(), "other", NOW);
    assert_eq!(elsewhere, Err(Exclusion::NoGrant));
}

#[test]
fn s3_fetched_keys_count_as_well() {
    let settings = [("TOKEN_JWKS_URL", "https://keys.example/jwks.json")];
    let entrance = entrance(&settings).unwrap();
    let visitor = Visitor { token: Some(ES256.token), ..PAGE };
    let fetched = Keys::public(ES256.jwk).unwrap();
    assert!(entrance.admit(&visitor, &fetched, "team/plan", NOW).is_ok());
    let none = entrance.admit(&visitor, &Keys::default(), "team/plan", NOW);
    assert_eq!(none, Err(Exclusion::Token(TokenError::Algorithm)));
}

#[test]
fn s3_open_to_everyone_means_the_role_that_it_names() {
    let settings = [("OPEN_TO_EVERYONE", "reader"), ("TOKEN_PUBLIC_KEY", ES256.jwk)];
    assert_eq!(role(&settings, PAGE), Ok("reader".into()));
    // A token says more, and a wrong one is no way in.
    let with = |token| Visitor { token: Some(token), ..PAGE };
    assert_eq!(role(&settings, with(ES256.token)), Ok("editor".into()));
    assert!(admit(&settings, with("x.y.z")).is_err());
    for wrong in ["owner", "everyone", "true", "\u{1}operator"] {
        assert_eq!(entrance(&[("OPEN_TO_EVERYONE", wrong)]).err(), Some(SettingError::Everyone));
    }
}

#[test]
fn s3_open_on_localhost_means_there_only() {
    let settings = [("OPEN_ON_LOCALHOST", "true"), SECRET];
    for (host, origin, expected) in [
        ("localhost:8787", None, Ok("owner".into())),
        ("127.0.0.1:8787", Some("http://127.0.0.1:5173"), Ok("owner".into())),
        ("[::1]:8787", Some("http://localhost"), Ok("owner".into())),
        ("app.localhost", None, Ok("owner".into())),
        ("localhost:8787", Some("https://evil.example"), Err(Exclusion::NoToken)),
        ("localhost:8787", Some("https://localhost.evil.example"), Err(Exclusion::NoToken)),
        ("localhost:8787", Some("null"), Err(Exclusion::NoToken)),
        ("sync.example", None, Err(Exclusion::NoToken)),
        ("localhost.example", None, Err(Exclusion::NoToken)),
        ("127.0.0.1.example:80", None, Err(Exclusion::NoToken)),
    ] {
        let visitor = Visitor { origin, host, ..PAGE };
        assert_eq!(role(&settings, visitor), expected, "{host} {origin:?}");
    }
}

#[test]
fn s3_pages_of_other_origins_are_kept_out() {
    let settings = [("ORIGINS", "https://app.example, https://b.example/"), SECRET];
    let from = |origin| Visitor { origin, ..PAGE };
    for origin in [None, Some("https://app.example"), Some("https://b.example")] {
        assert_eq!(admit(&settings, from(origin)), Err(Exclusion::NoToken), "{origin:?}");
    }
    let readers =
        |settings: &[_], origin| entrance(settings).unwrap().readers(origin).map(str::to_owned);
    let ours = Some("https://b.example");
    assert_eq!(readers(&settings, ours).as_deref(), ours);
    assert_eq!(
        (readers(&settings, None), readers(&settings, Some("https://c.example"))),
        (None, None)
    );
    assert_eq!(readers(&settings[1..], ours).as_deref(), Some("*"));
    for origin in ["https://c.example", "http://app.example", "https://app.example.evil", "null"] {
        assert_eq!(admit(&settings, from(Some(origin))), Err(Exclusion::Origin), "{origin}");
    }
}

#[test]
fn settings_that_cannot_be_used_are_named() {
    for (name, value, error) in [
        ("TOKEN_SECRET", "short", SettingError::Secret(KeyError::ShortSecret)),
        ("TOKEN_PUBLIC_KEY", "x", SettingError::PublicKey(KeyError::Format)),
        ("TOKEN_JWKS_URL", "http://keys.example", SettingError::JwksUrl),
        ("TOKEN_JWKS_URL", "keys", SettingError::JwksUrl),
        ("OPEN_ON_LOCALHOST", "yes", SettingError::Localhost),
    ] {
        assert_eq!(entrance(&[(name, value)]).err(), Some(error));
        assert!(error.to_string().starts_with(name));
    }
    assert!(entrance(&[("TOKEN_JWKS_URL", "http://localhost:9/jwks")]).is_ok());
}

#[test]
fn s3_tokens_are_made_only_on_ones_own_machine() {
    let local = Visitor { origin: None, host: "localhost:8787", ..PAGE };
    let wish = Wish::from_query("sub=ann&name=Ann+B%C3%A9&role=reader").unwrap();
    let open = [("OPEN_ON_LOCALHOST", "true"), SECRET];
    let issued = |settings: &[_], visitor| entrance(settings).unwrap().issue(&visitor, &wish, NOW);
    let token = issued(&open, local).unwrap();
    let access = admit(&open, Visitor { token: Some(&token), ..local }).unwrap();
    assert_eq!((&*access.subject, access.name.as_deref()), ("ann", Some("Ann Bé")));
    assert_eq!((&*access.role, access.until), ("reader", Some(NOW + 600_000)));
    assert_eq!(issued(&open[..1], local), None, "there is no secret");
    assert_eq!(issued(&open[1..], local), None, "it is not open");
    assert_eq!(issued(&open, PAGE), None, "it is not asked from here");
    assert_eq!(Wish::from_query("sub=ann"), None);
}

/// S3: who shows a token later is nobody until then, and passes the same door.
#[test]
fn s3_a_token_that_comes_later_opens_nothing_and_no_other_door() {
    let later = Visitor { says_later: true, ..PAGE };
    let access = admit(&[SECRET], later).unwrap();
    assert!(access.is_nobody() && access.until == Some(NOW + 10_000));
    let origins = [SECRET, ("ORIGINS", "https://other.example")];
    assert_eq!(admit(&origins, later), Err(Exclusion::Origin));
    assert_eq!(admit(&[], later), Err(Exclusion::NoKeys));
    // One that is there is looked at now.
    let wrong = admit(&[SECRET], Visitor { token: Some("x.y.z"), ..later });
    assert_eq!(wrong, Err(Exclusion::Token(TokenError::Malformed)));
}

/// S3: an operator is one wherever they come from, and whatever token they show.
#[test]
fn s3_who_has_the_operators_secret_is_an_operator_and_nobody_else() {
    let operator = Visitor { is_operator: true, ..PAGE };
    let closed = [SECRET, ("ORIGINS", "https://other.example")];
    for settings in [&[][..], &closed, &[("OPEN_TO_EVERYONE", "editor")]] {
        for token in [None, Some("x.y.z")] {
            let admitted = admit(settings, Visitor { token, ..operator });
            assert_eq!(admitted, Ok(Access::of_operator()));
        }
    }
    // A token that says so grants a role that nobody defines, or is none.
    let names = ["operator", Role::Operator.name()];
    for (name, is_token) in names.into_iter().zip([true, false]) {
        let wish = Wish::from_query(&format!("sub=eve&role={name}")).unwrap();
        let open = [("OPEN_ON_LOCALHOST", "true"), SECRET];
        let local = Visitor { origin: None, host: "localhost:8787", ..PAGE };
        let token = entrance(&open).unwrap().issue(&local, &wish, NOW).unwrap();
        let admitted = admit(&[SECRET], Visitor { token: Some(&token), ..PAGE });
        assert_eq!(admitted.is_ok(), is_token, "{admitted:?}");
        assert!(admitted.is_ok_and(|it| !it.is_operator()) || !is_token);
    }
}

#[test]
fn keys_are_fetched_for_those_who_show_a_token() {
    let url = "https://keys.example/jwks.json";
    let entrance = entrance(&[("TOKEN_JWKS_URL", url)]).unwrap();
    let with = Visitor { token: Some("x.y.z"), ..PAGE };
    assert_eq!(entrance.keys_for(&with), Some(url));
    for visitor in
        [PAGE, Visitor { token: Some(""), ..PAGE }, Visitor { is_operator: true, ..with }]
    {
        assert_eq!(entrance.keys_for(&visitor), None);
    }
}

/// What is parsed once does for all visitors, until a setting says something else.
#[test]
fn settings_are_read_once_as_long_as_they_stay_what_they_are() {
    use std::cell::RefCell;
    use std::rc::Rc;
    let asked = RefCell::new(Vec::new());
    let mut settings = Settings::default();
    let mut read = |value: &str| {
        settings.read(|name| {
            asked.borrow_mut().push(name.to_owned());
            (name == "TOKEN_SECRET").then(|| value.to_owned())
        })
    };
    let first = read(SECRET.1).unwrap();
    assert!(Rc::ptr_eq(&first, &read(SECRET.1).unwrap()));
    let other = "another secret, of 32 bytes at least";
    assert!(!Rc::ptr_eq(&first, &read(other).unwrap()));
    assert_eq!(read("short").err(), Some(SettingError::Secret(KeyError::ShortSecret)));
    assert_eq!(read("short").err(), Some(SettingError::Secret(KeyError::ShortSecret)));
    assert!(read(other).is_ok());
    // No setting is left out.
    let needed = RefCell::new(std::collections::BTreeSet::new());
    let _ = Entrance::read(|name| {
        needed.borrow_mut().insert(name.to_owned());
        None
    });
    assert_eq!(needed.into_inner(), asked.into_inner().into_iter().collect());
}
