//! How all open documents of this page stand, as one: `status` and `onStatus`.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::convert;
use super::handle::standing_object;
use super::shell::Shell;
use super::timer::report;
use crate::replica::Standing;

thread_local! {
    static PAGE: Page = Page::default();
}

#[derive(Default)]
struct Page {
    shells: RefCell<Vec<Weak<Shell>>>,
    listeners: RefCell<Vec<(u32, Function)>>,
    last_listener: Cell<u32>,
    told: RefCell<Option<Standing>>,
}

/// How all open documents stand.
#[wasm_bindgen(skip_typescript)]
pub fn status() -> JsValue {
    standing_object(&standing())
}

/// Call back when that changes. Returns a function that ends it.
#[wasm_bindgen(skip_typescript, js_name = onStatus)]
pub fn on_status(callback: JsValue) -> Result<JsValue, JsValue> {
    let callback = convert::function(callback)?;
    let id = PAGE.with(|page| {
        if page.listeners.borrow().is_empty() {
            *page.told.borrow_mut() = Some(standing());
        }
        let id = page.last_listener.get() + 1;
        page.last_listener.set(id);
        page.listeners.borrow_mut().push((id, callback));
        id
    });
    let end = Closure::<dyn FnMut()>::new(move || {
        PAGE.with(|page| page.listeners.borrow_mut().retain(|it| it.0 != id));
    });
    Ok(end.into_js_value())
}

/// This document is open from now on, for as long as somebody has it.
pub(super) fn opened(shell: &Rc<Shell>) {
    PAGE.with(|page| {
        let mut shells = page.shells.borrow_mut();
        shells.retain(|it| it.strong_count() > 0);
        shells.push(Rc::downgrade(shell));
    });
}

/// Tell the page, if it wants to know and something is different.
pub(super) fn tell() {
    let ids: Vec<u32> = PAGE.with(|page| page.listeners.borrow().iter().map(|it| it.0).collect());
    if ids.is_empty() {
        return;
    }
    let now = Some(standing());
    if PAGE.with(|page| page.told.replace(now.clone()) == now) {
        return;
    }
    for id in ids {
        // One callback may have ended another one.
        let callback = PAGE.with(|page| {
            page.listeners.borrow().iter().find(|it| it.0 == id).map(|it| it.1.clone())
        });
        if let Some(callback) = callback
            && let Err(thrown) = callback.call1(&JsValue::UNDEFINED, &status())
        {
            report(&thrown);
        }
    }
}

fn standing() -> Standing {
    let shells: Vec<_> =
        PAGE.with(|page| page.shells.borrow().iter().filter_map(Weak::upgrade).collect());
    Standing::of(shells.iter().map(|shell| (shell.status().status, shell.saved())))
}
