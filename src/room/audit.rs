//! What the room decided, read back, with the chain compared on the way (S6).

use super::Room;
use super::chain::{Chain, origin};
use super::decision::Decision;
use super::log::{Log, LogError, Row};
use super::past::Past;
use super::subjects::Subject;
use crate::time::Millis;

/// A decision, and when it was made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The sequence number of its row.
    pub sequence: u64,
    /// When the row was committed.
    pub at: Millis,
    /// Whom it is about; nobody if it is about everyone, or they were erased.
    pub who: Option<Subject>,
    /// What was decided.
    pub decision: Decision,
}

/// A place at which the log is not what was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Break {
    /// The first sequence number at which it is not.
    pub sequence: u64,
    /// What is wrong there.
    pub flaw: Flaw,
}

/// What is wrong with a log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Flaw {
    /// There is no row with this sequence number.
    Missing,
    /// The row cannot be read, or its checksum is another.
    Unreadable(String),
    /// It can be read, and its chain is another: it was changed, or what is before it was.
    Changed,
}

/// A page of decisions.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Audit {
    /// The decisions, in order.
    pub entries: Vec<Entry>,
    /// Where the chain breaks, in order. Behind each it is compared anew.
    pub breaks: Vec<Break>,
    /// The last sequence number that was looked at.
    pub sequence: u64,
    /// The chain there. Whoever keeps it can tell later whether anything before it was changed, or
    /// the end of the log was cut off.
    pub chain: Option<Chain>,
    /// Whether there is more behind it.
    pub has_more: bool,
}

/// What the next row follows.
enum Link {
    /// A row with this chain, or the beginning.
    To(Chain),
    /// A row that an older build wrote: it has no chain, and the next need not have one.
    Unchained,
    /// Something that nobody can tell.
    Unknown,
}

struct Verifier {
    epoch: u64,
    sequence: u64,
    link: Link,
    breaks: Vec<Break>,
}

impl Verifier {
    /// At the row that ends at `after`, which is believed.
    fn at(log: &impl Log, epoch: u64, after: u64) -> Result<Self, LogError> {
        let link = match after.checked_sub(1) {
            // A document that is older than the chain begins without one.
            None => Link::Unchained,
            Some(before) => match Past::behind(log, before)?.next().transpose()? {
                Some((sequence, Ok(row))) if sequence == after => {
                    row.chain.map_or(Link::Unchained, Link::To)
                }
                _ => Link::Unknown,
            },
        };
        Ok(Self { epoch, sequence: after, link, breaks: Vec::new() })
    }

    fn flawed(&mut self, sequence: u64, flaw: Flaw) {
        self.breaks.push(Break { sequence, flaw });
        self.link = Link::Unknown;
    }

    fn follow(&mut self, sequence: u64, row: &Result<Row, LogError>) {
        let before = std::mem::replace(&mut self.sequence, sequence);
        let row = match row {
            Ok(row) => row,
            Err(error) => return self.flawed(sequence, Flaw::Unreadable(error.to_string())),
        };
        if row.sequence.saturating_sub(row.updates.into()) > before {
            self.flawed(before + 1, Flaw::Missing);
        }
        let is_right = match (&row.chain, &self.link) {
            (Some(chain), Link::To(link)) => row.chained(link) == *chain,
            (Some(chain), Link::Unchained) => row.chained(&origin(self.epoch)) == *chain,
            (None, Link::To(_)) => false,
            (_, Link::Unknown) | (None, Link::Unchained) => true,
        };
        if !is_right || row.sequence.checked_sub(row.updates.into()).is_none_or(|it| it < before) {
            self.flawed(sequence, Flaw::Changed);
        }
        self.link = match row.chain {
            Some(chain) => Link::To(chain),
            None if matches!(self.link, Link::Unchained) => Link::Unchained,
            None => Link::Unknown,
        };
    }
}

impl Room {
    /// The decisions of `rows_max` rows behind sequence number `after`, at most, and whether these
    /// rows are what was written. With `after` 0, from the first row on.
    pub fn audit(&self, log: &impl Log, after: u64, rows_max: usize) -> Result<Audit, LogError> {
        let mut verifier = Verifier::at(log, self.epoch, after)?;
        let mut audit = Audit { sequence: after, ..Audit::default() };
        let mut past = Past::behind(log, after)?;
        for found in past.by_ref().take(rows_max) {
            let (sequence, row) = found?;
            verifier.follow(sequence, &row);
            let Ok(row) = row else { continue };
            match Decision::read_all(&row.decisions) {
                Ok(decisions) => audit.entries.extend(decisions.into_iter().map(|decision| {
                    let who = self.subjects.get(decision.subject).cloned();
                    Entry { sequence, at: row.at, who, decision }
                })),
                Err(error) => verifier.flawed(sequence, Flaw::Unreadable(error.to_string())),
            }
        }
        audit.has_more = past.next().transpose()?.is_some();
        audit.sequence = verifier.sequence;
        audit.breaks = verifier.breaks;
        if let Link::To(chain) = verifier.link {
            audit.chain = Some(chain);
        }
        Ok(audit)
    }
}
