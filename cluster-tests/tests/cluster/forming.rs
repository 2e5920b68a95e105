//! Nodes become one cluster, once, in whatever order they start.

use std::time::Duration;

use cluster_tests::{Cluster, Dice, wait_for};

use crate::{CONFIG, PATIENCE};

const FOUNDS: &str = "founding a cluster";
const WAITS: &str = "waiting for";

fn founded(cluster: &Cluster) -> usize {
    (0..cluster.size()).map(|node| cluster.log(node).matches(FOUNDS).count()).sum()
}

/// Waits until a node that was launched says that it waits.
fn waits(cluster: &Cluster, node: usize) {
    wait_for("a blank node to say what it waits for", PATIENCE, || {
        let log = cluster.log(node);
        if log.contains(WAITS) { Ok(()) } else { Err(log) }
    });
}

fn id(cluster: &Cluster) -> String {
    cluster.status(0).unwrap()["clusterId"].as_str().unwrap().to_owned()
}

#[test]
fn a_cluster_forms_once_in_any_order() {
    let mut dice = Dice::new("forming");
    let mut cluster = Cluster::planned(3, CONFIG, dice.split());
    let founder = cluster.founder();
    let mut others: Vec<_> = (0..3).filter(|node| *node != founder).collect();
    if dice.roll(2) == 0 {
        others.reverse();
    }
    // All but one are there, the founder first or last: nothing happens yet.
    let order = if dice.roll(2) == 0 { [founder, others[0], others[1]] } else { [others[0], others[1], founder] };
    for node in &order[..2] {
        cluster.launch(*node);
        waits(&cluster, *node);
    }
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(founded(&cluster), 0, "a cluster was founded by two of three");
    for node in &order[..2] {
        let status = |path: &str| cluster.client(*node).get(path).status;
        let probes = ["/system/liveness", "/system/readiness", "/system/readiness/server", "/users"].map(status);
        assert_eq!(probes, [200, 503, 503, 503], "a blank node lives and is not ready");
        let asked = cluster.client(*node).get("/clustering/status");
        assert_eq!((asked.status, asked.header("retry-after")), (503, Some("1")));
    }
    cluster.start_all();
    let first = id(&cluster);
    assert_eq!(founded(&cluster), 1);
    // Later starts, in another order, find the same cluster.
    for node in order {
        cluster.kill(node);
    }
    order.iter().rev().for_each(|node| cluster.launch(*node));
    cluster.start_all();
    assert_eq!((id(&cluster), founded(&cluster)), (first, 1));
    assert_eq!(cluster.network.strangers(), 0, "nodes call from their own address");
}

#[test]
fn all_at_once_are_one_cluster() {
    let cluster = Cluster::start(3, CONFIG, Dice::new("at once"));
    assert_eq!(founded(&cluster), 1);
    let voters = cluster.status(0).unwrap()["voters"].as_array().unwrap().len();
    assert_eq!(voters, 3);
}
