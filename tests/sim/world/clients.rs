//! What happens to the clients of a run, and what they do.

use super::{Client, World};
use crate::faults::Faults;
use crate::native::Native;
use crate::stock::Stock;

impl World {
    pub(super) fn inject_into(&mut self, index: usize, faults: &Faults) {
        let env = &mut self.env;
        if let Client::Hostile(hostile) = &mut self.clients[index] {
            if env.chance(faults.hostile) {
                hostile.act(env, index);
            }
            return;
        }
        let conn = match &self.clients[index] {
            Client::Native(native) => native.conn(),
            Client::Stock(stock) => stock.conn(),
            Client::Hostile(_) | Client::Gone => return,
        };
        if let Some(conn) = conn {
            faults.break_connection(env, conn);
        }
        if env.chance(faults.offline) {
            match &mut self.clients[index] {
                Client::Native(native) => native.go_offline(env),
                Client::Stock(stock) => stock.go_offline(env),
                Client::Hostile(_) | Client::Gone => {}
            }
        }
        if let Client::Native(native) = &mut self.clients[index]
            && env.chance(faults.clock_jump)
        {
            env.count("clock jump");
            native.jump(env);
        }
        if env.chance(faults.poison) {
            match &mut self.clients[index] {
                Client::Native(native) => native.poison(env),
                Client::Stock(stock) => stock.poison(env),
                Client::Hostile(_) | Client::Gone => {}
            }
        }
        let promoted = env.rules.as_ref().map_or(0.0, |rules| rules.promoted);
        if env.chance(promoted) {
            self.promote(index);
        }
        let env = &mut self.env;
        if env.chance(faults.restart) {
            env.count("restart");
            self.restart(index);
        }
        if let Client::Native(native) = &self.clients[index]
            && native.keeps()
            && self.env.keep_rng.f64() < faults.storage.reload
        {
            self.reload(index);
        }
    }

    /// The page is loaded again, with what its browser kept.
    pub(super) fn reload(&mut self, index: usize) {
        let Client::Native(mut native) = std::mem::replace(&mut self.clients[index], Client::Gone)
        else {
            return;
        };
        self.env.note(format_args!("client {index} is loaded again"));
        native.leave(&mut self.env);
        self.last_client_id += 1;
        let native = native.reloaded(&mut self.env, self.last_client_id);
        self.clients[index] = Client::Native(Box::new(native));
    }

    /// Its role is another one from now on, also in the sessions that it has.
    fn promote(&mut self, index: usize) {
        let env = &mut self.env;
        let Some(rules) = &mut env.rules else { return };
        if !rules.promote(&mut env.rng, index) {
            return;
        }
        env.count("promoted");
        env.note(format_args!("client {index} is {:?} now", env.role(index)));
        let conns = env.conns.iter().filter(|(_, conn)| conn.client == index);
        for conn in conns.map(|(&id, _)| id).collect::<Vec<_>>() {
            self.server.admit(env, conn);
        }
    }

    /// The page is loaded again: a new client that has nothing.
    pub(super) fn restart(&mut self, index: usize) {
        self.env.note(format_args!("client {index} restarts"));
        let is_native = match &mut self.clients[index] {
            Client::Native(native) => {
                native.leave(&mut self.env);
                true
            }
            Client::Stock(stock) => {
                stock.leave(&mut self.env);
                false
            }
            Client::Hostile(_) | Client::Gone => return,
        };
        self.clients[index] = self.client(index, is_native);
    }

    pub(super) fn client(&mut self, index: usize, is_native: bool) -> Client {
        self.last_client_id += 1;
        let id = self.last_client_id;
        if is_native {
            Client::Native(Box::new(Native::new(&mut self.env, index, id)))
        } else {
            Client::Stock(Box::new(Stock::new(&mut self.env, index, id)))
        }
    }

    pub(super) fn edit(&mut self, index: usize) {
        match &mut self.clients[index] {
            Client::Native(native) => native.edit(&mut self.env),
            Client::Stock(stock) => stock.edit(&mut self.env),
            Client::Hostile(_) | Client::Gone => {}
        }
    }

    pub(super) fn present(&mut self, index: usize) {
        match &mut self.clients[index] {
            Client::Native(native) => native.present(&mut self.env),
            Client::Stock(stock) => stock.present(&mut self.env),
            Client::Hostile(_) | Client::Gone => {}
        }
    }
}
