//! Who is senior, and what becomes of the place of a node that dies or falls silent.

use std::collections::BTreeMap;

use cluster_tests::rest::served;
use cluster_tests::{Cluster, Dice, wait_for};

use crate::{CONFIG, PATIENCE, put, reads};

const SENIOR: &str = "Senior member";
const JUNIOR: &str = "Junior member";
const ONLY: &str = "SENIOR AND ONLY MEMBER";

fn text(cluster: &Cluster, node: usize) -> String {
    let answer = served(|| cluster.client(node).get("/clustering/status"));
    if answer.status == 200 { answer.value()["status"].as_str().unwrap().to_owned() } else { format!("{} {}", answer.status, answer.text()) }
}

/// The nodes in line, as one of them tells of it.
fn line(cluster: &Cluster, asked: usize) -> Result<Vec<usize>, String> {
    let status = cluster.status(asked)?;
    let nodes = status["nodes"].as_array().ok_or("no nodes")?.iter();
    let placed: BTreeMap<_, _> = nodes.filter_map(|node| Some((node["place"].as_u64()?, cluster.number(node)?))).collect();
    Ok(placed.into_values().collect())
}

/// Waits until these nodes say that they are in line so.
fn await_line(cluster: &Cluster, expected: &[usize]) {
    for asked in expected {
        wait_for(&format!("node {asked} to see the line {expected:?}"), PATIENCE, || {
            let found = line(cluster, *asked)?;
            if found == expected { Ok(()) } else { Err(format!("{found:?}")) }
        });
    }
}

/// Each node in line has its text, and all list the same nodes.
fn assert_told(cluster: &Cluster, expected: &[usize]) {
    let lists: Vec<_> = expected.iter().map(|node| served(|| cluster.client(*node).get("/clustering/nodes")).value()).collect();
    assert!(lists.iter().all(|list| *list == lists[0]), "{lists:#?}");
    let listed = lists[0]["clusterNodes"].as_array().unwrap();
    let seniors: Vec<_> = listed.iter().map(|node| node["seniorMember"].as_bool().unwrap()).collect();
    assert_eq!(seniors.iter().filter(|senior| **senior).count(), 1, "{listed:?}");
    assert!(seniors[0] && listed.len() == expected.len(), "{listed:?}");
    for (place, node) in expected.iter().enumerate() {
        assert_eq!(text(cluster, *node), if place == 0 { SENIOR } else { JUNIOR }, "node {node} in {expected:?}");
        let id = listed[place]["nodeID"].as_str().unwrap();
        assert_eq!(served(|| cluster.client(*node).get(&format!("/clustering/nodes/{id}"))).value(), listed[place]);
    }
}

#[test]
fn a_dead_senior_is_followed_by_the_next_in_line_and_comes_back_last() {
    let mut cluster = Cluster::start(3, CONFIG, Dice::new("seniority"));
    let first = line(&cluster, 0).unwrap();
    await_line(&cluster, &first);
    assert_told(&cluster, &first);
    cluster.kill(first[0]);
    await_line(&cluster, &first[1..]);
    assert_told(&cluster, &first[1..]);
    cluster.restart(first[0]);
    let rotated = [first[1], first[2], first[0]];
    await_line(&cluster, &rotated);
    assert_told(&cluster, &rotated);
    // Leadership follows the senior.
    wait_for("the senior to lead", PATIENCE, || match cluster.leader(&rotated)? {
        leader if leader == rotated[0] => Ok(()),
        leader => Err(format!("node {leader} leads")),
    });
}

#[test]
fn a_paused_node_is_declared_down_and_comes_back_as_junior() {
    let cluster = Cluster::start(3, CONFIG, Dice::new("paused"));
    let first = line(&cluster, 0).unwrap();
    put(&cluster, first[0], "before", "1");
    cluster.pause(first[0]);
    await_line(&cluster, &first[1..]);
    put(&cluster, first[1], "during", "2");
    cluster.resume(first[0]);
    let rotated = [first[1], first[2], first[0]];
    await_line(&cluster, &rotated);
    assert_told(&cluster, &rotated);
    reads(&cluster, first[0], "during", "2");
}

#[test]
fn the_five_texts_are_told() {
    let mut cluster = Cluster::planned(1, CONFIG, Dice::new("texts"));
    cluster.start_all();
    assert_eq!(text(&cluster, 0), ONLY);
    let other = cluster.add();
    cluster.restart(other);
    await_line(&cluster, &[0, other]);
    assert_eq!((text(&cluster, 0).as_str(), text(&cluster, other).as_str()), (SENIOR, JUNIOR));
    let alone = cluster_tests::Node::start();
    assert_eq!(alone.client().json().get("/clustering/status").value()["status"], "Disabled");
}
