//! The room's alarm, which may come late and twice, and what the platform knows of pings.

use selvedge::room::Input;

use super::Server;
use crate::disk::Write;
use crate::env::{Env, Event};
use crate::faults::Sabotage;

impl Server {
    /// As if the room had asked for one: compaction is due rarely in a short life.
    pub fn alarm_now(&mut self, env: &mut Env) {
        self.write(env, Write::Alarm(Some(env.now)));
        self.schedule_alarm(env);
    }

    pub fn alarm(&mut self, env: &mut Env, again: bool) {
        if !again {
            if self.disk.current.alarm.is_none_or(|at| at > env.now) {
                return;
            }
            self.write(env, Write::Alarm(None));
            if env.chance(env.faults.alarm_twice) {
                env.count("alarm twice");
                let in_ms = env.rng.u64(0..2_000);
                env.schedule(in_ms, Event::Alarm { again: true });
            }
        }
        let pinged = self.sockets.values().filter_map(|socket| {
            let is_sabotaged = self.sabotage == Some(Sabotage::SilentKept);
            let at = if is_sabotaged { Some(env.now) } else { socket.pinged_at };
            Some((socket.session, at?))
        });
        for (session, at) in pinged.collect::<Vec<_>>() {
            self.run(env, Input::Pinged { session, at });
        }
        self.alarms += 1;
        self.run(env, Input::Alarm);
    }

    pub(super) fn schedule_alarm(&mut self, env: &mut Env) {
        let Some(at) = self.disk.current.alarm else { return };
        let mut in_ms = at.since(env.now);
        if env.chance(env.faults.alarm_late) {
            env.count("alarm late");
            in_ms += env.rng.u64(1..30_000);
        }
        env.schedule(in_ms, Event::Alarm { again: false });
    }
}
