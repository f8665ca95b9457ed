//! What somebody is sent who has nothing, kept while a crowd joins.
//!
//! A stock client gets one update. Ours gets the document as it is stored, deflated, and what is
//! behind it.

use super::Output;
use super::log::{Deflated, Log, LogError};
use super::stored::Quarantine;
use crate::time::Millis;
use crate::update::{self, DeleteSet, EMPTY};

/// How long it is kept for the next one who joins. Long enough for a crowd that arrives together; a
/// room that only relays holds nothing.
const ANSWER_MS_MAX: u64 = 1_000;
/// How many bytes of rows are merged at a time.
const MERGED_BYTES_MAX: u64 = 8 << 20;

/// The document's encodings, while somebody asks for them.
#[derive(Debug, Default)]
pub(super) struct Answers {
    whole: Option<Whole>,
    opening: Option<Opening>,
    used_at: Millis,
    /// When [`Answers::forget`] will look whether anybody still asks.
    timer: Option<Millis>,
}

/// The document up to a sequence number as one update.
#[derive(Debug)]
struct Whole {
    sequence: u64,
    update: Vec<u8>,
    deleted: Option<DeleteSet>,
}

/// The document up to a sequence number in two parts.
#[derive(Debug)]
pub(super) struct Opening {
    sequence: u64,
    /// As it is stored.
    pub(super) document: Deflated,
    /// What is behind it.
    pub(super) rest: Vec<u8>,
}

impl Answers {
    /// The whole document up to `head` as one update.
    pub(super) fn whole(
        &mut self,
        now: Millis,
        head: u64,
        quarantine: &Quarantine,
        log: &impl Log,
    ) -> Result<&[u8], LogError> {
        Ok(&self.up_to(now, head, quarantine, log)?.update)
    }

    /// Everything that is deleted in the document up to `head`.
    pub(super) fn deleted(
        &mut self,
        now: Millis,
        head: u64,
        quarantine: &Quarantine,
        log: &impl Log,
    ) -> Result<&DeleteSet, LogError> {
        let whole = self.up_to(now, head, quarantine, log)?;
        if whole.deleted.is_none() {
            whole.deleted = Some(update::delete_set(&[&whole.update])?);
        }
        Ok(whole.deleted.get_or_insert_default())
    }

    /// The document up to `head` as it is stored, and the rest; nothing if it is not stored
    /// deflated, or not as a document yet.
    pub(super) fn opening(
        &mut self,
        now: Millis,
        head: u64,
        quarantine: &Quarantine,
        log: &impl Log,
    ) -> Result<Option<&Opening>, LogError> {
        let before = match self.opening.take() {
            Some(kept) => kept,
            None => match log.deflated()? {
                Some(document) => {
                    Opening { sequence: document.sequence, document, rest: EMPTY.to_vec() }
                }
                None => return Ok(None),
            },
        };
        let Opening { sequence, document, rest } = before;
        let rest = merged(rest, sequence..head, quarantine, log)?;
        self.used_at = now;
        Ok(Some(self.opening.insert(Opening { sequence: head, document, rest })))
    }

    /// A timer for what is kept, so that a room that falls asleep holds nothing.
    pub(super) fn timer(&mut self) -> Option<Output> {
        let at = self.used_at + ANSWER_MS_MAX;
        (self.is_held() && self.timer.is_none()).then(|| Output::SetTimer(*self.timer.insert(at)))
    }

    /// Drop what nobody has asked for in a while.
    pub(super) fn forget(&mut self, now: Millis) -> Option<Output> {
        self.timer = self.timer.filter(|&at| now < at);
        if now.since(self.used_at) >= ANSWER_MS_MAX {
            self.drop_kept();
        }
        self.timer()
    }

    pub(super) fn is_held(&self) -> bool {
        self.whole.is_some() || self.opening.is_some()
    }

    /// Drop all of it: the rows behind what is kept are about to leave the log.
    pub(super) fn drop_kept(&mut self) {
        (self.whole, self.opening) = (None, None);
    }

    fn up_to(
        &mut self,
        now: Millis,
        head: u64,
        quarantine: &Quarantine,
        log: &impl Log,
    ) -> Result<&mut Whole, LogError> {
        self.used_at = now;
        let (base, after) = match self.whole.take() {
            Some(kept) if kept.sequence == head => return Ok(self.whole.insert(kept)),
            Some(kept) => (kept.update, kept.sequence),
            None => match log.snapshot()? {
                Some(snapshot) => (snapshot.update, snapshot.sequence),
                None => (EMPTY.to_vec(), 0),
            },
        };
        let update = merged(base, after..head, quarantine, log)?;
        Ok(self.whole.insert(Whole { sequence: head, update, deleted: None }))
    }
}

/// `base` and the updates of the rows behind `within.start` as one update; `within.end` is the last
/// row's. What was typed takes a fraction of its rows' size once it is merged, so the log is never
/// in memory as a whole.
pub(super) fn merged(
    mut base: Vec<u8>,
    mut within: std::ops::Range<u64>,
    quarantine: &Quarantine,
    log: &impl Log,
) -> Result<Vec<u8>, LogError> {
    while !within.is_empty() {
        let rows = quarantine.rows(log, within.start, MERGED_BYTES_MAX)?;
        let Some(last) = rows.last() else { break };
        within.start = last.sequence;
        let updates = rows.iter().map(|row| &row.update[..]);
        let parts: Vec<_> = std::iter::once(&base[..]).chain(updates).collect();
        base = update::merge(&parts)?;
    }
    Ok(base)
}
