//! Who is let into a document, and with what access: the settings of a deployment, applied to one
//! visitor.

use std::rc::Rc;

use thiserror::Error;

use super::{Access, Claims, KeyError, Keys, Role, TokenError, Wish};
use crate::protocol::Close;
use crate::protocol::route::Problem;
use crate::time::Millis;

/// What a token has to be for, if the deployment does not say.
const AUDIENCE: &str = "selvedge";

/// How long somebody may take who will show a token later, in milliseconds.
const LATER_MS_MAX: u64 = 10_000;

/// The names of the settings.
const NAMES: [&str; 7] = [
    "TOKEN_SECRET",
    "TOKEN_PUBLIC_KEY",
    "TOKEN_JWKS_URL",
    "TOKEN_AUDIENCE",
    "ORIGINS",
    "OPEN_TO_EVERYONE",
    "OPEN_ON_LOCALHOST",
];

/// What a deployment says about who is let in.
///
/// | setting | what it says |
/// |---|---|
/// | `TOKEN_SECRET` | tokens are signed with this secret (HS256) |
/// | `TOKEN_PUBLIC_KEY` | tokens are signed with the key to this: PEM, a JSON Web Key or a set |
/// | `TOKEN_JWKS_URL` | tokens are signed with the key to one of those at this address |
/// | `TOKEN_AUDIENCE` | what tokens have to be for; `selvedge` if nothing is said |
/// | `ORIGINS` | pages of these origins may connect, separated by commas; all if nothing is said |
/// | `OPEN_TO_EVERYONE` | the role of everybody without a token |
/// | `OPEN_ON_LOCALHOST` | `true`: who connects to a local address without a token is an owner |
#[derive(Clone, Debug, Default)]
pub struct Entrance {
    keys: Keys,
    jwks_url: Option<String>,
    audience: String,
    origins: Option<Vec<String>>,
    everyone: Option<Role>,
    is_open_locally: bool,
    secret: Option<String>,
}

/// Why the settings cannot be used.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum SettingError {
    /// Of `TOKEN_SECRET`.
    #[error("TOKEN_SECRET: {0}")]
    Secret(KeyError),
    /// Of `TOKEN_PUBLIC_KEY`.
    #[error("TOKEN_PUBLIC_KEY: {0}")]
    PublicKey(KeyError),
    /// `TOKEN_JWKS_URL` is no address from which keys can be trusted.
    #[error("TOKEN_JWKS_URL begins with https://, or with http:// and a local address")]
    JwksUrl,
    /// `OPEN_TO_EVERYONE` is no role.
    #[error("OPEN_TO_EVERYONE is reader, commenter or editor")]
    Everyone,
    /// `OPEN_ON_LOCALHOST` is neither.
    #[error("OPEN_ON_LOCALHOST is true or false")]
    Localhost,
}

/// Who asks to be let in.
#[derive(Clone, Copy, Debug)]
pub struct Visitor<'a> {
    /// Whether it has the operators' secret.
    pub is_operator: bool,
    /// The token, if there is one.
    pub token: Option<&'a str>,
    /// Whether it will be shown in the first message, if there is none.
    pub says_later: bool,
    /// The `Origin` header: what page asks, if it is one.
    pub origin: Option<&'a str>,
    /// The host that was asked, with its port.
    pub host: &'a str,
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum Exclusion {
    /// The deployment has no keys to check tokens with.
    #[error(
        "this deployment has no keys: set TOKEN_SECRET, TOKEN_PUBLIC_KEY or TOKEN_JWKS_URL, or \
         OPEN_TO_EVERYONE to do without tokens"
    )]
    NoKeys,
    /// A setting of the deployment is wrong; its log says which.
    #[error("a setting of this deployment is wrong; its log says which")]
    Setting,
    /// The keys could not be fetched. It says nothing about the token.
    #[error("the keys that tokens are checked with cannot be fetched now; try again")]
    KeysUnavailable,
    /// Pages of this origin may not connect.
    #[error("pages of this origin may not connect: it is not in ORIGINS")]
    Origin,
    /// There is no token.
    #[error("a token is needed")]
    NoToken,
    /// The token is not taken.
    #[error("{0}")]
    Token(TokenError),
    /// The token says nothing about this document.
    #[error("the token grants nothing in this document")]
    NoGrant,
}

