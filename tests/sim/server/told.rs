//! What those who run the room are told.

use selvedge::room::{Event, Report};

use super::Server;
use crate::env::Env;
use crate::faults::Sabotage;

impl Server {
    /// What is told has happened: the row was written before.
    pub(super) fn told(&self, env: &mut Env, event: &Event) {
        if let Event::Denied { session, denial, .. } = *event {
            return self.denied(env, session, denial);
        }
        let Event::Committed { sequence, .. } = *event else { return };
        if self.sabotage == Some(Sabotage::AppendSkipped) {
            return;
        }
        let mut rows = self.disk.current.rows.iter();
        if !rows.any(|row| row.value.sequence == sequence) {
            env.oracle.violated(format!("told of row {sequence}, and it is not there"));
        }
    }

    pub(super) fn reported(env: &mut Env, report: &Report) {
        env.count("reported");
        if Report::decode(&report.encode()).as_ref() != Some(report) {
            env.oracle.violated("a report is not read as it was written".to_owned());
        }
    }
}
