//! What `connect` is told.

use js_sys::{Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Url;

use super::error::Misuse;
use crate::protocol::route::{DOCUMENT_NAME_BYTES_MAX, encode_document_name};

/// The options of `connect`, checked.
pub(super) struct Options {
    /// Where the document's room is: a WebSocket URL.
    pub(super) endpoint: String,
    /// What to say about this replica at first.
    pub(super) presence: JsValue,
}

impl Options {
    pub(super) fn read(options: &JsValue) -> Result<Self, JsValue> {
        if !options.is_object() {
            return Err(Misuse::Option("connect takes an object with url and document").into());
        }
        for key in Object::keys(options.unchecked_ref::<Object>()).iter() {
            if !["url", "document", "presence"].iter().any(|&known| key == known) {
                return Err(Misuse::Option("connect takes url, document and presence only").into());
            }
        }
        let url = Reflect::get(options, &"url".into())?.as_string();
        let url = url.ok_or(Misuse::Option("url must be a string"))?;
        let document = Reflect::get(options, &"document".into())?.as_string();
        let document = document.ok_or(Misuse::Option("document must be a string"))?;
        let presence = Reflect::get(options, &"presence".into())?;
        Ok(Self { endpoint: endpoint(&url, &document)?, presence })
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
