//! HTTP: which request goes where, and what the others are told.
//!
//! [`Operation`] is the table of methods and paths, and [`Route`] what a request says by them.
//! `openapi.json` describes the same to the world, and a test compares them.

mod operation;
mod problem;
mod query;
#[cfg(test)]
mod tests;
mod url;

pub use operation::Operation;
pub use problem::Problem;
pub use query::{
    Hold, Page, Position, Root, RootKind, hold, page, poll_number, position, root, roots, since,
};
pub(super) use url::percent_decode;
pub use url::{
    DOCUMENT_NAME_BYTES_MAX, decode_document_name, encode_document_name, host_of, path_of, query_of,
};

use super::{Dialect, SUBPROTOCOL};

/// The largest body that is read, in bytes.
pub const BODY_BYTES_MAX: usize = 65_536;
/// The largest body of [`Operation::Poll`] and [`Operation::Say`], in bytes: a frame of the largest
/// size, and others with it.
pub const SAID_BYTES_MAX: usize = super::FRAME_BYTES_MAX + (1 << 20);
/// The longest name of a session, in bytes.
pub const SESSION_NAME_BYTES_MAX: usize = 64;
/// The longest subject, in bytes.
pub const SUBJECT_BYTES_MAX: usize = 255;

/// The description of all routes (OpenAPI 3.1).
pub const DESCRIPTION: &str = include_str!("route/openapi.json");

/// Where a request goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Route {
    /// [`Operation::Health`].
    Health,
    /// [`Operation::Ready`].
    Ready,
    /// [`Operation::Description`].
    Description,
    /// [`Operation::Metrics`] and [`Operation::MetricsOf`].
    Metrics {
        /// Of one document, or of all together.
        document: Option<String>,
    },
    /// [`Operation::Page`] and [`Operation::PageFile`].
    Page,
    /// [`Operation::Rooms`].
    Rooms,
    /// [`Operation::Status`].
    Status {
        /// The document's name, decoded.
        document: String,
    },
    /// [`Operation::LocalToken`].
    LocalToken,
    /// [`Operation::Sync`].
    Sync {
        /// The document's name, decoded.
        document: String,
        /// How the client frames its messages.
        dialect: Dialect,
    },
    /// [`Operation::Poll`].
    Poll {
        /// The document's name, decoded.
        document: String,
        /// What the client calls the session. Nobody else knows it.
        session: String,
    },
    /// [`Operation::Say`].
    Say {
        /// The document's name, decoded.
        document: String,
        /// As in [`Self::Poll`].
        session: String,
    },
    /// [`Operation::Events`].
    Events {
        /// The document's name, decoded.
        document: String,
    },
    /// Something about a document.
    Document {
        /// The document's name, decoded.
        document: String,
        /// What.
        ask: Ask,
    },
}

/// What is asked about a document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ask {
    /// [`Operation::About`].
    About,
    /// [`Operation::Create`].
    Create,
    /// [`Operation::Delete`].
    Delete,
    /// [`Operation::Audit`].
    Audit,
    /// [`Operation::At`].
    At {
        /// The sequence number; now, if there is none.
        sequence: Option<u64>,
    },
    /// [`Operation::Blame`].
    Blame,
    /// [`Operation::Who`].
    Who,
    /// [`Operation::Schema`].
    Schema,
    /// [`Operation::SetSchema`].
    SetSchema,
    /// [`Operation::Sessions`].
    Sessions,
    /// [`Operation::Revoke`].
    Revoke,
    /// [`Operation::Erase`].
    Erase {
        /// Who, decoded.
        subject: String,
    },
}

/// What decides about a request's route.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// The path as sent, percent-encoded, without the query.
    pub path: &'a str,
    /// The `Upgrade` header.
    pub upgrade: Option<&'a str>,
    /// The `Sec-WebSocket-Protocol` header.
    pub subprotocols: Option<&'a str>,
}

impl Route {
    /// Whether only an operator may take it.
    pub fn is_for_operators(&self) -> bool {
        match self {
            Self::Metrics { .. } | Self::Rooms | Self::Status { .. } => true,
            Self::Health
            | Self::Ready
            | Self::Description
            | Self::Page
            | Self::LocalToken
            | Self::Sync { .. }
            | Self::Poll { .. }
            | Self::Say { .. }
            | Self::Events { .. }
            | Self::Document { .. } => false,
        }
    }

    /// Whether it counts like an opening: it wakes objects, and anybody may ask for it. What is
    /// said in a session is none, as a frame is none: the session was opened, and has limits.
    pub fn is_opening(&self) -> bool {
        match self {
            Self::Sync { .. }
            | Self::Poll { .. }
            | Self::Events { .. }
            | Self::Document { .. }
            | Self::Ready => true,
            Self::Health
            | Self::Description
            | Self::Metrics { .. }
            | Self::Page
            | Self::Rooms
            | Self::Status { .. }
            | Self::LocalToken
            | Self::Say { .. } => false,
        }
    }

