//! The states of a connection, and when to give up on one.

#[cfg(test)]
mod tests;

use super::interface::Output;
use super::transport::{Failure, Way, Ways};
use crate::protocol::close;
use crate::time::Millis;

/// The WebSocket close code of a socket that nobody closed (RFC 6455, section 7.4.1).
const NO_CLOSE: u16 = 1006;
/// Attempts are spread over twice this time at first, in milliseconds; it doubles with each
/// failure. A deploy cuts everyone off at once: few should come back in the same moment, all
/// within seconds.
const BACKOFF_MS_MIN: u64 = 1_000;
/// And over this time at most.
const BACKOFF_MS_MAX: u64 = 30_000;
/// A connection that lived this long starts the backoff over.
const LASTED_MS_MIN: u64 = 5_000;
/// Tokens that may be refused in a row before the page has to see to it.
const REFUSALS_MAX: u32 = 3;
/// How long opening a socket may take, and the room's welcome after that.
const OPENING_MS_MAX: u64 = 10_000;
/// The same where another way is tried behind it: in opening a WebSocket, and for the welcome in an
/// answer that is read while it comes.
const HANGS_MS_MAX: u64 = 5_000;
/// How long either side may be silent before the connection is probed. A room forgets whoever says
/// nothing for long, also one who only listens.
const QUIET_MS_MAX: u64 = 20_000;
/// How long the answer to a probe may take.
const PONG_MS_MAX: u64 = 10_000;
/// The same while the document is still arriving: the answer waits behind it.
const PONG_MS_MAX_CATCHING_UP: u64 = 120_000;

/// How the connection stands, for the page.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Status {
    /// Not connected: cut off by the page, or between two attempts.
    Offline,
    /// Connecting.
    Connecting,
    /// Connected, and receiving what was missed.
    Behind,
    /// Connected, with everything that the room had when it said welcome.
    Live,
    /// Trying again will not help. The document stays readable.
    Closed {
        /// A WebSocket close code from 4400 to 4499.
        code: u16,
        /// Why, in English.
        reason: String,
    },
}

/// What the time asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Due {
    /// Open a socket.
    Connect,
    /// Probe the connection.
    Ping,
    /// The connection is dead: drop it.
    Reconnect,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum State {
    /// The page does not want to be connected.
    Resting,
    /// The room does not want to be connected to.
    Refused { code: u16, reason: String },
    /// Between two attempts.
    Waiting { until: Millis },
    /// A socket was asked for.
    Opening { since: Millis },
    /// Hello was sent.
    Greeting { since: Millis },
    /// The room said welcome, with its last sequence number.
    Live { since: Millis, head: u64, heard: Millis, said: Millis, pinged: Option<Millis> },
}

#[derive(Clone, Debug)]
pub(super) struct Connection {
    state: State,
    /// How many attempts have failed in a row.
    failures: u32,
    /// How many tokens were refused in a row.
    refusals: u32,
    random: u64,
    pub(super) ways: Ways,
    /// How long the room's last answer took, in milliseconds.
    rtt_ms: Option<u64>,
}

