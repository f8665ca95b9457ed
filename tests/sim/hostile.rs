//! Someone who sends what no client sends. An update that can be walked only under client ids that
//! are somebody else's: under others it would be an edit like any.

use selvedge::codec::{write_bytes, write_number};
use selvedge::protocol::{Dialect, FromClient, native};
use selvedge::update;

use crate::env::{ConnId, Env, Signal};
use crate::oracle::FORGED;

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
        if env.has_subjects && env.rng.u8(..4) == 0 {
            return forge(env, conn, dialect);
        }
        if env.has_subjects && env.rules.is_some() && env.rng.u8(..3) == 0 {
            return replay(env, conn, dialect);
        }
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

/// Go on where somebody else stopped.
fn forge(env: &mut Env, conn: ConnId, dialect: Dialect) {
    let nth = env.rng.usize(..100);
    let Some((client, clock)) = env.oracle.known_client(nth) else { return };
    env.count("forged");
    let mut update = vec![1, 1];
    for number in [client, clock.into()] {
        write_number(&mut update, number);
    }
    update.extend([4, 1]);
    write_bytes(&mut update, b"draft");
    write_bytes(&mut update, FORGED.as_bytes());
    update.push(0);
    let message = match env.rng.bool() {
        true => FromClient::Update { number: 1, update: &update },
        false => FromClient::SyncStep2 { number: 1, update: &update },
    };
    let frame = match dialect {
        Dialect::Native => native::encode_from_client(&message).expect("a native message"),
        Dialect::Stock => {
            let mut frame =
                vec![0, if matches!(message, FromClient::Update { .. }) { 2 } else { 1 }];
            write_bytes(&mut frame, &update);
            frame
        }
    };
    env.up(conn, Signal::Binary(frame));
}

/// Say again what somebody else said, if that is not under a client id that is free still: it would
/// be this one's then.
fn replay(env: &mut Env, conn: ConnId, dialect: Dialect) {
    let samples: Vec<_> = env.samples.iter().filter(|(d, _)| *d == dialect).collect();
    if samples.is_empty() {
        return;
    }
    let frame = samples[env.rng.usize(..samples.len())].1.clone();
    let update = match dialect.decode(&frame) {
        Ok(Some(FromClient::Update { update, .. } | FromClient::SyncStep2 { update, .. })) => {
            update
        }
        _ => return,
    };
    let is_known = |part| match part {
        Ok(update::Part::Struct(client, _)) => env.oracle.knows(client),
        Ok(update::Part::Delete(..)) => true,
        Err(_) => false,
    };
    if update::walk(update).all(is_known) {
        env.count("replayed");
        env.up(conn, Signal::Binary(frame));
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
