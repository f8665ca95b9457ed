//! Runs the real room and real replicas against a clock, a network and a disk that this test owns.
//!
//! Everything random comes from one seed. A failure prints it; `SEED=n cargo test --test sim` runs
//! that one, `TRACE=1` beside it with `--nocapture` prints its events, `SEEDS=n` runs as many, and
//! `SEEDS=m-n` those from m on.

// A test has no users outside.
#![allow(unreachable_pub)]

mod author;
mod disk;
mod env;
mod faults;
mod hostile;
mod native;
mod oracle;
mod past;
mod rules;
mod server;
mod step;
mod stock;
mod storage;
mod world;

use std::collections::BTreeMap;
use std::ops::Range;

use faults::{KINDS, Sabotage};
use world::World;

const SEEDS: u64 = 2_000;
const RULED_SEEDS: u64 = 1_000;

fn number(name: &str) -> Option<u64> {
    Some(std::env::var(name).ok()?.parse().expect("a number"))
}

/// `n` for as many, `m-n` for those between.
fn range(name: &str) -> Option<Range<u64>> {
    let text = std::env::var(name).ok()?;
    let (from, to) = text.split_once('-').unwrap_or(("1", &text));
    Some(from.parse().expect("a number")..1 + to.parse::<u64>().expect("a number"))
}

#[test]
fn d1_o1_v1_nothing_that_was_told_is_lost_and_everyone_agrees() {
    if let Some(counts) = run_all(SEEDS, |seed| World::new(seed, None)) {
        for kind in KINDS.iter().chain(&[
            "compacted",
            "inflated",
            "repaired",
            "silent",
            "reported",
            "reload",
        ]) {
            assert!(counts.contains_key(kind), "{kind} never happened");
        }
    }
}

/// What happened on the seeds that the environment says, or on so many; nothing if they are few.
fn run_all(count: u64, world: fn(u64) -> World) -> Option<BTreeMap<&'static str, u64>> {
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => range("SEEDS").unwrap_or(1..1 + count),
    };
    let is_whole = seeds.end - seeds.start >= count;
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let mut counts = BTreeMap::<&str, u64>::new();
    let mut failed = Vec::new();
    std::thread::scope(|scope| {
        let share = |nth| seeds.clone().filter(move |seed| seed % threads == nth);
        let runs: Vec<_> =
            (0..threads).map(|nth| scope.spawn(move || run(share(nth), world))).collect();
        for run in runs {
            let (counted, violated) = run.join().expect("a thread that ended");
            failed.extend(violated);
            for (kind, count) in counted {
                *counts.entry(kind).or_default() += count;
            }
        }
    });
    println!("{counts:?}");
    assert!(failed.is_empty(), "failed: {failed:?}");
    is_whole.then_some(counts)
}

/// How often each kind of fault happened, and the seeds that failed.
fn run(
    seeds: impl Iterator<Item = u64>,
    world: fn(u64) -> World,
) -> (BTreeMap<&'static str, u64>, Vec<u64>) {
    let (mut counts, mut failed) = (BTreeMap::new(), Vec::new());
    for seed in seeds {
        let mut world = world(seed);
        if let Err(violation) = world.run() {
            eprintln!("SEED={seed}: {violation}");
            failed.push(seed);
        }
        for (&kind, count) in world.counts() {
            *counts.entry(kind).or_default() += count;
        }
    }
    (counts, failed)
}

