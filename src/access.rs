//! Who somebody is, and what they may do (S3).
//!
//! Whoever opens a document shows a token. What it says of its bearer for this document is an
//! [`Access`]: a subject, a role, and until when. The room keeps it with the session and asks
//! [`permits`] about everything that the session wants to do. What is not in its table is not
//! permitted.

mod action;
#[cfg(feature = "tokens")]
mod cryptography;
#[cfg(feature = "tokens")]
mod entrance;
#[cfg(feature = "tokens")]
mod fetched;
#[cfg(feature = "tokens")]
mod issue;
#[cfg(feature = "tokens")]
mod keys;
mod pattern;
mod role;
#[cfg(test)]
mod tests;
#[cfg(feature = "tokens")]
mod token;

pub use action::Action;
#[cfg(feature = "tokens")]
pub use entrance::{Entrance, Exclusion, SettingError, Settings, Visitor};
#[cfg(feature = "tokens")]
pub use fetched::{Fetched, Supply};
#[cfg(feature = "tokens")]
pub use issue::Wish;
#[cfg(feature = "tokens")]
pub use keys::{KeyError, Keys, SECRET_BYTES_MIN};
pub use pattern::matches;
pub use role::{Permission, Role, permits};
#[cfg(feature = "tokens")]
pub use token::{Claims, TOKEN_BYTES_MAX, TokenError};

use crate::codec::{DecodeError, Reader, write_bytes, write_number};
use crate::time::Millis;

/// The longest subject and the longest name, in bytes.
pub use crate::protocol::route::SUBJECT_BYTES_MAX;
/// The longest name of a role, in bytes.
pub const ROLE_BYTES_MAX: usize = 64;

/// What somebody may do in one document, and until when.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Access {
    /// Who it is; empty where the deployment is open to everyone, and nobody is anybody.
    pub subject: Box<str>,
    /// What to call them. For people to read, and never compared.
    pub name: Option<Box<str>>,
    /// The role in this document: one of [`Role`], or one that the document's schema defines.
    pub role: Box<str>,
    /// From when on it is over; never if there is nothing.
    pub until: Option<Millis>,
    /// When the token was made, as far as it says so: what was revoked later is over.
    pub issued: Millis,
}

impl Access {
    /// The access of everyone to a document of a deployment that is open to everyone.
    pub fn of_everyone(role: Role) -> Self {
        let (subject, role) = (Box::default(), role.name().into());
        Self { subject, name: None, role, until: None, issued: Millis(0) }
    }

    /// The access of somebody who has the operators' secret, to every document.
    pub fn of_operator() -> Self {
        Self::of_everyone(Role::Operator)
    }

    /// Whether somebody has the operators' secret.
    pub fn is_operator(&self) -> bool {
        *self.role == *Role::Operator.name()
    }

    /// The access of somebody who has not said yet who it is.
    pub fn of_nobody(until: Millis) -> Self {
        let (subject, role) = (Box::default(), Box::default());
        Self { subject, name: None, role, until: Some(until), issued: Millis(0) }
    }

    /// Whether nobody has said yet who it is.
    pub fn is_nobody(&self) -> bool {
        self.role.is_empty()
    }

    /// Whether it is over.
    pub fn is_over(&self, now: Millis) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    /// As it is kept with a socket and handed from the Worker to a room.
    pub fn write(&self, out: &mut Vec<u8>) {
        write_bytes(out, self.subject.as_bytes());
        // An empty name is none.
        write_bytes(out, self.name.as_deref().unwrap_or_default().as_bytes());
        write_bytes(out, self.role.as_bytes());
        // 0 is never.
        write_number(out, self.until.map_or(0, |until| until.0));
        write_number(out, self.issued.0);
    }

    /// What [`Access::write`] wrote.
    pub fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let subject = r.string()?.into();
        let name = Some(r.string()?).filter(|name| !name.is_empty()).map(Into::into);
        let role = r.string()?.into();
        let until = Some(Millis(r.number()?)).filter(|&until| until > Millis(0));
        Ok(Self { subject, name, role, until, issued: Millis(r.number()?) })
    }
}
