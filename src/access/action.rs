//! What there is to do in a document.

use crate::protocol::FromClient;
use crate::protocol::route::{Ask, Route};

/// Something that somebody may or may not do in a document.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// Receive the document, its changes, and who is here.
    Read,
    /// Be seen by others.
    Present,
    /// Change the document, as far as its schema lets the role.
    Write,
    /// Ask who wrote what.
    Attribute,
    /// See the document as it was.
    Replay,
    /// Read what the room decided.
    Audit,
    /// See who is connected, and end what they were given.
    Revoke,
    /// Create and delete the document, set its schema, forget who somebody is.
    Manage,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Read,
        Self::Present,
        Self::Write,
        Self::Attribute,
        Self::Replay,
        Self::Audit,
        Self::Revoke,
        Self::Manage,
    ];

    /// Its name in logs and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Present => "present",
            Self::Write => "write",
            Self::Attribute => "attribute",
            Self::Replay => "replay",
            Self::Audit => "audit",
            Self::Revoke => "revoke",
            Self::Manage => "manage",
        }
    }

    /// What a client does that says this; nothing if it needs no permission but that of being
    /// there. A part is decided about when it is whole.
    pub fn of_message(message: &FromClient<'_>) -> Option<Self> {
        match message {
            FromClient::Hello(_)
            | FromClient::SyncStep1(_)
            | FromClient::Compare
            | FromClient::QueryAwareness => Some(Self::Read),
            FromClient::SyncStep2 { .. }
            | FromClient::Update { .. }
            | FromClient::Conflict { .. } => Some(Self::Write),
            FromClient::Awareness(_) => Some(Self::Present),
            FromClient::Auth { .. }
            | FromClient::Received { .. }
            | FromClient::Probe { .. }
            | FromClient::Seen { .. }
            | FromClient::Measured(_)
            | FromClient::Part { .. } => None,
        }
    }

    /// What a request asks for in a document; nothing if it is about none, or for operators, or
    /// for everybody.
    pub fn of_route(route: &Route) -> Option<Self> {
        match route {
            // What is said in a session is decided about as its frames are.
            Route::Sync { .. } | Route::Poll { .. } | Route::Say { .. } | Route::Events { .. } => {
                Some(Self::Read)
            }
            Route::Document { ask, .. } => Some(Self::of_ask(ask)),
            Route::Health
            | Route::Ready
            | Route::Description
            | Route::Metrics { .. }
            | Route::Page
            | Route::Rooms
            | Route::Status { .. }
            | Route::LocalToken => None,
        }
    }

    /// The same, of what is asked about a document.
    pub fn of_ask(ask: &Ask) -> Self {
        match ask {
            Ask::About | Ask::Schema => Self::Read,
            Ask::Blame | Ask::Who => Self::Attribute,
            Ask::At { .. } => Self::Replay,
            Ask::Audit => Self::Audit,
            Ask::Sessions | Ask::Revoke => Self::Revoke,
            Ask::Create | Ask::Delete | Ask::SetSchema | Ask::Erase { .. } => Self::Manage,
        }
    }
}
