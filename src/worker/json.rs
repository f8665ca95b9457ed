//! How a room is, as JSON for the dashboard.

use serde_json::{Map, Value, json};

use super::logs::fields;
use crate::histogram::{BOUNDS, Histogram};
use crate::room::{Delay, Event, Gauges, Metrics};
use crate::time::Millis;

/// Gauges and metrics: numbers by name, labelled ones by name and label, delays with quantiles in
/// milliseconds.
pub(super) fn numbers(metrics: &Metrics, gauges: &Gauges) -> Map<String, Value> {
    let mut all = Map::new();
    for (name, _, value) in gauges.described() {
        all.insert(name.into(), value.into());
    }
    for family in metrics.families() {
        let value = match family.label {
            None => family.values.first().map_or(0, |(_, value)| *value).into(),
            Some(_) => {
                let seen = family.values.into_iter().filter(|(_, value)| *value > 0);
                Value::Object(seen.map(|(of, value)| (of, value.into())).collect())
            }
        };
        all.insert(family.name.into(), value);
    }
    for (name, _, histogram) in metrics.delays() {
        let name = name.strip_suffix("_seconds").unwrap_or(name);
        all.insert(name.into(), delay(histogram));
    }
    all
}

fn delay(histogram: &Histogram) -> Value {
    json!({
        "count": histogram.count(),
        "p50_ms": histogram.quantile(0.5),
        "p95_ms": histogram.quantile(0.95),
        "p99_ms": histogram.quantile(0.99),
    })
}

/// The commits' delays by size, so that whoever looks can tell the quantiles of what is new.
pub(super) fn commit_delays(metrics: &Metrics) -> Value {
    json!({ "bounds_ms": BOUNDS, "buckets": metrics.delay(Delay::Commit).buckets() })
}

/// What happened, and when.
pub(super) fn events<'a>(events: impl Iterator<Item = &'a (Millis, Event)>) -> Value {
    let events = events.map(|(at, event)| {
        let mut all = Map::new();
        all.insert("at".into(), at.0.into());
        all.insert("level".into(), event.level().name().into());
        all.insert("event".into(), event.name().into());
        all.extend(fields(event));
        Value::Object(all)
    });
    Value::Array(events.collect())
}
