//! Logs: one line of JSON for each thing that is worth it. No content, no tokens.

use serde_json::{Map, Value, json};
use worker::Env;

use super::platform;
use crate::protocol::{Dialect, Trace};
use crate::room::{Event, Level};

/// What is written down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Logs {
    /// Nothing below it is; nothing at all without one.
    level: Option<Level>,
    /// Of what happens all the time, one in so many.
    every: u64,
}

impl Logs {
    /// As `LOG_LEVEL` and `LOG_EVERY` say. What they say wrong is said, and the default is taken:
    /// nothing should fail for the want of a log.
    pub(super) fn read(env: &Env) -> Self {
        let setting = |name| env.var(name).ok().map(|value| value.to_string());
        let mut logs = Self { level: Some(Level::Info), every: 100 };
        if let Some(name) = setting("LOG_LEVEL") {
            match (Level::from_name(&name), &name[..]) {
                (None, "off") => logs.level = None,
                (None, _) => logs.wrong("LOG_LEVEL", "off, error, warn, info or debug"),
                (level, _) => logs.level = level,
            }
        }
        if let Some(every) = setting("LOG_EVERY") {
            match every.parse() {
                Ok(every @ 1..) => logs.every = every,
                _ => logs.wrong("LOG_EVERY", "a whole number from 1"),
            }
        }
        logs
    }

    fn wrong(&self, name: &str, expected: &str) {
        self.say(Level::Warn, "setting", json!({ "name": name, "expected": expected }));
    }

    /// Something happened in a document's room.
    pub(super) fn event(&self, document: &str, event: &Event) {
        let level = event.level();
        if let Event::Committed { sequence, .. } = event
            && !sequence.is_multiple_of(self.every)
        {
            return;
        }
        if self.level.is_some_and(|least| level <= least) {
            let mut fields = fields(event);
            fields.insert("document".into(), document.into());
            self.say(level, event.name(), Value::Object(fields));
        }
    }

    /// Write a line.
    pub(super) fn say(&self, level: Level, event: &str, fields: Value) {
        if self.level.is_none_or(|least| level > least) {
            return;
        }
        let mut line = Map::new();
        line.insert("level".into(), level.name().into());
        line.insert("event".into(), event.into());
        line.insert("at".into(), platform::now().0.into());
        if let Value::Object(fields) = fields {
            line.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
        }
        platform::write_line(level.name(), &Value::Object(line).to_string());
    }
}

/// What an event says beside its name, for logs and for the dashboard.
pub(super) fn fields(event: &Event) -> Map<String, Value> {
    let traced = |trace: &Option<Trace>| trace.map(|trace| trace.to_string());
    let fields = match event {
        Event::Opened { session, dialect, carrier, trace } => {
            let dialect = match dialect {
                Dialect::Stock => "stock",
                Dialect::Native => "native",
            };
            json!({
                "session": session.0,
                "dialect": dialect,
                "carrier": carrier.name(),
                "trace": traced(trace),
            })
        }
        Event::CaughtUp { session, by, bytes, trace } => {
            json!({ "session": session.0, "by": by.name(), "bytes": bytes, "trace": traced(trace) })
        }
        Event::Ended { session, close, trace } => json!({
            "session": session.0,
            "code": close.map(|close| close.code()),
            "reason": close.map(|close| close.reason()),
            "trace": traced(trace),
        }),
        Event::Refused { session, refusal, trace } => json!({
            "session": session.0,
            "limit": refusal.limit.name(),
            "value": refusal.value,
            "max": refusal.max,
            "retry_ms": refusal.retry_ms,
            "trace": traced(trace),
        }),
        Event::Denied { session, denial, trace } => {
            json!({ "session": session.0, "why": denial.name(), "trace": traced(trace) })
        }
        Event::Compensated { session, rules, trace } => {
            json!({ "session": session.0, "rules": rules, "trace": traced(trace) })
        }
        Event::Asked { session, trace } => json!({ "session": session.0, "trace": traced(trace) }),
        Event::Committed { sequence, updates, bytes, peers, traces } => {
            let traces: Vec<_> = traces.iter().map(Trace::to_string).collect();
            json!({
                "sequence": sequence,
                "updates": updates,
                "bytes": bytes,
                "peers": peers,
                "traces": traces,
            })
        }
        Event::Compacted { sequence, bytes_before, bytes } => {
            json!({ "sequence": sequence, "bytes_before": bytes_before, "bytes": bytes })
        }
        Event::Quarantined { part, sequence, reason } => {
            json!({ "part": format!("{part:?}"), "sequence": sequence, "reason": reason })
        }
        Event::Revoked { sessions } | Event::Deleted { sessions } => {
            json!({ "sessions": sessions })
        }
        Event::Failed { in_hand } => json!({ "in_hand": in_hand }),
    };
    match fields {
        Value::Object(fields) => fields.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => Map::new(),
    }
}
