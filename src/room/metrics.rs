//! What a room counts.

mod text;

use super::event::CatchUp;
use crate::histogram::{Histogram, sum};
use crate::protocol::{Close, Limit};
pub use text::open_metrics;

/// Something that only grows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Counter {
    /// Frames from clients.
    FramesReceived,
    /// Their bytes.
    BytesReceived,
    /// Frames to clients, each as often as it was sent.
    FramesSent,
    /// Their bytes.
    BytesSent,
    /// Updates that were taken.
    Updates,
    /// Rows of the log.
    Commits,
    /// Their bytes.
    CommitBytes,
    /// Sessions that began.
    Sessions,
    /// Sessions that were asked for what the room lacks.
    Asks,
    /// Times that a session had more on the way to it than a window.
    Lags,
    /// Compactions.
    Compactions,
    /// What they read, in bytes.
    CompactedBytes,
    /// What they wrote, in bytes.
    SnapshotBytes,
    /// Times that the room was loaded from its storage.
    Wakes,
    /// Stored things that are damaged.
    Quarantines,
    /// Times that the room failed before it was loaded.
    Failures,
    /// Times that the room was dropped, since its storage failed or is damaged.
    Abandons,
    /// Edits that were durable later than the deployment wants.
    SlowDurable,
    /// Edits that others had later than the deployment wants.
    SlowSeen,
    /// What was not taken since it is not its session's to do.
    Denials,
    /// Updates of which something was undone, since it breaks the document's rules.
    Compensations,
    /// Changes that lost to others, as clients tell.
    Conflicts,
    /// Times that somebody revoked what was granted.
    Revocations,
    /// Times that the document was deleted.
    Deletions,
    /// Sessions that began with a poll.
    Polls,
    /// Sessions that began as event streams.
    EventStreams,
    /// Sessions that a row was relayed to, each row as often as it was sent.
    Relays,
    /// Updates of presence that were taken.
    PresenceUpdates,
}

/// Name and meaning of each, in order.
const COUNTERS: [(&str, &str); 28] = [
    ("frames_received", "Frames from clients."),
    ("received_bytes", "Bytes of frames from clients."),
    ("frames_sent", "Frames to clients, each as often as it was sent."),
    ("sent_bytes", "Bytes of frames to clients."),
    ("updates", "Updates that were taken."),
    ("commits", "Rows of the log."),
    ("commit_bytes", "Bytes of rows of the log."),
    ("sessions_opened", "Sessions that began."),
    ("asks", "Sessions that were asked for what the room lacks."),
    ("lags", "Times that a session had more than a window on the way to it."),
    ("compactions", "Compactions of the log."),
    ("compaction_read_bytes", "Bytes that compactions read."),
    ("compaction_written_bytes", "Bytes of the snapshots that compactions wrote."),
    ("wakes", "Times that a room was loaded from its storage."),
    ("quarantines", "Stored rows, snapshots and segments that were found damaged."),
    ("failures", "Times that a room trapped or lost its memory."),
    ("abandons", "Times that a room was dropped, since its storage failed or is damaged."),
    ("slow_durable", "Edits that were durable later than the budget, as clients tell."),
    ("slow_seen", "Edits that others had later than the budget, as clients tell."),
    ("denials", "What was not taken since it is not its session's to do."),
    ("compensations", "Updates of which something was undone, since it breaks a rule."),
    ("conflicts", "Changes that lost to others who did not know them, as clients tell."),
    ("revocations", "Times that somebody revoked what was granted."),
    ("deletions", "Times that a document was deleted."),
    ("polls", "Sessions that began with a poll."),
    ("event_streams", "Sessions that began as event streams."),
    ("relays", "Rows of the log that were relayed, each as often as it was sent."),
    ("presence_updates", "Updates of presence that were taken."),
];

/// Something of which the distribution counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Delay {
    /// From the first frame of a commit to the commit.
    Commit,
    /// From an edit in a client to the acknowledgement that it is durable, as the client tells.
    Durable,
    /// From an edit in a client until another one has it and said so, as the client tells.
    Seen,
}

