//! What a room tells those who run it. Never what a document holds, and nothing that opens one.

use super::repair::Part;
use super::session::{Carrier, SessionId};
use crate::protocol::{Close, Denial, Dialect, Refusal, Trace};

/// Something worth writing down.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// A session began.
    Opened {
        /// Its name.
        session: SessionId,
        /// How it frames its messages.
        dialect: Dialect,
        /// What carries it.
        carrier: Carrier,
        /// What its request belongs to.
        trace: Option<Trace>,
    },
    /// A session was brought up to date.
    CaughtUp {
        /// Which.
        session: SessionId,
        /// How.
        by: CatchUp,
        /// What it was sent for that, in bytes.
        bytes: u64,
        /// What it belongs to.
        trace: Option<Trace>,
    },
    /// A session ended.
    Ended {
        /// Which.
        session: SessionId,
        /// Why the room ended it; nothing if the client did, or the network.
        close: Option<Close>,
        /// What it belonged to.
        trace: Option<Trace>,
    },
    /// Something was not taken.
    Refused {
        /// Of whom.
        session: SessionId,
        /// Why.
        refusal: Refusal,
        /// What it belongs to.
        trace: Option<Trace>,
    },
    /// Something is not its session's to do.
    Denied {
        /// Which session.
        session: SessionId,
        /// Why.
        denial: Denial,
        /// What it belongs to.
        trace: Option<Trace>,
    },
    /// Something of an update was undone, or all of it refused, since it breaks the document's
    /// rules.
    Compensated {
        /// Which session.
        session: SessionId,
        /// The names of the rules that it broke.
        rules: Vec<String>,
        /// What it belongs to.
        trace: Option<Trace>,
    },
    /// An update refers to what is not there: its session is asked for what the room lacks.
    Asked {
        /// Which session.
        session: SessionId,
        /// What it belongs to.
        trace: Option<Trace>,
    },
    /// What had gathered is a row.
    Committed {
        /// The row's sequence number.
        sequence: u64,
        /// How many updates it holds.
        updates: u32,
        /// Its size.
        bytes: u64,
        /// To how many sessions it went.
        peers: u64,
        /// What its updates belong to.
        traces: Vec<Trace>,
    },
    /// A snapshot took the place of rows.
    Compacted {
        /// Its sequence number.
        sequence: u64,
        /// The size of the log before.
        bytes_before: u64,
        /// Its own size.
        bytes: u64,
    },
    /// Something stored is damaged and not served any more.
    Quarantined {
        /// What it is.
        part: Part,
        /// Its sequence number.
        sequence: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// What somebody was granted is over.
    Revoked {
        /// How many sessions ended with it.
        sessions: u64,
    },
    /// The document was deleted.
    Deleted {
        /// How many sessions ended with it.
        sessions: u64,
    },
    /// The room failed before it was loaded.
    Failed {
        /// How many changes it had in hand.
        in_hand: u64,
    },
}

/// How a session was brought up to date.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CatchUp {
    /// It had everything.
    Nothing,
    /// With the whole document.
    Whole,
    /// With the rows behind its sequence number.
    Rows,
    /// By state vectors.
    StateVector,
}

impl CatchUp {
    /// All, in order.
    pub const ALL: [Self; 4] = [Self::Nothing, Self::Whole, Self::Rows, Self::StateVector];

    /// Its name in logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Whole => "whole",
            Self::Rows => "rows",
            Self::StateVector => "state-vector",
        }
    }
}

/// How much an event matters, the most first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// Something is lost or broken, and somebody has to look.
    Error,
    /// Something was refused or went wrong, and was dealt with.
    Warn,
    /// What happens a few times in a session.
    Info,
    /// What happens all the time.
    Debug,
}

impl Level {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }

    /// The level of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Error, Self::Warn, Self::Info, Self::Debug];
        all.into_iter().find(|level| level.name() == name)
    }
}

impl Event {
    /// How much it matters.
    pub fn level(&self) -> Level {
        match self {
            Self::Quarantined { .. } | Self::Failed { .. } => Level::Error,
            Self::Refused { .. }
            | Self::Denied { .. }
            | Self::Compensated { .. }
            | Self::Ended { close: Some(_), .. } => Level::Warn,
            Self::Opened { .. }
            | Self::CaughtUp { .. }
            | Self::Ended { close: None, .. }
            | Self::Asked { .. }
            | Self::Compacted { .. }
            | Self::Revoked { .. }
            | Self::Deleted { .. } => Level::Info,
            Self::Committed { .. } => Level::Debug,
        }
    }

    /// Its name in logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::CaughtUp { .. } => "caught-up",
            Self::Ended { .. } => "ended",
            Self::Refused { .. } => "refused",
            Self::Denied { .. } => "denied",
            Self::Compensated { .. } => "compensated",
            Self::Asked { .. } => "asked",
            Self::Committed { .. } => "committed",
            Self::Compacted { .. } => "compacted",
            Self::Quarantined { .. } => "quarantined",
            Self::Revoked { .. } => "revoked",
            Self::Deleted { .. } => "deleted",
            Self::Failed { .. } => "failed",
        }
    }
}
