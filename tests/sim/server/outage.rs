//! How the room's machine goes away, and what of it stays.

use super::Server;
use crate::disk::Disk;
use crate::env::Env;

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
    pub(super) fn reset(&mut self, env: &mut Env) {
        env.count("reset");
        env.note("instance is reset");
        self.live = None;
        (self.instance, self.commit_is_due) = (self.instance + 1, false);
    }

    /// The document was deleted, and begins again.
    pub fn replace_history(&mut self, env: &mut Env) {
        env.note("history is replaced");
        self.disk = Disk::new(env.rng.u64(1..1 << 53));
        self.forget_process(env);
        env.oracle.replaced();
    }
}
