//! Roles: who somebody is to a document.

/// The roles that every schema has, from the least.
pub(super) const BUILT_IN: [&str; 4] = ["reader", "commenter", "editor", "owner"];

/// A role of one schema.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Role(Roles);

impl Role {
    /// The greatest of the roles that every schema has which it is, or is like; the least if none:
    /// whoever a schema names may read.
    pub fn built_in(self) -> &'static str {
        let is = |&(index, _): &(usize, &&str)| self.0.0 & 1 << index != 0;
        BUILT_IN.iter().enumerate().rev().find(is).map_or(BUILT_IN[0], |(_, name)| name)
    }
}

/// A set of roles: a bit for each name.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Roles(u64);

impl Role {
    /// The role that has the name number `index`, and counts as `like` where that is listed.
    pub(super) fn new(index: usize, like: Option<Self>) -> Self {
        let own = Roles::default().with(index);
        Self(Roles(own.0 | like.map_or(0, |like| like.0.0)))
    }
}

impl Roles {
    pub(super) fn with(self, index: usize) -> Self {
        Self(self.0 | 1 << index)
    }

    /// An owner may do what anybody may.
    pub(super) fn with_owner(self) -> Self {
        if self.0 == 0 { self } else { self.with(3) }
    }

    pub(super) fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether one of the names of `role` is listed.
    pub(super) fn has(self, role: Role) -> bool {
        self.0 & role.0.0 != 0
    }

    /// Who is more than a reader.
    pub(super) fn commenters() -> Self {
        Self::editors().with(1)
    }

    /// Editors and owners.
    pub(super) fn editors() -> Self {
        Self::default().with(2).with(3)
    }
}
