//! Changes of this replica that lose to others who did not know them, before the room has
//! acknowledged them: what becomes of them, and what the page is told.

use super::refused::send;
use super::{Output, Replica};
use crate::document::{Conflict, EditError, PathSegment};
use crate::policy::{Schema, pointer};
use crate::protocol::FromClient;
use crate::time::Millis;

/// What becomes of a change that loses.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Policy {
    /// It is gone, and nobody is told.
    Quiet,
    /// The page is told, and can bring it back.
    #[default]
    Notify,
    /// It is kept as well: the value of a key under another key beside it, anything else where it
    /// was. The page is told.
    KeepBoth,
}

/// A change that lost.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflicted {
    /// What and to whom.
    pub conflict: Conflict,
    /// What became of it.
    pub policy: Policy,
    /// Under which key it is kept, if it is.
    pub kept: Option<String>,
}

/// What becomes of changes that lose, by where they are.
#[derive(Debug, Default)]
pub(super) struct Policies {
    /// Of several that fit the first counts.
    rules: Vec<(Vec<String>, Policy)>,
    /// What the page is to be told next.
    found: Vec<Conflicted>,
}

impl Policies {
    /// The policy of what is at a path. A copy that was kept has that of what it is a copy of.
    fn of(&self, path: &[PathSegment]) -> Policy {
        let fits = |pattern: &[String]| {
            pattern.len() == path.len()
                && pattern.iter().zip(path).all(|(segment, at)| match at {
                    _ if segment == "*" => true,
                    PathSegment::Key(key) => segment == base(key),
                    PathSegment::Index(index) => *segment == index.to_string(),
                })
        };
        let rule = self.rules.iter().find(|(pattern, _)| fits(pattern));
        rule.map(|(_, policy)| *policy).unwrap_or_default()
    }
}

/// A key without what [`beside`] adds.
fn base(key: &str) -> &str {
    let base = || {
        let numbered = key.strip_suffix(')')?;
        let before = numbered.trim_end_matches(|it: char| it.is_ascii_digit());
        before.strip_suffix(" (conflict ").filter(|_| before.len() < numbered.len())
    };
    base().unwrap_or(key)
}

/// The key under which something is kept beside another.
fn beside(key: &str, number: u32) -> String {
    format!("{} (conflict {number})", base(key))
}

impl Replica {
    /// What becomes of changes that lose at paths that fit a pattern: segments with a slash between
    /// them, in which `~` is written `~0` and `/` is written `~1`. `*` is any one of them.
    pub fn set_policies<'a>(&mut self, rules: impl Iterator<Item = (&'a str, Policy)>) {
        let segments = |path: &str| path.split('/').map(PathSegment::key_of).collect();
        let rules = rules.map(|(path, policy)| (segments(path), policy));
        self.policies.rules = rules.collect();
    }

    /// Write again what lost. Whether that changed anything. An error says that the document's
    /// rules forbid it, or that what it was in is gone.
    pub fn restore(
        &mut self,
        now: Millis,
        conflict: &Conflict,
    ) -> (Result<bool, EditError>, Vec<Output>) {
        let mut out = Vec::new();
        self.document.edits_at(now);
        let (restored, update) = self.checked(|document, check| document.restore(conflict, check));
        let is_news = update.is_some();
        self.wrote(now, update, &mut out);
        self.tell(now, &mut out);
        (restored.map(|()| is_news), out)
    }

    /// Do about what lost to others what the page wants.
    pub(super) fn lost(&mut self, now: Millis, lost: Vec<Conflict>, out: &mut Vec<Output>) {
        for conflict in lost {
            self.say_lost(&conflict, out);
            let policy = self.policies.of(&conflict.path);
            let keeps = policy == Policy::KeepBoth;
            let kept = if keeps { self.keep_beside(now, &conflict, out) } else { None };
            if policy != Policy::Quiet {
                self.policies.found.push(Conflicted { conflict, policy, kept });
            }
        }
    }

    /// The room writes down what lost, or counts it.
    fn say_lost(&self, conflict: &Conflict, out: &mut Vec<Output>) {
        let is_logged = self.schema().is_some_and(Schema::logs_conflicts);
        if self.connection.is_live() && (is_logged || self.latency.is_told) {
            let path = &pointer(&conflict.path);
            let message = FromClient::Conflict { by: conflict.by, path };
            send(out, self.frame_bytes_max, &message);
        }
    }

    /// Keep what lost as well. Under which key, if it is a key.
    fn keep_beside(
        &mut self,
        now: Millis,
        conflict: &Conflict,
        out: &mut Vec<Output>,
    ) -> Option<String> {
        let key = match (conflict.path.last(), self.document.map_of(conflict)) {
            (Some(PathSegment::Key(key)), Some(map)) => (1..)
                .map(|number| beside(key, number))
                .find(|name| !matches!(self.document.key(map, name), Ok(Some(_)))),
            _ => None,
        };
        self.document.edits_at(now);
        let (kept, update) = self.checked(|document, check| match &key {
            Some(key) => document.keep_both(conflict, key, check),
            None => document.restore(conflict, check),
        });
        self.wrote(now, update, out);
        kept.ok().and(key)
    }

    pub(super) fn tell_conflicts(&mut self, out: &mut Vec<Output>) {
        out.extend(self.policies.found.drain(..).map(|it| Output::Conflict(it.into())));
    }
}
