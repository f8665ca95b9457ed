//! The room's machine: performs what the room asks for, as the Durable Object does, and fails as
//! its platform can.

mod access;
mod alarm;
mod outage;
mod poison;
mod sabotage;
mod told;
mod wake;

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use selvedge::protocol::{Close, FromClient, FromRoom, Hello, native};
use selvedge::room::{Carrier, Input, Limits, Mark, Output, Room, SessionId};
use selvedge::time::Millis;

use crate::disk::{Disk, Write};
use crate::env::{ConnId, Env, Event, Signal};
use crate::faults::Sabotage;
pub use poison::POISON;
use poison::Poison;
use sabotage::{is_ack, is_rejection};

/// A socket as the platform keeps it. It outlives the room's memory.
struct Socket {
    /// The tag that it was accepted with.
    session: SessionId,
    /// Nothing once the room closed it: it only waits for its client's answer.
    attachment: Vec<u8>,
    pinged_at: Option<Millis>,
}

struct Live {
    room: Room,
    sockets: BTreeMap<SessionId, ConnId>,
}

pub struct Server {
    pub disk: Disk,
    live: Option<Live>,
    sockets: BTreeMap<ConnId, Socket>,
    /// Signals that wait until so many writes are durable.
    gate: VecDeque<(u64, ConnId, Signal)>,
    disk_ms_max: u64,
    commit_is_due: bool,
    timers: u32,
    process: u32,
    /// The Wasm memory; a fault replaces it while the sockets stay.
    instance: u32,
    pub sabotage: Option<Sabotage>,
    limits: Limits,
    reset_is_due: bool,
    /// Until when every write fails, and until when a newer build's storage is there.
    full_until: Millis,
    newer_until: Millis,
    refused: Vec<Vec<u8>>,
    /// What clients think the epoch is, if they are not told.
    epochs: BTreeMap<ConnId, u64>,
    poison: Poison,
    /// How many inputs the room was given, and how many alarms.
    pub inputs: u64,
    pub alarms: u64,
}

/// Why a room is abandoned.
struct Failed(Close);

impl Server {
    pub fn new(env: &mut Env, sabotage: Option<Sabotage>) -> Self {
        Self {
            disk: Self::empty_disk(env, sabotage),
            live: None,
            sockets: BTreeMap::new(),
            gate: VecDeque::new(),
            disk_ms_max: env.rng.u64(1..=150),
            commit_is_due: false,
            timers: 0,
            process: 0,
            instance: 0,
            sabotage,
            limits: env.faults.limits.clone(),
            reset_is_due: false,
            full_until: Millis(0),
            newer_until: Millis(0),
            refused: Vec::new(),
            epochs: BTreeMap::new(),
            poison: Poison::new(env),
            inputs: 0,
            alarms: 0,
        }
    }

    pub fn receive(&mut self, env: &mut Env, conn: ConnId, signal: Signal) {
        if matches!(signal, Signal::Open) {
            return self.accept(env, conn);
        }
        let Some(session) = self.sockets.get(&conn).map(|socket| socket.session) else { return };
        match signal {
            Signal::Binary(bytes) => {
                let bytes = self.without_epoch(conn, bytes);
                self.frame(env, session, &bytes);
            }
            Signal::Over => self.take(env, Input::GoesOn { session }),
            // The platform answers these.
            Signal::Probe => {
                if let Some(socket) = self.sockets.get_mut(&conn) {
                    socket.pinged_at = Some(env.now);
                }
                env.down(conn, Signal::Probe);
            }
            Signal::Close(_) | Signal::Open => self.lost(env, conn),
        }
    }

    /// A socket is gone, or its close was answered.
    pub fn lost(&mut self, env: &mut Env, conn: ConnId) {
        let Some(session) = self.sockets.get(&conn).map(|socket| socket.session) else { return };
        self.take(env, Input::Disconnect { session });
        if let Some(live) = self.live.as_mut() {
            live.sockets.remove(&session);
        }
        self.sockets.remove(&conn);
    }

    fn accept(&mut self, env: &mut Env, conn: ConnId) {
        let Some(dialect) = env.conns.get(&conn).map(|conn| conn.dialect) else { return };
        if self.is_newer(env) {
            self.send(env, conn, Signal::Open);
            return self.send(env, conn, Signal::Close(Close::Newer.code()));
        }
        let live = match self.live.take() {
            Some(live) => live,
            None => self.load(env),
        };
        let live = self.live.insert(live);
        let session = live.room.next_session();
        live.sockets.insert(session, conn);
        self.sockets.insert(conn, Socket { session, attachment: Vec::new(), pinged_at: None });
        self.send(env, conn, Signal::Open);
        env.note(format_args!("accept {conn:?} as {session:?} {dialect:?}"));
        let access = &self.access(env, conn);
        let carrier = Carrier::Socket;
        self.run(env, Input::Connect { session, dialect, carrier, trace: None, access });
    }

