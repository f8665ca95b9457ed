//! A browser's storage: what is written is durable a moment later and in order; a page that dies
//! loses what is not.

use std::collections::VecDeque;

use selvedge::codec::Reader;

#[derive(Default)]
pub struct Storage {
    pub durable: Vec<Vec<u8>>,
    writing: VecDeque<Write>,
    /// How many of them are on their way.
    under_way: usize,
    /// How many edits were in copies that were put aside, as far as that is durable.
    pub put_aside: usize,
    /// How many edits are durable.
    pub edits: usize,
}

struct Write {
    record: Vec<u8>,
    replaces_all: bool,
    put_aside: usize,
}

impl Storage {
    /// Whether the writing has to begin.
    pub fn write(&mut self, record: Vec<u8>, replaces_all: bool, put_aside: usize) -> bool {
        self.writing.push_back(Write { record, replaces_all, put_aside });
        self.begin()
    }

    fn begin(&mut self) -> bool {
        let begins = self.under_way == 0 && !self.writing.is_empty();
        if begins {
            self.under_way = self.writing.len();
        }
        begins
    }

    /// What was on its way is durable. How many records that were, and whether more are to be
    /// written.
    pub fn written(&mut self, loses_edits: bool) -> (u64, bool) {
        let count = std::mem::take(&mut self.under_way);
        for write in self.writing.drain(..count) {
            self.edits = self.edits.max(last_edit(&write.record));
            self.put_aside = write.put_aside;
            if write.replaces_all {
                self.durable.clear();
            }
            if !(loses_edits && write.record.first() == Some(&EDIT)) {
                self.durable.push(write.record);
            }
        }
        (count as u64, self.begin())
    }

    /// The page is gone.
    pub fn crash(&mut self) {
        self.writing.clear();
        self.under_way = 0;
    }
}

const ALL: u8 = 0;
const EDIT: u8 = 2;

/// The number of the last edit in a record.
fn last_edit(record: &[u8]) -> usize {
    let mut r = Reader::new(record);
    let mut nth = |nth: usize| (0..=nth).map(|_| r.number().expect("a record")).last();
    let number = match record.first() {
        Some(&ALL) => nth(3),
        Some(&EDIT) => nth(1),
        _ => None,
    };
    number.unwrap_or(0) as usize
}
