//! What is known of how a text changes, so that who watches it can be told without a walk.
//!
//! yrs finds out what changed in a text by comparing each of its runs with the transaction, which
//! takes ten times as long as to apply a key to a long one. Of a key it is known which ids came and
//! went, and of each of them yrs knows the place.

use yrs::TransactionMut;
use yrs::branch::BranchPtr;

use super::sequence::Run;
use super::shared::SharedId;
use super::undo::place_of;
use super::value::{Attributes, Delta, Inserted};
use crate::update::{Content, Id, Part, Struct, walk};

/// Of more runs, or ranges that are deleted, yrs tells.
const CHANGES_MAX: usize = 8;

/// What is known of a change before the CRDT tells.
#[derive(Debug, Default)]
pub(super) enum Known {
    #[default]
    Nothing,
    /// All that an edit did to a text.
    Made(SharedId, Vec<Delta>),
    /// What came into lists and texts from outside; what is no characters is dead.
    Came(Vec<Run>),
}

impl Known {
    /// What an update from outside brings.
    pub(super) fn of(update: &[u8]) -> Self {
        let mut came = Vec::new();
        for part in walk(update) {
            match part {
                Ok(Part::Struct(client, item)) => match Self::run(client, &item) {
                    Ok(run) => came.extend(run),
                    Err(()) => return Self::Nothing,
                },
                Ok(Part::Delete(..)) => break,
                Err(_) => return Self::Nothing,
            }
            if came.len() > CHANGES_MAX {
                return Self::Nothing;
            }
        }
        Self::Came(came)
    }

    /// What a struct brings that has an index. An error if only yrs can say that.
    fn run(client: u64, item: &Struct<'_>) -> Result<Option<Run>, ()> {
        let id = Id { client, clock: item.clock };
        match &item.content {
            Content::Gc | Content::Skip | Content::Deleted => Ok(None),
            _ if item.place.is_keyed() => Ok(None),
            Content::Text(text) => Ok(Some(Run::new(id, text.as_str().ok_or(())?.to_owned()))),
            _ => Ok(Some(Run::dead(id, item.len))),
        }
    }

    /// How `text`, which holds characters and nothing else, changed in `txn`; nothing if only yrs
    /// can tell.
    pub(super) fn delta(&self, text: BranchPtr, txn: &TransactionMut<'_>) -> Option<Vec<Delta>> {
        match self {
            Self::Nothing => None,
            Self::Made(id, delta) => (*id == SharedId::of(&text)).then(|| delta.clone()),
            Self::Came(runs) => {
                let mut steps = Steps::default();
                for run in runs {
                    let (list, index) = place_of(txn, run.id)?;
                    if list != text {
                        continue;
                    }
                    // All of it is there, and nothing else between.
                    let is_split = || Some(place_of(txn, run.last())?.1 != index + (run.len - 1));
                    if run.is_dead() || (run.len > 1 && is_split()?) {
                        return None;
                    }
                    steps.add(index, Step::Came(run));
                }
                gone(text, txn, runs, &mut steps)?;
                Some(steps.delta())
            }
        }
    }
}

enum Step<'a> {
    Went(u32),
    Came(&'a Run),
}

/// What went from `text`. Nothing if only yrs can tell.
fn gone(
    text: BranchPtr,
    txn: &TransactionMut<'_>,
    came: &[Run],
    steps: &mut Steps<'_>,
) -> Option<()> {
    let mut ranges = 0;
    for (client, all) in txn.delete_set().iter() {
        let client = client.get();
        for range in all.iter() {
            ranges += 1;
            let is_new = |run: &Run| {
                run.id.client == client && run.id.clock < range.end && range.start < run.end()
            };
            let len = range.end - range.start;
            // What is between the first and the last of a range may be anywhere.
            if ranges > CHANGES_MAX || len > 2 || came.iter().any(is_new) {
                return None;
            }
            let place = |clock| place_of(txn, Id { client, clock });
            let (first, last) = (place(range.start)?, place(range.end - 1)?);
            match (first.0 == text, last.0 == text) {
                (false, false) => {}
                (true, true) if first.1 == last.1 => steps.add(first.1, Step::Went(len)),
                _ => return None,
            }
        }
    }
    Some(())
}

/// Steps at indexes of what there is now, in order; what went before what came.
#[derive(Default)]
struct Steps<'a>(Vec<(u32, Step<'a>)>);

impl<'a> Steps<'a> {
    fn add(&mut self, index: u32, step: Step<'a>) {
        let is_before = |(before, other): &(u32, Step<'_>)| {
            *before < index || (*before == index && matches!(other, Step::Went(_)))
        };
        // A few: a sort is kilobytes of code for each type.
        self.0.insert(self.0.partition_point(is_before), (index, step));
    }

    fn delta(self) -> Vec<Delta> {
        let (mut delta, mut at) = (Vec::new(), 0);
        for (index, step) in self.0 {
            if index > at {
                delta.push(Delta::Retain(index - at, Attributes::new()));
                at = index;
            }
            match (step, delta.last_mut()) {
                (Step::Went(len), Some(Delta::Delete(before))) => *before += len,
                (Step::Went(len), _) => delta.push(Delta::Delete(len)),
                (Step::Came(run), Some(Delta::Insert(Inserted::Text(before), _))) => {
                    before.push_str(&run.text);
                    at += run.len;
                }
                (Step::Came(run), _) => {
                    let text = Inserted::Text(run.text.clone());
                    delta.push(Delta::Insert(text, Attributes::new()));
                    at += run.len;
                }
            }
        }
        delta
    }
}