/// A document with rules, and clients that break them: seeds as above.
#[test]
fn s4_what_breaks_a_rule_is_never_seen_and_nothing_else_is_lost() {
    let counts = run_all(RULED_SEEDS, |seed| World::with_rules(seed, None));
    if let Some(counts) = counts {
        for kind in ["violation", "rejected", "aside", "promoted", "amended", "renewed", "replayed"]
        {
            assert!(counts.contains_key(kind), "{kind} never happened");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for world in [World::new, World::with_rules] {
        for seed in 1..4 {
            let run = || {
                let mut world = world(seed, None);
                let result = world.run();
                (result, world.trace_hash())
            };
            assert_eq!(run(), run());
        }
    }
}

/// D1, O1 and V1 each have to notice what breaks them.
fn caught(sabotage: Sabotage, promise: &str) {
    caught_in(World::new, sabotage, promise);
}

/// S4 as well, and D3 where something was undone.
fn caught_with_rules(sabotage: Sabotage, promise: &str) {
    caught_in(World::with_rules, sabotage, promise);
}

fn caught_in(world: fn(u64, Option<Sabotage>) -> World, sabotage: Sabotage, promise: &str) {
    let is_noticed = |seed: &u64| {
        let run = world(*seed, Some(sabotage)).run();
        run.is_err_and(|violation| violation.starts_with(promise))
    };
    let seed = (1..=SEEDS).find(is_noticed);
    println!("{sabotage:?}: {promise} fails on seed {seed:?}");
    assert!(seed.is_some(), "{sabotage:?} was never noticed by {promise}");
}

#[test]
fn d1_a_gate_that_is_off_is_caught() {
    caught(Sabotage::GateOff, "D1");
}

#[test]
fn d1_a_row_that_is_not_written_is_caught() {
    caught(Sabotage::AppendSkipped, "D1");
}

#[test]
fn d1_an_ack_before_its_row_is_caught() {
    caught(Sabotage::AckBeforeRow, "D1");
}

#[test]
fn o1_an_update_without_its_past_is_caught() {
    caught(Sabotage::RefusedStored, "O1");
}

#[test]
fn o3_epochs_that_nobody_compares_are_caught() {
    caught(Sabotage::EpochUnchecked, "O3");
}

#[test]
fn v1_forgotten_sockets_are_caught() {
    caught(Sabotage::SocketsForgotten, "V1");
}

#[test]
fn v1_a_reset_that_keeps_sockets_is_caught() {
    caught(Sabotage::ResetKeepsSockets, "V1");
}

#[test]
fn d2_checksums_that_are_ignored_are_caught() {
    caught(Sabotage::ChecksumsIgnored, "D2");
}

#[test]
fn d2_a_compaction_that_checks_nothing_is_caught() {
    caught(Sabotage::CompactionUnchecked, "D2");
}

#[test]
fn d2_a_damaged_row_that_is_dropped_is_caught() {
    caught(Sabotage::DamagedDropped, "D2");
}

#[test]
fn s4_rules_that_nobody_knows_are_caught() {
    caught_with_rules(Sabotage::SchemaForgotten, "S4");
}

#[test]
fn s4_authors_who_are_believed_are_caught() {
    caught_with_rules(Sabotage::AuthorBelieved, "S4");
}

#[test]
fn s4_authors_who_are_not_told_are_caught() {
    caught_with_rules(Sabotage::RejectionsKept, "D3");
}

#[test]
fn d3_edits_that_a_browser_does_not_keep_are_caught() {
    caught(Sabotage::EditsNotKept, "D3");
}

#[test]
fn s5_subjects_that_nobody_knows_are_caught() {
    caught(Sabotage::SubjectsForgotten, "S5");
}

#[test]
fn s6_rows_that_were_rewritten_are_caught() {
    caught(Sabotage::RowsRewritten, "S6");
}

#[test]
fn c3_presence_of_the_silent_that_is_kept_is_caught() {
    caught(Sabotage::SilentKept, "presence");
}

/// Seeds on which presence was wrong: an echo of one who had just left came from a stock client
/// whose own id still belonged to its old session, and was taken for its own presence.
#[test]
fn an_echo_brings_nobody_back() {
    for seed in [293, 2009, 4381] {
        assert_eq!(World::new(seed, None).with_lasting_storage().run(), Ok(()), "SEED={seed}");
    }
}
