//! Metrics as text, for Prometheus and whatever else reads it.
//!
//! Source of the format: OpenMetrics 1.0. Times are in seconds there, and counted in milliseconds.

use core::fmt::{self, Write};

use super::{Family, Metrics};
use crate::histogram::{BOUNDS, Histogram};

/// What all names begin with.
const PREFIX: &str = "selvedge";

/// The text of `metrics` and `gauges` (name, meaning, value), of one document or of all.
pub fn open_metrics(
    metrics: &Metrics,
    gauges: impl Iterator<Item = (&'static str, &'static str, u64)>,
    document: Option<&str>,
) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = Text { out: &mut out, document }.all(metrics, gauges);
    out
}

struct Text<'o> {
    out: &'o mut String,
    document: Option<&'o str>,
}

impl Text<'_> {
    fn all(
        &mut self,
        metrics: &Metrics,
        gauges: impl Iterator<Item = (&'static str, &'static str, u64)>,
    ) -> fmt::Result {
        for Family { name, help, label, values } in metrics.families() {
            self.head(name, "counter", help)?;
            for (of, value) in values {
                self.sample(name, "_total", label.map(|label| (label, &of[..])), value)?;
            }
        }
        for (name, help, histogram) in metrics.delays() {
            self.head(name, "histogram", help)?;
            self.histogram(name, histogram)?;
        }
        for (name, help, value) in gauges {
            self.head(name, "gauge", help)?;
            self.sample(name, "", None, value)?;
        }
        self.out.write_str("# EOF\n")
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) -> fmt::Result {
        writeln!(self.out, "# TYPE {PREFIX}_{name} {kind}")?;
        if let Some((_, "seconds")) = name.rsplit_once('_') {
            writeln!(self.out, "# UNIT {PREFIX}_{name} seconds")?;
        }
        writeln!(self.out, "# HELP {PREFIX}_{name} {help}")
    }

    fn histogram(&mut self, name: &str, histogram: &Histogram) -> fmt::Result {
        let mut below = 0;
        let bounds = BOUNDS.iter().map(|&ms| seconds(ms)).chain(["+Inf".to_owned()]);
        for (bound, count) in bounds.zip(histogram.buckets()) {
            below += count;
            self.sample(name, "_bucket", Some(("le", &bound)), below)?;
        }
        self.sample(name, "_count", None, histogram.count())?;
        self.sample(name, "_sum", None, seconds(histogram.sum()))
    }

    fn sample(
        &mut self,
        name: &str,
        suffix: &str,
        label: Option<(&str, &str)>,
        value: impl fmt::Display,
    ) -> fmt::Result {
        write!(self.out, "{PREFIX}_{name}{suffix}")?;
        let document = self.document.map(|document| ("document", document));
        let labels: Vec<_> = document.into_iter().chain(label).collect();
        for (at, (name, value)) in labels.iter().enumerate() {
            let before = if at == 0 { "{" } else { "," };
            write!(self.out, "{before}{name}={}", quoted(value))?;
        }
        let after = if labels.is_empty() { "" } else { "}" };
        writeln!(self.out, "{after} {value}")
    }
}

/// Milliseconds as seconds, without what would not be read back as it was.
fn seconds(ms: u64) -> String {
    (ms as f64 / 1_000.0).to_string()
}

/// The value of a label.
fn quoted(value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}
