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
}

impl Role {
    /// All, the least first.
    pub const ALL: [Self; 4] = [Self::Reader, Self::Commenter, Self::Editor, Self::Owner];

    /// Its name in tokens and schemas.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Commenter => "commenter",
            Self::Editor => "editor",
            Self::Owner => "owner",
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
        Action::Read => [Yes, Yes, Yes, Yes],
        Action::Present => [Schema, Yes, Yes, Yes],
        Action::Write => [Schema, Schema, Yes, Yes],
        Action::Attribute => [No, Yes, Yes, Yes],
        Action::Replay => [No, No, Yes, Yes],
        Action::Audit | Action::Manage => [No, No, No, Yes],
    };
    row[role as usize]
}
