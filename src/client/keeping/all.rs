//! All documents that this browser keeps: what there is, what makes way, and what is forgotten.

use std::cell::Cell;
use std::collections::VecDeque;

use js_sys::{Array, Function, Promise, Reflect, global};
use wasm_bindgen::prelude::*;

use crate::client::error::{self, Misuse};
use crate::client::lock;
use crate::client::options::Place;
use crate::client::storage::{self, Delete, Trouble};

/// How much may be kept before documents make way that were not used for long, in bytes.
const BYTES_MAX: f64 = (256 << 20) as f64;

thread_local! {
    static KEPT_BYTES_MAX: Cell<f64> = const { Cell::new(BYTES_MAX) };
}

pub(super) fn bytes_max() -> f64 {
    KEPT_BYTES_MAX.get()
}

/// Keep so many bytes of documents at most, beside what is open or not saved in its room.
#[wasm_bindgen(js_name = keepAtMost, skip_typescript)]
pub fn keep_at_most(bytes: f64) -> Result<(), JsValue> {
    if bytes.is_nan() || bytes < 0.0 {
        return Err(Misuse::Argument("keepAtMost takes a number of bytes").into());
    }
    KEPT_BYTES_MAX.set(bytes);
    make_room(bytes, Box::new(|_| ()));
    Ok(())
}

/// Throw away documents that nobody has open and that are saved in their rooms, those first that
/// were not used for longest, until `bytes` are left at most. Says whether there were any.
pub(super) fn make_room(bytes: f64, then: Box<dyn FnOnce(bool)>) {
    storage::list(Box::new(move |listed| {
        let all: Vec<_> = listed.unwrap_or_default().iter().map(Summary::read).collect();
        let mut excess = all.iter().map(|it| it.bytes).sum::<f64>() - bytes;
        let mut saved: Vec<_> = all.into_iter().filter(|it| it.pending == 0.0).collect();
        let mut goes = VecDeque::new();
        while excess > 0.0 {
            let oldest = (0..saved.len())
                .min_by(|&one, &other| saved[one].used_at.total_cmp(&saved[other].used_at));
            let Some(oldest) = oldest.map(|at| saved.swap_remove(at)) else { break };
            excess -= oldest.bytes;
            goes.push_back(oldest.place);
        }
        throw_away(goes, false, then);
    }));
}

/// One after the other. Says whether anything was thrown away, or has been already.
fn throw_away(mut places: VecDeque<Place>, any: bool, then: Box<dyn FnOnce(bool)>) {
    let Some(place) = places.pop_front() else { return then(any) };
    lock::take(&place.lock(), move |lock| match lock {
        Some(lock) => {
            let go_on = move |deleted: Result<(), _>| {
                drop(lock);
                throw_away(places, any || deleted.is_ok(), then);
            };
            storage::delete(place, Delete::Copy, Box::new(go_on));
        }
        None => throw_away(places, any, then),
    });
}

/// What is stored about a document.
struct Summary {
    place: Place,
    bytes: f64,
    pending: f64,
    used_at: f64,
}

impl Summary {
    fn read(stored: &JsValue) -> Self {
        let get = |name: &str| Reflect::get(stored, &name.into()).unwrap_or_default();
        let string = |name| get(name).as_string().unwrap_or_default();
        let number = |name| get(name).as_f64().unwrap_or_default();
        let (url, document, profile) = (string("url"), string("document"), string("profile"));
        Self {
            place: Place { url, document, profile },
            bytes: number("bytes"),
            pending: number("pending"),
            used_at: number("usedAt"),
        }
    }
}

/// The documents that are kept in this browser.
#[wasm_bindgen(skip_typescript)]
pub fn kept() -> Promise {
    promise(Box::new(|answer| {
        let listed = |listed: Result<Vec<JsValue>, _>| {
            let all = listed.map(|all| all.into_iter().collect::<Array>().into());
            answer(all.map_err(trouble_error));
        };
        storage::list(Box::new(listed));
    }))
}

/// Throw away what is kept of a document that is not open.
#[wasm_bindgen(skip_typescript)]
pub fn forget(place: JsValue) -> Result<Promise, JsValue> {
    let place = Place::read(&place)?;
    Ok(promise(Box::new(|answer| {
        lock::take(&place.lock(), move |lock| {
            let Some(lock) = lock else {
                let open = "the document is open: close it in all tabs, or call its forget()";
                return answer(Err(error::error("open", open)));
            };
            let deleted = |deleted| {
                answer(outcome(deleted));
                drop(lock);
            };
            storage::delete(place, Delete::All, Box::new(deleted));
        });
    })))
}

/// Ask the browser not to throw away what is kept when it runs short of space.
#[wasm_bindgen(skip_typescript)]
pub fn persist() -> Promise {
    let asked = || {
        let navigator = Reflect::get(&global(), &"navigator".into())?;
        let storage = Reflect::get(&navigator, &"storage".into())?;
        let persist = Reflect::get(&storage, &"persist".into())?;
        persist.dyn_into::<Function>()?.call0(&storage)
    };
    Promise::resolve(&asked().unwrap_or(JsValue::FALSE))
}

/// Where a promise's outcome goes.
pub(in crate::client) type Answer = Box<dyn FnOnce(Result<JsValue, JsValue>)>;

/// A promise of what `begin` ends in.
pub(super) fn promise(begin: Box<dyn FnOnce(Answer)>) -> Promise {
    let mut begin = Some(begin);
    Promise::new(&mut |resolve, reject| {
        let Some(begin) = begin.take() else { return };
        begin(Box::new(move |answer| {
            let _ = match answer {
                Ok(value) => resolve.call1(&JsValue::UNDEFINED, &value),
                Err(why) => reject.call1(&JsValue::UNDEFINED, &why),
            };
        }));
    })
}

pub(super) fn outcome(done: Result<(), Trouble>) -> Result<JsValue, JsValue> {
    done.map(|()| JsValue::UNDEFINED).map_err(trouble_error)
}

fn trouble_error(trouble: Trouble) -> JsValue {
    let message = match trouble {
        Trouble::Unavailable => "this browser, or this mode of it, keeps nothing",
        Trouble::Full => "there is no space left to keep anything",
        Trouble::Slow | Trouble::Failed => "the browser's storage failed",
    };
    error::error("storage", message)
}
