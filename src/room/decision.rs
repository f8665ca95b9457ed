//! What a room decided, as it stands in its log (S6). Never what a document holds.
//!
//! A row holds the decisions of its commit: for each its kind, and its fields behind their length.
//! A build that does not know a kind keeps its fields (W2), and ignores fields behind those that it
//! knows. [`What`] has the kinds and, in order, their fields.

#[cfg(test)]
mod tests;

use super::repair::Part;
use super::session::SessionId;
use crate::codec::{DecodeError, Reader, write_bytes, write_number};
use crate::protocol::{Denial, Rejection};

/// How many client ids or violations one decision names. The row's clocks have the others.
pub(super) const NAMED_MAX: usize = 100;
/// The most bytes of a path or the name of a rule. What is longer is cut.
const WORD_BYTES_MAX: usize = 255;

/// Something that a room decided.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decision {
    /// The number of whom it is about; 0 if of everyone, or of nobody.
    pub subject: u32,
    /// The session that it is about; 0 if none.
    pub session: u32,
    /// What it is.
    pub what: What,
}

/// What a room can decide.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum What {
    /// Updates were taken.
    Accepted {
        /// How many.
        updates: u32,
        /// Of which client ids they bring something, in order; some of them, if they are many.
        clients: Vec<u64>,
    },
    /// Something was not taken.
    Refused {
        /// Why.
        why: Reason,
        /// How often since the last row.
        times: u32,
    },
    /// What broke the document's rules was taken back.
    Compensated {
        /// Under which client ids it was written.
        clients: Vec<u64>,
        /// What was broken; the first of it.
        violations: Vec<Rejection>,
    },
    /// A snapshot took the place of rows.
    Compacted {
        /// The last sequence number that it covers.
        sequence: u64,
    },
    /// Something stored is damaged, and not served any more.
    Quarantined {
        /// What it is.
        part: Part,
        /// Its last sequence number.
        sequence: u64,
    },
    /// What a subject was given before this time is over.
    Revoked {
        /// The time, in milliseconds.
        before: u64,
        /// The number of who asked for it; [`OPERATOR`](super::OPERATOR), if an operator did.
        by: u32,
    },
    /// The document has another schema.
    Schema {
        /// The schema's version.
        version: u64,
    },
    /// A history begins, or goes on as a chain.
    Epoch {
        /// Its id.
        epoch: u64,
    },
    /// Nobody knows any more who a subject was.
    Erased {
        /// The subject's number.
        number: u32,
    },
    /// Changes of a session lost to others who did not know them, as it says.
    Conflict {
        /// Where.
        path: String,
        /// The client id that wrote what is there instead, the last time; nothing if that is not
        /// known.
        by: Option<u64>,
        /// How often since the last row.
        times: u32,
    },
    /// One that a later build knows.
    Other {
        /// Its kind.
        kind: u64,
        /// Its fields.
        fields: Vec<u8>,
    },
}

/// Why something was not taken.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Reason {
    /// It is not permitted, or for a reason that a later build knows.
    Denied(Denial),
    /// It is over a limit.
    Limit,
    /// It cannot be read.
    Unreadable,
    /// It made the room fail.
    Poison,
}

impl Reason {
    /// All but [`Denial::Other`], in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Denied(Denial::Role),
        Self::Denied(Denial::Author),
        Self::Limit,
        Self::Unreadable,
        Self::Poison,
        Self::Denied(Denial::Rules),
    ];

    fn number(self) -> u64 {
        Self::ALL.iter().position(|&why| why == self).unwrap_or(Self::ALL.len()) as u64
    }

    fn from_number(number: u64) -> Self {
        let at = usize::try_from(number).ok();
        at.and_then(|at| Self::ALL.get(at)).copied().unwrap_or(Self::Denied(Denial::Other))
    }

    /// Its name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Denied(denial) => denial.name(),
            Self::Limit => "limit",
            Self::Unreadable => "unreadable",
            Self::Poison => "poison",
        }
    }
}

impl What {
    fn kind(&self) -> u64 {
        match self {
            Self::Accepted { .. } => 1,
            Self::Refused { .. } => 2,
            Self::Compensated { .. } => 3,
            Self::Compacted { .. } => 4,
            Self::Quarantined { .. } => 5,
            Self::Revoked { .. } => 6,
            Self::Schema { .. } => 7,
            Self::Epoch { .. } => 8,
            Self::Erased { .. } => 9,
            Self::Conflict { .. } => 10,
            Self::Other { kind, .. } => *kind,
        }
    }

