//! The rules of places and of values.

use super::super::named::Named;
use super::super::node::{Node, Rights, Shape};
use super::super::pattern::Pattern;
use super::super::schema::{DEPTH_MAX, Fault, PATTERN_BYTES_MAX, PATTERN_UNITS_MAX, SchemaError};
use super::super::tree::Tree;
use super::super::value::{Types, ValueRule};
use super::fields::{Fields, Place};
use super::{Parser, entries};
use crate::document::Json;

impl Parser {
    /// One place; `above` holds where it says nothing.
    pub(super) fn node(
        &mut self,
        tree: &Tree,
        place: Place<'_>,
        above: Rights,
        depth: usize,
    ) -> Result<Node, SchemaError> {
        self.enter(place, depth)?;
        let mut fields = Fields::of(tree, &place)?;
        let shape = match fields.take("type") {
            None => None,
            Some((tree, place)) => Some(shape(tree).ok_or_else(|| {
                place.error(Fault::Expected("\"text\", \"map\", \"array\" or \"xml\""))
            })?),
        };
        let mut rights = above;
        for (name, roles) in [
            ("insert", &mut rights.insert),
            ("change", &mut rights.change),
            ("delete", &mut rights.delete),
        ] {
            if let Some((tree, place)) = fields.take(name) {
                *roles = self.list(tree, place)?.with_owner();
            }
            self.writers = self.writers.union(*roles);
        }
        let mut node = Node {
            rights,
            shape,
            value: None,
            keys: Named::default(),
            items: None,
            required: Vec::new(),
            closed: false,
            append_only: false,
            write_once: fields.flag("writeOnce")?,
            max_items: None,
            max_characters: None,
        };
        match shape {
            None => {
                if let Some((tree, place)) = fields.take("value") {
                    node.value = Some(self.value(tree, place, depth + 1)?);
                }
            }
            Some(Shape::Text) => {
                node.max_characters = fields.number("maxCharacters")?;
                node.append_only = fields.flag("appendOnly")?;
            }
            Some(Shape::Map) => {
                if let Some((tree, place)) = fields.take("keys") {
                    for (key, tree) in entries(tree, place)? {
                        let below = self.node(tree, Place::Key(&place, key), rights, depth + 1)?;
                        node.keys.insert(key, below);
                    }
                }
                node.required = fields.strings("required")?;
                node.closed = fields.flag("closed")?;
            }
            Some(Shape::Array) => {
                if let Some((tree, place)) = fields.take("items") {
                    let below = self.node(tree, place, rights, depth + 1)?;
                    if below.write_once {
                        return Err(Place::Key(&place, "writeOnce").error(Fault::UnknownKey));
                    }
                    node.items = Some(Box::new(below));
                }
                node.max_items = fields.number("maxItems")?;
                node.append_only = fields.flag("appendOnly")?;
            }
            Some(Shape::Xml) => {}
        }
        fields.end()?;
        Ok(node)
    }

    /// What a plain value may be.
    fn value(
        &mut self,
        tree: &Tree,
        place: Place<'_>,
        depth: usize,
    ) -> Result<ValueRule, SchemaError> {
        self.enter(place, depth)?;
        let mut fields = Fields::of(tree, &place)?;
        let mut rule = ValueRule {
            min: fields.float("min")?,
            max: fields.float("max")?,
            min_length: fields.number("minLength")?,
            max_length: fields.number("maxLength")?,
            required: fields.strings("required")?,
            closed: fields.flag("closed")?,
            ..ValueRule::default()
        };
        if let Some((tree, place)) = fields.take("type") {
            rule.types = Some(types(tree, place)?);
        }
        if let Some((tree, place)) = fields.take("enum") {
            let Tree::Array(values) = tree else {
                return Err(place.error(Fault::Expected("a list of values")));
            };
            rule.one_of = Some(values.iter().map(json).collect());
        }
        if let Some((tree, place)) = fields.take("pattern") {
            rule.pattern = Some(self.pattern(tree, place)?);
            if rule.max_length.is_some_and(|max| max > PATTERN_UNITS_MAX) {
                return Err(place.error(Fault::Pattern(format!(
                    "with one, maxLength may be {PATTERN_UNITS_MAX} at most"
                ))));
            }
            rule.max_length = rule.max_length.or(Some(PATTERN_UNITS_MAX));
        }
        if let Some((tree, place)) = fields.take("items") {
            rule.items = Some(Box::new(self.value(tree, place, depth + 1)?));
        }
        if let Some((tree, place)) = fields.take("properties") {
            for (key, tree) in entries(tree, place)? {
                let below = self.value(tree, Place::Key(&place, key), depth + 1)?;
                rule.properties.insert(key, below);
            }
        }
        fields.end()?;
        let nothing_fits = matches!((rule.min, rule.max), (Some(min), Some(max)) if min > max)
            || matches!((rule.min_length, rule.max_length), (Some(min), Some(max)) if min > max);
        if nothing_fits { Err(place.error(Fault::Bounds)) } else { Ok(rule) }
    }

    fn pattern(&mut self, tree: &Tree, place: Place<'_>) -> Result<Pattern, SchemaError> {
        self.count_pattern(place)?;
        let Tree::String(pattern) = tree else {
            return Err(place.error(Fault::Expected("a regular expression")));
        };
        if pattern.len() > PATTERN_BYTES_MAX {
            return Err(place
                .error(Fault::Pattern(format!("it may have {PATTERN_BYTES_MAX} bytes at most"))));
        }
        (self.compile)(pattern).map_err(|error| place.error(Fault::Pattern(error)))
    }

    fn enter(&mut self, place: Place<'_>, depth: usize) -> Result<(), SchemaError> {
        self.count_node(place)?;
        if depth < DEPTH_MAX { Ok(()) } else { Err(place.error(Fault::TooDeep)) }
    }
}

fn shape(tree: &Tree) -> Option<Shape> {
    let Tree::String(name) = tree else { return None };
    Some(match name.as_str() {
        "text" => Shape::Text,
        "map" => Shape::Map,
        "array" => Shape::Array,
        "xml" => Shape::Xml,
        _ => return None,
    })
}

/// One type of a value, or a list of them.
fn types(tree: &Tree, place: Place<'_>) -> Result<Types, SchemaError> {
    let one = |tree: &Tree, place: Place<'_>| {
        match tree {
            Tree::String(name) => Types::named(name),
            _ => None,
        }
        .ok_or_else(|| place.error(Fault::Expected("the name of a type")))
    };
    let Tree::Array(names) = tree else { return one(tree, place) };
    names.iter().enumerate().try_fold(Types::NONE, |types, (index, name)| {
        Ok(types.with(one(name, Place::Index(&place, index))?))
    })
}

/// A value that is listed.
fn json(tree: &Tree) -> Json {
    match tree {
        Tree::Null => Json::Null,
        Tree::Bool(bool) => Json::Bool(*bool),
        Tree::Number(number) => Json::Number(*number),
        Tree::String(string) => Json::String(string.clone()),
        Tree::Array(items) => Json::Array(items.iter().map(json).collect()),
        Tree::Object(entries) => {
            // Sorted, as those of a document are.
            let mut named = Named::default();
            for (key, value) in entries {
                named.insert(key, json(value));
            }
            Json::Object(named.into_entries())
        }
    }
}
