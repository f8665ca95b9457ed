//! A room's log in memory, never damaged.

use selvedge::room::{Log, LogError, Row, Snapshot, SnapshotHead};

#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) rows: Vec<Row>,
}

impl Log for Memory {
    fn snapshot(&self) -> Result<Option<Snapshot>, LogError> {
        Ok(self.snapshot.clone())
    }

    fn snapshot_head(&self) -> Result<Option<SnapshotHead>, LogError> {
        Ok(self.snapshot.as_ref().map(Snapshot::head))
    }

    fn rows(&self, after: u64, bytes_max: u64) -> Result<Vec<Row>, LogError> {
        let mut bytes = 0;
        let behind = self.rows.iter().filter(|row| row.sequence > after);
        let rows = behind.take_while(|row| {
            let fits = bytes == 0 || bytes + row.update.len() as u64 <= bytes_max;
            bytes += row.update.len() as u64;
            fits
        });
        Ok(rows.cloned().collect())
    }

    fn row(&self, sequence: u64) -> Result<Row, LogError> {
        let row = self.rows.iter().find(|row| row.sequence == sequence);
        row.cloned().ok_or_else(|| LogError::Damaged("not there".into()))
    }

    fn sequences(&self) -> Result<Vec<u64>, LogError> {
        Ok(self.rows.iter().map(|row| row.sequence).collect())
    }

    fn segments(&self) -> Result<Vec<u64>, LogError> {
        Ok(Vec::new())
    }

    fn quarantined(&self) -> Result<Vec<u64>, LogError> {
        Ok(Vec::new())
    }

    fn segment(&self, _: u64) -> Result<Vec<Row>, LogError> {
        Ok(Vec::new())
    }
}
