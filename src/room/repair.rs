//! What a room does about storage that is damaged: it goes on with everything else.
//!
//! Damage is noticed when something is read: heads when the room wakes, updates and the snapshot
//! when somebody joins or the log is compacted. Then all of the log is looked through once. What
//! cannot be read is *marked*: it stays where it is, for whoever may restore it, but is not part of
//! the log any more. Neither is a row that refers to what was lost (O1), but it *waits*: what of it
//! is ready is stored again at once, and the rest as soon as a client gives back what it refers to.
//!
//! The repair is a row of the log itself, so it has a sequence number. A client that was here last
//! before it may have what the room lost: the two compare state vectors, and not numbers, once.

use std::collections::BTreeMap;
use std::ops::Range;

use super::authors::Authors;
use super::chain::Chain;
use super::commit::NOBODY;
use super::decision::{Decision, What};
use super::log::{Log, LogError, Row, Snapshot, advance, write_clocks};
use super::stored::Quarantine;
use super::{Event, Output, Room};
use crate::time::Millis;
use crate::update::{self, Admission, EMPTY, StateVector};

/// A part of the storage that can be damaged by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    /// A row of the log.
    Row,
    /// The snapshot.
    Snapshot,
    /// A segment of the history.
    Segment,
}

/// Something stored that is not served any more.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mark {
    /// What it is.
    pub part: Part,
    /// Its last sequence number.
    pub sequence: u64,
    /// The last sequence number of what was before it.
    pub follows: u64,
    /// What is wrong with it, in English.
    pub reason: String,
    /// It is whole, and waits for what is lost.
    pub waits: bool,
    /// With the first mark of a repair: the clocks that the log had and has not any more, as far as
    /// its room knew. Clients may give back so much of what others wrote.
    pub lost: Vec<u8>,
}

/// What to write about what is damaged. All of it, or nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Repair {
    /// What is not served any more. It stays in storage as it is.
    pub marks: Vec<Mark>,
    /// What takes the place of the snapshot, if that is damaged: the history up to it.
    pub snapshot: Option<Snapshot>,
    /// What is ready of the rows that wait. To be added even if that is nothing.
    pub row: Row,
}

impl Room {
    /// Look through storage. Nothing to do if it turns out to be whole, or cannot be read at all.
    pub(super) fn repair(&mut self, now: Millis, log: &impl Log) -> Option<Vec<Output>> {
        let survey = Survey::of(log, &self.quarantine);
        match survey.and_then(|survey| survey.repair(now, self.head, &self.logged)) {
            Ok(Some(mut repair)) => {
                for Mark { part, sequence, reason, .. } in repair.marks.iter().cloned() {
                    let decision = Decision::of_room(What::Quarantined { part, sequence });
                    decision.write(&mut repair.row.decisions);
                    self.observed.tell(Event::Quarantined { part, sequence, reason });
                }
                // Rows that said whose a client id is may be lost.
                repair.row.authors = self.logged_authors();
                repair.row = self.chained(repair.row);
                Some(vec![Output::Repair(repair), Output::Abandon])
            }
            Ok(None) | Err(_) => None,
        }
    }

    /// Take what waited for what was lost, once more of that is known. Whoever brings it may do so
    /// in any way: as an answer, or as an edit that was never acknowledged.
    pub(super) fn bring_back(&mut self, now: Millis, log: &impl Log) {
        if !self.quarantine.may_return(&self.known) {
            return;
        }
        let mut needs = BTreeMap::new();
        for sequence in self.quarantine.waiting.clone() {
            // What cannot be read goes on waiting, until the room is loaded again.
            let Ok(row) = log.row(sequence) else { continue };
            let Ok(admission) = self.admit_answer(now, &row.update, log) else { continue };
            if !admission.missing {
                self.quarantine.waiting.remove(&sequence);
                self.gathered.returns.push(sequence);
            }
            self.gather(now, NOBODY, admission);
            self.reload_guard();
            for client in self.known.lacks(&row.update).unwrap_or_default() {
                needs.entry(client).or_insert_with(|| self.known.clock(client));
            }
        }
        self.quarantine.needs = Some(needs);
    }
}

/// What is left of a log.
struct Survey<'l, L> {
    log: &'l L,
    marks: Vec<Mark>,
    /// What takes the place of the snapshot.
    snapshot: Option<Snapshot>,
    /// Which clocks are left.
    known: StateVector,
    /// The last sequence number that was seen. A room that could not read the head of its snapshot
    /// knows of none before its rows.
    last: u64,
}

impl<'l, L: Log> Survey<'l, L> {
    fn of(log: &'l L, quarantine: &Quarantine) -> Result<Self, LogError> {
        let mut survey =
            Self { log, marks: Vec::new(), snapshot: None, known: StateVector::default(), last: 0 };
        survey.last = survey.look_at_snapshot()?;
        survey.look_at_rows(quarantine)?;
        if !survey.marks.is_empty() {
            survey.look_at_marked(quarantine);
        }
        Ok(survey)
    }

