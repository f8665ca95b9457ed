//! HTTP: which request goes where, and what the others are told.

use core::fmt::Write;

use super::{Dialect, SUBPROTOCOL};

/// The longest document name, in bytes of UTF-8.
pub const DOCUMENT_NAME_BYTES_MAX: usize = 512;

/// Where a request goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Route {
    /// `GET /healthz`: the Worker serves.
    Health,
    /// `GET /readyz`: rooms can be reached, and can write.
    Ready,
    /// `GET /metrics` and `GET /metrics/{document}`: for operators.
    Metrics {
        /// Of one document, or of all together.
        document: Option<String>,
    },
    /// `GET /admin/…`: the dashboard's page. It shows nothing before an operator signs in.
    Page,
    /// `GET /admin/api/rooms`: which rooms there are, for operators.
    Rooms,
    /// `GET /admin/api/rooms/{document}`: how one room is, for operators.
    Status {
        /// The document's name, decoded.
        document: String,
    },
    /// `GET /local/token`: a token to try things with, on one's own machine.
    LocalToken,
    /// `GET /sync/{document}` with an upgrade: into the document's room.
    Sync {
        /// The document's name, decoded.
        document: String,
        /// How the client frames its messages.
        dialect: Dialect,
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

/// Why a request is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Problem {
    /// The document's name breaks the rule.
    DocumentName,
    /// Only operators may see this, and the request does not show that it comes from one.
    Unauthorized,
    /// There is no token, or none that holds here.
    Token,
    /// Nothing like this is granted to whoever asks.
    Forbidden,
    /// There is nothing at this path.
    NotFound,
    /// The path answers to `GET` only.
    Method,
    /// `/sync/{document}` speaks WebSocket only.
    UpgradeRequired,
    /// The address opened too many documents lately.
    TooMany,
    /// A setting of the deployment is wrong.
    Setting,
    /// The room could not be reached or failed.
    Unavailable,
}

impl Route {
    /// Whether only an operator may take it.
    pub fn is_for_operators(&self) -> bool {
        match self {
            Self::Metrics { .. } | Self::Rooms | Self::Status { .. } => true,
            Self::Health | Self::Ready | Self::Page | Self::LocalToken | Self::Sync { .. } => false,
        }
    }

    /// Whether it counts like an opening: it wakes objects, and anybody may ask for it.
    pub fn is_opening(&self) -> bool {
        matches!(self, Self::Sync { .. } | Self::Ready)
    }

    /// Its name in logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Ready => "ready",
            Self::Metrics { .. } => "metrics",
            Self::Page => "page",
            Self::Rooms => "rooms",
            Self::Status { .. } => "status",
            Self::LocalToken => "local-token",
            Self::Sync { .. } => "sync",
        }
    }
}

impl Problem {
    /// The HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Self::DocumentName => 400,
            Self::Unauthorized | Self::Token => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Method => 405,
            Self::UpgradeRequired => 426,
            Self::TooMany => 429,
            Self::Setting => 500,
            Self::Unavailable => 503,
        }
    }

    /// The HTTP headers that belong to the status.
    pub fn headers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Unauthorized | Self::Token => &[("www-authenticate", "Bearer")],
            Self::Method => &[("allow", "GET")],
            Self::UpgradeRequired => &[("upgrade", "websocket"), ("connection", "upgrade")],
            Self::TooMany => &[("retry-after", "60")],
            Self::Unavailable => &[("retry-after", "1")],
            Self::DocumentName | Self::Forbidden | Self::NotFound | Self::Setting => &[],
        }
    }

    /// What went wrong, and the rule or the way out.
    pub fn detail(self) -> &'static str {
        match self {
            Self::DocumentName => {
                "A document name is 1 to 512 bytes of UTF-8, percent-encoded in the path, \
                 without control characters."
            }
            Self::Unauthorized => {
                "This is for operators: send `Authorization: Bearer`, and the OPERATOR_SECRET of \
                 the deployment."
            }
            Self::Token => "A token that holds here is needed.",
            Self::Forbidden => "The token does not grant this.",
            Self::NotFound => "There is nothing here. Documents are at /sync/{document}.",
            Self::Method => "Only GET is answered here.",
            Self::UpgradeRequired => {
                "Documents are synchronized over WebSocket: connect with ws:// or wss://."
            }
            Self::TooMany => {
                "Too many documents were opened from this address. Try again in a minute."
            }
            Self::Setting => "A setting of this deployment is wrong. Its log says which.",
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
            Self::Unauthorized => "Not an operator",
            Self::Token => "No valid token",
            Self::Forbidden => "Not granted",
            Self::NotFound => "Not found",
            Self::Method => "Method not allowed",
            Self::UpgradeRequired => "Upgrade required",
            Self::TooMany => "Too many requests",
            Self::Setting => "Wrong setting",
            Self::Unavailable => "Room unavailable",
        };
        let status = self.status();
        format!(r#"{{"title":"{title}","status":{status},"detail":"{detail}"}}"#)
    }
}

