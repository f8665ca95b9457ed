//! Why a connection or a request ends, as numbers: the one table of close codes and HTTP statuses.
//!
//! Codes 4400 to 4499 will not get better by trying again; 4500 to 4599 and the standard 1011, 1012
//! and 1013 will.

/// Why a socket is closed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Close {
    /// A frame or what it carries cannot be read. The client has a bug, or is none of ours.
    BadFrame,
    /// There is no token, or none that holds here. A new one helps.
    Unauthorized,
    /// What the token grants is over. A new one helps.
    Expired,
    /// Nothing here is granted to the client, or not any more.
    Forbidden,
    /// The client's copy holds changes that it may not make.
    NotAllowed,
    /// The client's copy belongs to another history of this document and must not be merged.
    EpochMismatch,
    /// The frame, or the presence in it, is larger than the room accepts.
    TooLarge,
    /// A change of the client's made the room fail, each time that it was sent.
    Poison,
    /// The document holds something that our own client cannot read. A room never says this.
    Unreadable,
    /// The client speaks no protocol version that the room speaks, or did not say hello.
    Protocol,
    /// The room has as many connections as it takes.
    Full,
    /// Nothing was heard of the client for too long.
    Silent,
    /// The client does not keep up with what it is sent.
    Behind,
    /// The rest of a message that came in parts did not come in time.
    Incomplete,
    /// The client sends far more than the room takes in a second.
    TooFast,
    /// Storage failed. Nothing that was acknowledged is lost; reconnecting helps.
    Storage,
    /// The keys that tokens are checked with cannot be fetched. It says nothing about the token;
    /// reconnecting helps.
    KeysUnavailable,
    /// The deployment has no keys, or a setting is wrong; reconnecting helps once that is mended.
    Unconfigured,
    /// A newer build wrote the document's storage, and this one must not touch it. A deploy is
    /// under way or was taken back; reconnecting helps once the newer build is there.
    Newer,
    /// The room was restarted in the middle of something; reconnecting resynchronizes.
    Restarted,
}

impl Close {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::BadFrame,
        Self::Unauthorized,
        Self::Expired,
        Self::Forbidden,
        Self::NotAllowed,
        Self::EpochMismatch,
        Self::TooLarge,
        Self::Poison,
        Self::Unreadable,
        Self::Protocol,
        Self::Full,
        Self::Silent,
        Self::Behind,
        Self::Incomplete,
        Self::TooFast,
        Self::Storage,
        Self::KeysUnavailable,
        Self::Unconfigured,
        Self::Newer,
        Self::Restarted,
    ];

    /// The WebSocket close code.
    pub fn code(self) -> u16 {
        match self {
            Self::BadFrame => 4400,
            Self::Unauthorized => 4401,
            Self::Expired => 4402,
            Self::Forbidden => 4403,
            Self::NotAllowed => 4405,
            Self::EpochMismatch => 4409,
            Self::TooLarge => 4413,
            Self::Unreadable => 4422,
            Self::Poison => 4424,
            Self::Protocol => 4426,
            Self::Storage => 4500,
            Self::Full => 4503,
            Self::Silent => 4504,
            Self::Behind => 4507,
            Self::Incomplete => 4508,
            Self::TooFast => 4529,
            Self::Restarted => 1012,
            Self::Unconfigured => 4501,
            Self::Newer | Self::KeysUnavailable => 1013,
        }
    }

    /// The WebSocket close reason; at most 123 bytes.
    pub fn reason(self) -> &'static str {
        match self {
            Self::BadFrame => "the frame cannot be read",
            Self::Unauthorized => "a token that holds here is needed",
            Self::Expired => "the token has expired",
            Self::Forbidden => "nothing in this document is granted",
            Self::NotAllowed => "holds changes that may not be made",
            Self::EpochMismatch => "the history of this document was replaced",
            Self::TooLarge => "larger than this room accepts",
            Self::Poison => "a change in it made the room fail",
            Self::Unreadable => "holds content that this client cannot read",
            Self::Protocol => "no common protocol version",
            Self::Storage => "storage failed; reconnect",
            Self::Full => "too many connections; try later",
            Self::Silent => "nothing was heard for too long; reconnect",
            Self::Behind => "too far behind; reconnect",
            Self::Incomplete => "the rest of a message did not come",
            Self::TooFast => "too much at once; try later",
            Self::Restarted => "the room was restarted; reconnect",
            Self::KeysUnavailable => "tokens cannot be checked now; reconnect later",
            Self::Unconfigured => {
                "no usable key: set TOKEN_SECRET, TOKEN_PUBLIC_KEY or TOKEN_JWKS_URL; see the log"
            }
            Self::Newer => "stored by a newer build; reconnect later",
        }
    }
}

/// Whether connecting again can help after this WebSocket close code.
pub fn is_permanent(code: u16) -> bool {
    (4400..4500).contains(&code)
}

/// Whether a new token helps, if this WebSocket close code says so.
pub fn is_of_token(code: u16) -> bool {
    [Close::Unauthorized, Close::Expired].into_iter().any(|close| close.code() == code)
}

/// Why a client's copy cannot go on, if that is what this WebSocket close code says. A client that
/// puts its copy aside and begins with an empty one can connect again.
pub fn of_copy(code: u16) -> Option<Close> {
    let of_copy = [Close::EpochMismatch, Close::Poison, Close::NotAllowed];
    of_copy.into_iter().find(|close| close.code() == code)
}
