use jsonwebtoken::crypto::sign;
use jsonwebtoken::{Algorithm, EncodingKey};

use super::signed::{EDDSA, ES256, RS256};
use super::*;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const SECRET: &str = "a secret that is at least 32 bytes";
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
const CLAIMS: &str = r#"{"sub":"ann","name":"Ann","aud":"selvedge","exp":1800000600,
    "iat":1799999990,"grants":[{"document":"team/*","role":"editor"}]}"#;

fn base64(text: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0, |bits, &byte| bits << 8 | u32::from(byte));
        let bits = bits << (8 * (3 - chunk.len()));
        let digits = (0..=chunk.len()).map(|at| DIGITS[(bits >> (18 - 6 * at)) as usize & 63]);
        out.extend(digits.map(char::from));
    }
    out
}

/// A token of these words, signed with `secret`, whatever its header says.
fn signed(header: &str, claims: &str, secret: &[u8]) -> String {
    super::super::cryptography::install();
    let message = format!("{}.{}", base64(header), base64(claims));
    let key = EncodingKey::from_secret(secret).unwrap();
    let signature = sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

fn verify(token: &str) -> Result<Claims, TokenError> {
    Claims::verify(token, &Keys::secret(SECRET).unwrap(), "selvedge", NOW)
}

fn claims(claims: &str) -> Result<Claims, TokenError> {
    verify(&signed(HEADER, claims, SECRET.as_bytes()))
}

/// The claims with `old` said as `new`.
fn saying(old: &str, new: &str) -> Result<Claims, TokenError> {
    assert!(CLAIMS.contains(old), "{old}");
    claims(&CLAIMS.replace(old, new))
}

#[test]
fn s3_a_token_says_who_may_do_what_where() {
    let access = claims(CLAIMS).unwrap().access("team/plan").unwrap();
    let expected = Access {
        subject: "ann".into(),
        name: Some("Ann".into()),
        role: "editor".into(),
        until: Some(Millis(1_800_000_600_000)),
        issued: Millis(1_799_999_990_000),
    };
    assert_eq!(access, expected);
    assert_eq!(claims(CLAIMS).unwrap().access("other/plan"), None);
}

#[test]
fn the_first_grant_about_a_document_counts() {
    let several = r#""grants":[{"document":"team/a","role":"reader"},
        {"document":"team/**","role":"owner"},{"document":"**","role":"commenter"}]"#;
    let claims = saying(r#""grants":[{"document":"team/*","role":"editor"}]"#, several).unwrap();
    for (document, role) in [("team/a", "reader"), ("team/x/y", "owner"), ("b", "commenter")] {
        assert_eq!(&*claims.access(document).unwrap().role, role);
    }
}

#[test]
fn s3_public_keys_are_taken_as_pem_as_jwk_and_in_sets() {
    let several = [ES256, EDDSA, RS256].map(|it| it.jwk).join(",");
    let set = format!(r#"{{"keys":[{{"kty":"oct","k":"AAAA"}},{{"kty":"XX"}},7,{several}]}}"#);
    let set = Keys::public(&set).unwrap();
    for it in [ES256, EDDSA, RS256] {
        for keys in [Keys::public(it.pem).unwrap(), Keys::public(it.jwk).unwrap(), set.clone()] {
            let claims = Claims::verify(it.token, &keys, "selvedge", NOW).unwrap();
            assert_eq!(&*claims.access("team/plan").unwrap().subject, "ann");
            // One bit of the signature, in the middle: the last digit holds bits that say nothing.
            let at = it.token.rfind('.').unwrap() + 20;
            let other = if &it.token[at..=at] == "A" { "B" } else { "A" };
            let forged = format!("{}{other}{}", &it.token[..at], &it.token[at + 1..]);
            let forged = Claims::verify(&forged, &keys, "selvedge", NOW);
            assert_eq!(forged, Err(TokenError::Signature));
        }
        let others = [ES256, EDDSA, RS256].into_iter().filter(|other| other.jwk != it.jwk);
        for other in others {
            let keys = Keys::public(other.jwk).unwrap();
            let refused = Claims::verify(it.token, &keys, "selvedge", NOW);
            assert_eq!(refused, Err(TokenError::Algorithm));
        }
    }
}

#[test]
fn s3_a_public_key_is_no_secret() {
    for it in [ES256, EDDSA, RS256] {
        let mut keys = Keys::public(it.pem).unwrap();
        let token = signed(HEADER, CLAIMS, it.pem.as_bytes());
        let verify = |keys: &Keys| Claims::verify(&token, keys, "selvedge", NOW);
        assert_eq!(verify(&keys), Err(TokenError::Algorithm));
        keys.extend(&Keys::secret(SECRET).unwrap());
        assert_eq!(verify(&keys), Err(TokenError::Signature));
    }
}

#[test]
fn s3_a_token_that_is_not_signed_is_none() {
    for alg in ["none", "None", "NONE", "HS256x", ""] {
        let header = format!(r#"{{"alg":"{alg}"}}"#);
        let token = format!("{}.{}.", base64(&header), base64(CLAIMS));
        assert_eq!(verify(&token), Err(TokenError::Malformed), "{alg}");
    }
    let unsigned = format!("{}.{}.", base64(HEADER), base64(CLAIMS));
    assert_eq!(verify(&unsigned), Err(TokenError::Signature));
    let others = signed(HEADER, CLAIMS, b"another secret of at least 32 bytes");
    assert_eq!(verify(&others), Err(TokenError::Signature));
    for header in [r#"{"alg":"HS384"}"#, r#"{"alg":"ES256"}"#, r#"{"alg":"RS512"}"#] {
        let token = signed(header, CLAIMS, SECRET.as_bytes());
        assert_eq!(verify(&token), Err(TokenError::Algorithm), "{header}");
    }
    let critical = signed(r#"{"alg":"HS256","crit":["x"],"x":1}"#, CLAIMS, SECRET.as_bytes());
    assert_eq!(verify(&critical), Err(TokenError::Malformed));
}

#[test]
fn s3_a_key_is_found_by_its_name() {
    let keys = Keys::public(ES256.jwk).unwrap();
    let renamed = Keys::public(&ES256.jwk.replace("es256", "new")).unwrap();
    assert!(Claims::verify(ES256.token, &keys, "selvedge", NOW).is_ok());
    let unknown = Claims::verify(ES256.token, &renamed, "selvedge", NOW);
    assert_eq!(unknown, Err(TokenError::UnknownKey));
}

#[test]
fn s3_times_are_compared_with_the_clock_that_was_handed_in() {
    let at = |now_s: u64| {
        let token = signed(HEADER, CLAIMS, SECRET.as_bytes());
        Claims::verify(&token, &Keys::secret(SECRET).unwrap(), "selvedge", Millis(now_s * 1_000))
            .map(|_| ())
    };
    assert_eq!(at(1_800_000_599), Ok(()));
    assert_eq!(at(1_800_000_600), Err(TokenError::Expired));
    assert_eq!(at(u64::MAX / 1_000), Err(TokenError::Expired));
    // A minute early is a clock that goes wrong.
    assert_eq!(at(1_799_999_930), Ok(()));
    assert_eq!(at(1_799_999_929), Err(TokenError::TooEarly));
    let nbf = saying(r#""name":"Ann""#, r#""nbf":1800000061"#);
    assert_eq!(nbf, Err(TokenError::TooEarly));
    assert_eq!(saying("1800000600", "1800086461"), Err(TokenError::TooLong));
    // Not at its end either: what was revoked a day ago is over.
    let old = saying("1799999990", "1799914139");
    assert_eq!(old, Err(TokenError::TooLong));
    assert!(saying("1799999990", "1799914140").is_ok());
}

#[test]
fn s3_a_token_is_for_one_audience() {
    assert_eq!(saying(r#""selvedge""#, r#""other""#), Err(TokenError::Audience));
    assert_eq!(saying(r#""selvedge""#, r#"["a","b"]"#), Err(TokenError::Audience));
    assert!(saying(r#""selvedge""#, r#"["a","selvedge"]"#).is_ok());
}

#[test]
fn s3_every_claim_is_there_once_and_fits() {
    let long = format!(r#""{}""#, "x".repeat(256));
    let many = format!(
        r#""grants":[{}{{"document":"a","role":"b"}}]"#,
        r#"{"document":"a","role":"b"},"#.repeat(100)
    );
    for (old, new) in [
        (r#""sub":"ann","#, ""),
        (r#""sub":"ann""#, r#""sub":"ann","sub":"bob""#),
        (r#""sub":"ann""#, r#""sub":"""#),
        (r#""sub":"ann""#, r#""sub":7"#),
        (r#""ann""#, &long),
        (r#""ann""#, r#""a\nb""#),
        (r#""Ann""#, r#""""#),
        (r#""aud":"selvedge","#, ""),
        (r#""exp":1800000600,"#, ""),
        ("1800000600", "\"1800000600\""),
        ("1800000600", "-1"),
        ("1800000600", "1e400"),
        (r#""grants":[{"document":"team/*","role":"editor"}]"#, r#""other":1"#),
        (r#""grants":[{"document":"team/*","role":"editor"}]"#, &many),
        (r#""role":"editor""#, r#""role":"""#),
        (r#""document":"team/*","#, ""),
    ] {
        assert_eq!(saying(old, new), Err(TokenError::Claims), "{old} as {new}");
    }
    assert_eq!(claims("[]"), Err(TokenError::Claims));
    assert!(saying(r#""name":"Ann","#, "").is_ok());
    // Unknown claims are somebody else's.
    assert!(saying(r#""name":"Ann","#, r#""jti":{"a":[1]},"#).is_ok());
}

#[test]
fn s1_what_is_no_token_is_malformed() {
    let token = signed(HEADER, CLAIMS, SECRET.as_bytes());
    for wrong in ["", ".", "..", "...", "a.b.c", "ü.ü.ü", &token[1..], &token.replace('.', "")] {
        assert_eq!(verify(wrong), Err(TokenError::Malformed), "{wrong}");
    }
    assert_eq!(verify(&"x".repeat(8_193)), Err(TokenError::TooLarge));
    let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
    assert_eq!(verify(&format!("{}.e30.x", base64(&deep))), Err(TokenError::Malformed));
    assert_eq!(claims(&deep), Err(TokenError::Claims));
}

#[test]
fn s3_keys_that_are_none_are_refused() {
    assert_eq!(Keys::secret("short").err(), Some(KeyError::ShortSecret));
    let weak =
        r#"{"kty":"RSA","e":"AQAB","n":"sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri23bOdgWp"}"#;
    for (text, error) in [
        ("", KeyError::Format),
        ("secret", KeyError::Format),
        ("{}", KeyError::Format),
        (r#"{"keys":7}"#, KeyError::Format),
        (r#"{"keys":[]}"#, KeyError::Kind),
        (r#"{"kty":"oct","k":"AAAA"}"#, KeyError::Kind),
        (r#"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#, KeyError::Kind),
        (r#"{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}"#, KeyError::Kind),
        (weak, KeyError::Kind),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", KeyError::Format),
    ] {
        assert_eq!(Keys::public(text).err(), Some(error), "{text}");
    }
}
