//! Errors as JavaScript sees them: an `Error` with a stable `code`.

use js_sys::{Error, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::document::{BringError, EditError, Forbidden};
use crate::replica::PresenceError;

const NAME: &str = "SelvedgeError";
const RULE: &str = "rule";
const NO_SOCKETS: &str = "there is no WebSocket here: set globalThis.WebSocket to one, in Node 20 \
                          to that of the package ws";

/// What the page did wrong.
#[derive(Clone, Debug)]
pub(super) enum Misuse {
    /// The document was closed.
    Closed,
    /// An option of `connect` is missing, unknown or of the wrong type.
    Option(&'static str),
    /// There is nothing here to connect with.
    Unsupported,
    /// An argument is of the wrong type.
    Argument(&'static str),
    /// A value cannot be part of a document.
    Value(&'static str),
    /// A step was refused by the document.
    Edit(EditError),
    /// The replica's role may not write.
    NotAllowed,
    /// An update was not taken in.
    Update(BringError),
    /// A presence was refused.
    Presence(PresenceError),
}

impl From<Misuse> for JsValue {
    fn from(misuse: Misuse) -> Self {
        let (code, message) = match misuse {
            Misuse::Closed => ("closed", "the document was closed".to_owned()),
            Misuse::Option(message) => ("option", message.to_owned()),
            Misuse::Unsupported => ("unsupported", NO_SOCKETS.to_owned()),
            Misuse::Argument(message) => ("argument", message.to_owned()),
            Misuse::Value(message) => ("value", message.to_owned()),
            Misuse::Edit(EditError::Forbidden(why)) => return forbidden(&why),
            Misuse::Edit(error) => (edit_code(&error), error.to_string()),
            Misuse::NotAllowed => {
                ("not-allowed", "this role may not change the document".to_owned())
            }
            Misuse::Update(error) => (update_code(error), error.to_string()),
            Misuse::Presence(error) => ("presence", error.to_string()),
        };
        error(code, &message)
    }
}

impl From<EditError> for Misuse {
    fn from(error: EditError) -> Self {
        Self::Edit(error)
    }
}

/// An edit breaks a rule: which one, and where.
fn forbidden(why: &Forbidden) -> JsValue {
    let error = error(RULE, &why.to_string());
    let _ = Reflect::set(&error, &"path".into(), &why.path.as_str().into());
    let _ = Reflect::set(&error, &"rule".into(), &why.rule.into());
    error
}

/// A JavaScript `Error` with this `code`.
pub(super) fn error(code: &str, message: &str) -> JsValue {
    let error = Error::new(message);
    error.set_name(NAME);
    // A fresh object takes properties.
    let _ = Reflect::set(&error, &"code".into(), &code.into());
    error.into()
}

/// Whether this is one of these.
pub(super) fn is_ours(error: &JsValue) -> bool {
    error.dyn_ref::<Error>().is_some_and(|error| error.name() == NAME)
}

fn update_code(error: BringError) -> &'static str {
    match error {
        BringError::Malformed => "malformed",
        BringError::Unreadable | BringError::Torn => "unreadable",
        BringError::Missing => "missing",
        BringError::NotAllowed => "not-allowed",
    }
}

fn edit_code(error: &EditError) -> &'static str {
    match error {
        EditError::Gone => "gone",
        EditError::Kind => "kind",
        EditError::Range => "range",
        EditError::Surrogate => "surrogate",
        EditError::TooLarge => "too-large",
        EditError::TooDeep => "too-deep",
        EditError::Forbidden(_) => RULE,
    }
}
