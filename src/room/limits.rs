//! What a room takes, and the meters of what comes in a second (S2).
//!
//! Every limit has a name, under which a deployment can set it, and a default. What is over one is
//! not taken: the client is told which limit it was, by how much, and whether trying again helps.

use std::ops::RangeInclusive;

use thiserror::Error;

use super::bucket::Bucket;
use super::decision::Reason;
use super::session::SessionId;
use super::{Event, Output, Room, Stage};
use crate::awareness::PRESENCE_BYTES_MAX;
use crate::protocol::{Close, Dialect, FRAME_BYTES_MAX, FromRoom, Limit, Refusal};
use crate::time::Millis;
use crate::update;

/// How much may come at once, in seconds of what may come all the time.
const BURST_S: u64 = 4;
/// How long a client waits before it tries a document again that was full.
const FULL_RETRY_MS: u64 = 10_000;
/// And a room that has as many connections as it takes.
const SESSIONS_RETRY_MS: u64 = 5_000;

/// What one room takes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Limits {
    /// The bytes of one frame of a native client, which can send parts. Stock clients cannot.
    pub frame_bytes_max: u64,
    /// The bytes of one update, in one frame or in parts.
    pub update_bytes_max: u64,
    /// The bytes of the document, as far as it is compacted. Beyond it only deletions are taken.
    pub document_bytes_max: u64,
    /// The same of a document that has a schema: it is loaded, and takes some 40 times its size.
    pub ruled_bytes_max: u64,
    /// Rows of the log before it is compacted.
    pub log_rows_max: u64,
    /// Connections.
    pub sessions_max: u64,
    /// The bytes that may be on the way to one session, sent and not confirmed.
    pub window_bytes: u64,
    /// The bytes of one session's presence.
    pub presence_bytes_max: u64,
    /// How long a session may be silent before it counts as gone, in milliseconds. Hidden tabs run
    /// their timers once a minute.
    pub silence_ms_max: u64,
    /// Frames that one session may send in a second; 0 for any number.
    pub session_frames_per_second: u64,
    /// Bytes that one session may send in a second; 0 for any number.
    pub session_bytes_per_second: u64,
    /// Frames that all sessions may send in a second; 0 for any number.
    pub room_frames_per_second: u64,
    /// Bytes that all sessions may send in a second; 0 for any number.
    pub room_bytes_per_second: u64,
    /// How long an edit may take until it is durable before it counts as slow, in milliseconds.
    pub durable_budget_ms: u64,
    /// And until somebody else has it.
    pub seen_budget_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes_max: FRAME_BYTES_MAX as u64,
            update_bytes_max: FRAME_BYTES_MAX as u64,
            document_bytes_max: 48 << 20,
            ruled_bytes_max: 1 << 20,
            log_rows_max: 1_000,
            sessions_max: 5_000,
            window_bytes: 8 << 20,
            presence_bytes_max: PRESENCE_BYTES_MAX as u64,
            silence_ms_max: 150_000,
            session_frames_per_second: 10_000,
            session_bytes_per_second: 16 << 20,
            room_frames_per_second: 100_000,
            room_bytes_per_second: 64 << 20,
            durable_budget_ms: 500,
            seen_budget_ms: 1_000,
        }
    }
}

/// Why a limit could not be set.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{name} is {value:?}, but has to be a whole number from {min} to {max}")]
pub struct LimitError {
    name: &'static str,
    value: String,
    min: u64,
    max: u64,
}

