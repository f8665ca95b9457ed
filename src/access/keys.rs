//! The keys that tokens are checked with. Each is for one algorithm, whatever a token says of
//! itself: a public key is never taken for a secret.

use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use thiserror::Error;

use super::cryptography;

/// A shorter secret could be guessed from a token (RFC 7518, section 3.2), in bytes.
pub const SECRET_BYTES_MIN: usize = 32;
/// The most keys of one set.
const KEYS_MAX: usize = 100;

/// Why a setting gives no key.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum KeyError {
    /// The secret is too short.
    #[error("a secret has at least 32 bytes")]
    ShortSecret,
    /// It is neither a public key in PEM nor a JSON Web Key or a set of these.
    #[error("a public key is PEM (BEGIN PUBLIC KEY), a JSON Web Key, or a set of these")]
    Format,
    /// It holds no key for ES256, EdDSA or RS256.
    #[error("there is no key for ES256, EdDSA or RS256 in it")]
    Kind,
}

/// Keys to check tokens with.
#[derive(Clone, Debug, Default)]
pub struct Keys(Vec<Key>);

#[derive(Clone, Debug)]
struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

impl Keys {
    /// A secret that is shared with whoever makes tokens, for HS256.
    pub fn secret(secret: &str) -> Result<Self, KeyError> {
        if secret.len() < SECRET_BYTES_MIN {
            return Err(KeyError::ShortSecret);
        }
        let key = DecodingKey::from_secret(secret.as_bytes()).map_err(|_| KeyError::ShortSecret)?;
        Ok(Self(vec![Key { id: None, algorithm: Algorithm::HS256, key }]))
    }

    /// A public key in PEM or as a JSON Web Key (RFC 7517), or a set of the latter. Of a set, keys
    /// that are for something else are left out.
    pub fn public(text: &str) -> Result<Self, KeyError> {
        if text.trim_start().starts_with("-----BEGIN") {
            return pem(text.trim().as_bytes()).map(|key| Self(vec![key]));
        }
        let json: Value = serde_json::from_str(text).map_err(|_| KeyError::Format)?;
        let keys: Vec<_> = match json.get("keys") {
            Some(Value::Array(keys)) => keys.iter().take(KEYS_MAX).filter_map(jwk).collect(),
            Some(_) => return Err(KeyError::Format),
            None if json.get("kty").is_some() => jwk(&json).into_iter().collect(),
            None => return Err(KeyError::Format),
        };
        if keys.is_empty() { Err(KeyError::Kind) } else { Ok(Self(keys)) }
    }

    /// These and those of `other`.
    pub fn extend(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any is for `algorithm`.
    pub(super) fn has(&self, algorithm: Algorithm) -> bool {
        self.0.iter().any(|key| key.algorithm == algorithm)
    }

    /// Those that a token with this header may be signed with.
    pub(super) fn find<'a>(
        &'a self,
        algorithm: Algorithm,
        id: Option<&'a str>,
    ) -> impl Iterator<Item = &'a DecodingKey> {
        cryptography::install();
        let fits = move |key: &&Key| {
            let named = key.id.as_deref().zip(id).is_none_or(|(key, id)| key == id);
            key.algorithm == algorithm && named
        };
        self.0.iter().filter(fits).map(|key| &key.key)
    }
}

fn pem(text: &[u8]) -> Result<Key, KeyError> {
    let kinds = [
        (Algorithm::ES256, DecodingKey::from_ec_pem(text)),
        (Algorithm::EdDSA, DecodingKey::from_ed_pem(text)),
        (Algorithm::RS256, DecodingKey::from_rsa_pem(text)),
    ];
    for (algorithm, read) in kinds {
        if let Ok(key) = read {
            let key = Key { id: None, algorithm, key };
            return if cryptography::is_usable(algorithm, &key.key) {
                Ok(key)
            } else {
                Err(KeyError::Kind)
            };
        }
    }
    Err(KeyError::Format)
}

/// The key, if it is one to check tokens with.
fn jwk(json: &Value) -> Option<Key> {
    let text = |name: &str| json.get(name).and_then(Value::as_str);
    if text("use").is_some_and(|it| it != "sig") {
        return None;
    }
    let (algorithm, key) = match (text("kty")?, text("crv")) {
        ("EC", Some("P-256")) => {
            (Algorithm::ES256, DecodingKey::from_ec_components(text("x")?, text("y")?).ok()?)
        }
        ("OKP", Some("Ed25519")) => {
            (Algorithm::EdDSA, DecodingKey::from_ed_components(text("x")?).ok()?)
        }
        ("RSA", None) if text("alg").is_none_or(|alg| alg == "RS256") => {
            (Algorithm::RS256, DecodingKey::from_rsa_components(text("n")?, text("e")?).ok()?)
        }
        _ => return None,
    };
    let id = text("kid").map(str::to_owned);
    cryptography::is_usable(algorithm, &key).then_some(Key { id, algorithm, key })
}
