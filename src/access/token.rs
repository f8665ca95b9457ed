//! Tokens: signed statements of who somebody is and what they may do.
//!
//! A token is a JSON Web Token (RFC 7519), signed with HS256, ES256, EdDSA or RS256. It has to say
//! `sub`, `aud`, `exp` and `grants`, and may say `name`, `nbf` and `iat`:
//!
//! ```json
//! {
//!   "sub": "ann", "name": "Ann", "aud": "selvedge", "exp": 1767225600,
//!   "grants": [{ "document": "team/*", "role": "editor" }]
//! }
//! ```
//!
//! Of several grants about one document the first counts. See [`super::matches`] for patterns.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::Deserialize;
use thiserror::Error;

use super::keys::Keys;
use super::{Access, ROLE_BYTES_MAX, SUBJECT_BYTES_MAX, matches};
use crate::protocol::route::DOCUMENT_NAME_BYTES_MAX;
use crate::time::Millis;

/// The longest token, in bytes. Platforms refuse longer headers.
pub const TOKEN_BYTES_MAX: usize = 8_192;
/// The most grants in one token.
const GRANTS_MAX: usize = 100;
/// How long a token may be good for, in seconds: what it grants lasts until then, so an
/// application should say minutes.
const LIFETIME_S_MAX: u64 = 86_400;
/// How far the clock of whoever makes tokens may be ahead, in seconds.
const SKEW_S_MAX: u64 = 60;

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum TokenError {
    /// It is longer than [`TOKEN_BYTES_MAX`].
    #[error("the token is longer than 8,192 bytes")]
    TooLarge,
    /// It is no signed JSON Web Token.
    #[error("the token is no signed JSON Web Token")]
    Malformed,
    /// It is signed in a way for which there is no key here.
    #[error("the token's algorithm is none that this deployment has a key for")]
    Algorithm,
    /// It is signed with a key that is not known, or not known yet.
    #[error("the token's key is not known here")]
    UnknownKey,
    /// The signature is not that of the key.
    #[error("the token's signature is wrong")]
    Signature,
    /// A claim is missing, said twice, or not what it has to be.
    #[error("a claim of the token is missing or wrong: it needs sub, aud, exp and grants")]
    Claims,
    /// It is for somebody else.
    #[error("the token is for another audience")]
    Audience,
    /// It is over.
    #[error("the token has expired")]
    Expired,
    /// It does not hold yet.
    #[error("the token does not hold yet")]
    TooEarly,
    /// It is good for longer than [`LIFETIME_S_MAX`].
    #[error("the token is good for more than a day")]
    TooLong,
}

impl TokenError {
    /// Its name in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::TooLarge => "too-large",
            Self::Malformed => "malformed",
            Self::Algorithm => "algorithm",
            Self::UnknownKey => "unknown-key",
            Self::Signature => "signature",
            Self::Claims => "claims",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::TooEarly => "too-early",
            Self::TooLong => "too-long",
        }
    }
}

/// What a token says, once its signature was checked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Claims {
    subject: Box<str>,
    name: Option<Box<str>>,
    until: Millis,
    issued: Millis,
    grants: Vec<Grant>,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
struct Grant {
    document: String,
    role: String,
}

/// As they are written. A claim that is said twice is an error.
#[derive(Deserialize)]
struct Written {
    sub: String,
    name: Option<String>,
    aud: Audience,
    exp: u64,
    nbf: Option<u64>,
    iat: Option<u64>,
    grants: Vec<Grant>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Claims {
    /// Check a token: its signature by one of `keys`, and that it is for `audience` and holds at
    /// `now`.
    pub fn verify(
        token: &str,
        keys: &Keys,
        audience: &str,
        now: Millis,
    ) -> Result<Self, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::TooLarge);
        }
        let header = decode_header(token).map_err(|_| TokenError::Malformed)?;
        let mut problem = match keys.has(header.alg) {
            true => TokenError::UnknownKey,
            false => TokenError::Algorithm,
        };
        for key in keys.find(header.alg, header.kid.as_deref()) {
            match decode::<Written>(token, key, &signature_only(header.alg)) {
                Ok(decoded) => return Self::check(decoded.claims, audience, now),
                Err(error) => problem = problem_of(error.kind()),
            }
        }
        Err(problem)
    }

    fn check(written: Written, audience: &str, now: Millis) -> Result<Self, TokenError> {
        let Written { sub, name, aud, exp, nbf, iat, grants } = written;
        let is_for_us = match &aud {
            Audience::One(one) => one == audience,
            Audience::Several(several) => several.iter().any(|it| it == audience),
        };
        if !is_for_us {
            return Err(TokenError::Audience);
        }
        let now_s = now.0 / 1_000;
        if exp <= now_s {
            return Err(TokenError::Expired);
        }
        if nbf.max(iat).is_some_and(|from| from > now_s + SKEW_S_MAX) {
            return Err(TokenError::TooEarly);
        }
        // Whoever revokes counts on it that what was given before is over a day later.
        let from = iat.map_or(now_s, |iat| iat.min(now_s));
        if exp > from.saturating_add(LIFETIME_S_MAX + SKEW_S_MAX) {
            return Err(TokenError::TooLong);
        }
        let is_text = |text: &str, max: usize| {
            (1..=max).contains(&text.len()) && !text.chars().any(char::is_control)
        };
        let is_grant = |it: &Grant| {
            is_text(&it.document, DOCUMENT_NAME_BYTES_MAX) && is_text(&it.role, ROLE_BYTES_MAX)
        };
        let fits = is_text(&sub, SUBJECT_BYTES_MAX)
            && name.as_deref().is_none_or(|name| is_text(name, SUBJECT_BYTES_MAX))
            && grants.len() <= GRANTS_MAX
            && grants.iter().all(is_grant);
        if !fits {
            return Err(TokenError::Claims);
        }
        Ok(Self {
            subject: sub.into(),
            name: name.map(Into::into),
            until: Millis(exp * 1_000),
            issued: Millis(iat.map_or(0, |iat| iat.min(now_s) * 1_000)),
            grants,
        })
    }

    /// What it grants in `document`; nothing if no grant is about that.
    pub fn access(&self, document: &str) -> Option<Access> {
        let grant = self.grants.iter().find(|grant| matches(&grant.document, document))?;
        Some(Access {
            subject: self.subject.clone(),
            name: self.name.clone(),
            role: grant.role.as_str().into(),
            until: Some(self.until),
            issued: self.issued,
        })
    }
}

/// Times and audience are compared here, with the clock that was handed in.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_nbf, validation.validate_aud) =
        (false, false, false);
    validation
}

fn problem_of(kind: &ErrorKind) -> TokenError {
    match kind {
        ErrorKind::InvalidSignature => TokenError::Signature,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => TokenError::Algorithm,
        ErrorKind::Json(_) | ErrorKind::MissingRequiredClaim(_) => TokenError::Claims,
        _ => TokenError::Malformed,
    }
}
