//! Tokens: what somebody shows who wants to be let in.

use std::cell::LazyCell;

use fastrand::Rng;
use hmac::{Hmac, KeyInit, Mac};
use selvedge::access::{Access, Entrance, Exclusion, Keys, TokenError, Visitor};
use selvedge::time::Millis;
use sha2::Sha256;

use crate::mutate::mutate;

/// Keys of every kind, and a token that was signed with each.
#[path = "../../../src/access/tests/signed.rs"]
mod signed;

#[allow(dead_code)]
struct Signed {
    pem: &'static str,
    jwk: &'static str,
    token: &'static str,
}

const SIGNED: [&Signed; 3] = [&signed::ES256, &signed::EDDSA, &signed::RS256];
const SECRET: &str = "a secret that is at least 32 bytes";
const NOW: Millis = Millis(1_800_000_000_000);
const DOCUMENT: &str = "team/plan";

thread_local! {
    static ENTRANCE: LazyCell<Entrance> = const { LazyCell::new(entrance) };
}

/// One that has keys of every kind at once, so that one could be taken for another.
fn entrance() -> Entrance {
    let keys = SIGNED.map(|signed| signed.jwk).join(",");
    let setting = |name: &str| match name {
        "TOKEN_SECRET" => Some(SECRET.to_owned()),
        "TOKEN_PUBLIC_KEY" => Some(format!(r#"{{"keys":[{keys}]}}"#)),
        _ => None,
    };
    Entrance::read(setting).expect("settings that can be used")
}

/// A token: true, forged, or damaged.
pub(crate) fn make(rng: &mut Rng) -> Vec<u8> {
    let header = header(rng);
    let mut claims = claims(rng).into_bytes();
    if rng.u8(..4) == 0 {
        mutate(rng, &mut claims, header.as_bytes());
    }
    let known = SIGNED[rng.usize(..SIGNED.len())];
    let parts: Vec<&str> = known.token.split('.').collect();
    let message = match rng.u8(..8) {
        // What was signed by a key, under another header or as it is.
        0 => format!("{}.{}", base64(header.as_bytes()), parts[1]),
        1 => format!("{}.{}", parts[0], parts[1]),
        2 => format!("{}.{}", parts[0], base64(&claims)),
        _ => format!("{}.{}", base64(header.as_bytes()), base64(&claims)),
    };
    let signature = match rng.u8(..10) {
        0..5 => hmac(SECRET.as_bytes(), &message),
        // With what everybody knows for a secret.
        5 => hmac(known.pem.as_bytes(), &message),
        6 => hmac(known.jwk.as_bytes(), &message),
        7 => parts[2].to_owned(),
        8 => String::new(),
        _ => base64(&[0; 64][..rng.usize(..=64)]),
    };
    let mut token = format!("{message}.{signature}").into_bytes();
    if rng.u8(..4) == 0 {
        mutate(rng, &mut token, known.token.as_bytes());
    }
    token
}

fn header(rng: &mut Rng) -> String {
    const ALGORITHMS: [&str; 12] = [
        r#""HS256""#,
        r#""HS256""#,
        r#""HS256""#,
        r#""ES256""#,
        r#""EdDSA""#,
        r#""RS256""#,
        r#""none""#,
        r#""HS512""#,
        r#""PS256""#,
        r#""hs256""#,
        r#""""#,
        "1",
    ];
    const MORE: [&str; 9] = [
        "",
        "",
        r#","typ":"JWT""#,
        r#","kid":"rs256""#,
        r#","kid":"../../x""#,
        r#","alg":"none""#,
        r#","crit":["exp"]"#,
        r#","jku":"https://evil.example/jwks.json""#,
        r#","jwk":{"kty":"oct","k":"YQ"}"#,
    ];
    let alg = ALGORITHMS[rng.usize(..ALGORITHMS.len())];
    format!(r#"{{"alg":{alg}{}}}"#, MORE[rng.usize(..MORE.len())])
}

fn claims(rng: &mut Rng) -> String {
    const SUBJECTS: [&str; 4] = [r#""ann""#, r#""""#, r#""\u0001""#, "7"];
    const ENDS: [&str; 6] = ["1800000600", "1", "18446744073709551615", "-1", "1e300", r#""x""#];
    const TIMES: [&str; 5] = [
        "",
        r#","iat":1799999999"#,
        r#","nbf":1800009999"#,
        r#","iat":18446744073709551615"#,
        r#","exp":1800000600"#,
    ];
    const GRANTS: [&str; 7] = [
        r#"[{"document":"team/*","role":"editor"}]"#,
        r#"[{"document":"**","role":"owner"},{"document":"*","role":"reader"}]"#,
        r#"[{"document":"**","role":"\u0001operator"}]"#,
        r#"[{"document":"**/**/**/**/**/**","role":"x"}]"#,
        r#"[{"document":"team/*"}]"#,
        "[]",
        "{}",
    ];
    const AUDIENCES: [&str; 3] = [r#""selvedge""#, r#"["other","selvedge"]"#, r#""other""#];
    // Mostly one of them at most is odd: the first that is wrong hides the others.
    let mut pick =
        |all: &[&'static str]| all[if rng.u8(..4) == 0 { rng.usize(..all.len()) } else { 0 }];
    let (sub, aud, exp) = (pick(&SUBJECTS), pick(&AUDIENCES), pick(&ENDS));
    let (time, grants) = (pick(&TIMES), pick(&GRANTS));
    format!(r#"{{"sub":{sub},"aud":{aud},"exp":{exp}{time},"grants":{grants}}}"#)
}

/// Whoever has none of the keys.
pub(crate) fn forged() -> Vec<(&'static str, Vec<u8>)> {
    let claims = r#"{"sub":"eve","aud":"selvedge","exp":1800000600,
        "grants":[{"document":"**","role":"owner"}]}"#;
    let message =
        |header: &str| format!("{}.{}", base64(header.as_bytes()), base64(claims.as_bytes()));
    let mut all = Vec::new();
    for alg in ["none", "None", "NONE", ""] {
        let message = message(&format!(r#"{{"alg":"{alg}"}}"#));
        all.push(("a token that nobody signed", format!("{message}.").into_bytes()));
    }
    for signed in SIGNED {
        for secret in [signed.pem, signed.pem.trim(), signed.jwk] {
            let message = message(r#"{"alg":"HS256"}"#);
            let signature = hmac(secret.as_bytes(), &message);
            let token = format!("{message}.{signature}").into_bytes();
            all.push(("a public key for a secret", token));
        }
    }
    // (0, 0) is a signature for everything where nobody looks (CVE-2022-21449).
    let zeros = format!("{}.{}", message(r#"{"alg":"ES256"}"#), base64(&[0; 64]));
    all.push(("a signature of zeros", zeros.into_bytes()));
    for depth in [200, 2_000] {
        let deep = format!(r#"{{"alg":"HS256","x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        let message = message(&deep);
        let token = format!("{message}.{}", hmac(SECRET.as_bytes(), &message));
        all.push(("arrays in a token's header", token.into_bytes()));
    }
    all.push(("a token of nothing but dots", vec![b'.'; 8_192]));
    all
}

/// Whether a token has the form of one. One that opens something has to be signed with a key.
pub(crate) fn check(bytes: &[u8]) -> (bool, bool) {
    let Ok(token) = std::str::from_utf8(bytes) else { return (false, false) };
    let visitor = Visitor {
        is_operator: false,
        token: Some(token),
        says_later: false,
        origin: None,
        host: "sync.example",
    };
    let admitted = ENTRANCE.with(|it| it.admit(&visitor, &Keys::default(), DOCUMENT, NOW));
    match admitted {
        Ok(access) => {
            assert!(is_signed(token), "opened with what nobody signed: {token}");
            assert!(is_sound(&access), "{access:?}");
            (true, true)
        }
        Err(Exclusion::Token(TokenError::Malformed | TokenError::TooLarge)) => (false, false),
        Err(Exclusion::Token(_) | Exclusion::NoGrant) => (true, false),
        Err(Exclusion::NoToken) if token.is_empty() => (false, false),
        Err(other) => panic!("{other:?} is not about the token"),
    }
}

fn is_sound(access: &Access) -> bool {
    !access.subject.is_empty()
        && !access.is_nobody()
        && !access.is_operator()
        && access.until.is_some_and(|until| until > NOW && until <= NOW + 86_460_000)
}

/// Said once more, without the code that checks tokens: by the secret, or one of those that were
/// signed with a key.
fn is_signed(token: &str) -> bool {
    let Some((message, signature)) = token.rsplit_once('.') else { return false };
    let by_key =
        SIGNED.iter().any(|it| it.token.rsplit_once('.').is_some_and(|it| it.0 == message));
    by_key || hmac(SECRET.as_bytes(), message) == signature
}

fn hmac(secret: &[u8], message: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret).expect("a secret of any length");
    base64(&mac.chain_update(message).finalize().into_bytes())
}

/// base64url without padding (RFC 7515).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for at in 0..=chunk.len() {
            out.push(char::from(DIGITS[(bits >> (18 - 6 * at)) as usize & 63]));
        }
    }
    out
}
