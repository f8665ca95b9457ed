//! What is damaged: marked, never moved, changed or deleted. The table is only added to, but for
//! the number of the row that gave a waiting one back.

use worker::SqlStorageValue;

use super::pieces::Owner;
use super::{RoomStorage, blob, columns, integer, number};
use crate::room::{LogError, Mark, Part, Repair, Row, Stored};

impl RoomStorage {
    /// Mark what is damaged, and add what is left of it.
    pub(in crate::worker) fn repair(&self, repair: &Repair) -> Result<(), LogError> {
        self.transaction(|| {
            for mark in &repair.marks {
                let bindings = vec![
                    integer(owner(mark.part) as u64),
                    integer(mark.sequence),
                    integer(mark.follows),
                    integer(repair.row.at.0),
                    integer(repair.row.sequence),
                    integer(mark.waits.into()),
                    SqlStorageValue::String(mark.reason.clone()),
                    SqlStorageValue::Blob(mark.lost.clone()),
                ];
                let insert = "INSERT INTO quarantine VALUES (NULL, ?, ?, ?, ?, ?, ?, NULL, ?, ?)";
                self.run(insert, bindings)?;
            }
            if let Some(snapshot) = &repair.snapshot {
                self.insert_snapshot(snapshot)?;
            }
            self.insert_row(&repair.row)
        })
    }

    pub(super) fn add_marks(&self, stored: &mut Stored) -> Result<(), LogError> {
        let select = "SELECT part, sequence, follows, repair, waits AND returned IS NULL, lost
            FROM quarantine";
        for row in self.query(select, vec![])? {
            let [part, sequence, follows, repair, waits, lost] = columns(row?)?;
            let part = match number(part)? {
                0 => Part::Row,
                1 => Part::Snapshot,
                _ => Part::Segment,
            };
            let (sequence, follows) = (number(sequence)?, number(follows)?);
            let waits = number(waits)? != 0;
            let (reason, lost) = (String::new(), blob(lost)?);
            let mark = Mark { part, sequence, follows, reason, waits, lost };
            stored.add_mark(&mark, number(repair)?);
        }
        Ok(())
    }

    /// `row` brings back what waited.
    pub(super) fn returned(&self, row: &Row) -> Result<(), LogError> {
        for &sequence in &row.returns {
            let update = "UPDATE quarantine SET returned = ? WHERE part = 0 AND sequence = ?";
            self.run(update, vec![integer(row.sequence), integer(sequence)])?;
        }
        Ok(())
    }
}

fn owner(part: Part) -> Owner {
    match part {
        Part::Row => Owner::Log,
        Part::Snapshot => Owner::Snapshot,
        Part::Segment => Owner::History,
    }
}
