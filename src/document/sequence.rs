//! The characters of a text with their ids, in the order of the CRDT's list, and what is known of
//! what is deleted between them.
//!
//! Who writes into a list has to say between which two neighbours, and deleted ones are neighbours
//! too: replicas that are told of others may end with different texts. So a run remembers whether
//! there may be something unknown in front of it.
//!
//! Runs stand in chunks of at most [`RUNS_MAX`]. To find an index takes a look at each chunk and at
//! the runs of one: at n/32 + 64 numbers for n runs, where yrs follows n pointers.

mod run;

use crate::update::Id;

pub(super) use run::Run;

/// So many runs are in one chunk at most. (Fewer where that is to be tested.)
const RUNS_MAX: usize = if cfg!(debug_assertions) { 6 } else { 64 };

/// A text.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    chunks: Vec<Chunk>,
    units: u32,
    /// Whether something unknown may be at the end.
    ends_loose: bool,
}

#[derive(Debug, Default)]
struct Chunk {
    units: u32,
    runs: Vec<Run>,
}

/// Where a run is; behind the last chunk for the end.
#[derive(Clone, Copy, Debug)]
struct Spot {
    chunk: usize,
    run: usize,
}

/// The neighbours of a place; nothing at the beginning or at the end.
pub(super) type Gap = (Option<Id>, Option<Id>);

impl Sequence {
    /// Of runs in order.
    pub(super) fn new(runs: Vec<Run>) -> Self {
        let mut sequence = Self { ends_loose: true, ..Self::default() };
        for run in runs {
            let units = run.units();
            sequence.units += units;
            match sequence.chunks.last_mut() {
                Some(chunk) if chunk.runs.len() < RUNS_MAX / 2 => {
                    chunk.units += units;
                    chunk.runs.push(run);
                }
                _ => sequence.chunks.push(Chunk { units, runs: vec![run] }),
            }
        }
        sequence
    }

    /// All of it, in order.
    pub(super) fn into_runs(self) -> impl Iterator<Item = Run> {
        self.chunks.into_iter().flat_map(|chunk| chunk.runs)
    }

    /// How many UTF-16 units it has.
    pub(super) fn len(&self) -> u32 {
        self.units
    }

    /// The id of a unit.
    pub(super) fn id_at(&self, index: u32) -> Option<Id> {
        let (spot, before) = self.find(index);
        Some(self.run(spot)?.unit(before))
    }

    /// Whether a place is inside of a character.
    pub(super) fn cuts(&self, index: u32) -> bool {
        let (spot, before) = self.find(index);
        self.run(spot).is_some_and(|run| run.byte(before).is_none())
    }

    /// Between which neighbours something comes that is put in front of a unit, behind all that is
    /// deleted there. Nothing if that is not known.
    pub(super) fn gap(&self, index: u32) -> Option<Gap> {
        let (spot, before) = self.find(index);
        let left = || self.before(spot).and_then(|spot| self.run(spot)).map(Run::last);
        match (self.run(spot), before.checked_sub(1)) {
            (Some(run), Some(last)) => Some((Some(run.unit(last)), Some(run.unit(before)))),
            (Some(run), None) => (!run.is_loose).then(|| (left(), Some(run.id))),
            (None, _) => (!self.ends_loose).then(|| (left(), None)),
        }
    }

    /// Put characters in front of a unit, or at the end, behind all that is deleted there. If there
    /// may be something unknown in front of them, there may be behind them. False, and nothing is
    /// done, if that is behind the end or inside of a character.
    pub(super) fn insert(&mut self, index: u32, run: Run) -> bool {
        if index > self.units || self.cuts(index) {
            return false;
        }
        let spot = self.open(index);
        if run.is_loose {
            self.loosen_at(spot);
        }
        let (units, before) = (run.units(), self.before(spot));
        let chunk = match before {
            Some(at) if self.run_mut(at).is_some_and(|before| before.append(&run)) => at.chunk,
            _ => self.put(spot, run),
        };
        self.chunks[chunk].units += units;
        self.units += units;
        self.halve(chunk);
        true
    }