const DELAYS: [(&str, &str); 3] = [
    ("commit_delay_seconds", "From the first frame of a commit to the commit."),
    ("edit_durable_seconds", "From an edit until its client knows that it is durable."),
    ("edit_seen_seconds", "From an edit until its client knows that another one has it."),
];

/// Counts of one kind.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Family {
    /// What it is called.
    pub name: &'static str,
    /// What it means.
    pub help: &'static str,
    /// What its values differ in, if there are several.
    pub label: Option<&'static str>,
    /// The label's value, and the count.
    pub values: Vec<(String, u64)>,
}

/// Everything that is counted.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Metrics {
    counters: [u64; COUNTERS.len()],
    refusals: [u64; Limit::ALL.len()],
    closes: [u64; Close::ALL.len()],
    catch_ups: [u64; CatchUp::ALL.len()],
    delays: [Histogram; DELAYS.len()],
}

impl Metrics {
    pub(super) fn add(&mut self, counter: Counter, amount: u64) {
        let counter = &mut self.counters[counter as usize];
        *counter = sum(*counter, amount);
    }

    pub(super) fn refused(&mut self, limit: Limit) {
        count_one(&mut self.refusals, &Limit::ALL, limit);
    }

    pub(super) fn closed(&mut self, close: Close) {
        count_one(&mut self.closes, &Close::ALL, close);
    }

    pub(super) fn caught_up(&mut self, by: CatchUp) {
        count_one(&mut self.catch_ups, &CatchUp::ALL, by);
    }

    /// A distribution, to count a delay in milliseconds or to take in what a client counted.
    pub(super) fn delay_mut(&mut self, delay: Delay) -> &mut Histogram {
        &mut self.delays[delay as usize]
    }

    /// How often something happened.
    pub fn count(&self, counter: Counter) -> u64 {
        self.counters[counter as usize]
    }

    /// How many refusals there were, of any kind.
    pub fn refusals(&self) -> u64 {
        self.refusals.iter().sum()
    }

    /// Everything that only grows: name, meaning, the name of a label if there is one, and values
    /// by label.
    pub fn families(&self) -> Vec<Family> {
        let plain = COUNTERS.iter().zip(self.counters).map(|((name, help), value)| {
            let values = vec![(String::new(), value)];
            Family { name, help, label: None, values }
        });
        let limits = Limit::ALL.iter().map(|limit| limit.name().to_owned());
        let codes = Close::ALL.iter().map(|close| close.code().to_string());
        let kinds = CatchUp::ALL.iter().map(|by| by.name().to_owned());
        let labelled =
            |name, help, label, values| Family { name, help, label: Some(label), values };
        let labelled = [
            labelled(
                "refusals",
                "What was over a limit.",
                "limit",
                limits.zip(self.refusals).collect(),
            ),
            labelled(
                "closes",
                "Sessions that the room ended.",
                "code",
                codes.zip(self.closes).collect(),
            ),
            labelled(
                "catch_ups",
                "How sessions were brought up to date.",
                "by",
                kinds.zip(self.catch_ups).collect(),
            ),
        ];
        plain.chain(labelled).collect()
    }

    /// Name, meaning and distribution of every delay.
    pub fn delays(&self) -> impl Iterator<Item = (&'static str, &'static str, &Histogram)> {
        let described = DELAYS.iter().zip(&self.delays);
        described.map(|(&(name, help), histogram)| (name, help, histogram))
    }

    /// The distribution of a delay, in milliseconds.
    pub fn delay(&self, delay: Delay) -> &Histogram {
        &self.delays[delay as usize]
    }

