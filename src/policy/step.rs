//! Whether a schema lets a step be taken: what the guard asks after an edit, asked before it.
//!
//! A shared type is made empty and then filled, so which keys it has to have is not asked here. The
//! guard asks that of the whole update.

use super::inside::{Broken, Path, below, may_go};
use super::{Role, Rule, Rules, Schema, Violation};
use crate::document::{
    Change, Given, Json, Kind, Look, PathSegment, Shared, SharedId, Step, Value,
};

impl Schema {
    /// Whether somebody who has `role` may take a step in `document`, which is as before it.
    pub fn permits(
        &self,
        role: Role,
        step: &Step<'_>,
        document: &dyn Look,
    ) -> Result<(), Violation> {
        let rules = self.rules_of(step.target, document);
        may(role, step, rules, document).map_err(|(inside, rule)| {
            let mut path = path(&step.target.id, document);
            path.extend(inside);
            Violation { path, rule }
        })
    }

    /// The rules of a shared type.
    fn rules_of(&self, target: &Shared, document: &dyn Look) -> Result<Rules<'_>, Rule> {
        let mut keys = Vec::new();
        let mut at = target.id.clone();
        while let Some(above) = document.above(&at) {
            keys.push(above.key);
            at = above.parent;
        }
        let SharedId::Root(name) = at else { return Err(Rule::OtherRoots) };
        let root = self.root(&name).ok_or(Rule::OtherRoots)?;
        if keys.is_empty() && root.shape().is_some_and(|shape| !shape.is(target.kind)) {
            return Err(Rule::Type);
        }
        keys.iter().rev().try_fold(root, |rules, key| match key {
            Some(key) => rules.key(key).ok_or(Rule::Closed),
            None => Ok(rules.item()),
        })
    }
}

/// The path to a shared type.
fn path(target: &SharedId, document: &dyn Look) -> Path {
    let mut path = Path::new();
    let mut at = target.clone();
    while let (SharedId::Nested { client, clock }, Some(above)) = (&at, document.above(&at)) {
        path.push(match above.key {
            Some(key) => PathSegment::Key(key.as_ref().to_owned()),
            None => PathSegment::Index(document.index_of(*client, *clock).unwrap_or_default()),
        });
        at = above.parent;
    }
    if let SharedId::Root(name) = at {
        path.push(PathSegment::Key(name.as_ref().to_owned()));
    }
    path.reverse();
    path
}

/// Whether a step keeps the rules of its target; a broken one with the path from there on.
fn may(
    role: Role,
    step: &Step<'_>,
    rules: Result<Rules<'_>, Rule>,
    document: &dyn Look,
) -> Result<(), Broken> {
    let here = |rule| (Path::new(), rule);
    let target = step.target;
    match step.change {
        Change::Set { key, given } => may_set(role, target, key, Some(given), rules, document),
        Change::Unset { key } => may_set(role, target, key, None, rules, document),
        Change::Insert { given, index, lengths: (before, after) } => {
            let rules = rules.map_err(here)?;
            rules.may_insert(role).map_err(here)?;
            if rules.is_append_only() && index < before {
                return Err(here(Rule::AppendOnly));
            }
            if after > before {
                rules.fits_length(target.kind, after).map_err(here)?;
            }
            match given {
                Given::Text => Ok(()),
                Given::New(_) => {
                    may_be(role, given, rules.item()).map_err(|rule| (at(index), rule))
                }
                Given::Values(values) => {
                    let item = rules.item();
                    let one = |value| Given::Values(std::slice::from_ref(value));
                    (index..).zip(values).try_for_each(|(index, value)| {
                        may_be(role, one(value), item).map_err(|rule| (at(index), rule))
                    })
                }
            }
        }
        Change::Delete { len: 0, .. } => Ok(()),
        Change::Delete { index, len } => {
            if matches!(target.kind, Kind::Text | Kind::XmlText) {
                return rules.and_then(|rules| rules.may_delete(role)).map_err(here);
            }
            let broken = |rule| (at(index), rule);
            let rules = rules.map_err(broken)?;
            let item = rules.item();
            rules.may_delete(role).and_then(|()| item.may_delete(role)).map_err(broken)?;
            if item.is_uniform() {
                return Ok(());
            }
            let items = document.items(target).map_err(|_| broken(Rule::Delete))?;
            let gone = (index..).zip(items.iter().skip(index as usize)).take(len as usize);
            gone.into_iter().try_for_each(|(index, value)| {
                may_go(document, role, (value.clone(), item, at(index)))
            })
        }
        Change::Format => rules.and_then(|rules| rules.may_change(role)).map_err(here),
    }
}

/// Whether a key may get a value, or lose what it has.
fn may_set(
    role: Role,
    target: &Shared,
    key: &str,
    given: Option<Given<'_>>,
    rules: Result<Rules<'_>, Rule>,
    document: &dyn Look,
) -> Result<(), Broken> {
    let path = below(&Path::new(), PathSegment::Key(key.to_owned()));
    let broken = |rule| (path.clone(), rule);
    let before = document.key(target, key).ok().flatten();
    let is_same = match (&before, given) {
        (None, None) => true,
        (Some(Value::Json(before)), Some(Given::Values([json]))) => before == json,
        _ => false,
    };
    if is_same {
        return Ok(());
    }
    let rules = rules.map_err(broken)?;
    if target.kind != Kind::Map {
        // An attribute.
        return rules.may_change(role).map_err(broken);
    }
    let Some(here) = rules.key(key) else {
        return match given {
            Some(_) => Err(broken(Rule::Closed)),
            None => rules.may_delete(role).map_err(broken),
        };
    };
    let (Some(old), Some(given)) = (&before, given) else {
        return match (&before, given) {
            (None, Some(given)) => may_be(role, given, here).map_err(broken),
            (Some(old), None) => {
                here.may_delete(role).map_err(broken)?;
                if rules.required().iter().any(|required| required == key) {
                    return Err(broken(Rule::Required));
                }
                may_go(document, role, (old.clone(), here, path))
            }
            _ => Ok(()),
        };
    };
    here.may_change(role).map_err(broken)?;
    if matches!(old, Value::Shared(_)) {
        here.may_delete(role).map_err(broken)?;
    }
    if matches!(given, Given::New(_)) {
        here.may_insert(role).map_err(broken)?;
    }
    may_go(document, role, (old.clone(), here, path.clone()))?;
    fits(given, here).map_err(broken)
}

/// Whether something new may come to a place.
fn may_be(role: Role, given: Given<'_>, rules: Rules<'_>) -> Result<(), Rule> {
    rules.may_insert(role)?;
    fits(given, rules)
}

fn fits(given: Given<'_>, rules: Rules<'_>) -> Result<(), Rule> {
    match given {
        Given::Text => Ok(()),
        Given::New(kind) => rules.fits_kind(kind),
        Given::Values(values) => values.iter().try_for_each(|json: &Json| rules.fits(json)),
    }
}

fn at(index: u32) -> Path {
    vec![PathSegment::Index(index)]
}
