//! What a page's browser keeps for it, and a page that is loaded again.

use selvedge::replica::Input;

use super::Native;
use crate::env::{Env, Event};

impl Native {
    /// The page is loaded again, after it ended without a word.
    pub fn reloaded(mut self, env: &mut Env, client_id: u32) -> Self {
        let mut native = Self::empty(env, self.index, client_id);
        let Some(mut storage) = self.storage.take() else { return native };
        env.count("reload");
        storage.crash();
        self.edits.truncate(storage.edits);
        self.places.retain(|(edit, _)| *edit < storage.edits);
        (native.edits, native.places, native.rejected) = (self.edits, self.places, self.rejected);
        native.put_aside = storage.put_aside;
        native.storage = Some(storage);
        native.open(env);
        native
    }

    pub fn keeps(&self) -> bool {
        self.storage.is_some()
    }

    pub(super) fn open(&mut self, env: &mut Env) {
        if self.storage.is_some() {
            self.replica.await_stored(self.now(env));
            let in_ms = env.keep_rng.u64(0..400);
            env.schedule(in_ms, Event::Restored { client: self.index, life: self.life });
        }
        self.present(env);
        self.input(env, Input::Connect);
    }

    pub fn restored(&mut self, env: &mut Env, life: u32) {
        if self.life == life
            && let Some(storage) = &self.storage
        {
            let records = storage.durable.clone();
            self.input(env, Input::Restored(&records));
        }
    }

    pub(super) fn write(&mut self, env: &mut Env, record: Vec<u8>, replaces_all: bool) {
        let put_aside = self.put_aside;
        let storage = self.storage.as_mut();
        if storage.is_some_and(|storage| storage.write(record, replaces_all, put_aside)) {
            self.schedule_written(env);
        }
    }

    fn schedule_written(&self, env: &mut Env) {
        let in_ms = env.keep_rng.u64(1..200);
        env.schedule(in_ms, Event::Kept { client: self.index, life: self.life });
    }

    pub fn written(&mut self, env: &mut Env, life: u32, loses_edits: bool) {
        if self.life != life {
            return;
        }
        let Some(storage) = &mut self.storage else { return };
        let (count, more) = storage.written(loses_edits);
        if more {
            self.schedule_written(env);
        }
        self.input(env, Input::Kept(count));
    }
}
