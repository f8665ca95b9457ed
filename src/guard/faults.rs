//! What has to be undone of an update, and how.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::copy::copy_key;
use super::list::ListFaults;
use super::spots::set;
use super::text::{TextFaults, content};
use super::{Documents, Inexact, VIOLATIONS_MAX};
use crate::document::{Document, Json, Shared, Value};
use crate::policy::Broken;
use crate::update::Id;

pub(super) type Ids = Vec<(u64, u32, u32)>;

/// What has to be undone of an update.
#[derive(Default)]
pub(super) struct Faults {
    /// What was broken, and the first id that went for it, if something came.
    pub(super) broken: BTreeMap<Broken, Option<Id>>,
    /// Keys that have to be as they were.
    pub(super) keys: Vec<(Shared, Rc<str>)>,
    pub(super) texts: Vec<(Shared, TextFaults)>,
    pub(super) lists: Vec<(Shared, ListFaults)>,
    /// Ids that have to go: marks of formats first.
    pub(super) marks: Ids,
    pub(super) ids: Ids,
    /// How long lists and texts are when all is undone.
    pub(super) lengths: Vec<(Shared, u32)>,
}

impl Faults {
    /// A rule was broken. Told once, and not more often than somebody reads; so the path is only
    /// asked for then.
    pub(super) fn tell(&mut self, id: Option<Id>, why: impl FnOnce() -> Broken) {
        if self.broken.len() < VIOLATIONS_MAX {
            self.broken.entry(why()).or_insert(id);
        }
    }
}

impl Documents {
    /// Undo what is forbidden. Returns the room's updates.
    pub(super) fn mend(&mut self, faults: &Faults) -> Result<Vec<Vec<u8>>, Inexact> {
        let (settled, trial) = (&self.settled, &mut self.trial);
        let (done, marks) = trial.edit(|edit| edit.delete_ids(&set(faults.marks.iter().copied())));
        done?;
        let mut texts = Vec::new();
        for (text, fault) in &faults.texts {
            if fault.lost || fault.formats {
                texts.push((text, fault, content(settled, text)?, content(trial, text)?));
            }
        }
        let (done, rest) = trial.edit(|edit| {
            for (map, key) in &faults.keys {
                match settled.key(map, key)? {
                    Some(value) => copy_key(settled, edit, map, key, &value)?,
                    None => edit.delete_key(map, key)?,
                }
            }
            for (list, fault) in &faults.lists {
                fault.mend(settled, edit, list)?;
            }
            for (text, fault, before, now) in &texts {
                fault.mend(before, now, edit, text)?;
            }
            edit.delete_ids(&set(faults.ids.iter().copied()))?;
            Ok::<_, Inexact>(())
        });
        done?;
        trial.take_events();
        Ok([marks, rest].into_iter().flatten().collect())
    }

    /// Whether what was undone is as it has to be.
    pub(super) fn is_mended(&self, faults: &Faults) -> bool {
        let plain = |document: &Document, map: &Shared, key: &str| -> Option<Json> {
            match document.key(map, key).ok()?? {
                Value::Json(json) => Some(json),
                Value::Shared(shared) => document.json(&shared).ok(),
                Value::Opaque => None,
            }
        };
        let is_text_mended = |text: &Shared, fault: &TextFaults| {
            fault.is_mended(&content(&self.settled, text)?, &content(&self.trial, text)?)
        };
        let mut looked_at = faults.texts.iter().filter(|(_, fault)| fault.is_known());
        looked_at.all(|(text, fault)| is_text_mended(text, fault).is_ok_and(|done| done))
            && faults.lengths.iter().all(|(list, length)| self.trial.len(list) == Ok(*length))
            && faults
                .keys
                .iter()
                .all(|(map, key)| plain(&self.trial, map, key) == plain(&self.settled, map, key))
    }
}
