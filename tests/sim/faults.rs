//! What can go wrong, and how often in one run.

use fastrand::Rng;
use selvedge::room::Limits;

use crate::env::{ConnId, Env};

/// What is broken on purpose, to see that the checks notice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sabotage {
    /// Frames leave before the rows that they show are durable.
    GateOff,
    /// Now and then a row is not written, and nobody is told.
    AppendSkipped,
    /// What the room refused is written with the next row.
    RefusedStored,
    /// A room that wakes up does not know the sockets that slept with it.
    SocketsForgotten,
    /// A reset of the Wasm instance leaves sockets open.
    ResetKeepsSockets,
    /// Acks leave before the row is written.
    AckBeforeRow,
    /// What is read back is not compared with its checksum.
    ChecksumsIgnored,
    /// What a compaction reads is not compared with its checksum.
    CompactionUnchecked,
    /// Epochs are not compared, neither by the room nor by the client.
    EpochUnchecked,
    /// The platform says that every session pinged just now.
    SilentKept,
    /// A damaged row is not marked but thrown away.
    DamagedDropped,
    /// Every session is everyone's.
    SubjectsForgotten,
    /// Rows say another time than that at which they were written, and their checksums are right.
    RowsRewritten,
    /// The room does not know the document's rules.
    SchemaForgotten,
    /// What is stored and sent is what its author wrote, and not what is left of it.
    AuthorBelieved,
    /// Nobody is told what of theirs was undone.
    RejectionsKept,
    /// Browsers keep no edits, and say that they do.
    EditsNotKept,
}

/// Rates: for each client and step for the first four, for each step or event for the others.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    pub cut: f64,
    pub half_open: f64,
    pub stall: f64,
    pub offline: f64,
    pub restart: f64,
    pub clock_jump: f64,
    pub missed: f64,
    pub crash: f64,
    pub hibernate: f64,
    pub reset: f64,
    pub append_fails: f64,
    pub compact_fails: f64,
    pub alarm: f64,
    pub alarm_late: f64,
    pub alarm_twice: f64,
    pub hostile: f64,
    pub replaced: f64,
    pub poison: f64,
    pub large: f64,
    /// What the room takes; in some runs so little that clients are refused and send parts.
    pub limits: Limits,
    pub storage: StorageFaults,
}

/// Rates for each step, and for each output for the first.
#[derive(Clone, Debug, Default)]
pub struct StorageFaults {
    pub torn: f64,
    pub full: f64,
    pub newer: f64,
    pub row_damaged: f64,
    pub snapshot_damaged: f64,
    /// For each client that keeps its copy, and step.
    pub reload: f64,
}

/// Every kind, as it is counted when it happens.
pub const KINDS: [&str; 30] = [
    "cut",
    "half-open",
    "stall",
    "offline",
    "restart",
    "clock jump",
    "missed",
    "crash",
    "hibernate",
    "reset",
    "append fails",
    "compact fails",
    "torn",
    "full",
    "newer",
    "row damaged",
    "snapshot damaged",
    "alarm",
    "alarm late",
    "alarm twice",
    "hostile",
    "forged",
    "replaced",
    "aside",
    "poison",
    "poisoned",
    "large",
    "parts",
    "refused",
    "confirmed",
];

impl Faults {
    /// About half of the kinds: one kind can hide another.
    pub fn swarm(rng: &mut Rng) -> Self {
        // Of its own, so that a seed without these goes on as it did before there were any.
        let storage = StorageFaults::swarm(&mut rng.clone());
        let mut poison = Rng::with_seed(rng.clone().u64(..).rotate_left(7));
        let mut maybe = |rate: f64| if rng.bool() { rate } else { 0.0 };
        Self {
            cut: maybe(0.02),
            half_open: maybe(0.01),
            stall: maybe(0.02),
            offline: maybe(0.015),
            restart: maybe(0.01),
            clock_jump: maybe(0.01),
            missed: maybe(0.1),
            crash: maybe(0.02),
            hibernate: maybe(0.1),
            reset: maybe(0.03),
            append_fails: maybe(0.02),
            compact_fails: maybe(0.3),
            alarm: maybe(0.05),
            alarm_late: maybe(0.5),
            alarm_twice: maybe(0.5),
            hostile: maybe(0.3),
            replaced: maybe(0.006),
            // What clients give back of a damaged row is taken for poison that begins there.
            poison: if poison.bool() && storage.row_damaged == 0.0 { 0.004 } else { 0.0 },
            large: maybe(0.02),
            limits: limits(Rng::with_seed(rng.get_seed())),
            storage,
        }
    }

    /// What can happen to one connection.
    pub fn break_connection(&self, env: &mut Env, conn: ConnId) {
        if env.chance(self.cut) {
            env.count("cut");
            let (room_ms, client_ms) = (env.rng.u64(0..500), env.rng.u64(0..500));
            env.note(format_args!("cut {conn:?}"));
            env.cut(conn, room_ms, Some(client_ms));
        }
        if env.chance(self.half_open) {
            env.count("half-open");
            env.note(format_args!("half-open {conn:?}"));
            // Some are noticed by nobody but the room itself.
            let room_ms = if env.rng.bool() { env.rng.u64(0..60_000) } else { 86_400_000 };
            let client_ms = env.rng.bool().then(|| env.rng.u64(0..1_000));
            env.cut(conn, room_ms, client_ms);
        }
        if env.chance(self.stall) {
            env.count("stall");
            env.stall(conn);
        }
    }
}

impl StorageFaults {
    fn swarm(rng: &mut Rng) -> Self {
        let mut rng = Rng::with_seed(rng.u64(..));
        let mut maybe = |rate: f64| if rng.bool() { rate } else { 0.0 };
        Self {
            torn: maybe(0.003),
            full: maybe(0.01),
            newer: maybe(0.005),
            row_damaged: maybe(0.01),
            snapshot_damaged: maybe(0.03),
            reload: maybe(0.03),
        }
    }
}

/// In a third of all runs the room takes little at once.
fn limits(mut rng: Rng) -> Limits {
    // Few runs are long enough for the default.
    let log_rows_max = rng.u64(3..60);
    if rng.u8(..3) > 0 {
        return Limits { log_rows_max, ..Limits::default() };
    }
    Limits {
        log_rows_max,
        frame_bytes_max: rng.u64(1_024..8_192),
        session_frames_per_second: rng.u64(3..20),
        session_bytes_per_second: rng.u64(2_000..50_000),
        room_frames_per_second: rng.u64(20..200),
        window_bytes: rng.u64(2_000..100_000),
        ..Limits::default()
    }
}