impl Exclusion {
    /// Its name in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoKeys => "no-keys",
            Self::Setting => "setting",
            Self::KeysUnavailable => "keys-unavailable",
            Self::Origin => "origin",
            Self::NoToken => "no-token",
            Self::Token(error) => error.name(),
            Self::NoGrant => "no-grant",
        }
    }
}

impl From<Exclusion> for Close {
    fn from(exclusion: Exclusion) -> Self {
        match exclusion {
            Exclusion::NoKeys | Exclusion::Setting => Self::Unconfigured,
            Exclusion::KeysUnavailable => Self::KeysUnavailable,
            Exclusion::NoToken => Self::Unauthorized,
            Exclusion::Token(TokenError::Expired) => Self::Expired,
            Exclusion::Token(_) => Self::Unauthorized,
            Exclusion::Origin | Exclusion::NoGrant => Self::Forbidden,
        }
    }
}

impl From<Exclusion> for Problem {
    fn from(exclusion: Exclusion) -> Self {
        match exclusion {
            Exclusion::NoKeys | Exclusion::Setting => Self::Setting,
            Exclusion::KeysUnavailable => Self::Unavailable,
            Exclusion::NoToken | Exclusion::Token(_) => Self::Token,
            Exclusion::Origin | Exclusion::NoGrant => Self::Forbidden,
        }
    }
}

impl Visitor<'_> {
    fn has_token(&self) -> bool {
        self.token.is_some_and(|token| !token.is_empty())
    }
}

/// The settings as they were read last: keys are parsed once, and not for each visitor.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    said: [Option<String>; NAMES.len()],
    read: Option<Result<Rc<Entrance>, SettingError>>,
}

impl Settings {
    /// What the settings say. They are read anew if any of them says something else than before.
    pub fn read(
        &mut self,
        setting: impl Fn(&str) -> Option<String>,
    ) -> Result<Rc<Entrance>, SettingError> {
        let said = NAMES.map(setting);
        if said != self.said {
            *self = Self { said, read: None };
        }
        let of = |name: &str| NAMES.iter().position(|known| *known == name);
        let value = |name: &str| self.said.get(of(name)?)?.clone();
        self.read.get_or_insert_with(|| Entrance::read(value).map(Rc::new)).clone()
    }
}