    fn frame(&mut self, env: &mut Env, session: SessionId, bytes: &[u8]) {
        let bound = self.resume_bytes_max(bytes);
        env.oracle.catch_up_bytes = None;
        self.take(env, Input::Frame { session, bytes });
        if let (Some(bound), Some(sent)) = (bound, env.oracle.catch_up_bytes.take())
            && sent > bound
        {
            env.oracle.violated(format!("O2: a resume took {sent} bytes, not {bound}"));
        }
    }

    /// O2: what a resume may cost, if `bytes` is a hello of one who was here.
    fn resume_bytes_max(&self, bytes: &[u8]) -> Option<usize> {
        let Ok(Some(FromClient::Hello(Hello { epoch, sequence, .. }))) =
            native::decode_from_client(bytes)
        else {
            return None;
        };
        let tables = &self.disk.current;
        let numbered_from = tables.snapshot_sequence().max(tables.repaired());
        if epoch != tables.epoch || sequence < numbered_from || sequence == 0 {
            return None;
        }
        let rows = tables.rows.iter().filter(|row| row.value.sequence > sequence);
        Some(rows.map(|row| row.value.update.len()).sum::<usize>() + 16)
    }

    /// An input that may leave something to commit.
    fn take(&mut self, env: &mut Env, input: Input<'_>) {
        if !std::mem::replace(&mut self.commit_is_due, true) {
            let in_ms = env.rng.u64(0..=2);
            self.commit_in(env, in_ms, true);
        }
        self.run(env, input);
        if std::mem::take(&mut self.reset_is_due) {
            self.reset(env);
        }
    }

    fn commit_in(&mut self, env: &mut Env, in_ms: u64, posted: bool) {
        self.timers += 1;
        let (process, instance) = (self.process, self.instance);
        env.schedule(in_ms, Event::Commit { process, instance, posted });
    }

    pub fn commit(&mut self, env: &mut Env, process: u32, instance: u32, posted: bool) {
        if process != self.process {
            return;
        }
        self.timers -= 1;
        if instance != self.instance {
            // The closure belongs to a memory that is gone.
            if self.sabotage != Some(Sabotage::ResetKeepsSockets) {
                self.close_all(env, Close::Restarted);
            }
            return;
        }
        if posted {
            self.commit_is_due = false;
        }
        self.run(env, Input::Commit);
    }

    /// Hand an input to the room and do what it says, up to the first thing that fails.
    fn run(&mut self, env: &mut Env, input: Input<'_>) {
        self.inputs += u64::from(!matches!(input, Input::Pinged { .. } | Input::Alarm));
        if self.is_newer(env) {
            return self.close_all(env, Close::Newer);
        }
        let mut live = match self.live.take() {
            Some(live) => live,
            None => self.load(env),
        };
        self.disk.current.is_unchecked |=
            self.sabotage == Some(Sabotage::CompactionUnchecked) && matches!(input, Input::Alarm);
        self.begin(&live.room, &input);
        let mut outputs = live.room.handle(env.now, input, &self.disk.current);
        if self.traps(&input, &outputs) {
            return self.trap(env, &input);
        }
        self.disk.current.is_unchecked = self.disk.durable.is_unchecked;
        self.remember_refused(&input, &outputs);
        self.remember_forbidden(&input);
        if self.sabotage == Some(Sabotage::RejectionsKept) {
            outputs.retain(|output| !is_rejection(output));
        }
        if self.sabotage == Some(Sabotage::AckBeforeRow) {
            outputs.sort_by_key(|output| !is_ack(output));
        }
        for (at, output) in outputs.into_iter().enumerate() {
            if at > 0 && env.chance(env.faults.storage.torn) {
                env.count("torn");
                return self.crash(env);
            }
            let performed = match output {
                Output::Abandon => Err(Failed(Close::Restarted)),
                output => self.perform(env, &mut live, output),
            };
            if let Err(Failed(close)) = performed {
                env.note("room abandoned");
                return self.close_all(env, close);
            }
        }
        self.end(&input);
        self.live = Some(live);
    }

