use super::signed::{ES256, RS256};
use super::*;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const URL: &str = "https://keys.example/jwks.json";

/// Which key it is: of the one at first, or of the later one.
fn said(supply: &Supply) -> &'static str {
    let holds = |keys: &Keys, token| Claims::verify(token, keys, "selvedge", NOW).is_ok();
    match supply {
        Supply::Keys(keys) if holds(keys, ES256.token) => "first",
        Supply::Keys(keys) if holds(keys, RS256.token) => "later",
        Supply::Keys(_) => "others",
        Supply::Fetch => "fetch",
        Supply::None => "none",
    }
}

fn first() -> Option<Keys> {
    Keys::public(ES256.jwk).ok()
}

#[test]
fn s3_keys_are_fetched_when_they_are_old_or_one_is_not_among_them() {
    let mut fetched = Fetched::default();
    let at = |fetched: &Fetched, ms, newer| said(&fetched.supply(URL, NOW + ms, newer));
    assert_eq!(at(&fetched, 0, false), "fetch");
    assert_eq!(said(&fetched.take(URL, NOW, first())), "first");
    for (ms, newer, expected) in [
        (0, false, "first"),
        (299_999, false, "first"),
        (300_000, false, "fetch"),
        (29_999, true, "first"),
        (30_000, true, "fetch"),
    ] {
        assert_eq!(at(&fetched, ms, newer), expected, "{ms} {newer}");
    }
    let later = Keys::public(RS256.jwk).ok();
    assert_eq!(said(&fetched.take(URL, NOW + 30_000, later)), "later");
    assert_eq!(at(&fetched, 30_000 + 299_999, false), "later");
}

#[test]
fn s3_keys_of_before_count_for_a_day_where_they_cannot_be_fetched() {
    let mut fetched = Fetched::default();
    assert_eq!(said(&fetched.take(URL, NOW, None)), "none");
    let at = |fetched: &Fetched, ms| said(&fetched.supply(URL, NOW + ms, false));
    assert_eq!((at(&fetched, 999), at(&fetched, 1_000)), ("none", "fetch"), "not everyone tries");
    fetched.take(URL, NOW, first());
    let old = 300_000;
    assert_eq!(said(&fetched.take(URL, NOW + old, None)), "first");
    assert_eq!((at(&fetched, old + 999), at(&fetched, old + 1_000)), ("first", "fetch"));
    let day = 86_400_000;
    assert_eq!(said(&fetched.take(URL, NOW + (day - 1), None)), "first");
    assert_eq!(said(&fetched.take(URL, NOW + day, None)), "none", "they are too old");
    // And once they can be fetched again, all is well.
    assert_eq!(said(&fetched.take(URL, NOW + day + 1_000, first())), "first");
    assert_eq!(at(&fetched, day + 1_001), "first");
}

#[test]
fn s3_keys_of_another_address_do_not_count() {
    let mut fetched = Fetched::default();
    fetched.take(URL, NOW, first());
    let other = "https://other.example/jwks.json";
    assert_eq!(said(&fetched.supply(other, NOW, false)), "fetch");
    assert_eq!(said(&fetched.take(other, NOW, None)), "none");
    assert_eq!(said(&fetched.supply(URL, NOW, false)), "fetch");
}

#[test]
fn s3_only_a_key_that_is_not_known_may_be_a_new_one() {
    for (exclusion, may_be) in [
        (Exclusion::Token(TokenError::UnknownKey), true),
        (Exclusion::Token(TokenError::Algorithm), true),
        (Exclusion::Token(TokenError::Signature), false),
        (Exclusion::Token(TokenError::Expired), false),
        (Exclusion::NoToken, false),
        (Exclusion::NoGrant, false),
    ] {
        assert_eq!(exclusion.may_be_of_old_keys(), may_be, "{exclusion:?}");
    }
}
