//! Which rules hold at a spot.

use super::spots::{Spot, Spots};
use super::{Documents, NESTING_MAX};
use crate::document::{Kind, PathSegment, Shared, SharedId};
use crate::policy::{Path, Rule, Rules, Schema};

/// A spot in a shared type that was there before.
#[derive(Clone)]
pub(super) struct Place<'s> {
    pub(super) parent: Shared,
    /// The rules of the parent, or why nothing may be done there.
    pub(super) rules: Result<Rules<'s>, Rule>,
    /// Whether the parent is a root that the schema does not describe.
    pub(super) is_unknown: bool,
}

impl Documents {
    /// The place of a spot. None if it is inside of what is gone or new.
    pub(super) fn place<'s>(
        &mut self,
        spot: &Spot,
        spots: &Spots,
        schema: &'s Schema,
    ) -> Option<Place<'s>> {
        let mut keys = Vec::new();
        let mut at = &spot.parent;
        let name = loop {
            match at {
                SharedId::Root(name) => break name,
                SharedId::Nested { .. } if keys.len() > NESTING_MAX => return None,
                SharedId::Nested { .. } => {
                    let above = spots.of(at)?;
                    keys.push(&above.key);
                    at = &above.parent;
                }
            }
        };
        let root = schema.root(name).ok_or(Rule::OtherRoots);
        let rules = keys.iter().rev().try_fold(root, |rules, key| match key {
            Some(key) => rules.map(|rules| rules.key(key).ok_or(Rule::Closed)),
            None => rules.map(|rules| Ok(rules.item())),
        });
        let is_unknown = keys.is_empty() && !schema.has_root(name);
        if is_unknown {
            // Whatever it is: entries are read, and elements are not.
            self.settled.root(name, Kind::Map).ok()?;
            self.trial.root(name, Kind::Map).ok()?;
        }
        let parent = self.settled.find(&spot.parent)?;
        Some(Place { parent, rules: rules.unwrap_or_else(Err), is_unknown })
    }

    /// The path to something in `parent`.
    pub(super) fn path(&self, parent: &SharedId, spots: &Spots) -> Path {
        let mut path = Path::new();
        let mut at = parent;
        while let SharedId::Nested { client, clock } = at {
            let Some(above) = spots.of(at) else { break };
            path.push(match &above.key {
                Some(key) => PathSegment::Key(key.as_ref().to_owned()),
                None => {
                    PathSegment::Index(self.settled.index_of(*client, *clock).unwrap_or_default())
                }
            });
            at = &above.parent;
        }
        if let SharedId::Root(name) = at {
            path.push(PathSegment::Key(name.as_ref().to_owned()));
        }
        path.reverse();
        path
    }
}
