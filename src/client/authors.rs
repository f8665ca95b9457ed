//! Who wrote what, as the room knows it: asked over HTTP, with the page's token.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Function, Object, Promise, Reflect, encode_uri_component};
use wasm_bindgen::prelude::*;

use super::convert;
use super::error::{self, Misuse};
use super::shell::Shell;
use super::token::then;
use crate::document::{Kind, PathSegment};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = fetch)]
    fn fetch(url: &str, options: &JsValue) -> Result<JsValue, JsValue>;
}

/// The parts of the shared type `path`, and who wrote each.
pub(super) fn blame(shell: &Rc<Shell>, path: &JsValue) -> Promise {
    let query = asked(shell, path).map(|(_, query)| format!("/blame?{query}"));
    ask(shell, query, |status, body| match status {
        200 => Some(["runs", "keys"].map(|name| field(body, name)).into_iter().find(is_there)?),
        _ => None,
    })
}

/// Who wrote what is at one place of it.
pub(super) fn who(shell: &Rc<Shell>, path: &JsValue, position: &JsValue) -> Promise {
    let query = asked(shell, path).and_then(|(kind, query)| {
        let (name, place) = match kind {
            Kind::Map => ("key", convert::string(position)?),
            _ => ("index", convert::index(position)?.to_string()),
        };
        Ok(format!("/who?{query}&{name}={}", encode(&place)))
    });
    ask(shell, query, |status, body| match status {
        200 => {
            let fields = ["client", "number", "subject", "name"];
            Some(convert::object(&fields.map(|name| (name, field(body, name)))))
        }
        404 => Some(JsValue::NULL),
        _ => None,
    })
}

/// What a path names, as a query.
fn asked(shell: &Shell, path: &JsValue) -> Result<(Kind, String), Misuse> {
    let path = convert::string(path)?;
    let name = PathSegment::key_of(&path);
    // Without a slash it can only be something at the root.
    let kind = if path.contains('/') { None } else { shell.replica()?.document().root_kind(&name) };
    let kind = kind.ok_or(Misuse::Argument(
        "the path is the name of a text, map, array or XML fragment that was asked for",
    ))?;
    let word = match kind {
        Kind::Text | Kind::XmlText => "text",
        Kind::Map => "map",
        Kind::Array => "array",
        Kind::XmlFragment | Kind::XmlElement => "xml",
    };
    Ok((kind, format!("{word}={}", encode(&name))))
}

/// Ask the room. `answer` makes what the page gets of a status and a body, if they hold it.
fn ask(
    shell: &Rc<Shell>,
    query: Result<String, Misuse>,
    answer: fn(u16, &JsValue) -> Option<JsValue>,
) -> Promise {
    match query.and_then(|query| Ok(format!("{}{query}", shell.api()?))) {
        Ok(url) => asking(shell, url, answer).unwrap_or_else(|error| Promise::reject(&error)),
        Err(misuse) => Promise::reject(&misuse.into()),
    }
}

fn asking(
    shell: &Rc<Shell>,
    url: String,
    answer: fn(u16, &JsValue) -> Option<JsValue>,
) -> Result<Promise, JsValue> {
    let status = Rc::new(Cell::new(0));
    let send = step(move |token| {
        let headers = token.as_string().map(|token| {
            let authorization = ("authorization", format!("Bearer {token}").into());
            ("headers", convert::object(&[authorization]))
        });
        fetch(&url, &convert::object(headers.as_slice()))
    });
    let read = {
        let status = Rc::clone(&status);
        step(move |response| {
            status.set(field(&response, "status").as_f64().unwrap_or_default() as u16);
            field(&response, "json").dyn_into::<Function>()?.call0(&response)
        })
    };
    let take = step(move |body| {
        let status = status.get();
        answer(status, &body).ok_or_else(|| {
            let code = if matches!(status, 401 | 403) { "denied" } else { "network" };
            let detail = field(&body, "detail").as_string();
            error::error(code, &detail.unwrap_or_else(|| format!("the room answered {status}")))
        })
    });
    let fail = step(|thrown| {
        if error::is_ours(&thrown) {
            return Err(thrown);
        }
        let why = field(&thrown, "message").as_string().unwrap_or_default();
        Err(error::error("network", &format!("the room could not be asked: {why}")))
    });
    let none = JsValue::UNDEFINED;
    let token = shell.say_token()?;
    let taken = then(&then(&then(&token, &send, &none)?, &read, &none)?, &take, &none)?;
    Ok(then(&taken, &none, &fail)?.into())
}

/// A function for a promise, which is freed with it.
fn step(act: impl FnMut(JsValue) -> Result<JsValue, JsValue> + 'static) -> JsValue {
    Closure::<dyn FnMut(JsValue) -> Result<JsValue, JsValue>>::new(act).into_js_value()
}

fn field(object: &JsValue, name: &str) -> JsValue {
    if object.is_object() {
        Reflect::get(object.unchecked_ref::<Object>(), &name.into()).unwrap_or_default()
    } else {
        JsValue::UNDEFINED
    }
}

fn is_there(value: &JsValue) -> bool {
    !value.is_undefined()
}

fn encode(part: &str) -> String {
    encode_uri_component(part).into()
}
