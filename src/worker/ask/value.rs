//! Values of a document as JSON.

use serde_json::{Number, Value};

use crate::document::Json;

/// The largest whole number that a double holds exactly.
const WHOLE_MAX: f64 = 9_007_199_254_740_991.0;

/// As `JSON.stringify` would write it, but bytes as hexadecimal digits.
pub(super) fn as_json(json: &Json) -> Value {
    match json {
        Json::Undefined | Json::Null => Value::Null,
        Json::Bool(bool) => (*bool).into(),
        Json::Number(number) if number.fract() == 0.0 && number.abs() <= WHOLE_MAX => {
            (*number as i64).into()
        }
        Json::Number(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
        Json::BigInt(int) => (*int).into(),
        Json::String(string) => string.as_str().into(),
        Json::Bytes(bytes) => {
            bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
        }
        Json::Array(items) => items.iter().map(as_json).collect(),
        Json::Object(entries) => {
            let is_there = |entry: &&(String, Json)| entry.1 != Json::Undefined;
            let entries = entries.iter().filter(is_there);
            entries.map(|(key, value)| (key.clone(), as_json(value))).collect()
        }
    }
}
