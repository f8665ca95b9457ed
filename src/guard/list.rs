//! What happened to the items of an array, or to the nodes of an XML type.

use std::collections::BTreeSet;

use super::copy::copy_item;
use super::faults::Faults;
use super::place::Place;
use super::{Documents, Inexact};
use crate::document::{Delta, Document, Edit, Inserted, PathSegment, Shared, Value};
use crate::policy::{Path, Role, Rule, below, may_come, may_go};

/// More items than these are not taken out one by one.
const EXTRA_MAX: usize = 100;

/// What has to be undone in a list, by what `delta` says of it.
#[derive(Default)]
pub(super) struct ListFaults {
    delta: Vec<Delta>,
    /// What the list held before.
    items: Vec<Value>,
    /// Of the items before: which have to come back.
    lost: BTreeSet<u32>,
    /// Of the items after: which have to go.
    extra: BTreeSet<u32>,
    /// Why the last of these has.
    why: Option<Rule>,
}

impl ListFaults {
    pub(super) fn is_empty(&self) -> bool {
        self.lost.is_empty() && self.extra.is_empty()
    }

    /// How many items the list has when this is undone, beside how many it has with all that came
    /// taken out as well.
    pub(super) fn lengths(&self, after: u32) -> (u32, u32) {
        let (lost, extra) = (self.lost.len() as u32, self.extra.len() as u32);
        let came = self.delta.iter().map(|step| match step {
            Delta::Insert(Inserted::Values(values), _) => values.len() as u32,
            _ => 0,
        });
        let with_lost = after.saturating_add(lost);
        (with_lost.saturating_sub(extra), with_lost.saturating_sub(came.sum()))
    }

    /// The rule that so many items break that all that came goes with them: each would be looked
    /// for on its own.
    pub(super) fn too_many(&self) -> Option<Rule> {
        self.why.filter(|_| self.extra.len() > EXTRA_MAX)
    }

    /// Leave what came to be taken out by its ids.
    pub(super) fn keep_extra(&mut self) {
        self.extra.clear();
    }

    /// Undo it. From the end, so that no index moves.
    pub(super) fn mend(
        &self,
        settled: &Document,
        edit: &mut Edit<'_>,
        list: &Shared,
    ) -> Result<(), Inexact> {
        let (mut steps, mut old, mut new) = (Vec::new(), 0u32, 0u32);
        for step in &self.delta {
            steps.push((step, old, new));
            match step {
                Delta::Insert(Inserted::Values(values), _) => new += values.len() as u32,
                Delta::Insert(..) => return Err(Inexact),
                Delta::Delete(len) => old += len,
                Delta::Retain(len, _) => (old, new) = (old + len, new + len),
            }
        }
        for (step, old, new) in steps.into_iter().rev() {
            match step {
                Delta::Insert(Inserted::Values(values), _) => {
                    let came = new..new + values.len() as u32;
                    for &index in self.extra.range(came).rev() {
                        edit.delete_items(list, index, 1)?;
                    }
                }
                Delta::Delete(len) => {
                    // Each in front of the one before: none is looked for behind the others.
                    let mut lost: Vec<u32> = self.lost.range(old..old + len).copied().collect();
                    while let Some(last) = lost.pop() {
                        let value = self.items.get(last as usize).ok_or(Inexact)?;
                        copy_item(settled, edit, list, new, value)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Documents {
    /// Find what breaks a rule among the items that came and went.
    pub(super) fn look_at_list(
        &self,
        place: &Place<'_>,
        role: Role,
        delta: Vec<Delta>,
        path: &Path,
        told: &mut Faults,
    ) -> Result<ListFaults, Inexact> {
        let mut faults = ListFaults::default();
        if delta.iter().any(|step| matches!(step, Delta::Delete(_))) {
            faults.items = self.settled.items(&place.parent)?;
        }
        let rules = place.rules;
        let here = rules.map(|rules| rules.item());
        let (mut old, mut new) = (0u32, 0u32);
        for step in &delta {
            match step {
                Delta::Insert(Inserted::Values(values), _) => {
                    for value in values {
                        let path = || below(path, PathSegment::Index(new));
                        let may = here
                            .and_then(|here| here.may_insert(role).map(|()| here))
                            .map_err(|rule| (path(), rule))
                            .and_then(|here| {
                                may_come(&self.trial, role, (value.clone(), here, path()))
                            });
                        if let Err(why) = may {
                            faults.why = Some(why.1);
                            told.tell(self.trial.id_of_item(&place.parent, new), || why);
                            faults.extra.insert(new);
                        }
                        new += 1;
                    }
                }
                Delta::Insert(..) => return Err(Inexact),
                Delta::Delete(len) => {
                    for index in old..old + len {
                        let value = faults.items.get(index as usize).ok_or(Inexact)?;
                        let path = || below(path, PathSegment::Index(index));
                        let may = rules
                            .and_then(|rules| rules.may_delete(role))
                            .and(here)
                            .and_then(|here| here.may_delete(role).map(|()| here))
                            .map_err(|rule| (path(), rule))
                            .and_then(|here| {
                                may_go(&self.settled, role, (value.clone(), here, path()))
                            });
                        if let Err(why) = may {
                            told.tell(None, || why);
                            faults.lost.insert(index);
                        }
                    }
                    old += len;
                }
                Delta::Retain(len, _) => (old, new) = (old + len, new + len),
            }
        }
        faults.delta = delta;
        Ok(faults)
    }
}

/// Whether something came in front of what was there and stays.
pub(super) fn came_before(delta: &[Delta], length_before: u32) -> bool {
    let (mut seen, mut gone_behind) = (0u32, 0u32);
    let mut first = None;
    for step in delta {
        match step {
            Delta::Insert(..) => {
                first.get_or_insert((seen, gone_behind));
            }
            Delta::Delete(len) => (seen, gone_behind) = (seen + len, gone_behind + len),
            Delta::Retain(len, _) => seen += len,
        }
    }
    first.is_some_and(|(seen_before, gone_before)| {
        length_before.saturating_sub(seen_before) > gone_behind - gone_before
    })
}
