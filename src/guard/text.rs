//! What happened to a text.

use super::Inexact;
use super::copy::is_exact;
use crate::document::{Attributes, Delta, Document, Edit, Inserted, Json, Shared};
use crate::policy::{Role, Rule, Rules};
use crate::update::Id;

/// What has to be undone in a text, by what `delta` says of it.
#[derive(Default)]
pub(super) struct TextFaults {
    delta: Vec<Delta>,
    /// What was deleted has to come back.
    pub(super) lost: bool,
    /// Formats have to be as they were.
    pub(super) formats: bool,
    /// What came is taken out, by its ids.
    pub(super) removed: bool,
}

/// Units of a text with one format.
struct Run {
    start: u32,
    len: u32,
    inserted: Inserted,
    attributes: Attributes,
}

impl TextFaults {
    /// Find what breaks a rule. `mark` is the first mark of a format that came.
    pub(super) fn find(
        delta: Vec<Delta>,
        rules: Result<Rules<'_>, Rule>,
        role: Role,
        mark: Option<Id>,
        broken: &mut Vec<(Rule, Option<Id>)>,
    ) -> Self {
        let may_delete = rules.and_then(|rules| rules.may_delete(role));
        let may_change = rules.and_then(|rules| rules.may_change(role));
        let mut faults = Self::default();
        for step in &delta {
            match (step, may_delete, may_change) {
                (Delta::Delete(_), Err(rule), _) => {
                    broken.push((rule, None));
                    faults.lost = true;
                }
                (Delta::Retain(_, attributes), _, Err(rule)) if !attributes.is_empty() => {
                    broken.push((rule, mark));
                    faults.formats = true;
                }
                _ => {}
            }
        }
        faults.delta = delta;
        faults
    }

    /// Whether it is known what happened where.
    pub(super) fn is_known(&self) -> bool {
        self.lost || self.formats || !self.delta.is_empty()
    }

    /// How long the text is when this is undone, beside how long it is with all that came taken out
    /// as well.
    pub(super) fn lengths(&self, after: u32) -> (u32, u32) {
        let (mut came, mut lost) = (0u32, 0u32);
        for step in &self.delta {
            match step {
                Delta::Insert(inserted, _) => came += inserted.units(),
                Delta::Delete(len) if self.lost => lost += len,
                _ => {}
            }
        }
        let kept = after.saturating_add(lost);
        (kept, kept.saturating_sub(came))
    }

    /// Whether it is undone: whether what was there, and stays or comes back, looks as it did.
    pub(super) fn is_mended(&self, before: &[Delta], after: &[Delta]) -> Result<bool, Inexact> {
        let (before, after) = (runs(before), runs(after));
        let (mut old, mut new) = (0u32, 0u32);
        let end = before.last().map_or(0, |run| run.start + run.len);
        let changed: u32 = self
            .delta
            .iter()
            .map(|step| match step {
                Delta::Insert(..) => 0,
                Delta::Delete(len) | Delta::Retain(len, _) => *len,
            })
            .sum();
        let rest = Delta::Retain(end.checked_sub(changed).ok_or(Inexact)?, Attributes::new());
        for step in self.delta.iter().chain([&rest]) {
            let (stays, len) = match step {
                Delta::Insert(inserted, _) => {
                    new += if self.removed { 0 } else { inserted.units() };
                    continue;
                }
                Delta::Delete(len) => (self.lost, *len),
                Delta::Retain(len, _) => (true, *len),
            };
            if stays {
                let keeps_formats = match step {
                    Delta::Retain(_, attributes) => self.formats || attributes.is_empty(),
                    _ => true,
                };
                let was = joined(cut(&before, old, old + len)?, keeps_formats);
                let is = joined(cut(&after, new, new + len)?, keeps_formats);
                if was != is {
                    return Ok(false);
                }
                new += len;
            }
            old += len;
        }
        Ok(true)
    }

