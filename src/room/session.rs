//! One connection to the room, and what of it survives a hibernation.

use super::alarm::Rounds;
use super::limits::Meter;
use crate::access::Access;
use crate::codec::{Reader, write_number};
use crate::protocol::{Dialect, FromClient, Trace};
use crate::time::Millis;

/// A connection to the room.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct SessionId(pub u32);

/// What carries a session.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Carrier {
    /// A WebSocket of the client's own.
    #[default]
    Socket,
    /// A poll: the room's socket ends in the Worker, which answers the client.
    Poll,
    /// An event stream, in the same way.
    Events,
}

impl Carrier {
    /// All, in order.
    const ALL: [Self; 3] = [Self::Socket, Self::Poll, Self::Events];

    /// Its name in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Socket => "socket",
            Self::Poll => "poll",
            Self::Events => "events",
        }
    }
}

/// What the room remembers of a connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Session {
    pub(super) dialect: Dialect,
    pub(super) carrier: Carrier,
    /// Who it is and what it may do.
    pub(super) access: Access,
    pub(super) stage: Stage,
    /// What it sent lately. Forgotten with a hibernation, which needs ten quiet seconds.
    pub(super) meter: Meter,
    /// Bytes that were sent and not confirmed; to a stock client, since it said something.
    /// Forgotten with a hibernation as well.
    pub(super) on_the_way: u64,
    /// When it said something, as far as the room knows: since then it has not.
    pub(super) heard_at: Millis,
    /// Whether it did at that time; otherwise the room woke then, or a sweep marked it.
    pub(super) is_heard: bool,
    /// A sweep found it silent, which is kept with its socket until it speaks.
    pub(super) is_marked: bool,
    /// When the platform answered its last ping.
    pub(super) pinged_at: Millis,
    /// It takes a document deflated. One that slept is sent it as it is.
    pub(super) inflates: bool,
    /// If it has too much on the way: it was sent everything up to this sequence number.
    pub(super) behind: Option<u64>,
    /// What its visit belongs to.
    pub(super) trace: Option<Trace>,
}

/// How far a session is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    /// A native client that has not said hello (W3).
    Silent,
    /// Everything is taken.
    Live,
    /// An update was not taken: it refers to something unknown, and the client was asked for what
    /// the room lacks; or it was over a limit. The client is not asked again, and no numbered
    /// update is taken, before it has said everything with a SyncStep2.
    Resyncing,
    /// The same, for want of room in the document. A stock client is asked again once there is room
    /// for so many bytes; ours tries again by itself.
    Waiting {
        /// What did not fit.
        bytes: u64,
    },
}

impl Session {
    pub(super) fn new(now: Millis, dialect: Dialect, access: Access) -> Self {
        let stage = match dialect {
            Dialect::Stock => Stage::Live,
            Dialect::Native => Stage::Silent,
        };
        Self {
            dialect,
            carrier: Carrier::Socket,
            access,
            stage,
            meter: Meter::default(),
            on_the_way: 0,
            heard_at: now,
            is_heard: true,
            is_marked: false,
            pinged_at: Millis(0),
            inflates: false,
            behind: None,
            trace: None,
        }
    }

    /// It said something. Whether it was marked as silent.
    pub(super) fn hear(&mut self, now: Millis) -> bool {
        (self.heard_at, self.is_heard) = (now, true);
        if self.dialect == Dialect::Stock {
            self.on_the_way = 0;
        }
        std::mem::take(&mut self.is_marked)
    }

    /// Whether something of it did not fit.
    pub(super) fn waits(&self) -> bool {
        matches!(self.stage, Stage::Waiting { .. })
    }

    pub(super) fn may_send(&self, message: &FromClient<'_>) -> bool {
        match message {
            FromClient::Auth { .. } => true,
            message => matches!(message, FromClient::Hello(_)) == (self.stage == Stage::Silent),
        }
    }
}

/// A session as it is kept with its socket.
pub(super) struct Attachment<'a> {
    pub(super) session: &'a Session,
    /// The room's. Those with the first session count.
    pub(super) rounds: Rounds,
    /// As [`crate::awareness::Presence::keep`] gives it.
    pub(super) presence: &'a [u8],
}

/// The first byte of an attachment. A build that cannot read it lets the client start afresh.
const VERSION: u8 = 5;

