//! What texts consist of, so that no edit asks yrs for what it panics on.

use yrs::branch::BranchPtr;
use yrs::types::text::YChange;
use yrs::{Out, ReadTxn, Text, TextRef, TransactionMut};

use super::brought::Brought;
use super::edit::EditError;
use super::shared::SharedId;

/// What a text is known to consist of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum TextContent {
    /// Single UTF-16 units and embeds: any range can be cut.
    Plain,
    /// Some characters take two units: ranges have to be looked at.
    Surrogates,
    /// A peer put something into it that no text holds. yrs panics when it deletes across that.
    Foreign,
}

/// What is known of texts without reading them.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// The text that was edited last.
    last: Option<(SharedId, TextContent)>,
    /// Whether anything came in that is no text's, at a place where a text may be.
    foreign: bool,
    /// Whether there ever was a character of two units.
    pairs: bool,
    /// Whether there ever was a format, or a value in a text.
    rich: bool,
}

impl Checked {
    /// What the text `id` consists of. It is read only if something came in that it must not hold,
    /// or holds rarely, and then once until more of that does.
    pub(super) fn content(
        &mut self,
        id: &SharedId,
        branch: &BranchPtr,
        txn: &impl ReadTxn,
    ) -> TextContent {
        match &self.last {
            _ if !self.foreign && !self.pairs => TextContent::Plain,
            Some((last, content)) if last == id => *content,
            _ => {
                let content = text_content(branch, txn);
                self.last = Some((id.clone(), content));
                content
            }
        }
    }

    /// Whether texts hold characters of one unit, and nothing else.
    pub(super) fn is_bare(&self) -> bool {
        !self.foreign && !self.pairs && !self.rich
    }

    /// Whether no text ever had a format, or a value that belongs there.
    pub(super) fn is_flat(&self) -> bool {
        !self.rich
    }

    /// A format comes, or a value into a text.
    pub(super) fn enriched(&mut self) {
        self.rich = true;
    }

    /// `string` is inserted into the text `id`.
    pub(super) fn inserted(&mut self, id: &SharedId, string: &str) {
        if !string.bytes().any(|byte| byte >= 0xf0) {
            return;
        }
        self.pairs = true;
        if let Some((last, content @ TextContent::Plain)) = &mut self.last
            && last == id
        {
            *content = TextContent::Surrogates;
        }
    }

    /// An update that brings this is about to be taken in. Nothing is known of the text until
    /// [`Checked::brought`] is told: what yrs refuses it may have taken in half.
    pub(super) fn brings(&mut self, brought: Brought) -> Option<(SharedId, TextContent)> {
        self.foreign |= brought.foreign;
        self.pairs |= brought.pairs;
        self.rich |= brought.rich;
        self.last.take()
    }

    /// It was, in `txn`, which is committed. `before` is what was known.
    pub(super) fn brought(
        &mut self,
        before: Option<(SharedId, TextContent)>,
        brought: Brought,
        txn: &TransactionMut<'_>,
    ) {
        let is_risky = brought.foreign || brought.pairs;
        let is_still = |(id, content): &_| {
            // What was foreign may be deleted.
            *content != TextContent::Foreign
                && !(is_risky
                    && txn.changed_parent_types().iter().any(|it| SharedId::of(it) == *id))
        };
        self.last = before.filter(is_still);
    }
}

fn text_content(branch: &BranchPtr, txn: &impl ReadTxn) -> TextContent {
    let mut units = 0usize;
    let mut surrogates = false;
    for piece in TextRef::from(*branch).diff(txn, YChange::identity) {
        match &piece.insert {
            Out::Any(yrs::Any::String(string)) => {
                for c in string.chars() {
                    units += c.len_utf16();
                    surrogates |= c.len_utf16() > 1;
                }
            }
            _ => units += 1,
        }
    }
    match (units == branch.content_len() as usize, surrogates) {
        (false, _) => TextContent::Foreign,
        (true, true) => TextContent::Surrogates,
        (true, false) => TextContent::Plain,
    }
}

/// Whether `len` units from `index` begin or end inside a character.
pub(super) fn cuts_surrogate(branch: &BranchPtr, txn: &impl ReadTxn, index: u32, len: u32) -> bool {
    let (start, end) = (index as usize, index as usize + len as usize);
    let mut at = 0usize;
    for piece in TextRef::from(*branch).diff(txn, YChange::identity) {
        match &piece.insert {
            Out::Any(yrs::Any::String(string)) => {
                for c in string.chars() {
                    let inside = at + 1;
                    if c.len_utf16() == 2 && (start == inside || end == inside) {
                        return true;
                    }
                    at += c.len_utf16();
                }
            }
            _ => at += 1,
        }
        if at >= end {
            return false;
        }
    }
    false
}

/// Whether the elements of a list can be read. A peer may have put text into it, which yrs reads by
/// character and counts in UTF-16: at one that takes two units it never ends.
pub(super) fn readable(list: &BranchPtr, txn: &impl ReadTxn) -> Result<(), EditError> {
    let pieces = TextRef::from(*list).diff(txn, YChange::identity);
    let has_pairs = pieces.iter().any(|piece| match &piece.insert {
        Out::Any(yrs::Any::String(string)) => string.chars().any(|c| c.len_utf16() > 1),
        _ => false,
    });
    if has_pairs { Err(EditError::Kind) } else { Ok(()) }
}