    /// The last sequence number that the snapshot covers, or what takes its place.
    fn look_at_snapshot(&mut self) -> Result<u64, LogError> {
        let snapshot = self.log.snapshot().and_then(|snapshot| {
            let Some(snapshot) = snapshot else { return Ok(None) };
            let known = update::state_vector(&snapshot.update)?;
            if known != snapshot.head().vector()? {
                return Err(LogError::Damaged("its state vector is another".to_owned()));
            }
            Ok(Some((snapshot.sequence, known)))
        });
        let error = match snapshot {
            Ok(Some((sequence, known))) => {
                self.known = known;
                return Ok(sequence);
            }
            Ok(None) => return Ok(0),
            Err(error) if error.is_damage() => error,
            Err(error) => return Err(error),
        };
        let had = self.log.snapshot_head().ok().flatten().and_then(|head| head.vector().ok());
        let snapshot = self.rebuild()?;
        let outcome = match had {
            Some(had) if self.known.covers(&had) => "rebuilt from history, whole",
            Some(_) => "rebuilt from history, which lacks some of it",
            None => "rebuilt from history; what it covered is not known",
        };
        let sequence = snapshot.sequence;
        self.mark(Part::Snapshot, 0..sequence, format!("{error}; {outcome}"), false);
        self.snapshot = Some(snapshot);
        Ok(sequence)
    }

    /// The snapshot anew: every row before it is in the history. One segment at a time is in
    /// memory.
    fn rebuild(&mut self) -> Result<Snapshot, LogError> {
        let (mut sequence, mut update) = (0, EMPTY.to_vec());
        let (mut authors, mut chain) = (Authors::default(), None::<Chain>);
        for segment in self.log.segments()? {
            let follows = std::mem::replace(&mut sequence, segment);
            let rows = match self.log.segment(segment) {
                Ok(rows) => rows,
                Err(error) if error.is_damage() => {
                    self.mark(Part::Segment, follows..segment, error.to_string(), false);
                    continue;
                }
                Err(error) => return Err(error),
            };
            let mut parts = vec![std::mem::take(&mut update)];
            for row in &rows {
                if let Ok(admission) = update::admit(&row.update, &self.known) {
                    self.advance(&admission);
                    parts.push(admission.fresh.into_owned());
                    authors.add(&row.authors)?;
                }
                chain = row.chain.or(chain);
            }
            let parts: Vec<_> = parts.iter().map(|part| &part[..]).collect();
            update = update::compact(&parts)?;
        }
        let (state_vector, authors) = (self.known.encode(), authors.encode());
        Ok(Snapshot { sequence, state_vector, authors, chain, update })
    }

    fn look_at_rows(&mut self, quarantine: &Quarantine) -> Result<(), LogError> {
        for sequence in self.log.sequences()? {
            let before = std::mem::replace(&mut self.last, sequence);
            let read = self.log.row(sequence).and_then(|row| {
                advance(&mut StateVector::default(), &row.clocks)?;
                Ok(row)
            });
            let row = match read {
                Ok(row) => row,
                Err(error) if error.is_damage() => {
                    self.mark(Part::Row, before..sequence, error.to_string(), false);
                    continue;
                }
                Err(error) => return Err(error),
            };
            if let Some(gap) = quarantine.gap(before, sequence, row.updates) {
                self.mark(Part::Row, before..gap, "the row is not there".to_owned(), false);
            }
            let its = sequence.saturating_sub(row.updates.into())..sequence;
            match update::admit(&row.update, &self.known) {
                Ok(admission) if admission.missing => {
                    self.mark(Part::Row, its, "refers to what is lost".to_owned(), true);
                }
                Ok(admission) => self.advance(&admission),
                Err(error) => self.mark(Part::Row, its, error.to_string(), false),
            }
        }
        Ok(())
    }

    /// What a marked row holds may have been given back, and that may be what is lost now.
    fn look_at_marked(&mut self, quarantine: &Quarantine) {
        for sequence in quarantine.marked() {
            let Ok(row) = self.log.row(sequence) else { continue };
            let again = update::admit(&row.update, &self.known);
            if again.is_ok_and(|again| again.missing || again.fresh[..] != EMPTY) {
                let its = sequence.saturating_sub(row.updates.into())..sequence;
                self.mark(Part::Row, its, "refers to what is lost again".to_owned(), true);
            }
        }
        self.marks.sort_by_key(|mark| mark.sequence);
    }

    /// What to do about it in a log that ended at `head` and had the clocks `logged`.
    fn repair(
        mut self,
        now: Millis,
        head: u64,
        logged: &StateVector,
    ) -> Result<Option<Repair>, LogError> {
        let lost = logged.iter().filter(|&(client, clock)| self.known.clock(client) < clock);
        let lost = write_clocks(&lost.collect::<Vec<_>>());
        match self.marks.first_mut() {
            Some(first) => first.lost = lost,
            None => return Ok(None),
        }
        let sequence = head.max(self.last) + 1;
        let mut row = Row { sequence, updates: 1, at: now, ..Row::default() };
        let mut ready = Vec::new();
        let mut clocks = StateVector::default();
        let waiting = self.marks.iter().filter(|mark| mark.waits).map(|mark| mark.sequence);
        for sequence in waiting.collect::<Vec<_>>() {
            let waits = self.log.row(sequence)?.update;
            let admission = update::admit(&waits, &self.known)?;
            self.advance(&admission);
            admission.ends.iter().for_each(|&(client, clock)| clocks.advance(client, clock));
            row.deletes |= admission.has_deletes;
            ready.push(admission.fresh.into_owned());
        }
        let ready: Vec<_> = ready.iter().map(|update| &update[..]).collect();
        row.update = update::merge(&ready)?;
        row.clocks = write_clocks(&clocks.iter().collect::<Vec<_>>());
        Ok(Some(Repair { marks: self.marks, snapshot: self.snapshot, row }))
    }

    fn advance(&mut self, admission: &Admission<'_>) {
        for &(client, clock) in &admission.ends {
            self.known.advance(client, clock);
        }
    }

    fn mark(&mut self, part: Part, numbers: Range<u64>, reason: String, waits: bool) {
        let (follows, sequence) = (numbers.start, numbers.end);
        self.marks.push(Mark { part, sequence, follows, reason, waits, lost: Vec::new() });
    }
}
