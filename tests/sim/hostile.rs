//! Someone who sends what no client sends. Never an update that can be walked: until a room knows
//! who owns which client id, that could speak for another.

use selvedge::protocol::{Dialect, FromClient};
use selvedge::update;

use crate::env::{ConnId, Env, Signal};

#[derive(Default)]
pub struct Hostile {
    conn: Option<ConnId>,
}

impl Hostile {
    pub fn act(&mut self, env: &mut Env, index: usize) {
        let Some(conn) = self.conn.filter(|conn| !env.is_broken(*conn)) else {
            let dialect = if env.rng.bool() { Dialect::Native } else { Dialect::Stock };
            self.conn = Some(env.open(index, dialect));
            return;
        };
        let Some(dialect) = env.conns.get(&conn).map(|conn| conn.dialect) else { return };
        let frame = frame(env, dialect);
        if is_harmful_only_to_us(dialect, &frame) {
            env.count("hostile");
            env.up(conn, Signal::Binary(frame));
        }
    }

    pub fn leave(&mut self, env: &mut Env) {
        if let Some(conn) = self.conn.take() {
            env.cut(conn, 0, None);
        }
    }

    pub fn receive(&mut self, env: &mut Env, conn: ConnId, signal: &Signal) {
        if let Signal::Close(code) = signal {
            env.up(conn, Signal::Close(*code));
            self.conn = self.conn.filter(|own| *own != conn);
        }
    }
}

fn frame(env: &mut Env, dialect: Dialect) -> Vec<u8> {
    let kind = env.rng.u8(..3);
    let samples: Vec<_> = env.samples.iter().filter(|(d, _)| *d == dialect).collect();
    if kind == 0 || samples.is_empty() {
        let len = env.rng.usize(..40);
        return (0..len).map(|_| env.rng.u8(..)).collect();
    }
    let mut frame = samples[env.rng.usize(..samples.len())].1.clone();
    if kind == 1 {
        frame.truncate(env.rng.usize(..=frame.len()));
    }
    for _ in 0..env.rng.usize(..4) {
        if !frame.is_empty() {
            let at = env.rng.usize(..frame.len().min(60));
            frame[at] = env.rng.u8(..);
        }
    }
    frame
}

fn is_harmful_only_to_us(dialect: Dialect, frame: &[u8]) -> bool {
    match dialect.decode(frame) {
        Ok(Some(FromClient::Update { update, .. } | FromClient::SyncStep2 { update, .. })) => {
            update::walk(update).any(|part| part.is_err()) || update == update::EMPTY
        }
        Ok(Some(FromClient::Awareness(update))) => selvedge::awareness::decode(update).is_err(),
        _ => true,
    }
}
