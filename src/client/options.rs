//! What `connect` is told.

use js_sys::{Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Url;

use super::error::Misuse;
use super::token::is_sendable;
use super::undo::Recording;
use crate::protocol::Trace;
use crate::protocol::route::{DOCUMENT_NAME_BYTES_MAX, encode_document_name};

/// The options of `connect`, checked.
pub(super) struct Options {
    /// Where the document's room is: a WebSocket URL.
    pub(super) endpoint: String,
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
}

/// Every option.
const KNOWN: &[&str] =
    &["url", "document", "token", "presence", "traceparent", "telemetry", "undo", "conflicts"];

impl Options {
    pub(super) fn read(options: &JsValue) -> Result<Self, JsValue> {
        if !options.is_object() {
            return Err(Misuse::Option("connect takes an object with url and document").into());
        }
        for key in Object::keys(options.unchecked_ref::<Object>()).iter() {
            if !KNOWN.iter().any(|&known| key == known) {
                let known = "connect takes url, document, token, presence, traceparent, telemetry, \
                             undo and conflicts only";
                return Err(Misuse::Option(known).into());
            }
        }
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
        let telemetry = match Reflect::get(options, &"telemetry".into())? {
            said if said.is_undefined() => false,
            said => said.as_bool().ok_or(Misuse::Option("telemetry must be true or false"))?,
        };
        let recording = Recording::read(options)?;
        let endpoint = endpoint(&url, &document)?;
        Ok(Self { endpoint, token, presence, trace, telemetry, recording })
    }
}

fn endpoint(url: &str, document: &str) -> Result<String, Misuse> {
    // URLs are normalized: a browser would ask for another path than that of the name.
    let dots = document.split('/').any(|segment| segment == "." || segment == "..");
    let fits = (1..=DOCUMENT_NAME_BYTES_MAX).contains(&document.len());
    if dots || !fits || document.chars().any(char::is_control) {
        return Err(Misuse::Option(
            "a document name is 1 to 512 bytes of UTF-8 without control characters, \
             and no part of it between slashes is . or ..",
        ));
    }
    let url = Url::new(url).map_err(|_| Misuse::Option("url must be an absolute URL"))?;
    match url.protocol().as_str() {
        "http:" => url.set_protocol("ws:"),
        "https:" => url.set_protocol("wss:"),
        "ws:" | "wss:" => {}
        _ => return Err(Misuse::Option("url must begin with http, https, ws or wss")),
    }
    let prefix = url.pathname();
    let path = format!("{}/sync/{}", prefix.trim_end_matches('/'), encode_document_name(document));
    url.set_pathname(&path);
    url.set_hash("");
    Ok(url.href())
}
