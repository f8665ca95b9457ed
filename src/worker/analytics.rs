//! What a room reports, for Workers Analytics Engine where it is bound.

use worker::{AnalyticsEngineDataPointBuilder, Env};

use crate::room::{Counter, Delay, Report};

/// The dataset, as a deployment may bind it.
const DATASET: &str = "METRICS";

/// Write a data point: the document as index, and these numbers in an order that stays. At most one
/// a minute for each room, and one when it becomes empty.
pub(super) fn write(env: &Env, document: &str, report: &Report) {
    let Ok(dataset) = env.analytics_engine(DATASET) else { return };
    let Report { metrics, gauges } = report;
    let counts = [
        Counter::Updates,
        Counter::Commits,
        Counter::FramesReceived,
        Counter::BytesReceived,
        Counter::FramesSent,
        Counter::BytesSent,
        Counter::Sessions,
        Counter::Failures,
        Counter::Quarantines,
    ];
    let counts = counts.into_iter().map(|counter| metrics.count(counter));
    let delay = metrics.delay(Delay::Commit).quantile(0.99).unwrap_or(0);
    let now = [gauges.sessions, gauges.log_bytes, gauges.snapshot_bytes, gauges.heap_bytes];
    let doubles = counts.chain([metrics.refusals(), delay]).chain(now);
    let point = AnalyticsEngineDataPointBuilder::new()
        .indexes([index(document)])
        .blobs([document])
        .doubles(doubles.map(|number| number as f64));
    // Nothing depends on it.
    let _ = point.write_to(&dataset);
}

/// The longest index that the platform takes, in bytes.
const INDEX_BYTES_MAX: usize = 96;

fn index(document: &str) -> &str {
    let mut end = document.len().min(INDEX_BYTES_MAX);
    while !document.is_char_boundary(end) {
        end -= 1;
    }
    &document[..end]
}
