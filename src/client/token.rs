//! The page's token: a string, or a function that gives one when it is asked.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::prelude::*;

use super::error::error;
use super::shell::Shell;
use super::timer::report;

/// What `connect` was told.
pub(super) struct Token {
    said: JsValue,
    /// How often a token was asked for, or given up: an answer that comes too late is none.
    asked: Cell<u32>,
}

/// What a token is wanted for.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    /// Called with the token, if there is one.
    pub(super) then: fn(&Rc<Shell>, Option<&str>),
    /// Called if the page's function gave none. Whoever makes tokens may be out of reach, as a room
    /// may be.
    pub(super) otherwise: fn(&Rc<Shell>),
}

impl Token {
    pub(super) fn new(said: JsValue) -> Self {
        Self { said, asked: Cell::new(0) }
    }

    /// Whether it can be asked for a new one.
    pub(super) fn renews(&self) -> bool {
        self.said.is_function()
    }

    /// Nobody waits for an answer any more.
    pub(super) fn forget(&self) {
        self.asked.set(self.asked.get().wrapping_add(1));
    }

    /// Whether anybody waits for this answer.
    pub(super) fn awaits(&self, asked: u32) -> bool {
        self.asked.get() == asked
    }

    /// Ask for the token; a string is there at once.
    pub(super) fn want(&self, shell: &Rc<Shell>, wanted: Wanted) {
        self.forget();
        if !self.renews() {
            return (wanted.then)(shell, self.said.as_string().as_deref());
        }
        let (asked, weak) = (self.asked.get(), Rc::downgrade(shell));
        let waiting = move || weak.upgrade().filter(|shell| shell.awaits_token(asked));
        let failed = {
            let waiting = waiting.clone();
            Closure::once_into_js(move |error: JsValue| {
                report(&error);
                if let Some(shell) = waiting() {
                    (wanted.otherwise)(&shell);
                }
            })
        };
        let answered = Closure::once_into_js(move |answer: JsValue| {
            if let Some(shell) = waiting() {
                (wanted.then)(&shell, answer.as_string().as_deref());
            }
        });
        let done = self.say().and_then(|said| then(&said, &answered, &JsValue::UNDEFINED));
        let _ = done.and_then(|done| then(&done, &JsValue::UNDEFINED, &failed));
    }

    /// A promise of the token; of nothing, if there is none. It is rejected if the page's function
    /// fails, or gives something else.
    pub(super) fn say(&self) -> Result<JsValue, JsValue> {
        let Some(function) = self.said.dyn_ref::<Function>().cloned() else {
            return Ok(Promise::resolve(&self.said).into());
        };
        // Called in a turn of its own: nothing is borrowed then, and it may do what it wants.
        let call = Closure::once_into_js(move |_: JsValue| function.call0(&JsValue::UNDEFINED));
        let check = Closure::once_into_js(|answer: JsValue| {
            let token = answer.as_string().filter(|token| is_sendable(token));
            token.map(JsValue::from).ok_or_else(|| {
                error(
                    "option",
                    "token has to give a JSON Web Token, a string of letters and digits",
                )
            })
        });
        let promise = Promise::resolve(&JsValue::UNDEFINED);
        let answer = then(&promise, &call, &JsValue::UNDEFINED)?;
        then(&answer, &check, &JsValue::UNDEFINED)
    }
}

/// What a promise has for it.
pub(super) fn then(
    promise: &JsValue,
    done: &JsValue,
    failed: &JsValue,
) -> Result<JsValue, JsValue> {
    let then = Reflect::get(promise, &"then".into())?;
    then.unchecked_ref::<Function>().call2(promise, done, failed)
}

/// Whether a token can stand in a subprotocol (RFC 6455, section 4.1).
pub(super) fn is_sendable(token: &str) -> bool {
    !token.is_empty()
        && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}
