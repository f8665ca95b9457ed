//! Copies of what is settled, with new ids.

use super::Inexact;
use crate::document::{Delta, Document, Edit, Inserted, Json, Kind, New, Shared, Value};

/// Put a copy of `value` under a key.
pub(super) fn copy_key(
    from: &Document,
    edit: &mut Edit<'_>,
    map: &Shared,
    key: &str,
    value: &Value,
) -> Result<(), Inexact> {
    match value {
        Value::Json(json) => Ok(edit.set_key(map, key, exact(json)?)?),
        Value::Shared(shared) => {
            let made = edit.set_key_new(map, key, new(from, shared)?)?;
            fill(from, edit, shared.clone(), made)
        }
        Value::Opaque => Err(Inexact),
    }
}

/// Put a copy of `value` into a list.
pub(super) fn copy_item(
    from: &Document,
    edit: &mut Edit<'_>,
    list: &Shared,
    index: u32,
    value: &Value,
) -> Result<(), Inexact> {
    match value {
        Value::Json(json) => {
            Ok(edit.insert_items(list, index, std::slice::from_ref(exact(json)?))?)
        }
        Value::Shared(shared) => {
            let made = edit.insert_new(list, index, new(from, shared)?)?;
            fill(from, edit, shared.clone(), made)
        }
        Value::Opaque => Err(Inexact),
    }
}

/// Copy what is inside, with a list of what is to do instead of the stack.
fn fill(
    from: &Document,
    edit: &mut Edit<'_>,
    source: Shared,
    target: Shared,
) -> Result<(), Inexact> {
    let mut pairs = vec![(source, target)];
    while let Some((source, target)) = pairs.pop() {
        if matches!(source.kind, Kind::Map | Kind::XmlElement | Kind::XmlText) {
            for key in from.keys(&source)? {
                match from.key(&source, &key)?.ok_or(Inexact)? {
                    Value::Json(json) => edit.set_key(&target, &key, exact(&json)?)?,
                    Value::Shared(shared) => {
                        let made = edit.set_key_new(&target, &key, new(from, &shared)?)?;
                        pairs.push((shared, made));
                    }
                    Value::Opaque => return Err(Inexact),
                }
            }
        }
        match source.kind {
            Kind::Map => {}
            Kind::Text | Kind::XmlText => {
                let delta = from.delta(&source)?;
                delta.iter().try_for_each(is_exact)?;
                edit.apply_delta(&target, &delta)?;
            }
            Kind::Array | Kind::XmlFragment | Kind::XmlElement => {
                for (index, value) in (0..).zip(from.items(&source)?) {
                    match value {
                        Value::Json(json) => {
                            edit.insert_items(&target, index, &[exact(&json)?.clone()])?;
                        }
                        Value::Shared(shared) => {
                            let made = edit.insert_new(&target, index, new(from, &shared)?)?;
                            pairs.push((shared, made));
                        }
                        Value::Opaque => return Err(Inexact),
                    }
                }
            }
        }
    }
    Ok(())
}

fn new(from: &Document, shared: &Shared) -> Result<New, Inexact> {
    Ok(match shared.kind {
        Kind::Text => New::Text,
        Kind::Map => New::Map,
        Kind::Array => New::Array,
        Kind::XmlFragment => New::XmlFragment,
        Kind::XmlElement => New::XmlElement(from.tag(shared)?),
        Kind::XmlText => New::XmlText,
    })
}

/// The value, if it is written as it was read.
pub(super) fn exact(json: &Json) -> Result<&Json, Inexact> {
    let mut values = vec![json];
    while let Some(value) = values.pop() {
        match value {
            Json::BigInt(_) => return Err(Inexact),
            Json::Array(items) => values.extend(items),
            Json::Object(entries) => values.extend(entries.iter().map(|(_, value)| value)),
            _ => {}
        }
    }
    Ok(json)
}

/// Whether a piece of a text is written as it was read.
pub(super) fn is_exact(piece: &Delta) -> Result<(), Inexact> {
    let Delta::Insert(inserted, attributes) = piece else { return Ok(()) };
    attributes.iter().try_for_each(|(_, value)| exact(value).map(|_| ()))?;
    match inserted {
        Inserted::Text(_) => Ok(()),
        Inserted::Embed(Value::Json(json)) => exact(json).map(|_| ()),
        Inserted::Embed(_) | Inserted::Values(_) => Err(Inexact),
    }
}
