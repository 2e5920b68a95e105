//! A process that is killed while clients write to it.

use std::time::Duration;

use cluster_tests::Node;

use super::load::Load;
use super::tools::{Dice, held};

const WRITERS: usize = 6;

/// Kills a loaded node so many times on one data directory. Snapshots are small, so that kills fall into them too.
fn killed(times: u32) {
    let mut dice = Dice::new("killed");
    let dir = tempfile::tempdir().unwrap();
    let mut node = Node::start_on(dir.path());
    let mut load = Load::new(WRITERS, &mut dice, &node);
    for _ in 0..times {
        let time = Duration::from_millis(20 + dice.roll(300));
        load.run(node, time, Node::kill);
        node = Node::start_on(dir.path());
        load.check_and_retry(&node);
    }
    node.kill();
    let first = held(dir.path());
    eprintln!("{} changes acknowledged over {times} kills", load.acknowledged());
    // Each change once: neither lost nor, when it was asked for again, done again.
    assert_eq!(first.audited, load.acknowledged());
    assert_eq!(held(dir.path()), first, "the state is the same each time it is read");
    assert!(load.acknowledged() > u64::from(times) * WRITERS as u64, "there was load");
}

#[test]
fn killed_fifty_times_under_load() {
    killed(50);
}
