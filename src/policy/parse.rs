//! From JSON to a schema.

mod fields;
mod rules;

use super::named::Named;
use super::pattern::Compile;
use super::role::{BUILT_IN, Role, Roles};
use super::schema::{
    Fault, NODES_MAX, PATTERNS_MAX, ROLES_MAX, SCHEMA_BYTES_MAX, Schema, SchemaError, built_in, top,
};
use super::tree::Tree;
use fields::{Fields, Place};

/// What is known on the way.
struct Parser {
    compile: Compile,
    /// The roles by name, and the bit of each.
    bits: Named<usize>,
    writers: Roles,
    nodes: usize,
    patterns: usize,
}

pub(super) fn schema(json: &str, compile: Compile) -> Result<Schema, SchemaError> {
    let root = Place::Root;
    if json.len() > SCHEMA_BYTES_MAX {
        return Err(root.error(Fault::TooLarge));
    }
    // It refuses what is nested deeper than the stack is.
    let tree: Tree =
        serde_json::from_str(json).map_err(|error| root.error(Fault::Json(error.to_string())))?;
    let mut fields = Fields::of(&tree, &root)?;
    let version = fields.number("version")?.unwrap_or(0);
    let (roles, bits) = roles(fields.take("roles"))?;
    let mut parser = Parser { compile, bits, writers: Roles::default(), nodes: 0, patterns: 0 };
    let presence = match fields.take("presence") {
        Some((tree, place)) => parser.list(tree, place)?.with_owner(),
        None => Roles::commenters(),
    };
    let Some((roots, place)) = fields.take("roots") else {
        return Err(root.error(Fault::Missing("roots")));
    };
    let mut nodes = Named::default();
    for (name, tree) in entries(roots, place)? {
        let place = Place::Key(&place, name);
        let node = parser.node(tree, place, top(), 0)?;
        if node.shape.is_none() {
            return Err(place.error(Fault::Missing("type")));
        }
        if node.write_once {
            return Err(Place::Key(&place, "writeOnce").error(Fault::UnknownKey));
        }
        nodes.insert(name, node);
    }
    let allows_other_roots = match fields.take("otherRoots") {
        None => false,
        Some((Tree::String(word), _)) if word == "deny" => false,
        Some((Tree::String(word), _)) if word == "allow" => true,
        Some((_, place)) => return Err(place.error(Fault::Expected("\"deny\" or \"allow\""))),
    };
    let logs_conflicts = match fields.take("conflicts") {
        None => false,
        Some((Tree::String(word), _)) if word == "ignore" => false,
        Some((Tree::String(word), _)) if word == "log" => true,
        Some((_, place)) => return Err(place.error(Fault::Expected("\"log\" or \"ignore\""))),
    };
    fields.end()?;
    if allows_other_roots {
        parser.writers = parser.writers.union(Roles::editors());
    }
    let (roots, source) = (nodes, json.into());
    Ok(Schema {
        source,
        version,
        roles,
        presence,
        roots,
        allows_other_roots,
        logs_conflicts,
        writers: parser.writers,
    })
}

/// The roles by name: those that are built in and those that the schema adds.
fn roles(added: Option<(&Tree, Place<'_>)>) -> Result<(Named<Role>, Named<usize>), SchemaError> {
    let mut roles = built_in();
    let mut bits = Named::default();
    for (bit, name) in BUILT_IN.iter().enumerate() {
        bits.insert(name, bit);
    }
    let Some((tree, place)) = added else { return Ok((roles, bits)) };
    let added = entries(tree, place)?;
    if added.len() > ROLES_MAX {
        return Err(place.error(Fault::TooMany(ROLES_MAX, "roles")));
    }
    for (name, tree) in added {
        let place = Place::Key(&place, name);
        let mut fields = Fields::of(tree, &place)?;
        let like = match fields.take("like") {
            None => None,
            Some((Tree::String(like), place)) => {
                let bit = BUILT_IN.iter().position(|known| known == like);
                let bit = bit.ok_or_else(|| place.error(Fault::UnknownRole(like.clone())))?;
                Some(Role::new(bit, None))
            }
            Some((_, place)) => return Err(place.error(Fault::Expected("the name of a role"))),
        };
        fields.end()?;
        let bit = bits.len();
        if !bits.insert(name, bit) {
            return Err(place.error(Fault::Expected("a name that is not built in")));
        }
        roles.insert(name, Role::new(bit, like));
    }
    Ok((roles, bits))
}

impl Parser {
    /// A list of roles.
    fn list(&self, tree: &Tree, place: Place<'_>) -> Result<Roles, SchemaError> {
        let Tree::Array(names) = tree else {
            return Err(place.error(Fault::Expected("a list of roles")));
        };
        let mut roles = Roles::default();
        for (index, name) in names.iter().enumerate() {
            let place = Place::Index(&place, index);
            let Tree::String(name) = name else {
                return Err(place.error(Fault::Expected("the name of a role")));
            };
            let bit = self.bits.get(name);
            roles = roles.with(*bit.ok_or_else(|| place.error(Fault::UnknownRole(name.clone())))?);
        }
        Ok(roles)
    }

    fn count_node(&mut self, place: Place<'_>) -> Result<(), SchemaError> {
        self.nodes += 1;
        let fits = self.nodes <= NODES_MAX;
        if fits { Ok(()) } else { Err(place.error(Fault::TooMany(NODES_MAX, "rules"))) }
    }

    fn count_pattern(&mut self, place: Place<'_>) -> Result<(), SchemaError> {
        self.patterns += 1;
        let fits = self.patterns <= PATTERNS_MAX;
        if fits { Ok(()) } else { Err(place.error(Fault::TooMany(PATTERNS_MAX, "patterns"))) }
    }
}

fn entries<'t>(tree: &'t Tree, place: Place<'_>) -> Result<&'t [(String, Tree)], SchemaError> {
    match tree {
        Tree::Object(entries) => Ok(entries),
        _ => Err(place.error(Fault::Expected("an object"))),
    }
}
