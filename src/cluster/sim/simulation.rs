//! Hundreds of stories, each from a seed.
//!
//! `HEARTH_SIM_SEED=n` tells one again, with everything that happened; `HEARTH_SIM_SEEDS=n` tells so many.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::run::simulate;

/// How many stories are told unless so many are asked for.
const SEEDS: u64 = 200;
/// How much of the trace is shown of a story that goes wrong, in lines.
const SHOWN: usize = 80;

/// What must have happened in many stories: else they show nothing.
const HAPPENED: [&str; 25] = [
    "ups",
    "downs",
    "late downs",
    "transfers",
    "crashes",
    "power cuts",
    "stopped",
    "slow disks",
    "flaky networks",
    "partitions",
    "bridges",
    "deaf",
    "mute",
    "fences closed",
    "snapshots installed",
    "format 2",
    "refused",
    "taken out",
    "told to stop",
    "told to leave",
    "said that they leave",
    "stood",
    "retries in the log",
    "writes asked again",
    "the senior leads",
];

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

fn show(seed: u64, objections: &[String]) {
    let trace = simulate(seed, true).trace;
    println!("{}", trace[trace.len().saturating_sub(SHOWN)..].join("\n"));
    println!("HEARTH_SIM_SEED={seed} shows all of it again\n{}", objections[..objections.len().min(10)].join("\n"));
}

#[test]
fn hundreds_of_seeds() {
    if let Some(seed) = number("HEARTH_SIM_SEED") {
        let verdict = simulate(seed, true);
        println!("{}\n{:?}", verdict.trace.join("\n"), verdict.tally);
        assert!(verdict.objections.is_empty(), "{}", verdict.objections.join("\n"));
        return;
    }
    let seeds = number("HEARTH_SIM_SEEDS").unwrap_or(SEEDS);
    let (next, tally, bad) = (AtomicU64::new(0), Mutex::new(BTreeMap::<_, u64>::new()), Mutex::new(Vec::new()));
    let tell = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds || bad.lock().unwrap().len() >= 5 {
                return;
            }
            let verdict = simulate(seed, false);
            verdict.tally.iter().for_each(|(what, times)| *tally.lock().unwrap().entry(*what).or_default() += times);
            if !verdict.objections.is_empty() {
                bad.lock().unwrap().push((seed, verdict.objections));
            }
        }
    };
    std::thread::scope(|scope| (0..2).for_each(|_| drop(scope.spawn(tell))));
    let (tally, bad) = (tally.into_inner().unwrap(), bad.into_inner().unwrap());
    println!("{seeds} seeds: {tally:?}");
    bad.iter().for_each(|(seed, objections)| show(*seed, objections));
    assert!(bad.is_empty(), "seeds {:?}", bad.iter().map(|(seed, _)| seed).collect::<Vec<_>>());
    let missing: Vec<_> = HAPPENED.iter().filter(|what| !tally.contains_key(*what)).collect();
    assert!(seeds < SEEDS || missing.is_empty(), "it never happened: {missing:?}");
}

#[test]
fn a_seed_is_the_same_story_every_time() {
    for seed in 0..4 {
        let (first, second) = (simulate(seed, true).trace, simulate(seed, true).trace);
        let parting = first.iter().zip(&second).find(|(first, second)| first != second);
        assert_eq!(parting, None, "seed {seed}");
        assert_eq!(first.len(), second.len(), "seed {seed}");
        assert!(first.len() > 300, "seed {seed}");
    }
}
