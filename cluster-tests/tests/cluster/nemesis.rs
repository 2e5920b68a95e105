//! What goes wrong, at random.

use std::time::{Duration, Instant};

use cluster_tests::proxy::Way;
use cluster_tests::{Cluster, Dice};

/// The longest that one fault lasts: long enough for a node to be declared down and come back.
const LONGEST: Duration = Duration::from_secs(6);

/// The longest quiet between two faults.
const QUIET: Duration = Duration::from_secs(2);

/// A fault between nodes or of one node.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Kill,
    KillTwo,
    Pause,
    Isolate(Way),
    CutPair(Way),
    OneWay,
    Slow,
    Lossy,
}

const FAULTS: &[Fault] = &[
    Fault::Kill,
    Fault::Kill,
    Fault::KillTwo,
    Fault::Pause,
    Fault::Pause,
    Fault::Isolate(Way::Silent),
    Fault::Isolate(Way::Refused),
    Fault::CutPair(Way::Silent),
    Fault::CutPair(Way::Refused),
    Fault::OneWay,
    Fault::OneWay,
    Fault::Slow,
    Fault::Lossy,
];

/// Does harm to a cluster for so long, and mends all of it. Nodes in `spared` are cut off and paused, but never killed.
pub fn harm(cluster: &mut Cluster, dice: &mut Dice, time: Duration, spared: &[usize]) {
    let since = Instant::now();
    while since.elapsed() < time {
        let fault = dice.pick(FAULTS);
        // Half of the time it meets the one that matters most.
        let victim = match cluster.leader(&[dice.pick(&cluster.running())]) {
            Ok(leader) if dice.roll(2) == 0 => leader,
            _ => dice.pick(&cluster.running()),
        };
        let lasts = dice.time(LONGEST);
        eprintln!("{:7.3} s: {fault:?} of node {victim} for {lasts:?}", since.elapsed().as_secs_f64());
        strike(cluster, dice, fault, victim, lasts, spared);
        cluster.network.heal();
        std::thread::sleep(dice.time(QUIET));
    }
}

fn strike(cluster: &mut Cluster, dice: &mut Dice, fault: Fault, victim: usize, lasts: Duration, spared: &[usize]) {
    let other = (victim + 1 + usize::try_from(dice.roll(cluster.size() as u64 - 1)).unwrap()) % cluster.size();
    match fault {
        Fault::Kill => kill(cluster, &[victim], lasts, spared),
        Fault::KillTwo => kill(cluster, &[victim, other], lasts, spared),
        Fault::Pause => {
            cluster.pause(victim);
            std::thread::sleep(lasts);
            cluster.resume(victim);
        }
        Fault::Isolate(way) => cluster.network.isolate(victim, way),
        Fault::CutPair(way) => cluster.network.set_both(victim, other, way),
        Fault::OneWay => one_way(cluster, dice, victim),
        Fault::Slow => cluster.network.isolate(victim, Way::Slow(Duration::from_millis(10 + dice.roll(190)))),
        Fault::Lossy => cluster.network.isolate(victim, Way::Lossy),
    }
    if !matches!(fault, Fault::Kill | Fault::KillTwo | Fault::Pause) {
        std::thread::sleep(lasts);
    }
}

fn kill(cluster: &mut Cluster, nodes: &[usize], lasts: Duration, spared: &[usize]) {
    let nodes: Vec<_> = nodes.iter().copied().filter(|node| !spared.contains(node)).collect();
    nodes.iter().for_each(|node| cluster.kill(*node));
    std::thread::sleep(lasts);
    nodes.iter().for_each(|node| cluster.launch(*node));
    nodes.iter().for_each(|node| cluster.serving(*node));
}

/// A node that hears the others and is not heard, or the other way round.
fn one_way(cluster: &Cluster, dice: &mut Dice, victim: usize) {
    let heard = dice.roll(2) == 0;
    for other in (0..cluster.size()).filter(|other| *other != victim) {
        let (from, to) = if heard { (victim, other) } else { (other, victim) };
        cluster.network.set(from, to, Way::Silent);
    }
}
