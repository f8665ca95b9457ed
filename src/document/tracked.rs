//! The text that is edited, tracked by ids, so that nothing has to be walked through for a key.
//!
//! yrs finds an index by following a list from its beginning, which takes as long as the text has
//! runs, and five times that for a key that deletes and can be undone. An edit of a text that is
//! tracked is made as an update instead, beside ids and of ids, which yrs finds by itself. It is
//! the same edit, byte for byte. What comes from outside is noted, and put in place when the text
//! is edited next. What cannot be followed (a great deal at once, half a character) is read anew.
//!
//! Texts with formats or embeds are not tracked: where a string stands between their marks is for
//! yrs to say.

use yrs::branch::BranchPtr;
use yrs::updates::decoder::Decode;
use yrs::{ReadTxn, TransactionMut, Update};

use super::edit::{Edit, EditError};
use super::known::Known;
use super::sequence::{Run, Sequence};
use super::shared::{Shared, SharedId};
use super::undo;
use super::value::{Attributes, Delta, Inserted};
use crate::update::{Content, DeleteSet, Id, Part, Place, Struct, typed, walk};

/// To walk through less than this, in UTF-16 units, takes less than an update. (Not where this is
/// to be tested, by all that is.)
const UNITS_MIN: u32 = if cfg!(debug_assertions) { 8 } else { 2_000 };
/// So many edits of one text, one after the other, are worth reading it. Each time that it is read
/// again it takes twice as many, until it has been of use for a while.
const EDITS_MIN: u32 = if cfg!(debug_assertions) { 2 } else { 16 };
const EDITS_MAX: u32 = if cfg!(debug_assertions) { 4 } else { 1_024 };
/// For so many edits.
const USE_MIN: u32 = 256;
/// So many runs, and as many ranges that are deleted, are put in place one by one; each takes a
/// walk through the text.
const NEWS_MAX: usize = 16;
/// What these may hold, in bytes.
const NEWS_BYTES_MAX: usize = 4_096;

/// The text that was edited last.
#[derive(Debug, Default)]
pub(super) struct Tracked {
    text: Option<SharedId>,
    /// How many edits it had while it was not tracked, and since it is.
    edits: u32,
    uses: u32,
    /// After how many it is read.
    edits_min: u32,
    sequence: Option<Sequence>,
    /// What came from outside and what was deleted since, and how many bytes that takes.
    came: Vec<Run>,
    gone: Vec<(u64, u32, u32)>,
    bytes: usize,
    /// What yrs put somewhere, and the index and the first id of it.
    walked: Option<(u32, Id)>,
}

impl Tracked {
    /// `text` is about to be edited, and holds characters and nothing else. Returns them if it is
    /// tracked.
    pub(super) fn edits(
        &mut self,
        text: &SharedId,
        branch: BranchPtr,
        txn: &mut TransactionMut<'_>,
    ) -> Option<&mut Sequence> {
        if self.text.as_ref() != Some(text) {
            *self = Self { text: Some(text.clone()), edits_min: EDITS_MIN, ..Self::default() };
        }
        let is_known = self.settle(branch, txn).is_some()
            && self.sequence.as_ref().is_some_and(|it| it.len() == branch.content_len());
        if !is_known {
            self.lose();
            self.edits += 1;
            if self.edits <= self.edits_min || branch.content_len() < UNITS_MIN {
                return None;
            }
            self.edits = 0;
            self.edits_min = (self.edits_min * 2).min(EDITS_MAX);
            let sequence = undo::characters(branch, txn)?;
            // Something is in it that no text holds.
            if sequence.len() != branch.content_len() {
                return None;
            }
            self.sequence = Some(sequence);
        }
        self.uses += 1;
        if self.uses > USE_MIN {
            self.edits_min = EDITS_MIN;
        }
        self.sequence.as_mut()
    }

    /// The characters of `text`, which [`Tracked::edits`] was told of and nothing came to since.
    pub(super) fn current(&mut self, text: &SharedId) -> Option<&mut Sequence> {
        let is_current = self.text.as_ref() == Some(text) && self.is_settled();
        self.sequence.as_mut().filter(|_| is_current)
    }

