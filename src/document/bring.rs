//! Taking in what the page wrote in a document of its own, as an edit of this one.

use thiserror::Error;

use super::{ApplyError, Document, Taken};
use crate::update::{self, Malformed};

/// Why an update of the page was not taken in. The document is as before, but for
/// [`BringError::Torn`].
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum BringError {
    /// The bytes are no update.
    #[error("the bytes are no Yjs update (version 1)")]
    Malformed,
    /// It holds something that yrs does not carry, for example an `XmlHook`.
    #[error("the update holds content that this client cannot read")]
    Unreadable,
    /// It refers to something that is not here. Kept until that comes it would look as if it were
    /// saved, and might never be.
    #[error("the update refers to something that is not in the document")]
    Missing,
    /// It would change something, and that may not be.
    #[error("this role may not change the document")]
    NotAllowed,
    /// The document may hold a part of it, so it must not be synchronized any further.
    #[error("the update could not be taken in")]
    Torn,
}

impl From<ApplyError> for BringError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Malformed => Self::Malformed,
            ApplyError::Unreadable => Self::Unreadable,
        }
    }
}

impl Document {
    /// Take in an update, whoever wrote it, as an edit of this replica: all of it or nothing.
    /// Returns what of it is new, and nothing if nothing is. That much may also be brought if
    /// nothing may be changed.
    pub fn bring(&mut self, may_write: bool, update: &[u8]) -> Result<Option<Vec<u8>>, BringError> {
        let (admission, brought) = self.admit(update)?;
        if admission.missing {
            return Err(BringError::Missing);
        }
        let has_structs = !admission.ends.is_empty();
        if !has_structs && !admission.has_deletes {
            return Ok(None);
        }
        if !may_write {
            let changes = has_structs || self.would_delete(&admission.fresh)?;
            return if changes { Err(BringError::NotAllowed) } else { Ok(None) };
        }
        let has_deletes = admission.has_deletes;
        let taken = self.integrate(admission, brought, None, has_deletes);
        let Taken { fresh, deleted } = taken.map_err(|_| BringError::Torn)?;
        if !has_deletes {
            return Ok(Some(fresh.into_owned()));
        }
        // A stock document repeats all deletions that it knows: of these only the new ones go on.
        let mut new = vec![0];
        new.extend(deleted);
        if has_structs {
            new = with_deletes(&fresh, &new).map_err(|_| BringError::Torn)?;
        }
        Ok((new != update::EMPTY).then_some(new))
    }

    /// Whether an update deletes what is not deleted here. Costs as much as the document is large.
    fn would_delete(&self, update: &[u8]) -> Result<bool, BringError> {
        let deletes = |update| update::delete_set(&[update]).map_err(|_| BringError::Malformed);
        let mut rest = deletes(update)?;
        rest.subtract(&deletes(&self.encode())?);
        Ok(!rest.is_empty())
    }
}

/// The structs of one update and the deletions of another.
fn with_deletes(structs: &[u8], deletes: &[u8]) -> Result<Vec<u8>, Malformed> {
    let said = update::delete_set(&[structs])?;
    update::merge(&[&update::without_deletes(structs, &said)?, deletes])
}