    /// There may be something unknown in front of a unit, beside what is deleted there.
    pub(super) fn loosen(&mut self, index: u32) {
        // Nobody writes into a character.
        if self.cuts(index) {
            return;
        }
        let spot = self.open(index);
        let mut at = Some(spot);
        while let Some(spot) = at {
            self.loosen_at(spot);
            let is_dead = |&at: &Spot| self.run(at).is_some_and(Run::is_dead);
            at = self.before(spot).filter(is_dead);
        }
        self.halve(spot.chunk);
    }

    /// What stands from an index on has this first id, and came between these.
    pub(super) fn learn(&mut self, index: u32, id: Id, (left, right): Gap) {
        let (spot, before) = self.find(index);
        if before > 0 || self.run(spot).is_none_or(|run| run.id != id) {
            return;
        }
        let last = |it: &Self, at: Option<Spot>| Some(it.run(at?)?.last());
        if last(self, self.before(spot)) == left
            && let Some(run) = self.run_mut(spot)
        {
            run.is_loose = false;
        }
        let behind = self.behind(spot);
        if self.run(behind).map(|run| run.id) == right {
            match self.run_mut(behind) {
                Some(run) => run.is_loose = false,
                None => self.ends_loose = false,
            }
        }
    }

    /// Delete units. Returns them; nothing, and nothing is done, if there are not so many, or if
    /// that would cut a character.
    pub(super) fn remove(&mut self, index: u32, len: u32) -> Option<Vec<Run>> {
        let end = index.checked_add(len).filter(|&end| end <= self.units)?;
        if self.cuts(index) || self.cuts(end) {
            return None;
        }
        let mut gone = Vec::new();
        let mut left = len;
        while left > 0 {
            let (spot, before) = self.find(index);
            let run = self.kill(spot, before, left)?;
            left -= run.len;
            gone.push(run);
            self.halve(spot.chunk);
        }
        Some(gone)
    }

    /// Delete what has these ids, which takes as long as it is. False if that would cut a
    /// character; some of it may be deleted then.
    pub(super) fn remove_ids(&mut self, client: u64, start: u32, end: u32) -> bool {
        // From the end, since chunks may become two.
        for chunk in (0..self.chunks.len()).rev() {
            let mut spot = Spot { chunk, run: 0 };
            // What was cut is looked at again.
            while let Some(run) = self.chunks[chunk].runs.get(spot.run) {
                let clock = run.id.clock.max(start);
                let len = run.end().min(end).saturating_sub(clock);
                if run.id.client != client || len == 0 || run.is_dead() {
                    spot.run += 1;
                } else if self.kill(spot, clock - run.id.clock, len).is_none() {
                    return false;
                }
            }
            self.halve(chunk);
        }
        true
    }

    fn run(&self, at: Spot) -> Option<&Run> {
        self.chunks.get(at.chunk)?.runs.get(at.run)
    }

    fn run_mut(&mut self, at: Spot) -> Option<&mut Run> {
        self.chunks.get_mut(at.chunk)?.runs.get_mut(at.run)
    }

    /// The run with a unit, and how many are before that in it; the end if there are not so many.
    fn find(&self, index: u32) -> (Spot, u32) {
        let mut before = index;
        for (chunk, Chunk { units, runs }) in self.chunks.iter().enumerate() {
            if before >= *units {
                before -= units;
                continue;
            }
            for (run, it) in runs.iter().enumerate() {
                if before < it.units() {
                    return (Spot { chunk, run }, before);
                }
                before -= it.units();
            }
        }
        (Spot { chunk: self.chunks.len(), run: 0 }, 0)
    }