    /// Follow no more what happens to it: something did that cannot be followed.
    pub(super) fn lose(&mut self) {
        let (text, edits, edits_min) = (self.text.take(), self.edits, self.edits_min);
        *self = Self { text, edits, edits_min, ..Self::default() };
    }

    /// What has these ids was deleted.
    pub(super) fn loses(&mut self, ids: &DeleteSet) {
        ids.iter().for_each(|(client, start, end)| self.goes(client, start, end));
    }

    /// An update from outside was taken in.
    pub(super) fn took_in(&mut self, update: &[u8]) {
        if self.sequence.is_none() {
            return;
        }
        for part in walk(update) {
            match part {
                Ok(Part::Struct(client, item)) => self.comes(client, &item),
                Ok(Part::Delete(client, start, end)) => self.goes(client, start, end),
                Err(_) => self.lose(),
            }
            if self.sequence.is_none() {
                return;
            }
        }
    }

    /// An edit was made, and this is its update.
    pub(super) fn made(&mut self, update: &[u8]) {
        let Some((index, id)) = self.walked.take() else { return };
        let Some(sequence) = &mut self.sequence else { return };
        for part in walk(update) {
            let Ok(Part::Struct(client, item)) = part else { return };
            if client == id.client && (item.clock..item.end()).contains(&id.clock) {
                let Place::Beside { origin, right, .. } = item.place else { return };
                let left = id.clock.checked_sub(1).filter(|_| item.clock < id.clock);
                let left = left.map_or(origin, |clock| Some(Id { client, clock }));
                return sequence.learn(index, id, (left, right));
            }
        }
    }

    fn comes(&mut self, client: u64, item: &Struct<'_>) {
        let id = Id { client, clock: item.clock };
        let run = match &item.content {
            Content::Gc | Content::Skip => return,
            _ if item.place.is_keyed() => return,
            Content::Text(text) => match text.as_str() {
                Some(text) if self.bytes + text.len() <= NEWS_BYTES_MAX => {
                    self.bytes += text.len();
                    Run::new(id, text.to_owned())
                }
                // Half of a character is what yrs makes of it.
                _ => return self.lose(),
            },
            // Deleted already, or of another list.
            _ => Run::dead(id, item.len),
        };
        let origin = match item.place {
            Place::Beside { origin, .. } => origin,
            _ => None,
        };
        let last = self.came.last_mut().filter(|last| origin == Some(last.last()));
        let run = run.tight();
        if !last.is_some_and(|last| last.append(&run)) {
            self.came.push(run.loose());
        }
        if self.came.len() > NEWS_MAX {
            self.lose();
        }
    }

    fn goes(&mut self, client: u64, start: u32, end: u32) {
        if self.sequence.is_none() {
            return;
        }
        match self.gone.last_mut() {
            // Backspace.
            Some((last, first, _)) if *last == client && *first == end => *first = start,
            Some((last, _, behind)) if *last == client && *behind == start => *behind = end,
            _ => self.gone.push((client, start, end)),
        }
        if self.gone.len() > NEWS_MAX {
            self.lose();
        }
    }

    fn is_settled(&self) -> bool {
        self.came.is_empty() && self.gone.is_empty()
    }

