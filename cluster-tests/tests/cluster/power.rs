//! Nodes whose power is cut, one of them or all at once: what a client was told is there, for a majority had synced it.

use std::time::Duration;

use cluster_tests::power::Disk;
use cluster_tests::{Cluster, Dice, Plan, Traffic, wait_for};

use crate::chaos::judge;
use crate::{CONFIG, PATIENCE};

/// The longest that traffic runs between two cuts.
const BETWEEN: Duration = Duration::from_secs(4);

/// Cuts the power of a cluster under traffic so many times; why not, where that cannot be done here.
fn cut(name: &str, engine: &str, times: u32) -> Result<(), String> {
    let mut dice = Dice::new(name);
    // `[store]` comes last in it.
    let mut cluster = Cluster::planned(3, &format!("{CONFIG}engine = \"{engine}\"\n"), dice.split());
    let mut disks = (0..3).map(|node| Disk::mount(&cluster.data(node))).collect::<Result<Vec<_>, _>>()?;
    cluster.start_all();
    let plan = Plan { name: "t".into(), clients: 9, keys: 4, pause: Duration::from_millis(10) };
    let traffic = Traffic::start(&cluster.addresses(), &plan, dice.split());
    for time in 0..times {
        std::thread::sleep(dice.time(BETWEEN));
        let victims = match time % 3 {
            0 => vec![0, 1, 2],
            1 => vec![wait_for("a leader", PATIENCE, || cluster.leader(&[0]))],
            _ => vec![usize::try_from(dice.roll(3)).unwrap()],
        };
        victims.iter().for_each(|node| cluster.kill(*node));
        victims.iter().for_each(|node| disks[*node].lose_power());
        cluster.start_all();
    }
    judge(&cluster, traffic.stop());
    drop(cluster);
    drop(disks);
    Ok(())
}

fn cut_or_say_why_not(name: &str, engine: &str, times: u32) {
    if let Err(why) = cut(name, engine, times) {
        eprintln!("skipped: no power can be cut here ({why})");
    }
}

#[test]
fn what_was_acknowledged_survives_power_cuts_of_all_and_of_the_leader() {
    cut_or_say_why_not("power", "sled", 2);
}

#[test]
#[ignore = "takes minutes: make power-cut"]
fn what_was_acknowledged_survives_many_power_cuts() {
    for engine in ["sled", "redb", "journal"] {
        cut_or_say_why_not(&format!("power, {engine}"), engine, 30);
    }
}