    /// The run in front of a run, or of the end.
    fn before(&self, at: Spot) -> Option<Spot> {
        match at.run.checked_sub(1) {
            Some(run) => Some(Spot { run, ..at }),
            None => {
                let chunk = at.chunk.checked_sub(1)?;
                Some(Spot { chunk, run: self.chunks[chunk].runs.len().checked_sub(1)? })
            }
        }
    }

    /// The run behind a run, or the end.
    fn behind(&self, at: Spot) -> Spot {
        let next = Spot { run: at.run + 1, ..at };
        let is_there = self.run(next).is_some();
        if is_there { next } else { Spot { chunk: at.chunk + 1, run: 0 } }
    }

    /// The run that begins with a unit, which is cut off what is before it; or the end.
    fn open(&mut self, index: u32) -> Spot {
        let (spot, before) = self.find(index);
        let Spot { chunk, run } = spot;
        if before > 0
            && let Some(behind) = self.run_mut(spot).and_then(|it| it.split_off(before))
        {
            self.chunks[chunk].runs.insert(run + 1, behind);
            return Spot { chunk, run: run + 1 };
        }
        spot
    }

    /// Put a run in front of another one, or at the end. Returns the chunk that it is in, whose
    /// units do not count it.
    fn put(&mut self, at: Spot, run: Run) -> usize {
        if let Some(chunk) = self.chunks.get_mut(at.chunk) {
            chunk.runs.insert(at.run, run);
            return at.chunk;
        }
        if self.chunks.is_empty() {
            self.chunks.push(Chunk::default());
        }
        let last = self.chunks.len() - 1;
        self.chunks[last].runs.push(run);
        last
    }

    fn loosen_at(&mut self, at: Spot) {
        match self.run_mut(at) {
            Some(run) => run.is_loose = true,
            None => self.ends_loose = true,
        }
    }

    /// Delete at most `len` units of a run, behind so many of it. Returns them.
    fn kill(&mut self, at: Spot, before: u32, len: u32) -> Option<Run> {
        let Chunk { units, runs } = self.chunks.get_mut(at.chunk)?;
        let run = runs.get_mut(at.run)?;
        let len = len.min(run.len.checked_sub(before)?);
        // Nothing may be cut before it is known that all of it can be.
        run.byte(before)?;
        run.byte(before + len)?;
        let mut gone = run.split_off(before)?;
        let behind = gone.split_off(len)?;
        *units -= len;
        self.units -= len;
        let dead = Run { text: String::new(), ..gone.clone() };
        let mut place = at.run;
        if before == 0 {
            *run = Run { is_loose: run.is_loose, ..dead };
        } else {
            place += 1;
            runs.insert(place, dead);
        }
        if behind.len > 0 {
            runs.insert(place + 1, behind);
        }
        // Backspace, and the key that deletes forward.
        for behind in [place + 1, place] {
            if let Some([before, next]) = runs.get_mut(behind.saturating_sub(1)..=behind)
                && before.is_dead()
                && before.append(next)
            {
                runs.remove(behind);
            }
        }
        Some(gone)
    }

    /// Of a chunk that became too large forget what is deleted, and make two of it if it still is.
    fn halve(&mut self, chunk: usize) {
        let Some(Chunk { runs, .. }) = self.chunks.get_mut(chunk) else { return };
        if runs.len() <= RUNS_MAX {
            return;
        }
        let mut is_forgotten = false;
        runs.retain_mut(|run| {
            run.is_loose |= std::mem::replace(&mut is_forgotten, run.is_dead());
            !run.is_dead()
        });
        let (behind, len) = (Spot { chunk: chunk + 1, run: 0 }, runs.len());
        if is_forgotten {
            self.loosen_at(behind);
        }
        let Chunk { units, runs } = &mut self.chunks[chunk];
        if len == 0 {
            self.chunks.remove(chunk);
        } else if len > RUNS_MAX / 2 {
            let runs = runs.split_off(len / 2);
            let moved = runs.iter().map(Run::units).sum();
            *units -= moved;
            self.chunks.insert(chunk + 1, Chunk { units: moved, runs });
        }
    }
}
