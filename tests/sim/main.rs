//! Runs the real room and real replicas against a clock, a network and a disk that this test owns.
//!
//! Everything random comes from one seed. A failure prints it; `SEED=n cargo test --test sim` runs
//! that one, `TRACE=1` beside it with `--nocapture` prints its events, `SEEDS=n` runs as many.

// A test has no users outside.
#![allow(unreachable_pub)]

mod author;
mod disk;
mod env;
mod faults;
mod hostile;
mod native;
mod oracle;
mod server;
mod stock;
mod world;

use std::collections::BTreeMap;

use faults::{KINDS, Sabotage};
use world::World;

const SEEDS: u64 = 200;

fn number(name: &str) -> Option<u64> {
    Some(std::env::var(name).ok()?.parse().expect("a number"))
}

#[test]
fn d1_o1_v1_nothing_that_was_told_is_lost_and_everyone_agrees() {
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..1 + number("SEEDS").unwrap_or(SEEDS),
    };
    let is_whole = seeds.end - seeds.start >= SEEDS;
    let mut counts = BTreeMap::<&str, u64>::new();
    let mut failed = Vec::new();
    for seed in seeds {
        let mut world = World::new(seed, None);
        if let Err(violation) = world.run() {
            eprintln!("SEED={seed}: {violation}");
            failed.push(seed);
        }
        for (kind, count) in world.counts() {
            *counts.entry(kind).or_default() += count;
        }
    }
    println!("{counts:?}");
    assert!(failed.is_empty(), "failed: {failed:?}");
    if is_whole {
        for kind in KINDS.iter().chain(&["compacted"]) {
            assert!(counts.contains_key(kind), "{kind} never happened");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in 1..4 {
        let run = || {
            let mut world = World::new(seed, None);
            let result = world.run();
            (result, world.trace_hash())
        };
        assert_eq!(run(), run());
    }
}

/// A seed on which the checks notice what is broken on purpose.
fn caught(sabotage: Sabotage) {
    let seed = (1..=SEEDS).find(|&seed| World::new(seed, Some(sabotage)).run().is_err());
    println!("{sabotage:?}: caught by seed {seed:?}");
    assert!(seed.is_some(), "{sabotage:?} was never noticed");
}

#[test]
fn a_gate_that_is_off_is_caught() {
    caught(Sabotage::GateOff);
}

#[test]
fn a_row_that_is_not_written_is_caught() {
    caught(Sabotage::AppendSkipped);
}

#[test]
fn an_update_without_its_past_is_caught() {
    caught(Sabotage::RefusedStored);
}

#[test]
fn forgotten_sockets_are_caught() {
    caught(Sabotage::SocketsForgotten);
}

#[test]
fn a_reset_that_keeps_sockets_is_caught() {
    caught(Sabotage::ResetKeepsSockets);
}

#[test]
fn an_ack_before_its_row_is_caught() {
    caught(Sabotage::AckBeforeRow);
}
