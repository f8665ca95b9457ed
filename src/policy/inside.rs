//! What holds for something as a whole, with all that is inside it.

use super::{Role, Rule, Rules};
use crate::document::{Kind, Look, PathSegment, Value};

/// From the document down to a place.
pub type Path = Vec<PathSegment>;
/// A rule that is broken, and where.
pub type Broken = (Path, Rule);

/// What is at a place, or comes there; the rules of that place, and the path to it.
pub type Placed<'s> = (Value, Rules<'s>, Path);

/// Whether something may come to a place: it fits there, and everything inside it may be inserted
/// and fits. The right to insert it at all is asked before.
pub fn may_come(document: &dyn Look, role: Role, place: Placed<'_>) -> Result<(), Broken> {
    let mut places = vec![place];
    while let Some((value, rules, path)) = places.pop() {
        let shared = match value {
            Value::Json(json) => {
                rules.fits(&json).map_err(|rule| (path, rule))?;
                continue;
            }
            Value::Opaque => {
                rules.fits_opaque().map_err(|rule| (path, rule))?;
                continue;
            }
            Value::Shared(shared) => shared,
        };
        let broken = |rule| (path.clone(), rule);
        rules.fits_kind(shared.kind).map_err(broken)?;
        if rules.is_uniform() {
            continue;
        }
        if shared.kind != Kind::Map {
            let length = document.len(&shared).unwrap_or(u32::MAX);
            rules.fits_length(shared.kind, length).map_err(broken)?;
            if length > 0 {
                rules.may_insert(role).map_err(broken)?;
            }
        }
        match shared.kind {
            Kind::Map => {
                let keys = document.keys(&shared).unwrap_or_default();
                for key in rules.required() {
                    if keys.binary_search(key).is_err() {
                        return Err((below(&path, PathSegment::Key(key.clone())), Rule::Required));
                    }
                }
                for key in keys {
                    let Ok(Some(value)) = document.key(&shared, &key) else { continue };
                    let rules = rules.key(&key);
                    let path = below(&path, PathSegment::Key(key));
                    let Some(rules) = rules else { return Err((path, Rule::Closed)) };
                    rules.may_insert(role).map_err(|rule| (path.clone(), rule))?;
                    places.push((value, rules, path));
                }
            }
            Kind::Array if rules.has_item_rules() => {
                let items = document.items(&shared).map_err(|_| broken(Rule::Type))?;
                for (index, value) in items.into_iter().enumerate() {
                    let path = below(&path, PathSegment::Index(index as u32));
                    rules.item().may_insert(role).map_err(|rule| (path.clone(), rule))?;
                    places.push((value, rules.item(), path));
                }
            }
            // XML follows the rules of the whole, texts hold nothing that has rules.
            _ => {}
        }
    }
    Ok(())
}

/// Whether something may go from a place, with everything inside it. Whether it may go itself is
/// asked before.
pub fn may_go(document: &dyn Look, role: Role, place: Placed<'_>) -> Result<(), Broken> {
    let mut places = vec![place];
    while let Some((value, rules, path)) = places.pop() {
        let Value::Shared(shared) = value else { continue };
        if rules.is_uniform() {
            continue;
        }
        match shared.kind {
            Kind::Map => {
                for key in document.keys(&shared).unwrap_or_default() {
                    let Ok(Some(value)) = document.key(&shared, &key) else { continue };
                    let rules = rules.key(&key);
                    let path = below(&path, PathSegment::Key(key));
                    // A key from before the schema, which says nothing of it.
                    let Some(rules) = rules else { continue };
                    rules.may_delete(role).map_err(|rule| (path.clone(), rule))?;
                    places.push((value, rules, path));
                }
            }
            _ if document.len(&shared).unwrap_or(0) == 0 => {}
            Kind::Array => {
                rules.may_delete(role).map_err(|rule| (path.clone(), rule))?;
                let item_rules = rules.item();
                item_rules.may_delete(role).map_err(|rule| (path.clone(), rule))?;
                if item_rules.is_uniform() {
                    continue;
                }
                let items = document.items(&shared).map_err(|_| (path.clone(), Rule::Delete))?;
                for (index, value) in items.into_iter().enumerate() {
                    let path = below(&path, PathSegment::Index(index as u32));
                    places.push((value, item_rules, path));
                }
            }
            _ => rules.may_delete(role).map_err(|rule| (path.clone(), rule))?,
        }
    }
    Ok(())
}

/// The path one step further.
pub fn below(path: &Path, segment: PathSegment) -> Path {
    let mut path = path.clone();
    path.push(segment);
    path
}
