//! How the room's machine goes away, and what of it stays.

use std::rc::Rc;

use selvedge::protocol::Close;

use super::{Failed, Server};
use crate::disk::Disk;
use crate::env::Env;
use crate::faults::Sabotage;

impl Server {
    /// The process is gone: memory, sockets, writes that were not durable and what waited for them.
    pub fn crash(&mut self, env: &mut Env) {
        env.note("room crashes");
        self.disk.crash();
        self.forget_process(env);
        self.schedule_alarm(env);
    }

    fn forget_process(&mut self, env: &mut Env) {
        self.gate.clear();
        self.live = None;
        (self.process, self.timers, self.commit_is_due) = (self.process + 1, 0, false);
        for conn in std::mem::take(&mut self.sockets).into_keys() {
            let client_ms = env.rng.u64(0..1_000);
            env.cut(conn, 0, Some(client_ms));
        }
    }

    /// Memory is gone, sockets stay. Only in a quiet room.
    pub fn hibernate(&mut self, env: &mut Env) {
        if self.timers == 0 && !self.disk.is_pending() && self.live.take().is_some() {
            env.count("hibernate");
            env.note("room sleeps");
        }
    }

    /// As soon as there may be something to lose.
    pub fn reset_soon(&mut self) {
        self.reset_is_due = true;
    }

    /// A fault in another room replaced the Wasm instance that this one shares.
    pub fn reset(&mut self, env: &mut Env) {
        env.count("reset");
        env.note("instance is reset");
        self.live = None;
        (self.instance, self.commit_is_due) = (self.instance + 1, false);
    }

    /// No write succeeds for a while.
    pub fn fill(&mut self, env: &mut Env) {
        self.full_until = env.now + env.rng.u64(500..20_000);
        env.note("disk is full");
    }

    /// A deploy was taken back, and the newer build had migrated the storage. For a while.
    pub fn roll_back(&mut self, env: &mut Env) {
        env.note("storage is newer");
        self.disk.crash();
        self.forget_process(env);
        self.newer_until = env.now + env.rng.u64(500..20_000);
    }

    /// All outages are over.
    pub fn heal(&mut self, env: &mut Env) {
        (self.full_until, self.newer_until) = (env.now, env.now);
        self.schedule_alarm(env);
    }

    pub(super) fn is_newer(&self, env: &Env) -> bool {
        env.now < self.newer_until
    }

    pub(super) fn write_may_fail(
        &self,
        env: &mut Env,
        kind: &'static str,
        rate: f64,
    ) -> Result<(), Failed> {
        if env.now < self.full_until {
            env.count("full");
        } else if env.chance(rate) {
            env.count(kind);
        } else {
            return Ok(());
        }
        Err(Failed(Close::Storage))
    }

    /// What was durable is not what it was.
    pub fn damage_row(&mut self, env: &mut Env) {
        if let Some(damaged) = self.disk.damage_row(&mut env.rng) {
            env.count("row damaged");
            env.note(format_args!("row {} is damaged", damaged.sequence));
            env.oracle.row_is_damaged(damaged);
        }
    }

    /// Nothing is lost by this: the rows before it are in the history.
    pub fn damage_snapshot(&mut self, env: &mut Env) {
        if self.disk.damage_snapshot(&mut env.rng) {
            env.count("snapshot damaged");
            env.note("the snapshot is damaged");
            env.oracle.snapshot_is_damaged();
        }
    }

    /// Another history, in which nothing is. The rules of the deployment hold for it.
    pub(super) fn empty_disk(env: &mut Env, sabotage: Option<Sabotage>) -> Disk {
        let schema = env.rules.as_ref().map(|rules| Rc::clone(&rules.schema));
        Disk::new(env.rng.u64(1..1 << 53), schema, sabotage)
    }

    /// The document was deleted, and begins again.
    pub fn replace_history(&mut self, env: &mut Env) {
        env.note("history is replaced");
        self.disk = Self::empty_disk(env, self.sabotage);
        self.forget_process(env);
        env.oracle.replaced();
    }
}
