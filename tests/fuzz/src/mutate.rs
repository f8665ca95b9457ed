//! Damage.

use fastrand::Rng;
use selvedge::codec::write_number;

/// Numbers where something wraps, ends or begins to take another byte.
const EDGES: &[u64] = &[
    0,
    1,
    2,
    127,
    128,
    255,
    16_383,
    16_384,
    50_000_000,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 2,
    (1 << 32) - 1,
    1 << 32,
    (1 << 53) - 1,
    1 << 53,
    u64::MAX,
];

/// `bytes`, damaged in a few places; `other` is what may get in.
pub(crate) fn mutate(rng: &mut Rng, bytes: &mut Vec<u8>, other: &[u8]) {
    let times = [0, 0, 1, 1, 1, 1, 2, 4][rng.usize(..8)];
    for _ in 0..times {
        once(rng, bytes, other);
    }
}

fn once(rng: &mut Rng, bytes: &mut Vec<u8>, other: &[u8]) {
    if bytes.is_empty() {
        bytes.extend_from_slice(span(rng, other, 64));
        return;
    }
    let at = rng.usize(..bytes.len());
    match rng.u8(..16) {
        0..4 => bytes[at] ^= 1 << rng.u8(..8),
        4 => bytes[at] = rng.u8(..),
        // A kind of struct or of value where one is likely to be.
        5 => bytes[at] = (bytes[at] & 0xe0) | rng.u8(..11),
        6 => bytes[at] = 116 + rng.u8(..12),
        // One more or one less: a length, a count or a clock that almost fits.
        7..10 => bytes[at] = bytes[at].wrapping_add(if rng.bool() { 1 } else { 0xff }),
        10 => {
            let mut number = Vec::new();
            write_number(&mut number, EDGES[rng.usize(..EDGES.len())]);
            // In the place of a number of one or two bytes, or between two.
            let end = (at + rng.usize(..3)).min(bytes.len());
            bytes.splice(at..end, number);
        }
        11 => bytes.truncate(at + 1),
        12 => {
            let end = (at + 1 + rng.usize(..8)).min(bytes.len());
            bytes.drain(at..end);
        }
        13 => {
            let twice = span(rng, bytes, 32).to_vec();
            bytes.splice(at..at, twice);
        }
        14 => {
            let end = (at + rng.usize(..32)).min(bytes.len());
            bytes.splice(at..end, span(rng, other, 32).iter().copied());
        }
        // Arrays in arrays, or objects in objects.
        _ => {
            let depth = [3, 100, 255, 256, 257, 2_000, 10_000][rng.usize(..7)];
            let level: &[u8] = if rng.bool() { &[117, 1] } else { &[118, 1, 0] };
            bytes.splice(at..at, level.repeat(depth));
        }
    }
}

/// Some of `bytes`, at most `len_max`.
fn span<'a>(rng: &mut Rng, bytes: &'a [u8], len_max: usize) -> &'a [u8] {
    let from = rng.usize(..=bytes.len());
    let len = rng.usize(..=len_max.min(bytes.len() - from));
    &bytes[from..from + len]
}
