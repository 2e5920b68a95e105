//! Every node is stopped and started in turn under load, and no client notices who asks elsewhere when told to.

use std::time::Duration;

use cluster_tests::history::Outcome;
use cluster_tests::{Cluster, Dice, Plan, Traffic, wait_for};

use crate::{CONFIG, PATIENCE};

#[test]
fn a_rolling_restart_fails_no_request() {
    let mut dice = Dice::new("rolling");
    let mut cluster = Cluster::start(3, CONFIG, dice.split());
    let plan = Plan { name: "t".into(), clients: 12, keys: 4, pause: Duration::from_millis(10) };
    let traffic = Traffic::start(&cluster.addresses(), &plan, dice.split());
    for node in 0..3 {
        assert!(cluster.stop(node).success(), "{}", cluster.log(node));
        cluster.restart(node);
        wait_for("the node to be ready again", PATIENCE, || match cluster.client(node).get("/system/readiness").status {
            200 => Ok(()),
            other => Err(other.to_string()),
        });
    }
    let record = traffic.stop();
    cluster.settled();
    let open = record.history.operations.iter().filter(|operation| operation.outcome == Outcome::Unknown).count();
    assert_eq!((open, record.without_answer), (0, 0), "requests failed");
    let gap = record.longest_gap();
    assert!(gap < Duration::from_secs(5), "nothing was written for {gap:?}");
    let clients: Vec<_> = (0..3).map(|node| cluster.client(node)).collect();
    record.judge(&clients);
    cluster.same_state();
}
