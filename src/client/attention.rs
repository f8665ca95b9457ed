//! Tells a replica what somebody does on its page.

use std::rc::Weak;

use js_sys::{Function, Reflect, global};
use wasm_bindgen::prelude::*;

use super::error::Misuse;
use super::options::only;
use super::shell::Shell;
use crate::replica::{ActivityLimits, Input};

/// What somebody at work causes, and what shows or hides a page.
const EVENTS: [&str; 6] =
    ["keydown", "pointerdown", "pointermove", "wheel", "pageshow", "visibilitychange"];

const WRONG: &str = "activity is false, or has idleMs, awayMs and hiddenMs only, numbers above 0";

/// Tells until it is dropped.
pub(super) struct Attention(Closure<dyn FnMut()>);

impl Attention {
    pub(super) fn listen(shell: Weak<Shell>) -> Self {
        let attention = Self(Closure::new(move || {
            if let (Some(shell), Some(hidden)) = (shell.upgrade(), hidden()) {
                shell.input(Input::Noticed { hidden });
            }
        }));
        attention.each("addEventListener");
        attention
    }

    fn each(&self, method: &str) {
        let method = Reflect::get(&global(), &method.into()).unwrap_or_default();
        if let Some(method) = method.dyn_ref::<Function>() {
            for event in EVENTS {
                // While it comes down, since the page may stop it.
                let callback = self.0.as_ref();
                let _ = method.call3(&global(), &event.into(), callback, &JsValue::TRUE);
            }
        }
    }
}

impl Drop for Attention {
    fn drop(&mut self) {
        self.each("removeEventListener");
    }
}

/// Whether the page is hidden; nothing if there is none: in a worker, or in Node.
fn hidden() -> Option<bool> {
    let document = Reflect::get(&global(), &"document".into()).ok()?;
    Reflect::get(&document, &"hidden".into()).ok()?.as_bool()
}

/// The option `activity` of `connect`: nothing if the page does not want it, or there is none.
pub(super) fn limits(options: &JsValue) -> Result<Option<ActivityLimits>, JsValue> {
    let said = Reflect::get(options, &"activity".into())?;
    let mut limits = ActivityLimits::default();
    if said == false {
        return Ok(None);
    }
    if !said.is_undefined() {
        only(&said, &["idleMs", "awayMs", "hiddenMs"], WRONG)?;
        let fields = [
            ("idleMs", &mut limits.idle_ms),
            ("awayMs", &mut limits.away_ms),
            ("hiddenMs", &mut limits.hidden_ms),
        ];
        for (name, limit) in fields {
            match Reflect::get(&said, &name.into())? {
                ms if ms.is_undefined() => {}
                ms => {
                    let ms = ms.as_f64().filter(|ms| *ms > 0.0);
                    *limit = ms.ok_or(Misuse::Option(WRONG))? as u64;
                }
            }
        }
    }
    Ok(hidden().map(|_| limits))
}