type Field = (&'static str, fn(&mut Limits) -> &mut u64, RangeInclusive<u64>);

/// The names of the limits, and what they may be. A frame has to hold a hello and a part that gets
/// somewhere; the platform delivers no larger one, and keeps no larger presence over a hibernation.
const FIELDS: [Field; 15] = [
    ("FRAME_BYTES_MAX", |it| &mut it.frame_bytes_max, 1_024..=FRAME_BYTES_MAX as u64),
    ("UPDATE_BYTES_MAX", |it| &mut it.update_bytes_max, 1_024..=64 << 20),
    ("DOCUMENT_BYTES_MAX", |it| &mut it.document_bytes_max, 1_024..=1 << 40),
    ("RULED_BYTES_MAX", |it| &mut it.ruled_bytes_max, 1_024..=64 << 20),
    ("LOG_ROWS_MAX", |it| &mut it.log_rows_max, 1..=1_000_000),
    ("SESSIONS_MAX", |it| &mut it.sessions_max, 1..=32_768),
    ("WINDOW_BYTES", |it| &mut it.window_bytes, 1_024..=1 << 30),
    ("PRESENCE_BYTES_MAX", |it| &mut it.presence_bytes_max, 0..=PRESENCE_BYTES_MAX as u64),
    ("SILENCE_MS_MAX", |it| &mut it.silence_ms_max, 1_000..=86_400_000),
    ("SESSION_FRAMES_PER_SECOND", |it| &mut it.session_frames_per_second, 0..=1 << 40),
    ("SESSION_BYTES_PER_SECOND", |it| &mut it.session_bytes_per_second, 0..=1 << 40),
    ("ROOM_FRAMES_PER_SECOND", |it| &mut it.room_frames_per_second, 0..=1 << 40),
    ("ROOM_BYTES_PER_SECOND", |it| &mut it.room_bytes_per_second, 0..=1 << 40),
    ("DURABLE_BUDGET_MS", |it| &mut it.durable_budget_ms, 1..=50_000),
    ("SEEN_BUDGET_MS", |it| &mut it.seen_budget_ms, 1..=50_000),
];

impl Limits {
    /// The defaults, but for what `setting` has under a limit's name.
    pub fn read(setting: impl Fn(&str) -> Option<String>) -> Result<Self, LimitError> {
        let mut limits = Self::default();
        for (name, field, range) in FIELDS {
            let Some(value) = setting(name) else { continue };
            match value.parse() {
                Ok(number) if range.contains(&number) => *field(&mut limits) = number,
                _ => {
                    let (min, max) = range.into_inner();
                    return Err(LimitError { name, value, min, max });
                }
            }
        }
        Ok(limits)
    }
}

/// What one session, or all of them, sent lately.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Meter {
    frames: Bucket,
    bytes: Bucket,
}

impl Meter {
    /// Count a frame. One that comes into a bucket that is not full is taken whatever its size:
    /// who has a large update could never send it otherwise. What is counted although it is not
    /// taken makes the next wait longer.
    fn add(&mut self, now: Millis, amounts: [u64; 2], rates: [Rate; 2]) -> Option<Over> {
        let mut over = None;
        let buckets = [&mut self.frames, &mut self.bytes].into_iter().zip(amounts);
        for ((bucket, amount), Rate { limit, per_second, single_max }) in buckets.zip(rates) {
            if per_second == 0 || amount == 0 {
                continue;
            }
            let burst = per_second.saturating_mul(BURST_S);
            if bucket.add(now, amount, per_second) >= burst {
                let excess = bucket.level().saturating_sub(burst);
                // Until half of it has leaked: at just the limit, one of the frames in which a
                // client says everything would be refused again, and so on for ever.
                let leak = bucket.level().saturating_sub(burst / 2);
                let retry_ms = Some(leak.saturating_mul(1_000) / per_second + 1);
                let refusal = Refusal { limit, value: bucket.level(), max: burst, retry_ms };
                over = Some(Over { refusal, hopeless: excess > burst.max(single_max) });
            }
        }
        over
    }
}

/// How much may come in a second.
struct Rate {
    limit: Limit,
    per_second: u64,
    /// The most that may come as one.
    single_max: u64,
}

/// More came than is taken.
struct Over {
    refusal: Refusal,
    /// The client does not listen.
    hopeless: bool,
}

