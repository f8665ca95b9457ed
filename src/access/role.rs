//! The roles, and the one table of what each may do.

use super::Action;

/// A role that every deployment has. Schemas define further ones by saying which of these one is
/// like.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Role {
    /// Sees the document and who is here.
    Reader,
    /// Is seen as well, and writes where the document's schema lets it.
    Commenter,
    /// Writes.
    Editor,
    /// Decides who does what.
    Owner,
    /// Has the operators' secret, and sees to it that whoever must not come in does not. No token
    /// and no schema can say this: they have no word for it.
    Operator,
}

impl Role {
    /// All, the least first; operators are not more than owners, but others.
    pub const ALL: [Self; 5] =
        [Self::Reader, Self::Commenter, Self::Editor, Self::Owner, Self::Operator];

    /// Its name in tokens and schemas.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Commenter => "commenter",
            Self::Editor => "editor",
            Self::Owner => "owner",
            // A control character: neither tokens nor schemas name a role so.
            Self::Operator => "\u{1}operator",
        }
    }

    /// The role of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// What the table says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Permission {
    /// Yes.
    Yes,
    /// If the document's schema says so; without one, no.
    Schema,
    /// No.
    No,
}

/// Whether `role` may do `action`. Who has no role that is known here, may do nothing.
pub fn permits(role: Option<Role>, action: Action) -> Permission {
    use Permission::{No, Schema, Yes};
    let Some(role) = role else { return No };
    // In the order of `Role::ALL`.
    let row = match action {
        Action::Read => [Yes, Yes, Yes, Yes, No],
        Action::Present => [Schema, Yes, Yes, Yes, No],
        Action::Write => [Schema, Schema, Yes, Yes, No],
        Action::Attribute => [No, Yes, Yes, Yes, No],
        Action::Replay => [No, No, Yes, Yes, No],
        Action::Audit | Action::Revoke => [No, No, No, Yes, Yes],
        Action::Manage => [No, No, No, Yes, No],
    };
    row[role as usize]
}
