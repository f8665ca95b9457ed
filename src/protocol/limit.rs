//! What a room limits, and how it says so (S2).

use core::fmt;

/// Something that a room limits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Limit {
    /// The bytes of one frame.
    FrameBytes,
    /// The bytes of one update.
    UpdateBytes,
    /// The bytes of the whole document, encoded.
    DocumentBytes,
    /// The connections of one room.
    Sessions,
    /// The bytes of one session's presence.
    PresenceBytes,
    /// The frames that one session may send within 4 s.
    SessionFrames,
    /// The bytes that one session may send within 4 s.
    SessionBytes,
    /// The frames that all sessions of a room may send within 4 s.
    RoomFrames,
    /// The bytes that all sessions of a room may send within 4 s.
    RoomBytes,
    /// Failures of the room to take one change.
    Failures,
    /// The clients that one update brings something of.
    UpdateClients,
    /// One that a later build knows.
    Other,
}

/// What was not taken because it is over a limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// Which limit.
    pub limit: Limit,
    /// What was asked for, in the limit's unit.
    pub value: u64,
    /// The most that this room takes, in the limit's unit.
    pub max: u64,
    /// When trying again helps, in milliseconds from now; nothing if it will not.
    pub retry_ms: Option<u64>,
}

impl Limit {
    /// All but [`Limit::Other`], in the order of their numbers on the wire.
    pub const ALL: [Self; 11] = [
        Self::FrameBytes,
        Self::UpdateBytes,
        Self::DocumentBytes,
        Self::Sessions,
        Self::PresenceBytes,
        Self::SessionFrames,
        Self::SessionBytes,
        Self::RoomFrames,
        Self::RoomBytes,
        Self::Failures,
        Self::UpdateClients,
    ];

    /// Its number on the wire.
    pub(super) fn number(self) -> u64 {
        Self::ALL.iter().position(|&limit| limit == self).map_or(u64::MAX >> 11, |at| at as u64)
    }

    pub(super) fn from_number(number: u64) -> Self {
        let at = usize::try_from(number).ok();
        at.and_then(|at| Self::ALL.get(at)).copied().unwrap_or(Self::Other)
    }

    /// Its name in the client's API.
    pub fn name(self) -> &'static str {
        match self {
            Self::FrameBytes => "frame-bytes",
            Self::UpdateBytes => "update-bytes",
            Self::DocumentBytes => "document-bytes",
            Self::Sessions => "sessions",
            Self::PresenceBytes => "presence-bytes",
            Self::SessionFrames => "session-frames",
            Self::SessionBytes => "session-bytes",
            Self::RoomFrames => "room-frames",
            Self::RoomBytes => "room-bytes",
            Self::Failures => "failures",
            Self::UpdateClients => "update-clients",
            Self::Other => "other",
        }
    }

    /// What is counted.
    fn unit(self) -> &'static str {
        match self {
            Self::FrameBytes => "bytes in a frame",
            Self::UpdateBytes => "bytes in an update",
            Self::DocumentBytes => "bytes in the document",
            Self::Sessions => "connections",
            Self::PresenceBytes => "bytes of presence",
            Self::SessionFrames => "frames within 4 s",
            Self::SessionBytes => "bytes within 4 s",
            Self::RoomFrames => "frames within 4 s in this room",
            Self::RoomBytes => "bytes within 4 s in this room",
            Self::Failures => "failures of the room to take this",
            Self::UpdateClients => "clients in an update",
            Self::Other => "of something",
        }
    }
}

/// As a sentence for people.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (value, max, unit) = (self.value, self.max, self.limit.unit());
        write!(f, "{value} {unit} are over the limit of {max}; ")?;
        match self.retry_ms {
            Some(ms) => write!(f, "try again in {ms} ms"),
            None => write!(f, "trying again will not help"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn limits_have_numbers() {
        for limit in Limit::ALL.into_iter().chain([Limit::Other]) {
            assert_eq!(Limit::from_number(limit.number()), limit);
        }
        assert_eq!(Limit::from_number(99), Limit::Other);
    }

    #[test]
    fn s2_a_refusal_says_the_limit_the_value_and_whether_to_try_again() {
        let refusal = Refusal { limit: Limit::UpdateBytes, value: 9, max: 8, retry_ms: None };
        let text = "9 bytes in an update are over the limit of 8; trying again will not help";
        assert_eq!(refusal.to_string(), text);
        let refusal = Refusal { retry_ms: Some(1_000), ..refusal };
        assert!(refusal.to_string().ends_with("try again in 1000 ms"));
    }
}