    /// Undo it, but for what came. From the end, so that no index moves.
    pub(super) fn mend(
        &self,
        before: &[Delta],
        now: &[Delta],
        edit: &mut Edit<'_>,
        text: &Shared,
    ) -> Result<(), Inexact> {
        if !self.lost && !self.formats {
            return Ok(());
        }
        let (before, now) = (runs(before), runs(now));
        let (mut steps, mut old, mut new) = (Vec::new(), 0u32, 0u32);
        for step in &self.delta {
            steps.push((step, old, new));
            match step {
                Delta::Insert(inserted, _) => new += inserted.units(),
                Delta::Delete(len) => old += len,
                Delta::Retain(len, _) => (old, new) = (old + len, new + len),
            }
        }
        // What is behind all changes can look different once marks in front of it are gone.
        let end = before.last().map_or(0, |run| run.start + run.len);
        let rest = Delta::Retain(end.checked_sub(old).ok_or(Inexact)?, Attributes::new());
        steps.push((&rest, old, new));
        for (step, old, new) in steps.into_iter().rev() {
            match step {
                Delta::Delete(len) if self.lost => {
                    // Each in front of the one before: none is looked for behind the others.
                    for piece in cut(&before, old, old + len)?.into_iter().rev() {
                        is_exact(&piece)?;
                        let Delta::Insert(inserted, attributes) = piece else { continue };
                        insert(edit, text, new, inserted, &attributes)?;
                    }
                }
                Delta::Retain(len, _) if self.formats => {
                    for (at, len, attributes) in patches(&before, &now, old, new, *len) {
                        edit.format(text, at, len, &attributes)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn insert(
    edit: &mut Edit<'_>,
    text: &Shared,
    at: u32,
    inserted: Inserted,
    attributes: &Attributes,
) -> Result<(), Inexact> {
    match inserted {
        Inserted::Text(string) => Ok(edit.insert_text(text, at, &string, Some(attributes))?),
        Inserted::Embed(crate::document::Value::Json(json)) => {
            Ok(edit.insert_embed(text, at, &json, Some(attributes))?)
        }
        _ => Err(Inexact),
    }
}

/// The format changes after which `len` units at `new` look as they did at `old`.
fn patches(
    before: &[Run],
    now: &[Run],
    old: u32,
    new: u32,
    len: u32,
) -> Vec<(u32, u32, Attributes)> {
    let mut patches = Vec::new();
    let mut done = 0;
    let (mut b, mut n) = (first(before, old), first(now, new));
    while done < len {
        let (Some(was), Some(is)) = (before.get(b), now.get(n)) else { break };
        let left_before = (was.start + was.len).saturating_sub(old + done);
        let left_now = (is.start + is.len).saturating_sub(new + done);
        let step = left_before.min(left_now).min(len - done);
        if was.attributes != is.attributes && step > 0 {
            patches.push((new + done, step, patch(&was.attributes, &is.attributes)));
        }
        done += step;
        b += usize::from(step == left_before);
        n += usize::from(step == left_now);
    }
    patches
}

fn first(runs: &[Run], at: u32) -> usize {
    runs.partition_point(|run| run.start + run.len <= at)
}

fn patch(was: &Attributes, is: &Attributes) -> Attributes {
    let gone = is.iter().filter(|(key, _)| !was.iter().any(|(known, _)| known == key));
    let gone = gone.map(|(key, _)| (key.clone(), Json::Null));
    was.iter().filter(|format| !is.contains(format)).cloned().chain(gone).collect()
}

fn runs(content: &[Delta]) -> Vec<Run> {
    let mut start = 0;
    let mut runs = Vec::new();
    for piece in content {
        let Delta::Insert(inserted, attributes) = piece else { continue };
        let len = inserted.units();
        let (inserted, attributes) = (inserted.clone(), attributes.clone());
        runs.push(Run { start, len, inserted, attributes });
        start += len;
    }
    runs
}

/// The pieces from `start` to before `end`.
fn cut(runs: &[Run], start: u32, end: u32) -> Result<Vec<Delta>, Inexact> {
    let touched = runs.iter().skip(first(runs, start)).take_while(|run| run.start < end);
    let piece = |run: &Run| {
        let from = start.saturating_sub(run.start) as usize;
        let to = (end - run.start).min(run.len) as usize;
        let inserted = match &run.inserted {
            Inserted::Text(string) => {
                let units: Vec<u16> = string.encode_utf16().take(to).skip(from).collect();
                Inserted::Text(String::from_utf16(&units).map_err(|_| Inexact)?)
            }
            other => other.clone(),
        };
        Ok(Delta::Insert(inserted, run.attributes.clone()))
    };
    touched.map(piece).collect()
}

/// Pieces of equal formats as one; without their formats if these may differ.
fn joined(pieces: Vec<Delta>, with_formats: bool) -> Vec<Delta> {
    let mut joined: Vec<Delta> = Vec::new();
    for mut piece in pieces {
        if let Delta::Insert(_, attributes) = &mut piece
            && !with_formats
        {
            attributes.clear();
        }
        match (joined.last_mut(), piece) {
            (
                Some(Delta::Insert(Inserted::Text(last), formats)),
                Delta::Insert(Inserted::Text(next), same),
            ) if *formats == same => last.push_str(&next),
            (_, piece) => joined.push(piece),
        }
    }
    joined
}

/// The text as it is.
pub(super) fn content(document: &Document, text: &Shared) -> Result<Vec<Delta>, Inexact> {
    let content = document.delta(text)?;
    let len: u32 = content
        .iter()
        .map(|piece| match piece {
            Delta::Insert(inserted, _) => inserted.units(),
            _ => 0,
        })
        .sum();
    // A peer may have put something into it that no text holds.
    if document.len(text) == Ok(len) { Ok(content) } else { Err(Inexact) }
}
