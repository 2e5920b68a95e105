//! Nodes that start again: all at once, far behind, or without what they knew.

use cluster_tests::rest::served;
use cluster_tests::{Cluster, Dice, wait_for};

use crate::{CONFIG, PATIENCE, put, reads};

#[test]
fn all_that_was_acknowledged_survives_the_death_of_all() {
    let mut cluster = Cluster::start(3, CONFIG, Dice::new("all"));
    for round in 0..3 {
        (0..30).for_each(|n| put(&cluster, n % 3, &format!("k{n}"), &format!("{round}")));
        (0..3).for_each(|node| cluster.kill(node));
        cluster.start_all();
        (0..30).for_each(|n| reads(&cluster, (n + 1) % 3, &format!("k{n}"), &format!("{round}")));
    }
    cluster.same_state();
}

#[test]
fn a_node_far_behind_catches_up_by_a_snapshot() {
    let mut cluster = Cluster::start(3, CONFIG, Dice::new("behind"));
    cluster.kill(2);
    // More than the log keeps (CONFIG).
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let client = cluster.client(writer % 2);
            let body = move |n: usize| format!(r#"{{"key":"w{writer}-{}","value":"{n}"}}"#, n % 20);
            scope.spawn(move || {
                for n in 0..300 {
                    served(|| client.body("POST", "/system/properties", &body(n))).is(201);
                }
            });
        }
    });
    cluster.restart(2);
    reads(&cluster, 2, "w7-19", "299");
    cluster.settled();
    cluster.same_state();
    let snapshots = std::fs::read_dir(cluster.data(2).join("snapshots")).unwrap().count();
    assert!(snapshots > 0, "it has a snapshot");
}

#[test]
fn a_wiped_node_is_a_new_one() {
    let mut cluster = Cluster::start(3, CONFIG, Dice::new("wiped"));
    put(&cluster, 0, "k", "1");
    let before = cluster.status(2).unwrap();
    cluster.kill(2);
    cluster.wipe(2);
    cluster.launch(2);
    // Whether it is taken in at once, or only when the old one has been taken out: never under the number it had.
    let old = before["nodeId"].clone();
    wait_for("the old node to be taken out", PATIENCE, || {
        let answer = cluster.client(0).absolute("DELETE", &format!("/hearth/v1/cluster/nodes/{old}"), None);
        if matches!(answer.status, 200 | 404) { Ok(()) } else { Err(format!("{} {}", answer.status, answer.text())) }
    });
    cluster.serving(2);
    reads(&cluster, 2, "k", "1");
    let after = cluster.status(2).unwrap();
    assert_ne!(after["nodeId"], old);
    assert_eq!(after["clusterId"], before["clusterId"]);
    wait_for("three voters", PATIENCE, || {
        let status = cluster.status(0)?;
        if status["voters"].as_array().map(Vec::len) == Some(3) { Ok(()) } else { Err(status.to_string()) }
    });
    cluster.same_state();
}

/// Also to a leader that a worker of the REST API was the first to speak to.
#[test]
fn a_node_that_is_told_to_stop_says_that_it_leaves() {
    let mut cluster = Cluster::start(3, CONFIG, Dice::new("leaving"));
    let asked: Vec<_> = (0..3).map(|node| cluster.status(node).unwrap()).collect();
    assert!(asked.iter().all(|status| status["nodes"].as_array().is_some_and(|nodes| nodes.len() == 3)));
    let leader = cluster.leader(&[0, 1, 2]).unwrap();
    cluster.kill(leader);
    let left = cluster.running();
    let leader = wait_for("another leader", PATIENCE, || cluster.leader(&left));
    let leaving = left.into_iter().find(|node| *node != leader).unwrap();
    put(&cluster, leaving, "k", "1");
    assert!(cluster.stop(leaving).success());
    let log = cluster.log(leaving);
    assert!(log.contains("stopping") && !log.contains("the others are not told"), "{log}");
}
