//! Mutated bytes for everything of Selvedge that reads bytes of a peer, on wasm32 (promise S1).
//!
//! A number decides an input: what it is for, what was there before it, and its bytes. Whatever
//! must not happen panics, so a run ends in a trap or well; `fuzz.test.mjs` drives it.
//!
//! | module | what it is for |
//! |---|---|
//! | `memory` | counts what is allocated |
//! | `world` | valid updates, from edits of a few replicas |
//! | `craft` | updates by hand: every kind of content, in places where no replica would put it |
//! | `mutate` | damages bytes |
//! | `input` | one input: made, written, read |
//! | `probes` | inputs by name: what is known to be dangerous |
//! | `check` | what is done with an input, and what has to hold |
//! | `parties` | a room and a replica that take frames |
//! | `token` | tokens: true ones, forged ones, damaged ones, and who is let in |
//! | `schema` | schemas, and documents that are held to them |

mod check;
mod craft;
mod input;
mod log;
mod memory;
mod mutate;
mod parties;
mod probes;
mod schema;
mod tally;
mod token;
mod world;

use std::cell::RefCell;
use std::sync::Once;

use input::{Input, Source};

unsafe extern "C" {
    /// Told before each input, so that one that never ends can be named.
    fn begins(number: f64);
}

thread_local! {
    static SOURCE: RefCell<Source> = RefCell::default();
    /// What was handed out last. The host reads it before it calls again.
    static SHOWN: RefCell<Vec<u8>> = RefCell::default();
}

fn show(bytes: Vec<u8>) -> *const u8 {
    SHOWN.set(bytes);
    SHOWN.with_borrow(|shown| shown.as_ptr())
}

/// Make and check the inputs from number `first` on. With `bare`, yrs sees them unchecked.
#[unsafe(no_mangle)]
extern "C" fn run(first: u64, count: u32, bare: bool) {
    watch_panics();
    for number in first..first + u64::from(count) {
        let input = SOURCE.with_borrow_mut(|source| source.make(number));
        // SAFETY: the host's function writes a number down, nothing else.
        unsafe { begins(number as f64) };
        check::check(&input, bare);
    }
}

/// The input of a number, to be kept. [`length`] tells how many bytes.
#[unsafe(no_mangle)]
extern "C" fn make(number: u64) -> *const u8 {
    show(SOURCE.with_borrow_mut(|source| source.make(number)).encode())
}

/// How many probes there are.
#[unsafe(no_mangle)]
extern "C" fn probes() -> usize {
    probes::all().len()
}

/// The name of a probe.
#[unsafe(no_mangle)]
extern "C" fn probe_name(index: usize) -> *const u8 {
    show(probes::all().swap_remove(index).0.as_bytes().to_vec())
}

/// The input of a probe, to be checked or kept.
#[unsafe(no_mangle)]
extern "C" fn probe(index: usize) -> *const u8 {
    show(probes::all().swap_remove(index).1.encode())
}

/// The length of what was handed out last.
#[unsafe(no_mangle)]
extern "C" fn length() -> usize {
    SHOWN.with_borrow(Vec::len)
}

/// Room for the bytes of one input, which [`again`] takes.
#[unsafe(no_mangle)]
extern "C" fn room_for(length: usize) -> *const u8 {
    show(vec![0; length])
}

/// Check the input that was written into [`room_for`].
#[unsafe(no_mangle)]
extern "C" fn again(bare: bool) {
    watch_panics();
    let input = Input::decode(&SHOWN.take()).expect("an input that was kept");
    check::check(&input, bare);
}

/// Keep what a panic says where the host can read it after the trap.
fn watch_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| std::panic::set_hook(Box::new(|info| tally::note(&info.to_string()))));
}
