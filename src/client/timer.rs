//! The clock, the one timer, randomness, and what tells that the page woke up.

use js_sys::{Function, Reflect, global};
use wasm_bindgen::prelude::*;

use crate::time::Millis;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, ms: f64) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
    #[wasm_bindgen(js_name = queueMicrotask)]
    fn queue_microtask(callback: &Function);
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn fill_random(bytes: &mut [u8]);
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(message: &str, error: &JsValue);
}

/// Events of a page or a worker after which the connection deserves a look.
const WAKING: [&str; 3] = ["online", "pageshow", "visibilitychange"];

/// One that is further off would come at once.
const TIMER_MS_MAX: f64 = i32::MAX as f64;

/// Now. It never goes back, as a wall clock does; where it began does not matter.
pub(super) fn now() -> Millis {
    Millis(performance_now() as u64)
}

/// Do this once what runs now has returned, before anything else happens.
pub(super) fn soon(act: impl FnOnce() + 'static) {
    queue_microtask(Closure::once_into_js(act).unchecked_ref());
}

/// Eight random bytes.
pub(super) fn random() -> u64 {
    let mut bytes = [0; 8];
    fill_random(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// Sixteen random bytes.
pub(super) fn random_u128() -> u128 {
    let mut bytes = [0; 16];
    fill_random(&mut bytes);
    u128::from_le_bytes(bytes)
}

/// A callback of the page threw. It is the page's error, so it is shown and nothing stops.
pub(super) fn report(error: &JsValue) {
    console_error("selvedge: a callback threw", error);
}

/// A timer, cleared when dropped.
#[must_use]
pub(super) struct Timer(JsValue);

impl Timer {
    pub(super) fn set(at: Millis, callback: &Closure<dyn FnMut()>) -> Self {
        // Rounded up: a timer that comes early is for nothing.
        let ms = (at.0 as f64 - performance_now()).clamp(0.0, TIMER_MS_MAX).ceil();
        Self(set_timeout(callback.as_ref().unchecked_ref(), ms))
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.0);
    }
}

/// Calls back when the page wakes up, until dropped. Does nothing where there is no page.
pub(super) struct Waking(Closure<dyn FnMut()>);

impl Waking {
    pub(super) fn listen(callback: Closure<dyn FnMut()>) -> Self {
        let waking = Self(callback);
        waking.each("addEventListener");
        waking
    }

    fn each(&self, method: &str) {
        let global = global();
        let method = Reflect::get(&global, &method.into()).unwrap_or_default();
        if let Some(method) = method.dyn_ref::<Function>() {
            for event in WAKING {
                // A page that hides its events from us is one that never wakes up.
                let _ = method.call2(&global, &event.into(), self.0.as_ref());
            }
        }
    }
}

impl Drop for Waking {
    fn drop(&mut self) {
        self.each("removeEventListener");
    }
}