    /// All numbers, in an order that a build keeps.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u64> + '_ {
        let plain = self.counters.iter().chain(&self.refusals).chain(&self.closes);
        let delays = self.delays.iter().flat_map(Histogram::numbers);
        plain.chain(&self.catch_ups).chain(delays).copied()
    }

    pub(super) fn numbers_mut(&mut self) -> impl Iterator<Item = &mut u64> + '_ {
        let plain = self.counters.iter_mut().chain(&mut self.refusals).chain(&mut self.closes);
        let delays = self.delays.iter_mut().flat_map(Histogram::numbers_mut);
        plain.chain(&mut self.catch_ups).chain(delays)
    }

    /// Take in what `other` counted.
    pub fn extend(&mut self, other: &Self) {
        for (own, other) in self.numbers_mut().zip(other.numbers()) {
            *own = sum(*own, other);
        }
    }

    /// What was counted since `before`, which is the same room's, some time ago.
    pub(super) fn since(&self, before: &Self) -> Self {
        let mut since = self.clone();
        for (own, before) in since.numbers_mut().zip(before.numbers()) {
            *own = own.saturating_sub(before);
        }
        since
    }
}

fn count_one<T: PartialEq, const N: usize>(counts: &mut [u64; N], all: &[T; N], one: T) {
    if let Some(at) = all.iter().position(|other| *other == one) {
        counts[at] += 1;
    }
}

/// How a room is now.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Gauges {
    /// Connections.
    pub sessions: u64,
    /// Those that have too much on the way to them.
    pub sessions_behind: u64,
    /// Updates that these were not sent, each as often as it is missing.
    pub backlog: u64,
    /// Connections that are polls.
    pub polls_held: u64,
    /// Connections that are event streams.
    pub event_streams_open: u64,
    /// Clients whose presence is shown.
    pub present: u64,
    /// The last sequence number.
    pub sequence: u64,
    /// Rows of the log behind the snapshot.
    pub log_rows: u64,
    /// Their bytes.
    pub log_bytes: u64,
    /// The bytes of the snapshot.
    pub snapshot_bytes: u64,
    /// Rows that are stored and not served.
    pub quarantined: u64,
    /// The bytes of the Wasm memory that the room shares with others. The shell knows.
    pub heap_bytes: u64,
}

/// Name and meaning of each, in order.
const GAUGES: [(&str, &str); 12] = [
    ("sessions", "Connections."),
    ("sessions_behind", "Connections that do not keep up."),
    ("backlog_updates", "Updates that these were not sent, each as often as it is missing."),
    ("polls_held", "Connections that are polls."),
    ("event_streams_open", "Connections that are event streams."),
    ("present", "Clients whose presence is shown."),
    ("sequence", "The last sequence number."),
    ("log_rows", "Rows of the log that are not compacted."),
    ("log_bytes", "Bytes of these rows."),
    ("snapshot_bytes", "Bytes of the snapshot."),
    ("quarantined_rows", "Rows that are stored and not served."),
    ("heap_bytes", "Bytes of the Wasm memory that a room shares with others."),
];

impl Gauges {
    /// All numbers, in an order that a build keeps.
    pub(super) fn numbers_mut(&mut self) -> [&mut u64; GAUGES.len()] {
        [
            &mut self.sessions,
            &mut self.sessions_behind,
            &mut self.backlog,
            &mut self.polls_held,
            &mut self.event_streams_open,
            &mut self.present,
            &mut self.sequence,
            &mut self.log_rows,
            &mut self.log_bytes,
            &mut self.snapshot_bytes,
            &mut self.quarantined,
            &mut self.heap_bytes,
        ]
    }

    pub(super) fn numbers(mut self) -> [u64; GAUGES.len()] {
        self.numbers_mut().map(|number| *number)
    }

    /// Take in another room's: sums, and the largest heap, which rooms share.
    pub fn extend(&mut self, other: &Self) {
        let heap_bytes = self.heap_bytes.max(other.heap_bytes);
        for (own, other) in self.numbers_mut().into_iter().zip(other.numbers()) {
            *own = sum(*own, other);
        }
        self.heap_bytes = heap_bytes;
    }

    /// Name, meaning and value of each, in order.
    pub fn described(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        let described = GAUGES.into_iter().zip(self.numbers());
        described.map(|((name, help), value)| (name, help, value))
    }
}