/// Where `request` goes.
pub fn route(request: &Request<'_>) -> Result<Route, Problem> {
    let named = |name| decode_document_name(name).ok_or(Problem::DocumentName);
    let found = match request.path {
        "/healthz" => Ok(Route::Health),
        "/readyz" => Ok(Route::Ready),
        "/metrics" => Ok(Route::Metrics { document: None }),
        "/admin/api/rooms" => Ok(Route::Rooms),
        "/admin" => Ok(Route::Page),
        "/local/token" => Ok(Route::LocalToken),
        path => {
            if let Some(name) = path.strip_prefix("/sync/") {
                return sync(request, name);
            } else if let Some(name) = path.strip_prefix("/metrics/") {
                named(name).map(|name| Route::Metrics { document: Some(name) })
            } else if let Some(name) = path.strip_prefix("/admin/api/rooms/") {
                named(name).map(|document| Route::Status { document })
            } else if path.starts_with("/admin/") {
                Ok(Route::Page)
            } else {
                return Err(Problem::NotFound);
            }
        }
    };
    require_get(request)?;
    found
}

fn sync(request: &Request<'_>, name: &str) -> Result<Route, Problem> {
    require_get(request)?;
    let document = decode_document_name(name).ok_or(Problem::DocumentName)?;
    if !request.upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket")) {
        return Err(Problem::UpgradeRequired);
    }
    let mut offered = request.subprotocols.unwrap_or_default().split(',').map(str::trim);
    let dialect =
        if offered.any(|name| name == SUBPROTOCOL) { Dialect::Native } else { Dialect::Stock };
    Ok(Route::Sync { document, dialect })
}

/// The host of an absolute URL, with its port.
pub fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// The query of a URL, if it has one.
pub fn query_of(url: &str) -> Option<&str> {
    let (_, query) = url.split('#').next()?.split_once('?')?;
    Some(query)
}

/// The path of an absolute URL, percent-encoded, without the query.
pub fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or("/", |start| &rest[start..]);
    path.split(['?', '#']).next().unwrap_or("/")
}

/// `name` as it stands in a path.
pub fn encode_document_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn require_get(request: &Request<'_>) -> Result<(), Problem> {
    if request.method == "GET" { Ok(()) } else { Err(Problem::Method) }
}

/// The name that stands in a path as `encoded`; nothing if it breaks the rule.
pub fn decode_document_name(encoded: &str) -> Option<String> {
    let name = percent_decode(encoded)?;
    let fits = (1..=DOCUMENT_NAME_BYTES_MAX).contains(&name.len());
    (fits && !name.chars().any(char::is_control)).then_some(name)
}

