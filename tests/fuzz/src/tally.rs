//! What happened, in static memory: the host can read it after a trap, too.

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};

use crate::input::{KINDS, Kind};

/// What is counted for each kind.
#[derive(Clone, Copy)]
pub(crate) enum Count {
    /// Inputs of this kind.
    Inputs,
    /// Those that were read and taken.
    Accepted,
    /// Those that changed a yrs document.
    Applied,
    /// Those that were walked, but that yrs, or we before it, would not have.
    Unreadable,
    /// Those after which a document says that something is missing.
    Missing,
    /// Those after which a document does not take its own encoding.
    NotReloaded,
    /// By how much memory grew at most, in bytes.
    Growth,
    /// The same, in thousandths of what is allowed.
    Share,
    /// By how much memory grew at most for one byte of a large input, in hundredths.
    Factor,
}

const COUNTS: usize = 9;
const MESSAGE_BYTES_MAX: usize = 600;

static COUNTED: [AtomicU32; COUNTS * KINDS] = [const { AtomicU32::new(0) }; COUNTS * KINDS];
static MESSAGE: [AtomicU8; MESSAGE_BYTES_MAX] = [const { AtomicU8::new(0) }; MESSAGE_BYTES_MAX];

pub(crate) fn add(kind: Kind, count: Count) {
    COUNTED[kind as usize * COUNTS + count as usize].fetch_add(1, Relaxed);
}

pub(crate) fn at_least(kind: Kind, count: Count, value: usize) {
    COUNTED[kind as usize * COUNTS + count as usize].fetch_max(value as u32, Relaxed);
}

/// Note the first message: of two panics the first is the reason.
pub(crate) fn note(message: &str) {
    if MESSAGE[0].load(Relaxed) == 0 {
        for (to, byte) in MESSAGE.iter().zip(message.bytes()) {
            to.store(byte, Relaxed);
        }
    }
}

/// Where the counts are: for each kind as many as there are counts, 32 bits each.
#[unsafe(no_mangle)]
extern "C" fn counted() -> *const AtomicU32 {
    COUNTED.as_ptr()
}

/// Where the message is; zeros behind it.
#[unsafe(no_mangle)]
extern "C" fn message() -> *const AtomicU8 {
    MESSAGE.as_ptr()
}