    /// What of the table it is.
    pub fn operation(&self) -> Operation {
        match self {
            Self::Health => Operation::Health,
            Self::Ready => Operation::Ready,
            Self::Description => Operation::Description,
            Self::Metrics { document: None } => Operation::Metrics,
            Self::Metrics { document: Some(_) } => Operation::MetricsOf,
            Self::Page => Operation::Page,
            Self::Rooms => Operation::Rooms,
            Self::Status { .. } => Operation::Status,
            Self::LocalToken => Operation::LocalToken,
            Self::Sync { .. } => Operation::Sync,
            Self::Poll { .. } => Operation::Poll,
            Self::Say { .. } => Operation::Say,
            Self::Events { .. } => Operation::Events,
            Self::Document { ask, .. } => ask.operation(),
        }
    }
}

impl Ask {
    fn operation(&self) -> Operation {
        match self {
            Self::About => Operation::About,
            Self::Create => Operation::Create,
            Self::Delete => Operation::Delete,
            Self::Audit => Operation::Audit,
            Self::At { .. } => Operation::At,
            Self::Blame => Operation::Blame,
            Self::Who => Operation::Who,
            Self::Schema => Operation::Schema,
            Self::SetSchema => Operation::SetSchema,
            Self::Sessions => Operation::Sessions,
            Self::Revoke => Operation::Revoke,
            Self::Erase { .. } => Operation::Erase,
        }
    }
}

/// Where `request` goes.
pub fn route(request: &Request<'_>) -> Result<Route, Problem> {
    let (template, parts) = Operation::at(request.path).ok_or(Problem::NotFound)?;
    let operation = Operation::of(template, request.method).ok_or(Problem::Method(template))?;
    let part = |at: usize| parts.get(at).copied().unwrap_or_default();
    let document = || decode_document_name(part(0)).ok_or(Problem::DocumentName);
    let session = || Some(part(1).to_owned()).filter(|it| is_session(it)).ok_or(SESSION);
    let about = |ask| Ok(Route::Document { document: document()?, ask });
    match operation {
        Operation::Health => Ok(Route::Health),
        Operation::Ready => Ok(Route::Ready),
        Operation::Description => Ok(Route::Description),
        Operation::Metrics => Ok(Route::Metrics { document: None }),
        Operation::MetricsOf => Ok(Route::Metrics { document: Some(document()?) }),
        Operation::Rooms => Ok(Route::Rooms),
        Operation::Status => Ok(Route::Status { document: document()? }),
        Operation::Page | Operation::PageFile => Ok(Route::Page),
        Operation::LocalToken => Ok(Route::LocalToken),
        Operation::Sync => Ok(Route::Sync { document: document()?, dialect: dialect(request)? }),
        Operation::Poll => Ok(Route::Poll { document: document()?, session: session()? }),
        Operation::Say => Ok(Route::Say { document: document()?, session: session()? }),
        Operation::Events => Ok(Route::Events { document: document()? }),
        Operation::About => about(Ask::About),
        Operation::Create => about(Ask::Create),
        Operation::Delete => about(Ask::Delete),
        Operation::Audit => about(Ask::Audit),
        Operation::At => about(Ask::At { sequence: sequence(part(1))? }),
        Operation::Blame => about(Ask::Blame),
        Operation::Who => about(Ask::Who),
        Operation::Schema => about(Ask::Schema),
        Operation::SetSchema => about(Ask::SetSchema),
        Operation::Sessions => about(Ask::Sessions),
        Operation::Revoke => about(Ask::Revoke),
        Operation::Erase => {
            let subject = percent_decode(part(1)).filter(|subject| is_subject(subject));
            about(Ask::Erase { subject: subject.ok_or(SUBJECT)? })
        }
    }
}

/// What a page of another origin may ask at a path, as the header `allow` lists it; a page asks
/// that with `OPTIONS` before it asks anything that could change something.
pub fn preflight(path: &str) -> Option<String> {
    let (template, _) = Operation::at(path)?;
    let of_pages = |it: &&Operation| it.path() == template && it.is_for_pages();
    Operation::ALL.iter().find(of_pages).map(|_| Operation::allowed(template))
}

const SUBJECT: Problem = Problem::Parameter(
    "A subject is 1 to 255 bytes of UTF-8, percent-encoded in the path, without control \
     characters.",
);

const SESSION: Problem =
    Problem::Parameter("A session is named by 1 to 64 letters and digits that nobody can guess.");

fn is_session(name: &str) -> bool {
    (1..=SESSION_NAME_BYTES_MAX).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether this can be who somebody is.
pub fn is_subject(subject: &str) -> bool {
    (1..=SUBJECT_BYTES_MAX).contains(&subject.len()) && !subject.chars().any(char::is_control)
}

fn sequence(part: &str) -> Result<Option<u64>, Problem> {
    if part == "head" {
        return Ok(None);
    }
    let wrong = Problem::Parameter("A sequence number is a whole number from 0, or `head`.");
    query::number(part).map(Some).ok_or(wrong)
}

fn dialect(request: &Request<'_>) -> Result<Dialect, Problem> {
    if !request.upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket")) {
        return Err(Problem::UpgradeRequired);
    }
    let mut offered = request.subprotocols.unwrap_or_default().split(',').map(str::trim);
    let is_ours = offered.any(|name| name == SUBPROTOCOL);
    Ok(if is_ours { Dialect::Native } else { Dialect::Stock })
}
