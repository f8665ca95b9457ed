//! One connection to the room, and what of it survives a hibernation.

use super::limits::Meter;
use crate::codec::{Reader, write_number};
use crate::protocol::{Dialect, FromClient};
use crate::time::Millis;

/// A connection to the room.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct SessionId(pub u32);

/// What the room remembers of a connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Session {
    pub(super) dialect: Dialect,
    pub(super) stage: Stage,
    /// What it sent lately. Forgotten with a hibernation, which needs ten quiet seconds.
    pub(super) meter: Meter,
    /// Bytes that were sent and not confirmed; to a stock client, since it said something.
    /// Forgotten with a hibernation as well.
    pub(super) on_the_way: u64,
    /// When it said something.
    pub(super) heard_at: Millis,
    /// If it has too much on the way: it was sent everything up to this sequence number.
    pub(super) behind: Option<u64>,
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
}

impl Session {
    pub(super) fn new(now: Millis, dialect: Dialect) -> Self {
        let stage = match dialect {
            Dialect::Stock => Stage::Live,
            Dialect::Native => Stage::Silent,
        };
        let meter = Meter::default();
        Self { dialect, stage, meter, on_the_way: 0, heard_at: now, behind: None }
    }

    /// It said something.
    pub(super) fn hear(&mut self, now: Millis) {
        self.heard_at = now;
        if self.dialect == Dialect::Stock {
            self.on_the_way = 0;
        }
    }

    pub(super) fn may_send(&self, message: &FromClient<'_>) -> bool {
        let hello = matches!(message, FromClient::Hello { .. });
        hello == (self.stage == Stage::Silent)
    }
}

/// A session as it is kept with its socket.
pub(super) struct Attachment<'a> {
    pub(super) session: &'a Session,
    /// As [`crate::awareness::Presence::keep`] gives it.
    pub(super) presence: &'a [u8],
}

/// The first byte of an attachment. A build that cannot read it lets the client start afresh.
const VERSION: u8 = 2;

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
        };
        let mut out = vec![VERSION, dialect, stage];
        // 0 is nowhere.
        write_number(&mut out, self.session.behind.map_or(0, |sequence| sequence + 1));
        out.extend_from_slice(self.presence);
        out
    }

    /// The session and its presence; nothing if this build cannot read them.
    pub(super) fn decode(now: Millis, bytes: &[u8]) -> Option<(Session, &[u8])> {
        let mut r = Reader::new(bytes);
        if r.byte().ok()? != VERSION {
            return None;
        }
        let dialect = match r.byte().ok()? {
            0 => Dialect::Stock,
            1 => Dialect::Native,
            _ => return None,
        };
        let stage = match r.byte().ok()? {
            0 => Stage::Silent,
            1 => Stage::Live,
            2 => Stage::Resyncing,
            _ => return None,
        };
        let behind = r.number().ok()?.checked_sub(1);
        Some((Session { stage, behind, ..Session::new(now, dialect) }, r.rest()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Millis = Millis(5);

    #[test]
    fn a_session_survives_in_its_attachment() {
        for dialect in [Dialect::Stock, Dialect::Native] {
            for stage in [Stage::Silent, Stage::Live, Stage::Resyncing] {
                for behind in [None, Some(0), Some(300)] {
                    let session = Session { stage, behind, ..Session::new(NOW, dialect) };
                    let bytes = Attachment { session: &session, presence: &[0] }.encode();
                    assert_eq!(Attachment::decode(NOW, &bytes), Some((session, &[0][..])));
                }
            }
        }
        assert_eq!(Attachment::decode(NOW, &[9, 0, 0]), None);
        assert_eq!(Attachment::decode(NOW, &[]), None);
    }
}