impl Connection {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            state: State::Resting,
            failures: 0,
            refusals: 0,
            random: seed,
            ways: Ways::default(),
            rtt_ms: None,
        }
    }

    pub(super) fn status(&self, sequence: u64) -> Status {
        match &self.state {
            State::Resting | State::Waiting { .. } => Status::Offline,
            State::Refused { code, reason } => {
                Status::Closed { code: *code, reason: reason.clone() }
            }
            State::Opening { .. } | State::Greeting { .. } => Status::Connecting,
            State::Live { head, .. } if sequence < *head => Status::Behind,
            State::Live { .. } => Status::Live,
        }
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self.state, State::Live { .. })
    }

    pub(super) fn has_socket(&self) -> bool {
        matches!(self.state, State::Opening { .. } | State::Greeting { .. } | State::Live { .. })
    }

    /// The page wants to be connected. Whether to open a socket.
    pub(super) fn want(&mut self, now: Millis) -> bool {
        if self.has_socket() {
            return false;
        }
        (self.failures, self.refusals) = (0, 0);
        self.begin(now);
        true
    }

    /// An attempt begins.
    pub(super) fn begin(&mut self, now: Millis) {
        self.ways.begin();
        self.state = State::Opening { since: now };
    }

    /// Whether a socket has to be opened, or is about to be.
    pub(super) fn is_opening(&self) -> bool {
        matches!(self.state, State::Opening { .. })
    }

    /// The page does not want to be connected.
    pub(super) fn rest(&mut self) {
        self.state = State::Resting;
    }

    /// Connecting again will not help.
    pub(super) fn refuse(&mut self, code: u16, reason: &str) {
        self.state = State::Refused { code, reason: reason.to_owned() };
    }

    /// The page woke up: do at once what would be due later.
    pub(super) fn wake(&mut self, now: Millis) -> Option<Due> {
        self.ways.wake(now);
        match &mut self.state {
            State::Waiting { .. } => {
                self.begin(now);
                Some(Due::Connect)
            }
            State::Live { pinged: pinged @ None, .. } => {
                *pinged = Some(now);
                Some(Due::Ping)
            }
            _ => None,
        }
    }

    /// The socket is open. Whether that was asked for.
    pub(super) fn opened(&mut self, now: Millis) -> bool {
        let asked = matches!(self.state, State::Opening { .. });
        if asked {
            self.state = State::Greeting { since: now };
        }
        asked
    }

    /// The room said welcome. Whether that was due.
    pub(super) fn welcomed(&mut self, now: Millis, head: u64) -> bool {
        let State::Greeting { since } = self.state else { return false };
        (self.rtt_ms, self.refusals) = (Some(now.since(since)), 0);
        self.ways.worked(now);
        self.state = State::Live { since: now, head, heard: now, said: now, pinged: None };
        true
    }

    /// The answer that is held has ended. Whether the next one follows it.
    pub(super) fn renew(&mut self, now: Millis) -> bool {
        let renews = self.is_live() && self.ways.renews(now);
        if renews {
            self.heard(now);
        }
        renews
    }

    /// The room said welcome. Whether that is in an answer behind the first one.
    pub(super) fn goes_on(&mut self) -> bool {
        self.is_live() && self.ways.goes_on()
    }

    /// The answer to a probe arrived.
    pub(super) fn ponged(&mut self, now: Millis) {
        if let State::Live { pinged: Some(pinged), .. } = self.state {
            self.rtt_ms = Some(now.since(pinged));
        }
        self.heard(now);
    }

    /// How long the room's last answer took, in milliseconds.
    pub(super) fn rtt_ms(&self) -> Option<u64> {
        self.rtt_ms
    }

    /// Something arrived. Whether it counts.
    pub(super) fn heard(&mut self, now: Millis) -> bool {
        if let State::Live { heard, pinged, .. } = &mut self.state {
            *heard = now;
            *pinged = None;
        }
        matches!(self.state, State::Greeting { .. } | State::Live { .. })
    }

    /// This is about to be done. What sends a frame or a probe says something.
    pub(super) fn says(&mut self, now: Millis, out: &[Output]) {
        let sends = |it: &Output| matches!(it, Output::Send(_) | Output::SendPing);
        if let State::Live { said, .. } = &mut self.state
            && out.iter().any(sends)
        {
            *said = now;
        }
    }

    /// The socket is gone. Whether there was one. Who `renews` tokens comes back with a new one.
    pub(super) fn closed(&mut self, now: Millis, code: u16, reason: &str, renews: bool) -> bool {
        let had_socket = self.has_socket();
        if had_socket {
            let of_token = renews && close::is_of_token(code) && self.refusals < REFUSALS_MAX;
            self.refusals += u32::from(of_token);
            if close::is_permanent(code) && close::of_copy(code).is_none() && !of_token {
                self.refuse(code, reason);
            } else if code == NO_CLOSE {
                self.failed(now, Failure::Cut);
            } else {
                self.lost(now);
            }
        }
        had_socket
    }

    /// The network failed it. If it brought no welcome, another way may be tried at once; otherwise
    /// it is lost.
    pub(super) fn failed(&mut self, now: Millis, failure: Failure) {
        let is_new = matches!(self.state, State::Opening { .. } | State::Greeting { .. });
        if is_new && self.ways.failed(failure) {
            self.state = State::Opening { since: now };
        } else {
            self.lost(now);
        }
    }

    /// The connection is lost: wait before the next attempt.
    pub(super) fn lost(&mut self, now: Millis) {
        let lasted = match self.state {
            State::Live { since, .. } => now.since(since) >= LASTED_MS_MIN,
            _ => false,
        };
        self.failures = if lasted { 1 } else { self.failures.saturating_add(1) };
        // Full jitter: after a deploy everyone comes back, and not all at once.
        let spread = (BACKOFF_MS_MIN << self.failures.min(16)).min(BACKOFF_MS_MAX);
        self.state = State::Waiting { until: now + self.next_random() % spread };
    }

    /// When [`Connection::due`] has something to say.
    pub(super) fn due_at(&self, sequence: u64, ack_overdue_at: Option<Millis>) -> Option<Millis> {
        match self.state {
            State::Resting | State::Refused { .. } => None,
            State::Waiting { until } => Some(until),
            State::Opening { since } if self.ways.now == Way::Socket => Some(since + HANGS_MS_MAX),
            State::Greeting { since } if self.ways.now == Way::Stream => Some(since + HANGS_MS_MAX),
            State::Opening { since } | State::Greeting { since } => Some(since + OPENING_MS_MAX),
            State::Live { head, heard, said, pinged, .. } => {
                let pong_ms_max =
                    if sequence >= head { PONG_MS_MAX } else { PONG_MS_MAX_CATCHING_UP };
                let silence = match pinged {
                    Some(pinged) => pinged + pong_ms_max,
                    None => heard.min(said) + QUIET_MS_MAX,
                };
                // The ack of what was sent last is as good as an answer to a probe, and a probe
                // behind a large update would be late.
                ack_overdue_at.or(Some(silence))
            }
        }
    }

    /// What is due now.
    pub(super) fn due(
        &mut self,
        now: Millis,
        sequence: u64,
        ack_overdue_at: Option<Millis>,
    ) -> Option<Due> {
        if self.due_at(sequence, ack_overdue_at).is_none_or(|at| now < at) {
            return None;
        }
        match &mut self.state {
            State::Resting | State::Refused { .. } => None,
            State::Waiting { .. } => {
                self.begin(now);
                Some(Due::Connect)
            }
            State::Live { pinged: pinged @ None, .. } if ack_overdue_at.is_none() => {
                *pinged = Some(now);
                Some(Due::Ping)
            }
            State::Opening { .. } | State::Greeting { .. } | State::Live { .. } => {
                Some(Due::Reconnect)
            }
        }
    }

    /// The next number of splitmix64 (Steele, Lea and Flood, 2014).
    pub(super) fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
