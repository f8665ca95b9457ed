//! Locks that all tabs of an origin share (Web Locks). Who holds one holds it until it is dropped,
//! or the tab is gone, however it went.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Function, Promise, Reflect, global};
use wasm_bindgen::prelude::*;

use super::convert::object;

/// A lock that this tab holds.
pub(super) struct Lock(Function);

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.call0(&JsValue::UNDEFINED);
    }
}

fn locks() -> Option<JsValue> {
    let navigator = Reflect::get(&global(), &"navigator".into()).ok()?;
    let locks = Reflect::get(&navigator, &"locks".into()).ok()?;
    locks.is_object().then_some(locks)
}

/// Whether there are locks: in a page that came over an insecure connection there are none.
pub(super) fn are_there() -> bool {
    locks().is_some()
}

/// Hold the lock `name`, if nobody does at the moment: otherwise `then` is given nothing.
pub(super) fn take(name: &str, then: impl FnOnce(Option<Lock>) + 'static) {
    request(name, object(&[("ifAvailable", true.into())]), Box::new(then));
}

/// Hold the lock `name` as soon as nobody else does.
pub(super) fn wait_for(name: &str, then: impl FnOnce(Lock) + 'static) {
    request(name, object(&[]), Box::new(|lock| lock.map(then).unwrap_or_default()));
}

fn request(name: &str, options: JsValue, then: Box<dyn FnOnce(Option<Lock>)>) {
    let Some(locks) = locks() else { return then(None) };
    let granted = Closure::once_into_js(move |lock: JsValue| -> JsValue {
        if lock.is_null() || lock.is_undefined() {
            then(None);
            return JsValue::UNDEFINED;
        }
        // The lock is held until this is resolved.
        let release = Rc::new(RefCell::new(None));
        let held = Promise::new(&mut |resolve, _| *release.borrow_mut() = Some(resolve));
        then(release.take().map(Lock));
        held.into()
    });
    let request = Reflect::get(&locks, &"request".into()).unwrap_or_default();
    let Some(request) = request.dyn_ref::<Function>() else { return };
    let asked = request.call3(&locks, &name.into(), &options, &granted);
    // Where locks may not be used, it is as if somebody else had it.
    if let Ok(asked) = asked
        && let Some(asked) = asked.dyn_ref::<Promise>()
    {
        let granted: Function = granted.unchecked_into();
        let failed = Closure::once_into_js(move |_: JsValue| {
            let _ = granted.call1(&JsValue::UNDEFINED, &JsValue::NULL);
        });
        if let Ok(catch) = Reflect::get(asked, &"catch".into()) {
            let _ = catch.unchecked_ref::<Function>().call1(asked, &failed);
        }
    }
}