impl Entrance {
    /// Read the settings by their names.
    pub fn read(setting: impl Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let setting = |name| setting(name).filter(|value| !value.trim().is_empty());
        let mut keys = Keys::default();
        let secret = setting("TOKEN_SECRET");
        if let Some(secret) = &secret {
            keys.extend(&Keys::secret(secret).map_err(SettingError::Secret)?);
        }
        if let Some(key) = setting("TOKEN_PUBLIC_KEY") {
            keys.extend(&Keys::public(&key).map_err(SettingError::PublicKey)?);
        }
        let jwks_url = setting("TOKEN_JWKS_URL");
        if jwks_url.as_deref().is_some_and(|url| !is_trustworthy(url)) {
            return Err(SettingError::JwksUrl);
        }
        let everyone = match setting("OPEN_TO_EVERYONE").map(|name| Role::from_name(&name)) {
            None => None,
            // Whoever owns a document has a name.
            Some(None | Some(Role::Owner | Role::Operator)) => {
                return Err(SettingError::Everyone);
            }
            Some(role) => role,
        };
        let is_open_locally = match setting("OPEN_ON_LOCALHOST").as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(SettingError::Localhost),
        };
        let origins = setting("ORIGINS").map(|all| {
            all.split(',').map(|one| one.trim().trim_end_matches('/').to_owned()).collect()
        });
        let audience = setting("TOKEN_AUDIENCE").unwrap_or_else(|| AUDIENCE.to_owned());
        Ok(Self { keys, jwks_url, audience, origins, everyone, is_open_locally, secret })
    }

    /// Where the keys are that a visitor's token may be signed with, if they have to be fetched.
    pub fn keys_for(&self, visitor: &Visitor<'_>) -> Option<&str> {
        let has_token = !visitor.is_operator && visitor.has_token();
        self.jwks_url.as_deref().filter(|_| has_token)
    }

    /// Whether somebody without a token can be let in, for the log to warn of.
    pub fn is_open(&self) -> bool {
        self.is_open_locally || self.everyone.is_some()
    }

    /// What `visitor` may do in `document`. `fetched` are the keys at [`Entrance::keys_for`].
    pub fn admit(
        &self,
        visitor: &Visitor<'_>,
        fetched: &Keys,
        document: &str,
        now: Millis,
    ) -> Result<Access, Exclusion> {
        if visitor.is_operator {
            return Ok(Access::of_operator());
        }
        if let Some(origins) = &self.origins
            && visitor.origin.is_some_and(|origin| !origins.iter().any(|one| one == origin))
        {
            return Err(Exclusion::Origin);
        }
        if visitor.says_later && !visitor.has_token() && self.has_keys() {
            return Ok(Access::of_nobody(now + LATER_MS_MAX));
        }
        let mut keys = self.keys.clone();
        keys.extend(fetched);
        let otherwise = self.without_token(visitor);
        let Some(token) = visitor.token.filter(|token| !token.is_empty()) else {
            return otherwise.ok_or(match self.has_keys() {
                true => Exclusion::NoToken,
                false => Exclusion::NoKeys,
            });
        };
        if !self.has_keys() {
            return otherwise.ok_or(Exclusion::NoKeys);
        }
        let claims = Claims::verify(token, &keys, &self.audience, now).map_err(Exclusion::Token)?;
        claims.access(document).or(otherwise).ok_or(Exclusion::NoGrant)
    }

    /// What the answer to a page says of which pages may read it, as a header says it; nothing if
    /// the page of this origin may not.
    pub fn readers<'a>(&self, origin: Option<&'a str>) -> Option<&'a str> {
        let Some(origins) = &self.origins else { return Some("*") };
        origin.filter(|origin| origins.iter().any(|one| one == origin))
    }

    /// A token that makes `visitor` what they want to be; nothing unless this server is somebody's
    /// own machine, where everybody may be anybody.
    pub fn issue(&self, visitor: &Visitor<'_>, wish: &Wish, now: Millis) -> Option<String> {
        if !self.is_open_to(visitor) {
            return None;
        }
        wish.token(self.secret.as_deref()?, &self.audience, now).ok()
    }

    fn has_keys(&self) -> bool {
        !self.keys.is_empty() || self.jwks_url.is_some()
    }

    /// What somebody may do whose token says nothing, or who has none.
    fn without_token(&self, visitor: &Visitor<'_>) -> Option<Access> {
        if self.is_open_to(visitor) {
            return Some(Access::of_everyone(Role::Owner));
        }
        self.everyone.map(Access::of_everyone)
    }

    /// Whether `visitor` is on the machine that serves, and may do anything there.
    fn is_open_to(&self, visitor: &Visitor<'_>) -> bool {
        // A page from elsewhere could otherwise ask a developer's own machine.
        let from_here = |origin: &str| is_local(origin.split_once("://").map_or("", |it| it.1));
        self.is_open_locally && is_local(visitor.host) && visitor.origin.is_none_or(from_here)
    }
}

/// Whether `host`, with or without a port, is this machine.
fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    ["localhost", "127.0.0.1", "[::1]"].contains(&name) || name.ends_with(".localhost")
}

/// Whether nobody between here and there can change what is fetched from `url`.
fn is_trustworthy(url: &str) -> bool {
    match url.split_once("://") {
        Some(("https", rest)) => !rest.is_empty(),
        Some(("http", rest)) => is_local(rest.split(['/', '?', '#']).next().unwrap_or_default()),
        _ => false,
    }
}
