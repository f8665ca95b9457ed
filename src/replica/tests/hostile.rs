//! S1: what a room of somebody else's might send.

use super::super::*;
use super::Bench;
use crate::protocol::FromRoom;
use crate::protocol::native::encode_from_room;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// S1: these panic or trap yrs 0.28.1 on wasm32 when they reach it.
#[test]
fn s1_hostile_frames_end_in_a_close_code() {
    let mut nested = vec![1, 1, 5, 0, 8, 1, 1, b't', 1];
    nested.extend(core::iter::repeat_n([117, 1], 10_000).flatten());
    nested.push(127);
    nested.push(0);
    let probes: Vec<Vec<u8>> = vec![
        // A string length of 2^32 - 1.
        vec![1, 1, 5, 0, 4, 1, 1, b't', 0xff, 0xff, 0xff, 0xff, 0x0f, b'x', 0],
        // Counts of 50 million clients, structs and deletes.
        vec![0x80, 0xe1, 0xeb, 0x17],
        vec![1, 0x80, 0xe1, 0xeb, 0x17, 5, 0],
        vec![0, 0x80, 0xe1, 0xeb, 0x17],
        // A clock of 2^32 - 1, and one that passes it.
        vec![1, 1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f, 4, 1, 1, b't', 2, b'a', b'b', 0],
        nested,
        vec![],
    ];
    for probe in probes {
        for frame in [
            encode_from_room(&FromRoom::Update { sequence: 1, update: &probe }),
            encode_from_room(&FromRoom::SyncStep2 { sequence: 1, update: &probe }),
            encode_from_room(&FromRoom::SyncStep1(&probe)),
            encode_from_room(&FromRoom::Awareness(&probe)),
        ] {
            let mut bench = Bench::online(1);
            bench.write("mine");
            bench.input(Input::Frame(&frame));
            assert!(matches!(bench.replica.status(), Status::Closed { .. }), "{frame:?}");
            assert_eq!(bench.string(), "mine");
        }
    }
}
