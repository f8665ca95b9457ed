//! The browser asks before it closes a page with edits that are saved nowhere.

use std::rc::Weak;

use js_sys::{Function, Reflect, global};
use wasm_bindgen::prelude::*;
use web_sys::Event;

use super::shell::Shell;

const EVENT: &str = "beforeunload";

/// Asks until it is dropped. Does nothing where there is no page.
pub(super) struct Guard(Closure<dyn FnMut(Event)>);

impl Guard {
    pub(super) fn new(shell: Weak<Shell>) -> Self {
        let guard = Self(Closure::new(move |event: Event| {
            if shell.upgrade().is_some_and(|shell| shell.saved().pending_here > 0) {
                event.prevent_default();
            }
        }));
        guard.call("addEventListener");
        guard
    }

    fn call(&self, method: &str) {
        let method = Reflect::get(&global(), &method.into()).unwrap_or_default();
        if let Some(method) = method.dyn_ref::<Function>() {
            let _ = method.call2(&global(), &EVENT.into(), self.0.as_ref());
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.call("removeEventListener");
    }
}
