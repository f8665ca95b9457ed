//! What made the room fail is not tried for ever (S1).
//!
//! Everything is walked before it is used, and nothing is known that gets through and traps. Should
//! there be something, its client would send it at every reconnect, and each time the other rooms
//! of the isolate would be cut off with this one. So the shell notes what it hands over
//! ([`Room::suspect`]) and what has gathered since the last commit. A room that is loaded after a
//! failure is told what that was; it counts that in its storage. What is suspected is taken alone,
//! between two commits, so that only one change can be to blame. What made the room fail
//! [`FAILURES_MAX`] times is refused for good.
//!
//! A change is recognized by its author and the clock at which it begins: whatever its client sends
//! together with it later, it begins there. Others send something that begins there only to give
//! back what storage lost, and that would be refused too.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::{Event, Log, Output, Room, SessionId, checksum};
use crate::codec::Reader;
use crate::protocol::{Close, Dialect, FromClient, Limit, Refusal};
use crate::time::Millis;

/// How often a change may make the room fail. The first may have been an accident of memory.
const FAILURES_MAX: u64 = 3;
/// How many suspects are remembered. Beyond that somebody plays, and all are counted anew.
const SUSPECTS_MAX: usize = 100;

/// Something that a client will send again if the room fails.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Suspect {
    /// What one author wrote, by the clock from which on the log lacks it.
    Change {
        /// The author.
        client: u64,
        /// The first clock.
        clock: u32,
    },
    /// An update that only deletes, or that gives back what others wrote too: these would be taken
    /// for suspects themselves if it were recognized by one of its authors.
    Update {
        /// The CRC-32 of its bytes.
        checksum: u32,
    },
    /// A part of a frame.
    Part {
        /// The size of the frame.
        total: u64,
        /// Where the part begins.
        offset: u64,
    },
}

impl Suspect {
    /// What is in a message, if its client would send it again.
    fn of(message: &FromClient<'_>) -> Option<Self> {
        match *message {
            FromClient::Update { update, .. } | FromClient::SyncStep2 { update, .. } => {
                let mut r = Reader::new(update);
                Some(match (r.number().ok()?, r.number(), r.number(), r.number_u32()) {
                    (1, Ok(_), Ok(client), Ok(clock)) => Self::Change { client, clock },
                    _ => Self::Update { checksum: checksum(&[update]) },
                })
            }
            FromClient::Part { total, offset, .. } => Some(Self::Part { total, offset }),
            _ => None,
        }
    }

    /// Three numbers for it.
    pub fn to_numbers(self) -> [u64; 3] {
        match self {
            Self::Change { client, clock } => [1, client, clock.into()],
            Self::Update { checksum } => [2, checksum.into(), 0],
            Self::Part { total, offset } => [3, total, offset],
        }
    }

    /// What these numbers are of.
    pub fn from_numbers(numbers: [u64; 3]) -> Option<Self> {
        Some(match numbers {
            [1, client, clock] => Self::Change { client, clock: clock.try_into().ok()? },
            [2, checksum, _] => Self::Update { checksum: checksum.try_into().ok()? },
            [3, total, offset] => Self::Part { total, offset },
            _ => return None,
        })
    }
}

/// What storage calls it.
impl fmt::Display for Suspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [kind, a, b] = self.to_numbers();
        write!(f, "suspect {kind} {a} {b}")
    }
}

impl FromStr for Suspect {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let numbers = name.strip_prefix("suspect ").ok_or(())?.split(' ').map(str::parse);
        let numbers = numbers.collect::<Result<Vec<u64>, _>>().map_err(|_| ())?;
        numbers.try_into().ok().and_then(Self::from_numbers).ok_or(())
    }
}

/// How often each suspect made the room fail.
pub type Suspects = BTreeMap<Suspect, u64>;

impl Room {
    /// What a frame of this session holds that its client would send again.
    pub fn suspect(&self, id: SessionId, frame: &[u8]) -> Option<Suspect> {
        let message = self.sessions.get(&id)?.dialect.decode(frame).ok()??;
        Suspect::of(&message)
    }

    /// The room failed while it had these in hand; with none, it was about something of its own.
    pub(super) fn failed(&mut self, in_hand: &[Suspect]) -> Vec<Output> {
        self.observed.tell(Event::Failed { in_hand: in_hand.len() as u64 });
        if in_hand.is_empty() {
            // Most of what it does of its own is to compact: not again before the log has grown.
            self.size.refused = (self.size.rows, self.size.bytes);
            return Vec::new();
        }
        if self.suspects.len() + in_hand.len() > SUSPECTS_MAX {
            self.suspects.clear();
        }
        for &suspect in in_hand.iter().take(SUSPECTS_MAX) {
            *self.suspects.entry(suspect).or_default() += 1;
        }
        vec![Output::Suspects(self.suspects.clone())]
    }

    /// Take a message, alone if it is suspected.
    pub(super) fn try_message(
        &mut self,
        now: Millis,
        id: SessionId,
        message: FromClient<'_>,
        log: &impl Log,
    ) -> Vec<Output> {
        let suspect = if self.suspects.is_empty() { None } else { Suspect::of(&message) };
        let failures = suspect.and_then(|suspect| self.suspects.get(&suspect)).copied();
        let (Some(suspect), Some(failures)) = (suspect, failures) else {
            return self.take_message(now, id, message, log);
        };
        if failures >= FAILURES_MAX {
            return self.refuse_suspect(now, id, failures);
        }
        let mut out = self.commit(now);
        out.extend(self.take_message(now, id, message, log));
        out.extend(self.commit(now));
        // The room is still here.
        self.suspects.remove(&suspect);
        out.push(Output::Suspects(self.suspects.clone()));
        out
    }

    fn refuse_suspect(&mut self, now: Millis, id: SessionId, failures: u64) -> Vec<Output> {
        let (value, max) = (failures, FAILURES_MAX - 1);
        let refusal = Refusal { limit: Limit::Failures, value, max, retry_ms: None };
        match self.dialect(id) {
            // Its client puts the copy aside, and comes back without it.
            Some(Dialect::Native) => {
                let mut out = self.refusal(id, 0, refusal);
                out.extend(self.close(now, id, Close::Poison));
                out
            }
            // It would come back with it.
            Some(Dialect::Stock) | None => self.refuse(id, 0, refusal),
        }
    }
}
