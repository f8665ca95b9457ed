//! What somebody lacks.

use super::merge::Gathered;
use super::{Malformed, StateVector, delete_set, state_vector, without_deletes};

/// What `update` has and `other` has not: ids, and deletions.
pub fn beyond(update: &[u8], other: &[u8]) -> Result<Vec<u8>, Malformed> {
    let rest = diff(&[update], &state_vector(other)?)?;
    Ok(without_deletes(&rest, &delete_set(&[other])?)?.into_owned())
}

/// One update with what a holder of `known` lacks of `updates`: the ids that it has not, and the
/// whole delete set, because a state vector does not say what is deleted.
pub fn diff(updates: &[&[u8]], known: &StateVector) -> Result<Vec<u8>, Malformed> {
    Gathered::from(updates)?.write(|item, out| {
        let clock = known.clock(out.client);
        if clock <= item.clock {
            out.push(item);
        } else if clock < item.end() {
            out.push(item.split(out.client, clock)?.1);
        }
        Ok(())
    })
}
