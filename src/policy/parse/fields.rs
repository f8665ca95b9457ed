//! Objects of a schema, read by name; what nobody asked for is an error.

use super::super::schema::{Fault, SchemaError};
use super::super::tree::Tree;
use super::super::violation::escaped;

/// A place in the schema, on the stack of whoever reads there.
#[derive(Clone, Copy)]
pub(super) enum Place<'p> {
    Root,
    Key(&'p Place<'p>, &'p str),
    Index(&'p Place<'p>, usize),
}

impl Place<'_> {
    pub(super) fn error(self, fault: Fault) -> SchemaError {
        let mut segments = Vec::new();
        let mut at = &self;
        loop {
            at = match at {
                Place::Root => break,
                Place::Key(above, key) => {
                    segments.push(escaped(key));
                    above
                }
                Place::Index(above, index) => {
                    segments.push(index.to_string());
                    above
                }
            };
        }
        let place = segments.iter().rev().fold(String::new(), |place, it| place + "/" + it);
        SchemaError { place, fault }
    }
}

/// The fields of one object.
pub(super) struct Fields<'p> {
    place: &'p Place<'p>,
    left: Vec<(&'p str, &'p Tree)>,
}

impl<'p> Fields<'p> {
    pub(super) fn of(tree: &'p Tree, place: &'p Place<'p>) -> Result<Self, SchemaError> {
        let Tree::Object(entries) = tree else {
            return Err(place.error(Fault::Expected("an object")));
        };
        Ok(Self { place, left: entries.iter().map(|(key, tree)| (key.as_str(), tree)).collect() })
    }

    /// The field of this name, and its place.
    pub(super) fn take(&mut self, name: &'static str) -> Option<(&'p Tree, Place<'p>)> {
        let at = self.left.iter().position(|(key, _)| *key == name)?;
        Some((self.left.swap_remove(at).1, Place::Key(self.place, name)))
    }

    /// A whole number that is not negative.
    pub(super) fn number(&mut self, name: &'static str) -> Result<Option<u32>, SchemaError> {
        match self.take(name) {
            None => Ok(None),
            Some((&Tree::Number(number), _)) if f64::from(number as u32) == number => {
                Ok(Some(number as u32))
            }
            Some((_, place)) => Err(place.error(Fault::Expected("a whole number"))),
        }
    }

    /// Any number.
    pub(super) fn float(&mut self, name: &'static str) -> Result<Option<f64>, SchemaError> {
        match self.take(name) {
            None => Ok(None),
            Some((&Tree::Number(number), _)) => Ok(Some(number)),
            Some((_, place)) => Err(place.error(Fault::Expected("a number"))),
        }
    }

    /// True or false; false if it is not there.
    pub(super) fn flag(&mut self, name: &'static str) -> Result<bool, SchemaError> {
        match self.take(name) {
            None => Ok(false),
            Some((&Tree::Bool(bool), _)) => Ok(bool),
            Some((_, place)) => Err(place.error(Fault::Expected("true or false"))),
        }
    }

    /// A list of strings.
    pub(super) fn strings(&mut self, name: &'static str) -> Result<Vec<String>, SchemaError> {
        let Some((tree, place)) = self.take(name) else { return Ok(Vec::new()) };
        let Tree::Array(items) = tree else {
            return Err(place.error(Fault::Expected("a list of strings")));
        };
        let string = |(index, item): (usize, &Tree)| match item {
            Tree::String(string) => Ok(string.clone()),
            _ => Err(Place::Index(&place, index).error(Fault::Expected("a string"))),
        };
        items.iter().enumerate().map(string).collect()
    }

    /// What is left means nothing.
    pub(super) fn end(self) -> Result<(), SchemaError> {
        match self.left.first() {
            Some((key, _)) => Err(Place::Key(self.place, key).error(Fault::UnknownKey)),
            None => Ok(()),
        }
    }
}
