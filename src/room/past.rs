//! Every row that was ever written, in order: those in the history, and those in the log, whether
//! they are quarantined or not.

use std::collections::VecDeque;

use super::log::{Log, LogError, Row};

/// Rows behind a sequence number. One that cannot be read comes as the damage that it has, under
/// its sequence number; so does a segment of the history. One segment at a time is in memory.
pub(super) struct Past<'l, L> {
    log: &'l L,
    after: u64,
    segments: VecDeque<u64>,
    /// Of the segment that is open.
    opened: VecDeque<(u64, Result<Row, LogError>)>,
    /// Rows in the log.
    loose: VecDeque<u64>,
}

impl<'l, L: Log> Past<'l, L> {
    pub(super) fn behind(log: &'l L, after: u64) -> Result<Self, LogError> {
        let is_behind = |sequence: &u64| *sequence > after;
        let segments = log.segments()?.into_iter().filter(is_behind).collect();
        let mut loose = [log.sequences()?, log.quarantined()?].concat();
        loose.retain(is_behind);
        loose.sort_unstable();
        Ok(Self { log, after, segments, opened: VecDeque::new(), loose: loose.into() })
    }

    fn open(&mut self) -> Result<(), LogError> {
        while self.opened.is_empty()
            && let Some(segment) = self.segments.pop_front()
        {
            match self.log.segment(segment) {
                Ok(rows) => {
                    let rows = rows.into_iter().filter(|row| row.sequence > self.after);
                    self.opened.extend(rows.map(|row| (row.sequence, Ok(row))));
                }
                Err(error) if error.is_damage() => self.opened.push_back((segment, Err(error))),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl<L: Log> Iterator for Past<'_, L> {
    type Item = Result<(u64, Result<Row, LogError>), LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Err(error) = self.open() {
            return Some(Err(error));
        }
        let opened = self.opened.front().map(|(sequence, _)| *sequence);
        match self.loose.front().copied() {
            Some(sequence) if opened.is_none_or(|opened| sequence < opened) => {
                self.loose.pop_front();
                match self.log.row(sequence) {
                    Err(error) if !error.is_damage() => Some(Err(error)),
                    row => Some(Ok((sequence, row))),
                }
            }
            _ => self.opened.pop_front().map(Ok),
        }
    }
}