impl Attachment<'_> {
    pub(super) fn encode(&self) -> Vec<u8> {
        let dialect = match self.session.dialect {
            Dialect::Stock => 0,
            Dialect::Native => 1,
        };
        let stage = match self.session.stage {
            Stage::Silent => 0,
            Stage::Live => 1,
            Stage::Resyncing => 2,
            Stage::Waiting { .. } => 3,
        };
        // One byte for both, which is what it was before there were other carriers.
        let kind = dialect | (self.session.carrier as u8) << 1;
        let mut out = vec![VERSION, kind, stage];
        let waits_for = match self.session.stage {
            Stage::Waiting { bytes } => Some(bytes),
            _ => None,
        };
        let silent_since = self.session.is_marked.then_some(self.session.heard_at.0);
        let sweep_at = self.rounds.sweep_at.map(|at| at.0);
        for number in [waits_for, self.session.behind, silent_since, sweep_at] {
            // 0 is none.
            write_number(&mut out, number.map_or(0, |number| number + 1));
        }
        write_number(&mut out, self.rounds.active_at.0);
        let trace = self.session.trace.map_or(0, Trace::id);
        out.extend_from_slice(&trace.to_be_bytes());
        self.session.access.write(&mut out);
        out.extend_from_slice(self.presence);
        out
    }

    /// The session, the room's rounds, and the session's presence; nothing if this build cannot
    /// read them.
    pub(super) fn decode(now: Millis, bytes: &[u8]) -> Option<(Session, Rounds, &[u8])> {
        let mut r = Reader::new(bytes);
        if r.byte().ok()? != VERSION {
            return None;
        }
        let kind = r.byte().ok()?;
        let dialect = if kind & 1 == 0 { Dialect::Stock } else { Dialect::Native };
        let carrier = *Carrier::ALL.get(usize::from(kind >> 1))?;
        let stage = r.byte().ok()?;
        let mut number = || Some(r.number().ok()?.checked_sub(1));
        let stage = match (stage, number()?) {
            (0, None) => Stage::Silent,
            (1, None) => Stage::Live,
            (2, None) => Stage::Resyncing,
            (3, Some(bytes)) => Stage::Waiting { bytes },
            _ => return None,
        };
        let (behind, silent_since, sweep_at) = (number()?, number()?, number()?);
        let rounds = Rounds { sweep_at: sweep_at.map(Millis), active_at: Millis(r.number().ok()?) };
        let trace = u128::from_be_bytes(*r.take(16).ok()?.first_chunk()?);
        let access = Access::read(&mut r).ok()?;
        let session = Session {
            carrier,
            stage,
            heard_at: silent_since.map_or(now, Millis),
            is_heard: false,
            is_marked: silent_since.is_some(),
            behind,
            trace: Trace::new(trace),
            ..Session::new(now, dialect, access)
        };
        Some((session, rounds, r.rest()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Millis = Millis(5);

    #[test]
    fn a_session_survives_in_its_attachment() {
        let access = Access::of_everyone(Role::Editor);
        let kinds = [
            (Dialect::Stock, Carrier::Socket),
            (Dialect::Native, Carrier::Socket),
            (Dialect::Native, Carrier::Poll),
            (Dialect::Native, Carrier::Events),
        ];
        for (dialect, carrier) in kinds {
            let waiting = Stage::Waiting { bytes: 9 };
            for stage in [Stage::Silent, Stage::Live, Stage::Resyncing, waiting] {
                for behind in [None, Some(0), Some(300)] {
                    let new = Session::new(NOW, dialect, access.clone());
                    let new = Session { carrier, is_heard: false, ..new };
                    let silent = Session { heard_at: Millis(3), is_marked: true, ..new.clone() };
                    for (before, sweep_at) in [(new, None), (silent, Some(NOW))] {
                        let session = Session { stage, behind, ..before };
                        let rounds = Rounds { sweep_at, active_at: Millis(4) };
                        let attachment = Attachment { session: &session, rounds, presence: &[0] };
                        let bytes = attachment.encode();
                        let decoded = Attachment::decode(NOW, &bytes);
                        assert_eq!(decoded, Some((session, rounds, &[0][..])));
                    }
                }
            }
        }
        assert_eq!(Attachment::decode(NOW, &[9, 0, 0]), None);
        assert_eq!(Attachment::decode(NOW, &[VERSION, 6, 0]), None);
        assert_eq!(Attachment::decode(NOW, &[]), None);
    }
}