/// What percent-encoding stands for; nothing if that is no UTF-8.
pub(super) fn percent_decode(encoded: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut bytes = encoded.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let high = char::from(bytes.next()?).to_digit(16)?;
                let low = char::from(bytes.next()?).to_digit(16)?;
                u8::try_from(high << 4 | low).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn get(path: &str) -> Result<Route, Problem> {
        let upgrade = Some("WebSocket");
        route(&Request { method: "GET", path, upgrade, subprotocols: None })
    }

    fn document(path: &str) -> Result<String, Problem> {
        match get(path)? {
            Route::Sync { document, .. } => Ok(document),
            other => panic!("{path} is {other:?}"),
        }
    }

    #[test]
    fn documents_are_named_in_the_path() {
        assert_eq!(document("/sync/a"), Ok("a".into()));
        assert_eq!(document("/sync/team/plan%202"), Ok("team/plan 2".into()));
        assert_eq!(document("/sync/%F0%9F%A7%B5"), Ok("🧵".into()));
        for name in ["a b/ü?#%", "🧵"] {
            assert_eq!(document(&format!("/sync/{}", encode_document_name(name))), Ok(name.into()));
        }
    }

    #[test]
    fn bad_names_are_told_the_rule() {
        let long = format!("/sync/{}", "x".repeat(513));
        for path in ["/sync/", "/sync/%", "/sync/%4", "/sync/%ff", "/sync/a%00", &long] {
            assert_eq!(document(path), Err(Problem::DocumentName), "{path}");
        }
    }

    #[test]
    fn paths_are_cut_out_of_urls() {
        assert_eq!(path_of("https://a.b:8787/sync/x%20y?token=t#f"), "/sync/x%20y");
        assert_eq!(path_of("https://a.b"), "/");
        assert_eq!(host_of("https://a.b:8787/sync/x%20y?token=t#f"), "a.b:8787");
        assert_eq!((host_of("https://a.b?x"), host_of("x")), ("a.b", ""));
        assert_eq!(query_of("https://a.b:8787/sync/x%20y?token=t?#f?"), Some("token=t?"));
        assert_eq!(query_of("https://a.b/#?x"), None);
    }

    #[test]
    fn the_subprotocol_chooses_the_dialect() {
        for (subprotocols, expected) in [
            (None, Dialect::Stock),
            (Some("other"), Dialect::Stock),
            (Some("other, selvedge.v1"), Dialect::Native),
        ] {
            let upgrade = Some("websocket");
            let request = Request { method: "GET", path: "/sync/a", upgrade, subprotocols };
            let document = "a".to_owned();
            assert_eq!(route(&request), Ok(Route::Sync { document, dialect: expected }));
        }
    }

    #[test]
    fn operators_have_routes_of_their_own() {
        let document = || "a b/c".to_owned();
        let status = Ok(Route::Status { document: document() });
        assert_eq!(get("/admin/api/rooms/a%20b/c"), status);
        let metrics = Ok(Route::Metrics { document: Some(document()) });
        assert_eq!(get("/metrics/a%20b/c"), metrics);
        assert_eq!(get("/metrics"), Ok(Route::Metrics { document: None }));
        assert_eq!(get("/admin/api/rooms"), Ok(Route::Rooms));
        for path in ["/metrics", "/metrics/a", "/admin/api/rooms", "/admin/api/rooms/a"] {
            assert!(get(path).unwrap().is_for_operators(), "{path}");
        }
        let openings = ["/sync/a", "/readyz"].map(|path| get(path).unwrap().is_opening());
        assert_eq!(openings, [true, true]);
        assert!(!get("/metrics/a").unwrap().is_opening() && !get("/healthz").unwrap().is_opening());
        for path in ["/admin", "/admin/", "/admin/main.js"] {
            assert_eq!(get(path), Ok(Route::Page));
        }
        assert_eq!(get("/metrics/%ff"), Err(Problem::DocumentName));
    }

    #[test]
    fn other_requests_get_their_status() {
        assert_eq!(get("/healthz"), Ok(Route::Health));
        assert_eq!(get("/readyz"), Ok(Route::Ready));
        assert_eq!(get("/sync"), Err(Problem::NotFound));
        assert_eq!(get("/administration"), Err(Problem::NotFound));
        assert_eq!(get("/x/sync/a"), Err(Problem::NotFound));
        let mut request =
            Request { method: "GET", path: "/sync/a", upgrade: None, subprotocols: None };
        assert_eq!(route(&request), Err(Problem::UpgradeRequired));
        request.method = "POST";
        assert_eq!(route(&request), Err(Problem::Method));
    }
}
