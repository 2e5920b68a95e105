//! Nodes that come later, and nodes that are taken out.

use cluster_tests::{Cluster, Dice, wait_for};

use crate::{CONFIG, PATIENCE, put, reads};

/// Voters and learners as a node tells of them.
fn members(cluster: &Cluster, node: usize) -> Result<(usize, usize), String> {
    let status = cluster.status(node)?;
    let count = |kind: &str| status[kind].as_array().map_or(0, Vec::len);
    Ok((count("voters"), count("learners")))
}

fn await_members(cluster: &Cluster, asked: usize, expected: (usize, usize)) {
    wait_for(&format!("{expected:?} voters and learners"), PATIENCE, || {
        let found = members(cluster, asked)?;
        if found == expected { Ok(()) } else { Err(format!("{found:?}")) }
    });
}

#[test]
fn the_first_five_vote_and_the_sixth_learns() {
    let mut cluster = Cluster::start(3, CONFIG, Dice::new("joining"));
    put(&cluster, 0, "before", "1");
    for expected in [(4, 0), (5, 0), (5, 1)] {
        let node = cluster.add();
        cluster.restart(node);
        // What was written before it came is there as soon as it serves.
        reads(&cluster, node, "before", "1");
        await_members(&cluster, 0, expected);
    }
    put(&cluster, 5, "at the learner", "2");
    (0..6).for_each(|node| reads(&cluster, node, "at the learner", "2"));
    cluster.settled();
    assert_eq!(cluster.status(5).unwrap()["state"], "learner");
    // A voter that is taken out makes room for the learner.
    let gone = (1..5).find(|node| cluster.leader(&[0]) != Ok(*node)).unwrap();
    let id = cluster.status(gone).unwrap()["nodeId"].clone();
    cluster.kill(gone);
    let asked = (0..5).find(|node| *node != gone).unwrap();
    wait_for("the dead node to be taken out", PATIENCE, || {
        let answer = cluster.client(asked).absolute("DELETE", &format!("/hearth/v1/cluster/nodes/{id}"), None);
        // 404 where the answer to the time before was lost.
        if matches!(answer.status, 200 | 404) { Ok(()) } else { Err(format!("{} {}", answer.status, answer.text())) }
    });
    await_members(&cluster, asked, (5, 0));
    put(&cluster, 5, "after", "3");
    reads(&cluster, asked, "after", "3");
}
