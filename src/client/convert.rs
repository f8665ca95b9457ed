//! Values between JavaScript and the document.

use js_sys::{Array, BigInt, Function, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use super::error::Misuse;
use crate::document::{Attributes, Delta, EditError, Inserted, JSON_DEPTH_MAX, Json, Value};

const NOT_A_VALUE: &str = "a value must be JSON, undefined or a Uint8Array";

/// An index or a length.
pub(super) fn whole_number(value: f64) -> Result<u32, Misuse> {
    let number = value as u32;
    if f64::from(number) == value {
        Ok(number)
    } else {
        Err(Misuse::Argument("an index or a length must be a whole number from 0"))
    }
}

/// The same, as the page says it.
pub(super) fn index(value: &JsValue) -> Result<u32, Misuse> {
    whole_number(value.as_f64().unwrap_or(f64::NAN))
}

/// A string.
pub(super) fn string(value: &JsValue) -> Result<String, Misuse> {
    value.as_string().ok_or(Misuse::Argument("this argument must be a string"))
}

/// A function.
pub(super) fn function(value: JsValue) -> Result<Function, Misuse> {
    value.dyn_into().map_err(|_| Misuse::Argument("a callback must be a function"))
}

/// An array.
pub(super) fn array(value: JsValue) -> Result<Array, Misuse> {
    value.dyn_into().map_err(|_| Misuse::Argument("this argument must be an array"))
}

/// An array of strings.
pub(super) fn strings(strings: &[String]) -> Array {
    strings.iter().map(|string| JsValue::from_str(string)).collect()
}

/// A plain value. Runs getters and proxies of the page, so nothing may be borrowed.
pub(super) fn json(value: &JsValue) -> Result<Json, JsValue> {
    json_at(value, 0)
}

/// Formats by name; nothing if there are none.
pub(super) fn attributes(value: &JsValue) -> Result<Option<Attributes>, JsValue> {
    if value.is_undefined() {
        return Ok(None);
    }
    match json(value)? {
        Json::Object(attributes) => Ok(Some(attributes)),
        _ => Err(Misuse::Argument("attributes must be an object").into()),
    }
}

/// A delta to apply to a text.
pub(super) fn delta(value: JsValue) -> Result<Vec<Delta>, JsValue> {
    array(value)?.iter().map(|step| delta_step(&step)).collect()
}

/// As JavaScript has it.
pub(super) fn from_json(json: &Json) -> JsValue {
    match json {
        Json::Undefined => JsValue::UNDEFINED,
        Json::Null => JsValue::NULL,
        Json::Bool(bool) => JsValue::from_bool(*bool),
        Json::Number(number) => JsValue::from_f64(*number),
        Json::BigInt(int) => BigInt::from(*int).into(),
        Json::String(string) => JsValue::from_str(string),
        Json::Bytes(bytes) => Uint8Array::from(bytes.as_slice()).into(),
        Json::Array(items) => items.iter().map(from_json).collect::<Array>().into(),
        Json::Object(entries) => from_attributes(entries),
    }
}

/// A delta as JavaScript has it. `shared` makes the object of a shared type.
pub(super) fn from_delta(delta: &[Delta], shared: &dyn Fn(&Value) -> JsValue) -> JsValue {
    let step = |step: &Delta| {
        let (name, what, attributes) = match step {
            Delta::Retain(len, attributes) => ("retain", JsValue::from(*len), Some(attributes)),
            Delta::Delete(len) => ("delete", JsValue::from(*len), None),
            Delta::Insert(inserted, attributes) => {
                let what = match inserted {
                    Inserted::Text(string) => JsValue::from_str(string),
                    Inserted::Embed(value) => shared(value),
                    Inserted::Values(values) => values.iter().map(shared).collect::<Array>().into(),
                };
                ("insert", what, Some(attributes))
            }
        };
        let attributes = attributes.filter(|attributes| !attributes.is_empty());
        let attributes = attributes.map(|attributes| ("attributes", from_attributes(attributes)));
        match attributes {
            Some(attributes) => object(&[(name, what), attributes]),
            None => object(&[(name, what)]),
        }
    };
    delta.iter().map(step).collect::<Array>().into()
}

/// An object with these properties. They become its own: `__proto__` is a name like any other.
pub(super) fn object(entries: &[(&str, JsValue)]) -> JsValue {
    let pairs = Array::new();
    for (key, value) in entries {
        pairs.push(&Array::of2(&JsValue::from_str(key), value));
    }
    // Fails only if an entry is no pair.
    Object::from_entries(&pairs).map(JsValue::from).unwrap_or_default()
}

fn from_attributes(attributes: &Attributes) -> JsValue {
    let entries = attributes.iter().map(|(key, value)| (key.as_str(), from_json(value)));
    object(&entries.collect::<Vec<_>>())
}

fn json_at(value: &JsValue, depth: usize) -> Result<Json, JsValue> {
    if depth > JSON_DEPTH_MAX {
        return Err(Misuse::Edit(EditError::TooDeep).into());
    }
    if value.is_undefined() {
        return Ok(Json::Undefined);
    }
    if value.is_null() {
        return Ok(Json::Null);
    }
    if let Some(bool) = value.as_bool() {
        return Ok(Json::Bool(bool));
    }
    if let Some(number) = value.as_f64() {
        return Ok(Json::Number(number));
    }
    if let Some(string) = value.as_string() {
        return Ok(Json::String(string));
    }
    if let Some(bytes) = value.dyn_ref::<Uint8Array>() {
        return Ok(Json::Bytes(bytes.to_vec()));
    }
    if Array::is_array(value) {
        let items = Array::from(value);
        return items
            .iter()
            .map(|item| json_at(&item, depth + 1))
            .collect::<Result<_, _>>()
            .map(Json::Array);
    }
    if is_plain_object(value) {
        return object_at(value, depth).map(Json::Object);
    }
    Err(Misuse::Value(NOT_A_VALUE).into())
}

fn object_at(value: &JsValue, depth: usize) -> Result<Vec<(String, Json)>, JsValue> {
    let mut entries = Vec::new();
    for key in Object::keys(value.unchecked_ref::<Object>()).iter() {
        let item = Reflect::get(value, &key)?;
        if let Some(key) = key.as_string() {
            entries.push((key, json_at(&item, depth + 1)?));
        }
    }
    Ok(entries)
}

/// An object literal, of whatever page: the prototype is nothing, or has no prototype itself.
fn is_plain_object(value: &JsValue) -> bool {
    if !value.is_object() {
        return false;
    }
    let prototype = JsValue::from(Object::get_prototype_of(value));
    prototype.is_null() || JsValue::from(Object::get_prototype_of(&prototype)).is_null()
}

fn delta_step(step: &JsValue) -> Result<Delta, JsValue> {
    const MESSAGE: &str = "a step of a delta must have one of retain, insert and delete";
    if !step.is_object() {
        return Err(Misuse::Argument(MESSAGE).into());
    }
    let property = |name: &str| Reflect::get(step, &name.into());
    let changes = attributes(&property("attributes")?)?.unwrap_or_default();
    let (retain, insert, delete) = (property("retain")?, property("insert")?, property("delete")?);
    if let Some(len) = retain.as_f64() {
        return Ok(Delta::Retain(whole_number(len)?, changes));
    }
    if let Some(len) = delete.as_f64() {
        return Ok(Delta::Delete(whole_number(len)?));
    }
    match json(&insert)? {
        Json::Undefined => Err(Misuse::Argument(MESSAGE).into()),
        Json::String(string) => Ok(Delta::Insert(Inserted::Text(string), changes)),
        embed => Ok(Delta::Insert(Inserted::Embed(Value::Json(embed)), changes)),
    }
}
