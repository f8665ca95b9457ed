//! The instances of this Wasm memory, which many rooms share.
//!
//! An evicted object's Rust value lives on until JavaScript collects its wrapper, which may be
//! many wakes later. The next instance of the same object empties it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use super::durable_object::Cell;

thread_local! {
    static INSTANCES: RefCell<BTreeMap<String, Weak<Cell>>> =
        const { RefCell::new(BTreeMap::new()) };
}

pub(super) fn replace(cell: &Rc<Cell>) {
    let id = cell.state.id().to_string();
    INSTANCES.with_borrow_mut(|instances| {
        instances.retain(|_, cell| cell.strong_count() > 0);
        if let Some(before) = instances.insert(id, Rc::downgrade(cell)).and_then(|c| c.upgrade()) {
            before.live.take();
        }
    });
}