impl Room {
    /// Whether a frame of this size is taken now; otherwise, what to do about it. What the
    /// room waits for is taken.
    pub(super) fn meter(
        &mut self,
        now: Millis,
        id: SessionId,
        bytes: usize,
        is_due: bool,
    ) -> Result<(), Vec<Output>> {
        let Some(session) = self.sessions.get_mut(&id) else { return Err(Vec::new()) };
        let limits = &self.limits;
        let frames = |limit, per_second| Rate { limit, per_second, single_max: 1 };
        let single_max = limits.update_bytes_max;
        let sized = |limit, per_second| Rate { limit, per_second, single_max };
        let of_session = [
            frames(Limit::SessionFrames, limits.session_frames_per_second),
            sized(Limit::SessionBytes, limits.session_bytes_per_second),
        ];
        let of_room = [
            frames(Limit::RoomFrames, limits.room_frames_per_second),
            sized(Limit::RoomBytes, limits.room_bytes_per_second),
        ];
        // The parts of a large frame are many, and no more work than their bytes.
        let counts = bytes as u64 <= limits.frame_bytes_max / 2;
        let amounts = [u64::from(counts), bytes as u64];
        let (dialect, stage) = (session.dialect, session.stage);
        let over = session.meter.add(now, amounts, of_session);
        let over = over.or(self.metered.add(now, amounts, of_room));
        let over = over.filter(|over| !is_due || over.hopeless);
        let Some(over) = over else { return Ok(()) };
        let mut out = self.refusal(id, 0, over.refusal);
        // A stock client cannot be told to wait; it does when it is closed, and brings everything
        // when it comes back.
        if over.hopeless || dialect == Dialect::Stock || stage == Stage::Silent {
            out.extend(self.close(now, id, Close::TooFast));
        } else {
            out.extend(self.enter(id, Stage::Resyncing));
        }
        Err(out)
    }

    /// Why an update is not taken whatever it holds, if it is not.
    pub(super) fn too_large(&self, update: &[u8]) -> Option<Refusal> {
        let bytes = update.len() as u64;
        // What cannot be read is for the walk to refuse.
        let clients = update::client_count(update).unwrap_or(0);
        let clients_max = update::clients_max(update.len());
        let amounts = [
            (Limit::UpdateBytes, bytes, self.limits.update_bytes_max),
            (Limit::UpdateClients, clients, clients_max),
        ];
        let (limit, value, max) = amounts.into_iter().find(|&(_, value, max)| value > max)?;
        Some(Refusal { limit, value, max, retry_ms: None })
    }

    /// Why so many bytes of new content are not taken, if they are not.
    pub(super) fn too_full(&self, bytes: usize) -> Option<Refusal> {
        let value =
            self.size.snapshot_bytes + self.size.bytes + self.gathered.bytes() + bytes as u64;
        let max = match self.schema() {
            Some(_) => self.limits.document_bytes_max.min(self.limits.ruled_bytes_max),
            None => self.limits.document_bytes_max,
        };
        let retry_ms = Some(FULL_RETRY_MS);
        let refusal = Refusal { limit: Limit::DocumentBytes, value, max, retry_ms };
        (value > max).then_some(refusal)
    }

    /// Why no further session is taken, if none is.
    pub(super) fn crowded(&self) -> Option<Refusal> {
        let (value, max) = (self.sessions.len() as u64 + 1, self.limits.sessions_max);
        let retry_ms = Some(SESSIONS_RETRY_MS);
        let refusal = Refusal { limit: Limit::Sessions, value, max, retry_ms };
        (value > max).then_some(refusal)
    }

    /// Tell a client that its update was not taken. What it sends behind that refers to it, and is
    /// not taken either, until it says everything at once.
    pub(super) fn refuse(&mut self, id: SessionId, number: u64, refusal: Refusal) -> Vec<Output> {
        let mut out = self.refusal(id, number, refusal);
        out.extend(self.enter(id, Stage::Resyncing));
        out
    }

    /// Tell a client that something was not taken.
    pub(super) fn refusal(&mut self, id: SessionId, number: u64, refusal: Refusal) -> Vec<Output> {
        let trace = self.trace(id);
        self.observed.tell(Event::Refused { session: id, refusal, trace });
        if let Some(why) = Reason::of_limit(refusal.limit) {
            self.decide_refused(id, why);
        }
        self.send(id, &FromRoom::Refused { number, refusal }).into_iter().collect()
    }
}
