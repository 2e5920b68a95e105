//! A process that is killed while clients write to it.

use std::time::Duration;

use cluster_tests::Node;

use super::load::Load;
use super::tools::{Dice, held, start_with};

const WRITERS: usize = 6;

/// Kills a loaded node so many times on one data directory. Snapshots are small, so that kills fall into them too.
fn killed(engine: &str, times: u32) {
    let mut dice = Dice::new("killed");
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut node = start_with(&data, engine);
    let mut load = Load::new(WRITERS, &mut dice, &node);
    for _ in 0..times {
        let time = Duration::from_millis(20 + dice.roll(300));
        load.run(node, time, Node::kill);
        node = start_with(&data, engine);
        load.check_and_retry(&node);
    }
    node.kill();
    let first = held(&data);
    eprintln!("{engine}: {} changes acknowledged over {times} kills", load.acknowledged());
    // Each change once: neither lost nor, when it was asked for again, done again.
    assert_eq!(first.audited, load.acknowledged());
    assert_eq!(held(&data), first, "the state is the same each time it is read");
    assert!(load.acknowledged() > u64::from(times) * WRITERS as u64, "there was load");
}

#[test]
fn killed_fifty_times_under_load() {
    killed("sled", 50);
}

#[test]
fn killed_fifty_times_under_load_with_the_journal() {
    killed("journal", 50);
}
