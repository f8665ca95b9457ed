//! The table `meta`: the epoch, what made the room fail, and what is revoked. An older build reads
//! only what it knows of it.

use worker::SqlStorageValue;

use super::{RoomStorage, columns, integer, number};
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
