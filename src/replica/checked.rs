//! The document's rules, asked before each edit: an honest user never has one undone (S4).

use super::Replica;
use crate::document::{Check, Document, Forbidden, Look, Step};
use crate::policy::{Compile, Pattern, Role, Schema};

/// What the room said last of the document's rules.
#[derive(Debug)]
pub(super) struct Rules {
    schema: Option<Schema>,
    compile: Compile,
}

impl Default for Rules {
    fn default() -> Self {
        Self { schema: None, compile: Pattern::any }
    }
}

impl Rules {
    /// The rules as the room has them. What this build cannot read is no rule here: the room holds
    /// the document to it all the same.
    pub(super) fn read(&mut self, json: &str) {
        self.schema = Schema::parse_with(json, self.compile).ok();
    }

    /// The room has not said any.
    pub(super) fn forget(&mut self) {
        self.schema = None;
    }

    /// The rules for somebody who has this role. What a role may do that the schema does not know
    /// is not decided here.
    pub(super) fn of(&self, role: Option<&str>) -> Option<RulesOf<'_>> {
        let schema = self.schema.as_ref()?;
        Some(RulesOf { schema, role: schema.role(role?)? })
    }
}

/// The rules for one role.
pub(super) struct RulesOf<'a> {
    schema: &'a Schema,
    role: Role,
}

impl Check for RulesOf<'_> {
    fn check(&self, step: &Step<'_>, document: &dyn Look) -> Result<(), Forbidden> {
        let Self { schema, role } = self;
        schema
            .permits(*role, step, document)
            .map_err(|it| Forbidden { path: it.to_string(), rule: it.rule.name() })
    }
}

impl Replica {
    /// Let `change` change the document, and ask the rules.
    pub(super) fn checked<R>(
        &mut self,
        change: impl FnOnce(&mut Document, Option<&dyn Check>) -> R,
    ) -> R {
        let rules = self.rules.of(self.access.role());
        change(&mut self.document, rules.as_ref().map(|rules| rules as &dyn Check))
    }

    /// Check strings against patterns with this. Without, the room alone does.
    pub fn set_patterns(&mut self, compile: Compile) {
        self.rules.compile = compile;
    }

    /// The rules that edits are held to, if there are any that are known.
    pub fn schema(&self) -> Option<&Schema> {
        self.rules.schema.as_ref()
    }
}
