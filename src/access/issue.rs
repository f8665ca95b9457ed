//! Tokens for trying things out: a local server that is open to everyone makes them for whoever
//! asks, so that a page can be seen as a reader, or as two people.

use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;

use super::cryptography;
use crate::protocol::bearer::parameter;
use crate::time::Millis;

/// How long such a token lasts, in seconds.
const LIFETIME_S: u64 = 600;

/// What somebody wants to be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wish {
    subject: String,
    name: Option<String>,
    role: String,
    document: String,
}

impl Wish {
    /// As a query says it: `sub=ann&name=Ann&role=reader&document=**`. The role has to be there.
    pub fn from_query(query: &str) -> Option<Self> {
        let said = |name| parameter(query, name).map(std::borrow::Cow::into_owned);
        Some(Self {
            subject: said("sub").unwrap_or_else(|| "someone".to_owned()),
            name: said("name"),
            role: said("role")?,
            document: said("document").unwrap_or_else(|| "**".to_owned()),
        })
    }

    /// A token that says so, signed with `secret`.
    pub(super) fn token(
        &self,
        secret: &str,
        audience: &str,
        now: Millis,
    ) -> jsonwebtoken::errors::Result<String> {
        cryptography::install();
        let now_s = now.0 / 1_000;
        let mut claims = json!({
            "sub": self.subject,
            "aud": audience,
            "iat": now_s,
            "exp": now_s + LIFETIME_S,
            "grants": [{ "document": self.document, "role": self.role }],
        });
        if let Some(name) = &self.name {
            claims["name"] = json!(name);
        }
        encode(&Header::default(), &claims, &EncodingKey::from_secret(secret.as_bytes())?)
    }
}
