//! What `connect` is told.

use js_sys::{Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Url;

use super::attention;
use super::error::Misuse;
use super::token::is_sendable;
use super::undo::Recording;
use crate::protocol::Trace;
use crate::protocol::route::{DOCUMENT_NAME_BYTES_MAX, encode_document_name};
use crate::replica::ActivityLimits;

/// Which copy of which document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Place {
    /// Where the Worker is: a WebSocket URL without query.
    pub(super) url: String,
    pub(super) document: String,
    /// Whose copy it is, where several people use one browser.
    pub(super) profile: String,
}

/// Whether a copy is kept in the browser.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Offline {
    No,
    Yes,
    /// Until the page closes the document, and everything is saved.
    UntilClosed,
}

/// The options of `connect`, checked.
pub(super) struct Options {
    pub(super) place: Place,
    pub(super) offline: Offline,
    /// Whether the browser asks before it closes a page with edits that are saved nowhere.
    pub(super) guard: bool,
    /// Where the document's room is: a WebSocket URL.
    pub(super) endpoint: String,
    /// Where to ask about it: an HTTP URL.
    pub(super) api: String,
    /// What to say about this replica at first.
    pub(super) presence: JsValue,
    /// The token, or a function that gives one; undefined if there is none.
    pub(super) token: JsValue,
    /// What this visit belongs to, if the page says so.
    pub(super) trace: Option<Trace>,
    /// Whether the room is told how long edits take.
    pub(super) telemetry: bool,
    /// What can be undone, and what becomes of what loses.
    pub(super) recording: Recording,
    /// When somebody counts as idle or away; nothing if peers are not told.
    pub(super) activity: Option<ActivityLimits>,
}

/// Every option.
const KNOWN: [&str; 12] = [
    "url",
    "document",
    "token",
    "presence",
    "traceparent",
    "telemetry",
    "offline",
    "profile",
    "guard",
    "undo",
    "conflicts",
    "activity",
];
const KNOWN_ONLY: &str = "connect takes an object with url, document, token, presence, \
                          traceparent, telemetry, offline, profile, guard, undo, conflicts and \
                          activity only";

impl Options {
    pub(super) fn read(options: &JsValue) -> Result<Self, JsValue> {
        only(options, &KNOWN, KNOWN_ONLY)?;
        let url = Reflect::get(options, &"url".into())?.as_string();
        let url = url.ok_or(Misuse::Option("url must be a string"))?;
        let document = Reflect::get(options, &"document".into())?.as_string();
        let document = document.ok_or(Misuse::Option("document must be a string"))?;
        let token = Reflect::get(options, &"token".into())?;
        let is_token = token.as_string().is_some_and(|token| is_sendable(&token));
        if !(token.is_undefined() || is_token || token.is_function()) {
            let wrong = "token must be a JSON Web Token, or a function that gives one";
            return Err(Misuse::Option(wrong).into());
        }
        let presence = Reflect::get(options, &"presence".into())?;
        let trace = match Reflect::get(options, &"traceparent".into())? {
            said if said.is_undefined() => None,
            said => {
                let trace = said.as_string().and_then(|header| Trace::from_header(&header));
                let wrong = "traceparent must be as in W3C Trace Context: 00-<32>-<16>-<2> digits";
                Some(trace.ok_or(Misuse::Option(wrong))?)
            }
        };
        let telemetry = flag(options, "telemetry", "telemetry must be true or false")?;
        let guard = flag(options, "guard", "guard must be true or false")?;
        let offline = match Reflect::get(options, &"offline".into())? {
            said if said.is_undefined() || said == true => Offline::Yes,
            said if said == false => Offline::No,
            said if said == "until-closed" => Offline::UntilClosed,
            _ => {
                let wrong = "offline must be true, false or \"until-closed\"";
                return Err(Misuse::Option(wrong).into());
            }
        };
        let profile = profile(options)?;
        let (endpoint, api) = addresses(&url, &document)?;
        let place = Place { url: base(&url)?, document, profile };
        let recording = Recording::read(options)?;
        let activity = attention::limits(options)?;
        Ok(Self {
            endpoint,
            api,
            token,
            presence,
            trace,
            telemetry,
            guard,
            offline,
            place,
            recording,
            activity,
        })
    }
}

impl Place {
    /// The document that `forget` is told: url, document and profile.
    pub(super) fn read(told: &JsValue) -> Result<Self, JsValue> {
        only(told, &["url", "document", "profile"], "forget takes url, document and profile only")?;
        let url = Reflect::get(told, &"url".into())?.as_string();
        let url = base(&url.ok_or(Misuse::Option("url must be a string"))?)?;
        let document = Reflect::get(told, &"document".into())?.as_string();
        let document = document.ok_or(Misuse::Option("document must be a string"))?;
        Ok(Self { url, document, profile: profile(told)? })
    }
}

pub(super) fn only(
    options: &JsValue,
    known: &[&str],
    otherwise: &'static str,
) -> Result<(), JsValue> {
    let is_known = |key: JsValue| known.iter().any(|&known| key == known);
    let object = options.dyn_ref::<Object>();
    if object.is_some_and(|object| Object::keys(object).iter().all(is_known)) {
        return Ok(());
    }
    Err(Misuse::Option(otherwise).into())
}

fn flag(options: &JsValue, name: &str, wrong: &'static str) -> Result<bool, JsValue> {
    match Reflect::get(options, &name.into())? {
        said if said.is_undefined() => Ok(false),
        said => Ok(said.as_bool().ok_or(Misuse::Option(wrong))?),
    }
}

fn profile(options: &JsValue) -> Result<String, JsValue> {
    match Reflect::get(options, &"profile".into())? {
        said if said.is_undefined() => Ok(String::new()),
        said => Ok(said.as_string().ok_or(Misuse::Option("profile must be a string"))?),
    }
}

/// Where the Worker is, written in one way.
fn base(url: &str) -> Result<String, Misuse> {
    let url = Url::new(url).map_err(|_| Misuse::Option("url must be an absolute URL"))?;
    let scheme = match url.protocol().as_str() {
        "http:" | "ws:" => "ws",
        "https:" | "wss:" => "wss",
        _ => return Err(Misuse::Option("url must begin with http, https, ws or wss")),
    };
    Ok(format!("{scheme}://{}{}", url.host(), url.pathname().trim_end_matches('/')))
}

/// Where the document's room is, and where to ask about it.
fn addresses(url: &str, document: &str) -> Result<(String, String), Misuse> {
    // URLs are normalized: a browser would ask for another path than that of the name.
    let dots = document.split('/').any(|segment| segment == "." || segment == "..");
    let fits = (1..=DOCUMENT_NAME_BYTES_MAX).contains(&document.len());
    if dots || !fits || document.chars().any(char::is_control) {
        return Err(Misuse::Option(
            "a document name is 1 to 512 bytes of UTF-8 without control characters, \
             and no part of it between slashes is . or ..",
        ));
    }
    let (base, name) = (base(url)?, encode_document_name(document));
    let query = Url::new(url).map(|url| url.search()).unwrap_or_default();
    // One segment, whatever the name.
    let secure = base.strip_prefix("ws").unwrap_or_default();
    let segment = name.replace('/', "%2F");
    Ok((format!("{base}/sync/{name}{query}"), format!("http{secure}/documents/{segment}")))
}
