//! Power cuts of a loaded node that stands alone.

use std::time::Duration;

use cluster_tests::Node;
use cluster_tests::power::Disk;

use super::load::Load;
use super::tools::{Dice, held, serve_with};

/// Cuts the power of a node so many times, mostly under load; why not, where that cannot be done here.
fn cut(engine: &str, times: u32, load_for: Duration) -> Result<(), String> {
    let mut dice = Dice::new("power");
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut disk = Disk::mount(&data)?;
    // Snapshots often enough that what was before them is cleaned away all the time.
    let start = || Node::spawn(serve_with(&data, engine, "snapshot_log_entries = 150\nkept_log_entries = 20\n"), &data);
    let mut node = start();
    let mut load = Load::new(4, &mut dice, &node);
    for _ in 0..times {
        let time = load_for.mul_f64(0.5) + Duration::from_millis(dice.roll(500));
        let mut lose_power = |node: Node| {
            node.kill();
            disk.lose_power();
        };
        if dice.roll(3) > 0 {
            load.run(node, time, lose_power);
        } else {
            // Nobody writes any more, but the node may still be cleaning up.
            let node = load.run(node, time, |node| node);
            std::thread::sleep(Duration::from_millis(dice.roll(300)));
            lose_power(node);
        }
        node = start();
        load.check_and_retry(&node);
    }
    node.kill();
    assert_eq!(held(&data).audited, load.acknowledged());
    eprintln!("{engine}: {} changes acknowledged over {times} power cuts", load.acknowledged());
    Ok(())
}

fn cut_or_say_why_not(engine: &str, times: u32, load_for: Duration) {
    if let Err(why) = cut(engine, times, load_for) {
        eprintln!("skipped: no power can be cut here ({why})");
    }
}

#[test]
fn what_was_acknowledged_survives_two_power_cuts() {
    cut_or_say_why_not("sled", 2, Duration::from_secs(1));
}

#[test]
fn what_was_acknowledged_survives_two_power_cuts_with_the_journal() {
    cut_or_say_why_not("journal", 2, Duration::from_secs(1));
}

#[test]
#[ignore = "takes minutes: make power-cut"]
fn what_was_acknowledged_survives_many_power_cuts() {
    cut_or_say_why_not("sled", 30, Duration::from_secs(3));
}

#[test]
#[ignore = "takes minutes: make power-cut"]
fn what_was_acknowledged_survives_many_power_cuts_with_the_journal() {
    cut_or_say_why_not("journal", 30, Duration::from_secs(3));
}

#[test]
#[ignore = "takes minutes: make power-cut"]
fn what_was_acknowledged_survives_many_power_cuts_with_redb() {
    cut_or_say_why_not("redb", 30, Duration::from_secs(3));
}
