//! A log that is compacted, for a host that has a clock: `bench/core/compaction.mjs`.

use std::cell::{Cell, RefCell};

use selvedge::update;
use selvedge_bench::typing::{keystrokes, slices};

const AUTHOR: u64 = 3_141_592_653;

thread_local! {
    static LOG: RefCell<Vec<Vec<u8>>> = RefCell::default();
    static DOCUMENT: RefCell<Vec<u8>> = RefCell::default();
    /// The length of what was handed out last.
    static LENGTH: Cell<usize> = Cell::default();
}

fn show(bytes: &[u8]) -> *const u8 {
    LENGTH.set(bytes.len());
    bytes.as_ptr()
}

/// Make a log of so many keystrokes, with so many in a row. Returns how many rows there are.
#[unsafe(no_mangle)]
extern "C" fn generate(count: usize, in_row: usize) -> usize {
    let typed = keystrokes(AUTHOR, count);
    let join = |row: &[Vec<u8>]| match row {
        [alone] => alone.clone(),
        _ => update::merge(&slices(row)).expect("keystrokes"),
    };
    LOG.set(typed.chunks(in_row).map(join).collect());
    LOG.with_borrow(Vec::len)
}

/// Compact the log.
#[unsafe(no_mangle)]
extern "C" fn compact() {
    let document = LOG.with_borrow(|log| update::compact(&slices(log)).expect("a log"));
    DOCUMENT.set(document);
}

/// One row of the log. [`length`] tells how many bytes.
#[unsafe(no_mangle)]
extern "C" fn row(index: usize) -> *const u8 {
    LOG.with_borrow(|log| show(&log[index]))
}

/// What the log was compacted to.
#[unsafe(no_mangle)]
extern "C" fn document() -> *const u8 {
    DOCUMENT.with_borrow(|document| show(document))
}

/// The length of what was handed out last.
#[unsafe(no_mangle)]
extern "C" fn length() -> usize {
    LENGTH.get()
}
