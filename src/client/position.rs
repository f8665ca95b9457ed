//! Positions as JSON: that of Yjs's relative positions.

use js_sys::Reflect;
use wasm_bindgen::JsValue;

use super::convert;
use super::error::Misuse;
use crate::document::{Position, SharedId};

pub(super) fn object(position: &Position) -> JsValue {
    let id = |client: u64, clock: u32| {
        let entries = [("client", JsValue::from_f64(client as f64)), ("clock", clock.into())];
        convert::object(&entries)
    };
    let place = match (position.item, &position.target) {
        (Some((client, clock)), _) => ("item", id(client, clock)),
        (None, SharedId::Root(name)) => ("tname", JsValue::from_str(name)),
        (None, SharedId::Nested { client, clock }) => ("type", id(*client, *clock)),
    };
    let assoc = ("assoc", JsValue::from(if position.before { -1 } else { 0 }));
    convert::object(&[place, assoc])
}

/// Read one that may be in `target`. What it stays with says where that is.
pub(super) fn read(value: &JsValue, target: &SharedId) -> Result<Position, JsValue> {
    let wrong = || Misuse::Argument("absolutePosition takes what relativePosition gave");
    if !value.is_object() {
        return Err(wrong().into());
    }
    let get = |object: &JsValue, key: &str| Reflect::get(object, &key.into());
    let id = |key: &str| -> Result<Option<(u64, u32)>, JsValue> {
        let object = get(value, key)?;
        if !object.is_object() {
            return Ok(None);
        }
        let number = |key| Ok::<_, JsValue>(get(&object, key)?.as_f64().ok_or_else(wrong)?);
        Ok(Some((number("client")? as u64, convert::whole_number(number("clock")?)?)))
    };
    let before = get(value, "assoc")?.as_f64().is_some_and(|assoc| assoc < 0.0);
    let item = id("item")?;
    let target = match (item, get(value, "tname")?.as_string(), id("type")?) {
        (Some(_), ..) => target.clone(),
        (None, Some(name), _) => SharedId::Root(name.into()),
        (None, None, Some((client, clock))) => SharedId::Nested { client, clock },
        (None, None, None) => return Err(wrong().into()),
    };
    Ok(Position { target, item, before })
}
