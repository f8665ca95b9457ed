//! Names of shared types: which one, and of which kind.

use std::rc::Rc;

use yrs::branch::{Branch, BranchPtr};
use yrs::types::TypeRef;
use yrs::{
    ArrayPrelim, BranchID, ClientID, ID, In, MapPrelim, Out, ReadTxn, TextPrelim, XmlElementPrelim,
    XmlFragmentPrelim, XmlTextPrelim,
};

use super::edit::EditError;
use crate::update::{Id, Parent};

/// A shared type, by name.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Shared {
    /// Which one.
    pub id: SharedId,
    /// Of which kind.
    pub kind: Kind,
}

/// Which shared type.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum SharedId {
    /// At the root of the document, by its name.
    Root(Rc<str>),
    /// Inside another one, by the id of the item that holds it.
    Nested {
        /// The CRDT client that made it.
        client: u64,
        /// That client's clock.
        clock: u32,
    },
}

/// The kinds of shared types.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// Formatted text.
    Text,
    /// Values by key.
    Map,
    /// Values in order.
    Array,
    /// XML nodes in order.
    XmlFragment,
    /// An XML element: nodes in order and attributes by name.
    XmlElement,
    /// Formatted text between XML nodes.
    XmlText,
}

/// A shared type to be made inside another one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum New {
    /// An empty text.
    Text,
    /// An empty map.
    Map,
    /// An empty array.
    Array,
    /// An empty XML fragment.
    XmlFragment,
    /// An XML element of this name.
    XmlElement(String),
    /// An empty XML text.
    XmlText,
}

impl Shared {
    /// The shared type of this id.
    pub(super) fn find(id: &SharedId, txn: &impl ReadTxn) -> Option<Self> {
        // The kind does not matter to where it is.
        let branch = Self { id: id.clone(), kind: Kind::Map }.branch(txn).ok()?;
        Some(Self { id: id.clone(), kind: kind_of(branch.type_ref())? })
    }

    /// Where it is in the CRDT now.
    pub(super) fn branch(&self, txn: &impl ReadTxn) -> Result<BranchPtr, EditError> {
        let id = match &self.id {
            SharedId::Root(name) => BranchID::Root(name.as_ref().into()),
            SharedId::Nested { client, clock } => {
                BranchID::Nested(ID::new(ClientID::new(*client), *clock))
            }
        };
        let branch = id.get_branch(txn).ok_or(EditError::Gone)?;
        if branch.is_deleted() { Err(EditError::Gone) } else { Ok(branch) }
    }

    /// The same, if its kind is one of `kinds`.
    pub(super) fn branch_of(
        &self,
        txn: &impl ReadTxn,
        kinds: &[Kind],
    ) -> Result<BranchPtr, EditError> {
        if kinds.contains(&self.kind) { self.branch(txn) } else { Err(EditError::Kind) }
    }

    /// The name of a shared type that yrs returned; nothing if `out` is none of ours.
    pub(super) fn from_out(out: &Out) -> Option<Self> {
        let branch = out.try_branch()?;
        let kind = kind_of(branch.type_ref())?;
        Some(Self { id: SharedId::of(branch), kind })
    }
}

impl From<Parent<'_>> for SharedId {
    fn from(parent: Parent<'_>) -> Self {
        match parent {
            Parent::Root(name) => Self::Root(name.into()),
            Parent::Nested(Id { client, clock }) => Self::Nested { client, clock },
        }
    }
}

impl SharedId {
    pub(super) fn of(branch: &Branch) -> Self {
        match branch.id() {
            BranchID::Root(name) => Self::Root(name.as_ref().into()),
            BranchID::Nested(id) => Self::Nested { client: id.client.get(), clock: id.clock },
        }
    }
}

impl New {
    pub(super) fn into_input(self) -> In {
        match self {
            Self::Text => In::Text(TextPrelim::new("").into()),
            Self::Map => In::Map(MapPrelim::default()),
            Self::Array => In::Array(ArrayPrelim::default()),
            Self::XmlFragment => In::XmlFragment(XmlFragmentPrelim::new::<_, XmlTextPrelim>(None)),
            Self::XmlElement(name) => In::XmlElement(XmlElementPrelim::empty(name)),
            Self::XmlText => In::XmlText(XmlTextPrelim::new("").into()),
        }
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Text => Kind::Text,
            Self::Map => Kind::Map,
            Self::Array => Kind::Array,
            Self::XmlFragment => Kind::XmlFragment,
            Self::XmlElement(_) => Kind::XmlElement,
            Self::XmlText => Kind::XmlText,
        }
    }

    pub(super) fn is_xml_node(&self) -> bool {
        matches!(self, Self::XmlElement(_) | Self::XmlText)
    }
}

pub(super) fn kind_of_ref(shared: &impl AsRef<Branch>) -> Option<Kind> {
    kind_of(shared.as_ref().type_ref())
}

fn kind_of(type_ref: &TypeRef) -> Option<Kind> {
    Some(match type_ref {
        TypeRef::Text => Kind::Text,
        TypeRef::Map => Kind::Map,
        TypeRef::Array => Kind::Array,
        TypeRef::XmlFragment => Kind::XmlFragment,
        TypeRef::XmlElement(_) => Kind::XmlElement,
        TypeRef::XmlText => Kind::XmlText,
        _ => return None,
    })
}
