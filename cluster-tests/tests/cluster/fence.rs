//! A node that is cut off says so and serves nothing, while the others go on.

use std::time::{Duration, Instant};

use cluster_tests::proxy::Way;
use cluster_tests::{Cluster, Dice, wait_for};

use crate::{CONFIG, FENCE, PATIENCE, put, reads};

/// How long a cut-off node may answer as if nothing had happened: the fence, what is under way, and a slow machine.
const SOON: Duration = Duration::from_millis(FENCE * 2 + 1000);

fn status(cluster: &Cluster, node: usize, path: &str) -> u16 {
    cluster.client(node).get(path).status
}

/// Cuts a node off and shows what it and the others answer.
fn cut_off(cluster: &Cluster, node: usize, way: Way) {
    let others: Vec<_> = (0..3).filter(|other| *other != node).collect();
    cluster.network.isolate(node, way);
    let since = Instant::now();
    wait_for("a cut-off node to refuse to read", SOON, || match cluster.client(node).get("/system/properties/k").status {
        503 => Ok(()),
        other => Err(format!("{other} after {:?}", since.elapsed())),
    });
    let refused = cluster.client(node).body("POST", "/system/properties", r#"{"key":"k","value":"lost"}"#);
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(refused.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
    assert!(refused.value()["exception"].is_string() && refused.value()["message"].is_string(), "{}", refused.text());
    assert_eq!(status(cluster, node, "/system/liveness"), 200);
    wait_for("a cut-off node not to be ready", SOON, || match status(cluster, node, "/system/readiness") {
        503 => Ok(()),
        other => Err(other.to_string()),
    });
    // The others go on.
    wait_for("the others to write", PATIENCE, || {
        let answer = cluster.client(others[0]).body("POST", "/system/properties", r#"{"key":"k","value":"kept"}"#);
        if answer.status == 201 { Ok(()) } else { Err(answer.text()) }
    });
    reads(cluster, others[1], "k", "kept");
    assert_eq!(cluster.client(node).get("/system/properties/k").status, 503);
    cluster.network.heal();
    wait_for("a node that is back to be ready", PATIENCE, || match status(cluster, node, "/system/readiness") {
        200 => Ok(()),
        other => Err(other.to_string()),
    });
    reads(cluster, node, "k", "kept");
}

#[test]
fn a_node_that_is_cut_off_is_fenced_and_the_majority_goes_on() {
    let cluster = Cluster::start(3, CONFIG, Dice::new("fence"));
    put(&cluster, 0, "k", "1");
    let leader = wait_for("a leader", PATIENCE, || cluster.leader(&[0, 1, 2]));
    cut_off(&cluster, leader, Way::Silent);
    cluster.settled();
    let leader = wait_for("a leader", PATIENCE, || cluster.leader(&[0, 1, 2]));
    cut_off(&cluster, (leader + 1) % 3, Way::Refused);
    cluster.settled();
}

#[test]
fn without_a_majority_nothing_is_served() {
    let mut cluster = Cluster::start(3, CONFIG, Dice::new("minority"));
    put(&cluster, 0, "k", "1");
    cluster.kill(1);
    cluster.kill(2);
    wait_for("the last node to refuse", SOON, || match status(&cluster, 0, "/system/properties/k") {
        503 => Ok(()),
        other => Err(other.to_string()),
    });
    assert_eq!((status(&cluster, 0, "/system/readiness"), status(&cluster, 0, "/system/liveness")), (503, 200));
    let local = cluster.client(0).get("/system/properties/k?consistency=local");
    assert_eq!(local.status, 200, "what it knows is told when that is asked for: {}", local.text());
    cluster.restart(1);
    wait_for("two of three to serve", PATIENCE, || match status(&cluster, 0, "/system/properties/k") {
        200 => Ok(()),
        other => Err(other.to_string()),
    });
}
