//! What is wrong with a request, and how it is told.

use super::Operation;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Problem {
    /// The document's name breaks the rule.
    DocumentName,
    /// A part of the path or of the query is not what it has to be. Says what that is.
    Parameter(&'static str),
    /// The body is not what it has to be. Says what that is.
    Body(&'static str),
    /// Only operators may see this, and the request does not show that it comes from one.
    Unauthorized,
    /// There is no token, or none that holds here.
    Token,
    /// Nothing like this is granted to whoever asks.
    Forbidden,
    /// There is nothing at this path.
    NotFound,
    /// The document has nothing like this. Says what.
    Missing(&'static str),
    /// The path, of which this is the template, does not answer to the method.
    Method(&'static str),
    /// What is kept is as long as it may be.
    Full,
    /// The document holds what cannot be shown.
    Unreadable,
    /// The body is larger than [`super::BODY_BYTES_MAX`].
    BodyTooLarge,
    /// The body is larger than [`super::SAID_BYTES_MAX`].
    SaidTooLarge,
    /// `/sync/{document}` speaks WebSocket only.
    UpgradeRequired,
    /// The address opened too many documents lately.
    TooMany,
    /// A setting of the deployment is wrong.
    Setting,
    /// What is stored is damaged, and cannot be read as it was.
    Damaged,
    /// The room could not be reached or failed.
    Unavailable,
}

impl Problem {
    /// The body of a poll, or of what is said, cannot be read.
    pub const BROKEN_RECORDS: Self = Self::Body("The body is records, see docs/api.md.");

    /// The HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Self::DocumentName | Self::Parameter(_) | Self::Body(_) => 400,
            Self::Unauthorized | Self::Token => 401,
            Self::Forbidden => 403,
            Self::NotFound | Self::Missing(_) => 404,
            Self::Method(_) => 405,
            Self::BodyTooLarge | Self::SaidTooLarge => 413,
            Self::Unreadable => 422,
            Self::UpgradeRequired => 426,
            Self::TooMany | Self::Full => 429,
            Self::Setting | Self::Damaged => 500,
            Self::Unavailable => 503,
        }
    }

    /// The HTTP headers that belong to the status.
    pub fn headers(self) -> Vec<(&'static str, String)> {
        let said: &[(&str, &str)] = match self {
            Self::Unauthorized | Self::Token => &[("www-authenticate", "Bearer")],
            Self::Method(path) => return vec![("allow", Operation::allowed(path))],
            Self::UpgradeRequired => &[("upgrade", "websocket"), ("connection", "upgrade")],
            Self::TooMany => &[("retry-after", "60")],
            Self::Unavailable => &[("retry-after", "1")],
            _ => &[],
        };
        said.iter().map(|&(name, value)| (name, value.to_owned())).collect()
    }

    /// What went wrong, and the rule or the way out.
    pub fn detail(self) -> &'static str {
        match self {
            Self::DocumentName => {
                "A document name is 1 to 512 bytes of UTF-8, percent-encoded in the path, \
                 without control characters."
            }
            Self::Parameter(rule) | Self::Body(rule) | Self::Missing(rule) => rule,
            Self::Unauthorized => {
                "This is for operators: send `Authorization: Bearer`, and the OPERATOR_SECRET of \
                 the deployment."
            }
            Self::Token => "A token that holds here is needed.",
            Self::Forbidden => "The token does not grant this.",
            Self::NotFound => {
                "There is nothing here. Documents are at /sync/{document} and \
                 /documents/{document}; /openapi.json lists everything."
            }
            Self::Method(_) => "This is not answered here. The header `allow` says what is.",
            Self::Full => "There are 1,000 revocations of one day already.",
            Self::BodyTooLarge => "A body may have 65,536 bytes.",
            Self::SaidTooLarge => "A body may have 34,603,008 bytes here.",
            Self::Unreadable => {
                "The document holds something that cannot be shown here. As an update it can: send \
                 no `accept: application/json`."
            }
            Self::UpgradeRequired => {
                "Documents are synchronized over WebSocket: connect with ws:// or wss://."
            }
            Self::TooMany => {
                "Too many documents were opened from this address. Try again in a minute."
            }
            Self::Setting => "A setting of this deployment is wrong. Its log says which.",
            Self::Damaged => {
                "A part of what this needs is damaged in storage. The audit says which."
            }
            Self::Unavailable => "The document's room did not answer. Try again.",
        }
    }

    /// A problem document as in RFC 9457 (`application/problem+json`).
    pub fn body(self) -> String {
        self.body_saying(self.detail())
    }

    /// The same, with more to say. `detail` needs no escapes in JSON.
    pub fn body_saying(self, detail: &str) -> String {
        let title = match self {
            Self::DocumentName => "Bad document name",
            Self::Parameter(_) => "Bad parameter",
            Self::Body(_) => "Bad body",
            Self::Unauthorized => "Not an operator",
            Self::Token => "No valid token",
            Self::Forbidden => "Not granted",
            Self::NotFound => "Not found",
            Self::Missing(_) => "Not in this document",
            Self::Method(_) => "Method not allowed",
            Self::Full => "Full",
            Self::BodyTooLarge | Self::SaidTooLarge => "Body too large",
            Self::Unreadable => "Unreadable content",
            Self::UpgradeRequired => "Upgrade required",
            Self::TooMany => "Too many requests",
            Self::Setting => "Wrong setting",
            Self::Damaged => "Damaged storage",
            Self::Unavailable => "Room unavailable",
        };
        let status = self.status();
        format!(r#"{{"title":"{title}","status":{status},"detail":"{detail}"}}"#)
    }
}
