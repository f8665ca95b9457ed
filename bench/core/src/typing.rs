//! Keystrokes of a seeded hand, each an encoded update as Yjs would write it.
//!
//! Runs of letters at places all over one text, and corrections. No CRDT takes part, so that making
//! them costs little, also under callgrind.

use selvedge::codec::{write_bytes, write_number};

const LETTERS: &[u8] = b"etaoin shrdlu cmfwyp vbgkjq ";
/// Where a letter stands that nobody has typed.
const NOWHERE: u32 = u32::MAX;
const LEFT: u8 = 0x80;
const RIGHT: u8 = 0x40;
const STRING: u8 = 4;
const CORRECTED: usize = 3;

/// Keystrokes of one author, without end.
pub struct Typist {
    client: u64,
    state: u32,
    /// The clocks of the letters that are there, in their order in the text.
    text: Vec<u32>,
    /// The letters of this run, which are not in `text` yet, and where they go.
    run: Vec<u32>,
    at: usize,
    keys: usize,
    /// How many of the run's last letters are still to be taken back.
    corrections: usize,
    runs: u32,
    clock: u32,
}

impl Typist {
    /// Someone who begins a document.
    pub fn new(client: u64) -> Self {
        Self {
            client,
            state: 1,
            text: Vec::new(),
            run: Vec::new(),
            at: 0,
            keys: 5,
            corrections: 0,
            runs: 0,
            clock: 0,
        }
    }

    /// A whole number below `below`, from a linear congruence.
    fn random(&mut self, below: usize) -> usize {
        self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((u64::from(self.state) * below as u64) >> 32) as usize
    }

    /// Go on somewhere else.
    fn begin_run(&mut self) {
        self.text.splice(self.at..self.at, self.run.drain(..));
        self.at = self.random(self.text.len() + 1);
        self.keys = self.random(40) + 5;
        self.runs += 1;
        self.corrections = if self.runs.is_multiple_of(3) { CORRECTED } else { 0 };
    }

    fn insertion(&mut self) -> Vec<u8> {
        let clock = self.clock;
        let before = self.at.checked_sub(1).and_then(|at| self.text.get(at));
        let left = self.run.last().or(before).copied().unwrap_or(NOWHERE);
        let right = self.text.get(self.at).copied().unwrap_or(NOWHERE);
        let letter = LETTERS[self.random(LETTERS.len())];
        self.run.push(clock);
        self.clock += 1;
        self.keys -= 1;

        let mut out = vec![1, 1];
        write_number(&mut out, self.client);
        write_number(&mut out, u64::from(clock));
        let flag = |place, flag| if place == NOWHERE { 0 } else { flag };
        out.push(STRING | flag(left, LEFT) | flag(right, RIGHT));
        for neighbour in [left, right].into_iter().filter(|place| *place != NOWHERE) {
            write_number(&mut out, self.client);
            write_number(&mut out, u64::from(neighbour));
        }
        if left == NOWHERE && right == NOWHERE {
            out.push(1);
            write_bytes(&mut out, b"t");
        }
        write_bytes(&mut out, &[letter]);
        out.push(0);
        out
    }

    fn deletion(&mut self) -> Option<Vec<u8>> {
        self.corrections = self.corrections.checked_sub(1)?;
        let clock = self.run.pop()?;
        let mut out = vec![0, 1];
        write_number(&mut out, self.client);
        out.push(1);
        write_number(&mut out, u64::from(clock));
        out.push(1);
        Some(out)
    }
}

impl Iterator for Typist {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            if self.keys > 0 {
                return Some(self.insertion());
            }
            match self.deletion() {
                Some(update) => return Some(update),
                None => self.begin_run(),
            }
        }
    }
}

/// The first `count` keystrokes of one author.
pub fn keystrokes(client: u64, count: usize) -> Vec<Vec<u8>> {
    Typist::new(client).take(count).collect()
}

/// Updates as the library takes them.
pub fn slices(updates: &[Vec<u8>]) -> Vec<&[u8]> {
    updates.iter().map(Vec::as_slice).collect()
}
