//! Random faults under traffic: afterwards one order explains every answer, nothing acknowledged is lost, nothing was done
//! twice, all nodes hold the same, and the line of seniority was the same for all at every moment.

use std::time::Duration;

use cluster_tests::{Cluster, Dice, Plan, Record, Traffic};

use crate::CONFIG;
use crate::nemesis::harm;
use crate::witness::Witness;

/// Clients of every node while things go wrong.
pub fn round(cluster: &mut Cluster, dice: &mut Dice, name: &str, time: Duration, spared: &[usize]) {
    let plan = Plan { name: name.to_owned(), clients: 12, keys: 4, pause: Duration::from_millis(20) };
    let witness = Witness::start(cluster);
    let traffic = Traffic::start(&cluster.addresses(), &plan, dice.split());
    harm(cluster, dice, time, spared);
    let fallen = cluster.fallen();
    assert!(fallen.is_empty(), "nodes ended by themselves: {fallen:#?}");
    let record = traffic.stop();
    assert!(witness.stop() > 0, "nobody told of the line of seniority");
    judge(cluster, record);
    assert_eq!(cluster.network.strangers(), 0, "nodes call from their own address");
}

/// Once all is well again: what the clients were told is true at every node.
pub fn judge(cluster: &Cluster, record: Record) {
    cluster.settled();
    let clients: Vec<_> = (0..cluster.size()).map(|node| cluster.client(node)).collect();
    record.judge(&clients);
    cluster.same_state();
}

fn chaos(name: &str, nodes: usize, time: Duration) {
    let mut dice = Dice::new(name);
    let mut cluster = Cluster::start(nodes, CONFIG, dice.split());
    round(&mut cluster, &mut dice, "t", time, &[]);
}

#[test]
fn three_nodes_withstand_random_faults() {
    chaos("chaos of three", 3, Duration::from_secs(45));
}

#[test]
fn five_nodes_withstand_random_faults() {
    chaos("chaos of five", 5, Duration::from_secs(25));
}