    /// Its kind's name in answers.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Refused { .. } => "refused",
            Self::Compensated { .. } => "compensated",
            Self::Compacted { .. } => "compacted",
            Self::Quarantined { .. } => "quarantined",
            Self::Revoked { .. } => "revoked",
            Self::Schema { .. } => "schema",
            Self::Epoch { .. } => "epoch",
            Self::Erased { .. } => "erased",
            Self::Conflict { .. } => "conflict",
            Self::Other { .. } => "other",
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Accepted { updates, clients } => {
                write_number(out, u64::from(*updates));
                write_clients(out, clients);
            }
            Self::Refused { why, times } => {
                write_number(out, why.number());
                write_number(out, u64::from(*times));
            }
            Self::Compensated { clients, violations } => {
                write_clients(out, clients);
                let named = violations.len().min(NAMED_MAX);
                let named: Vec<_> = violations[..named].iter().map(cut_short).collect();
                Rejection::write_all(out, &named);
                Rejection::write_ids(out, &named);
            }
            Self::Quarantined { part, sequence } => {
                write_number(out, *part as u64);
                write_number(out, *sequence);
            }
            Self::Revoked { before, by } => {
                write_number(out, *before);
                write_number(out, u64::from(*by));
            }
            Self::Compacted { sequence: number }
            | Self::Schema { version: number }
            | Self::Epoch { epoch: number } => write_number(out, *number),
            Self::Erased { number } => write_number(out, u64::from(*number)),
            Self::Conflict { path, by, times } => {
                write_bytes(out, path.as_bytes());
                write_number(out, by.map_or(0, |by| by.saturating_add(1)));
                write_number(out, u64::from(*times));
            }
            Self::Other { fields, .. } => out.extend_from_slice(fields),
        }
    }

    fn read(kind: u64, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match kind {
            1 => Self::Accepted { updates: r.number_u32()?, clients: read_clients(r)? },
            2 => {
                let why = Reason::from_number(r.number()?);
                Self::Refused { why, times: r.number_u32()? }
            }
            3 => {
                let (clients, mut violations) = (read_clients(r)?, Rejection::read_all(r)?);
                Rejection::read_ids(r, &mut violations)?;
                Self::Compensated { clients, violations }
            }
            4 => Self::Compacted { sequence: r.number()? },
            5 => {
                let part = match r.number()? {
                    0 => Part::Row,
                    1 => Part::Snapshot,
                    _ => Part::Segment,
                };
                Self::Quarantined { part, sequence: r.number()? }
            }
            6 => Self::Revoked { before: r.number()?, by: r.number_u32()? },
            7 => Self::Schema { version: r.number()? },
            8 => Self::Epoch { epoch: r.number()? },
            9 => Self::Erased { number: r.number_u32()? },
            10 => {
                let path = String::from_utf8_lossy(r.bytes()?).into_owned();
                Self::Conflict { path, by: r.number()?.checked_sub(1), times: r.number_u32()? }
            }
            kind => Self::Other { kind, fields: r.rest().to_vec() },
        })
    }
}

impl Decision {
    /// One that is about nobody.
    pub fn of_room(what: What) -> Self {
        Self { subject: 0, session: 0, what }
    }

    /// One about a session.
    pub fn of(session: SessionId, subject: u32, what: What) -> Self {
        Self { subject, session: session.0, what }
    }

    /// As it stands in a row.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut fields = Vec::with_capacity(16);
        write_number(&mut fields, u64::from(self.subject));
        write_number(&mut fields, u64::from(self.session));
        self.what.write(&mut fields);
        write_number(out, self.what.kind());
        write_bytes(out, &fields);
    }

    /// All decisions of a row.
    pub fn read_all(decisions: &[u8]) -> Result<Vec<Self>, DecodeError> {
        let mut r = Reader::new(decisions);
        let mut all = Vec::new();
        while !r.is_empty() {
            let kind = r.number()?;
            let mut fields = Reader::new(r.bytes()?);
            let (subject, session) = (fields.number_u32()?, fields.number_u32()?);
            all.push(Self { subject, session, what: What::read(kind, &mut fields)? });
        }
        Ok(all)
    }
}

fn write_clients(out: &mut Vec<u8>, clients: &[u64]) {
    let named = clients.len().min(NAMED_MAX);
    write_number(out, named as u64);
    clients[..named].iter().for_each(|&client| write_number(out, client));
}

fn read_clients(r: &mut Reader<'_>) -> Result<Vec<u64>, DecodeError> {
    // Each takes a byte at least, so that a count that is too large ends soon.
    (0..r.number()?).map(|_| r.number()).collect()
}

/// With the beginnings of its words.
fn cut_short(rejection: &Rejection) -> Rejection {
    let Rejection { path, rule, id } = rejection;
    Rejection { path: cut(path).to_owned(), rule: cut(rule).to_owned(), id: *id }
}

/// The beginning of a word that is too long.
pub(super) fn cut(word: &str) -> &str {
    let end = (0..=word.len().min(WORD_BYTES_MAX)).rev().find(|&end| word.is_char_boundary(end));
    &word[..end.unwrap_or(0)]
}
