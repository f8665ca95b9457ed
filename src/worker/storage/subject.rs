//! Who has which number in the rows of the log.

use worker::SqlStorageValue;

use super::{RoomStorage, columns, integer, number};
use crate::room::{LogError, Stored, Subject};

impl RoomStorage {
    /// Keep who has this number.
    pub(in crate::worker) fn name(&self, id: u32, subject: &Subject) -> Result<(), LogError> {
        let name = subject.name.as_deref().map_or(SqlStorageValue::Null, text);
        let bindings = vec![integer(id.into()), text(&subject.subject), name];
        self.run("INSERT OR REPLACE INTO subject VALUES (?, ?, ?, 0)", bindings)
    }

    /// Keep only that somebody had this number.
    pub(in crate::worker) fn erase(&self, id: u32) -> Result<(), LogError> {
        let insert = "INSERT OR REPLACE INTO subject VALUES (?, NULL, NULL, 1)";
        self.run(insert, vec![integer(id.into())])
    }

    pub(super) fn add_subjects(&self, stored: &mut Stored) -> Result<(), LogError> {
        for row in self.query("SELECT number, subject, name FROM subject", vec![])? {
            let [id, subject, name] = columns(row?)?;
            let id = u32::try_from(number(id)?);
            let id = id.map_err(|_| LogError::Damaged("a number is out of range".into()))?;
            let name = string(name);
            let subject = string(subject).map(|subject| Subject { subject, name });
            stored.add_subject(id, subject);
        }
        Ok(())
    }
}

fn text(text: &str) -> SqlStorageValue {
    SqlStorageValue::String(text.to_owned())
}

fn string(value: SqlStorageValue) -> Option<Box<str>> {
    match value {
        SqlStorageValue::String(text) => Some(text.into()),
        _ => None,
    }
}