    fn perform(&mut self, env: &mut Env, live: &mut Live, output: Output) -> Result<(), Failed> {
        match output {
            Output::Append(row) => {
                self.write_may_fail(env, "append fails", env.faults.append_fails)?;
                self.append(env, row);
                self.committed();
            }
            Output::Compact { snapshot, row } => {
                env.note(format_args!("compact to {}", snapshot.sequence));
                self.write_may_fail(env, "compact fails", env.faults.compact_fails)?;
                env.count("compacted");
                self.write(env, Write::Compact(Rc::new((snapshot, row))));
            }
            Output::Repair(repair) => {
                self.write_may_fail(env, "append fails", env.faults.append_fails)?;
                for Mark { part, sequence, reason, .. } in &repair.marks {
                    env.note(format_args!("quarantined: {part:?} {sequence}: {reason}"));
                }
                env.count("repaired");
                self.write(env, Write::Repair(Rc::new(repair)));
            }
            Output::Name { number, subject } => self.write(env, Write::Name(number, Some(subject))),
            Output::Erase { number } => self.write(env, Write::Name(number, None)),
            Output::Schema(schema) => self.write(env, Write::Schema(schema)),
            Output::Suspects(suspects) => {
                self.write_may_fail(env, "append fails", env.faults.append_fails)?;
                self.write(env, Write::Suspects(suspects));
                self.committed();
            }
            Output::Send { to, frame } => {
                if let Ok(Some(FromRoom::SyncStep2 { .. })) = native::decode_from_room(&frame) {
                    env.oracle.catch_up_bytes = Some(frame.len());
                }
                if env.rules.is_some() {
                    env.oracle.check_marks("a frame", &frame);
                }
                for conn in to.iter().filter_map(|id| live.sockets.get(id)) {
                    let frame = self.with_epoch(*conn, &frame);
                    self.send(env, *conn, Signal::Binary(frame));
                }
            }
            Output::Attach { session, attachment } => {
                let conn = live.sockets.get(&session);
                if let Some(socket) = conn.and_then(|conn| self.sockets.get_mut(conn)) {
                    socket.attachment = attachment;
                }
            }
            Output::Close { session, close } => {
                env.note(format_args!("close {session:?}: {close:?}"));
                if close == Close::Silent {
                    env.count("silent");
                }
                if let Some(conn) = live.sockets.remove(&session) {
                    self.forget_attachment(conn);
                    self.send(env, conn, Signal::Close(close.code()));
                }
            }
            Output::SetTimer(at) => self.commit_in(env, at.since(env.now), false),
            Output::SetAlarm(at) => {
                self.write(env, Write::Alarm(Some(at)));
                self.schedule_alarm(env);
            }
            Output::Tell(event) => self.told(env, &event),
            Output::Report(report) => Self::reported(env, &report),
            // Nobody revokes or deletes here.
            Output::Revoked(_) | Output::Delete(_) => env.count("managed"),
            Output::Verify { session, .. } => self.verify(env, session),
            Output::Abandon => {}
        }
        Ok(())
    }

    fn write(&mut self, env: &mut Env, write: Write) {
        self.disk.write(write);
        let (in_ms, process) = (env.rng.u64(1..=self.disk_ms_max), self.process);
        env.schedule(in_ms, Event::Settled { process });
    }

    /// The output gate: what leaves waits for every write before it.
    fn send(&mut self, env: &mut Env, conn: ConnId, signal: Signal) {
        if self.disk.is_pending() && self.sabotage != Some(Sabotage::GateOff) {
            self.gate.push_back((self.disk.written, conn, signal));
        } else {
            env.down(conn, signal);
        }
    }

    pub fn settled(&mut self, env: &mut Env, process: u32) {
        if process != self.process {
            return;
        }
        let Some((write, durable)) = self.disk.settle() else { return };
        match write {
            Write::Append(row) => env.oracle.row_is_durable(&row),
            Write::Compact(compacted) => {
                env.oracle.snapshot_is_durable(&compacted.0);
                env.oracle.row_is_durable(&compacted.1);
            }
            Write::Repair(repair) => env.oracle.repair_is_durable(&repair, &self.disk.durable),
            Write::Alarm(_) | Write::Suspects(_) | Write::Name(..) | Write::Schema(_) => {}
        }
        while self.gate.front().is_some_and(|(write, ..)| *write <= durable) {
            if let Some((_, conn, signal)) = self.gate.pop_front() {
                env.down(conn, signal);
            }
        }
    }
}