    /// Put in place what came from outside. Nothing if that cannot be done.
    fn settle(&mut self, branch: BranchPtr, txn: &impl ReadTxn) -> Option<()> {
        let sequence = self.sequence.as_mut()?;
        // Ids are used once, so that what was deleted in between can be taken out first.
        let mut came = Sequence::new(std::mem::take(&mut self.came));
        for (client, start, end) in std::mem::take(&mut self.gone) {
            if !came.remove_ids(client, start, end) || !sequence.remove_ids(client, start, end) {
                return None;
            }
        }
        self.bytes = 0;
        // A few: a sort is kilobytes of code for each type.
        let mut places: Vec<(u32, Run)> = Vec::new();
        for run in came.into_runs() {
            let (list, index) = undo::place_of(txn, run.id)?;
            if list != branch {
                continue;
            }
            // Its units follow each other, unless somebody wrote between them.
            let between = if run.is_dead() { 0 } else { run.len - 1 };
            if run.len > 1 && undo::place_of(txn, run.last())?.1 != index.checked_add(between)? {
                return None;
            }
            let at = places.partition_point(|(before, _)| *before < index);
            places.insert(at, (index, run.loose()));
        }
        // Where it is loose is said in indexes of all that there is then.
        let dead: Vec<u32> =
            places.iter().filter(|(_, run)| run.is_dead()).map(|(index, _)| *index).collect();
        for (index, run) in places {
            if !run.is_dead() && !sequence.insert(index, run) {
                return None;
            }
        }
        dead.into_iter().for_each(|index| sequence.loosen(index));
        Some(())
    }
}

/// What an edit did to texts: a step in one that is tracked, or more than that.
#[derive(Debug, Default)]
pub(super) struct Made {
    steps: u32,
    only: Option<(SharedId, Vec<Delta>)>,
}

impl Made {
    /// A step is about to be taken in a text.
    pub(super) fn is_more(&mut self) {
        self.steps += 1;
    }

    fn inserts(&mut self, text: &SharedId, index: u32, string: &str) {
        let inserted = Inserted::Text(string.to_owned());
        self.step(text, index, Delta::Insert(inserted, Attributes::new()));
    }

    /// It did this behind so many units.
    fn step(&mut self, text: &SharedId, index: u32, step: Delta) {
        let retain = (index > 0).then(|| Delta::Retain(index, Attributes::new()));
        self.only = Some((text.clone(), retain.into_iter().chain([step]).collect()));
    }

    /// All of it, if it was one step.
    pub(super) fn take(&mut self) -> Known {
        let only = self.only.take().filter(|_| self.steps == 1);
        only.map_or(Known::Nothing, |(text, delta)| Known::Made(text, delta))
    }
}

impl Edit<'_> {
    /// Insert into a text, if it is tracked. False if it is not.
    pub(super) fn types(
        &mut self,
        text: &Shared,
        index: u32,
        string: &str,
    ) -> Result<bool, EditError> {
        let id = Id { client: self.own.0, clock: self.clock_now() };
        let Some(sequence) = self.tracked.current(&text.id) else { return Ok(false) };
        if string.is_empty() {
            return Ok(true);
        }
        let run = Run::new(id, string.to_owned());
        let Some(gap) = sequence.gap(index).filter(|gap| *gap != (None, None)) else {
            // yrs finds the neighbours, and its update says which these are.
            if sequence.insert(index, run) {
                self.tracked.walked = Some((index, id));
                self.made.inserts(&text.id, index, string);
            } else {
                self.tracked.lose();
            }
            return Ok(false);
        };
        if !sequence.insert(index, run.tight()) {
            return Err(EditError::Range);
        }
        let update = Update::decode_v1(&typed(id, gap, string)).map_err(|_| EditError::Kind)?;
        self.txn.apply_update(update).map_err(|_| EditError::Gone)?;
        self.made.inserts(&text.id, index, string);
        Ok(true)
    }

    /// Delete from a text, if it is tracked. False if it is not.
    pub(super) fn erases(
        &mut self,
        text: &Shared,
        index: u32,
        len: u32,
    ) -> Result<bool, EditError> {
        let Some(sequence) = self.tracked.current(&text.id) else { return Ok(false) };
        let left = index.checked_sub(1).and_then(|before| sequence.id_at(before));
        let between = (left, sequence.id_at(index + len));
        let Some(runs) = sequence.remove(index, len) else {
            self.tracked.lose();
            return Ok(false);
        };
        let mut ids = DeleteSet::default();
        runs.iter().for_each(|run| ids.insert(run.id.client, run.id.clock, run.end()));
        self.characters_go(text, index, runs, between);
        self.ids_go(&ids)?;
        self.made.step(&text.id, index, Delta::Delete(len));
        Ok(true)
    }
}
