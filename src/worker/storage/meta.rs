//! The table `meta`: the epoch, what made the room fail, and what is revoked. An older build reads
//! only what it knows of it.

use std::rc::Rc;

use worker::SqlStorageValue;

use super::pieces::Owner;
use super::{RoomStorage, columns, integer, number};
use crate::policy::Schema;
use crate::room::{LogError, Revoked, Stored, Suspects};
use crate::time::Millis;

impl RoomStorage {
    /// Write something and read it again.
    pub(in crate::worker) fn probe(&self, now: Millis) -> Result<(), LogError> {
        self.bring_up_to_date(0)?;
        self.run("INSERT OR REPLACE INTO meta VALUES ('probed_at', ?)", vec![integer(now.0)])?;
        match self.number("SELECT value FROM meta WHERE key = 'probed_at'")? {
            Some(at) if at == now.0 => Ok(()),
            other => Err(LogError::Damaged(format!("{other:?} was read for {}", now.0))),
        }
    }

    /// What `meta` says, for a room to start with.
    pub(super) fn read_meta(&self) -> Result<Stored, LogError> {
        let (mut epoch, mut suspects, mut revoked) = (None, Suspects::new(), Revoked::new());
        for row in self.query("SELECT key, value FROM meta", vec![])? {
            let [key, value] = columns(row?)?;
            let SqlStorageValue::String(key) = key else { continue };
            if key == "epoch" {
                epoch = Some(number(value)?);
            } else if let Ok(suspect) = key.parse() {
                suspects.insert(suspect, number(value)?);
            } else if let Ok(whose) = key.parse() {
                revoked.insert(whose, Millis(number(value)?));
            }
        }
        let epoch = epoch.ok_or_else(|| LogError::Storage("no epoch".into()))?;
        Ok(Stored::new(epoch).with_suspects(suspects).with_revoked(revoked))
    }

    /// Keep what is revoked, in the place of what was.
    pub(in crate::worker) fn keep_revoked(&self, revoked: &Revoked) -> Result<(), LogError> {
        self.transaction(|| {
            // Each is named by its `Display`.
            self.run("DELETE FROM meta WHERE key LIKE 'revoked %'", vec![])?;
            for (whose, before) in revoked {
                let name = SqlStorageValue::String(whose.to_string());
                self.run("INSERT INTO meta VALUES (?, ?)", vec![name, integer(before.0)])?;
            }
            Ok(())
        })
    }

    /// Keep this schema in the place of the one before.
    pub(in crate::worker) fn keep_schema(&self, schema: &Schema) -> Result<(), LogError> {
        self.transaction(|| {
            let pieces = self.pieces(Owner::Schema);
            pieces.delete(0)?;
            pieces.write(0, schema.source().as_bytes())
        })
    }

    /// The document's own schema. One that cannot be read lets nobody in: a document without its
    /// rules would be open to what they forbid.
    pub(super) fn read_schema(&self) -> Result<Option<Rc<Schema>>, LogError> {
        let bytes = self.pieces(Owner::Schema).read(0)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let source = String::from_utf8(bytes).unwrap_or_default();
        let schema = Schema::parse(&source);
        schema.map(|it| Some(Rc::new(it))).map_err(|error| LogError::Storage(error.to_string()))
    }

    /// Keep these in the place of those that were kept before.
    pub(in crate::worker) fn keep_suspects(&self, suspects: &Suspects) -> Result<(), LogError> {
        self.transaction(|| {
            // Each is named by its `Display`.
            self.run("DELETE FROM meta WHERE key LIKE 'suspect %'", vec![])?;
            for (suspect, &failures) in suspects {
                let name = SqlStorageValue::String(suspect.to_string());
                self.run("INSERT INTO meta VALUES (?, ?)", vec![name, integer(failures)])?;
            }
            Ok(())
        })
    }
}
