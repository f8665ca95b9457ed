//! Patterns of schemas, in the engine that a browser has already.

use js_sys::{Array, Function, Reflect, RegExp, global};
use wasm_bindgen::JsCast;

use crate::policy::{Pattern, to_javascript};

/// A pattern. To what may mean something else here, the room alone holds strings.
pub(super) fn compile(pattern: &str) -> Result<Pattern, String> {
    match to_javascript(pattern).and_then(|source| regex(&source)) {
        Some(regex) => Ok(Pattern::new(move |string| regex.test(string))),
        None => Pattern::any(pattern),
    }
}

fn regex(source: &str) -> Option<RegExp> {
    let constructor: Function = Reflect::get(&global(), &"RegExp".into()).ok()?.dyn_into().ok()?;
    let arguments = Array::of2(&source.into(), &"u".into());
    Reflect::construct(&constructor, &arguments).ok()?.dyn_into().ok()
}
