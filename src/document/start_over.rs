//! Leaving a history behind: a copy that must not be merged makes way for an empty one.

use super::Document;
use std::rc::Rc;

use super::event::{Event, KeyChange, WatchId};
use super::shared::{Kind, Shared, SharedId};
use super::undo::{History, Written};
use super::value::{Delta, Json, Value};

impl Document {
    /// Everything in the shared types at the root that were asked for, by name.
    pub fn content(&self) -> Json {
        let entries = self.roots.iter().map(|(name, &kind)| {
            let root = Shared { id: SharedId::Root(Rc::clone(name)), kind };
            (name.as_ref().to_owned(), self.json(&root).unwrap_or(Json::Undefined))
        });
        Json::Object(entries.collect())
    }

    /// An empty document in which the same shared types at the root are asked for.
    pub fn empty_alike(&self) -> Self {
        let mut empty = Self::new(self.client_id());
        for (name, &kind) in self.roots.iter() {
            // Nobody else has defined it there.
            let _ = empty.root(name, kind);
        }
        empty
    }

    /// Become an empty document whose edits carry `client_id`. Those who watch a shared type at the
    /// root are told that all in it is gone, and go on watching.
    pub fn start_over(&mut self, client_id: u64) {
        let gone: Vec<_> =
            self.watches.iter().filter_map(|(&id, (shared, _))| self.gone(id, shared)).collect();
        self.events.borrow_mut().told.extend(gone);
        let before = std::mem::replace(self, Self::new(client_id));
        (self.events, self.last_watch) = (before.events, before.last_watch);
        self.history = before.history.map(History::cleared);
        self.written = before.written.map(|_| Written::default());
        for (name, kind) in before.roots {
            // Nobody else has defined it here.
            let _ = self.root(&name, kind);
        }
        for (id, (shared, deep)) in before.watches {
            let _ = self.attach(id, shared, deep);
        }
    }

    /// What one who watches a shared type at the root is told when all in it goes.
    fn gone(&self, watch: WatchId, shared: &Shared) -> Option<Event> {
        let SharedId::Root(_) = &shared.id else { return None };
        let (mut delta, mut keys) = (Vec::new(), Vec::new());
        if shared.kind == Kind::Map {
            for key in self.keys(shared).ok()? {
                // What is shared is gone with it.
                let value = match self.key(shared, &key) {
                    Ok(Some(Value::Json(json))) => Value::Json(json),
                    _ => Value::Opaque,
                };
                keys.push((key, KeyChange::Delete(value)));
            }
        } else {
            delta.extend(self.len(shared).ok().filter(|&len| len > 0).map(Delta::Delete));
        }
        let (target, path, local) = (shared.clone(), Vec::new(), false);
        let is_news = !delta.is_empty() || !keys.is_empty();
        is_news.then_some(Event { watch, target, path, local, delta, keys })
    }
}
