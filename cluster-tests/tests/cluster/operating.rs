//! What an operator does: turning a node that stood alone into a cluster, and the commands that look after one.

use std::process::Command;

use cluster_tests::node::{SECRET, binary};
use cluster_tests::{Cluster, Dice, Node, wait_for};

use crate::{CONFIG, PATIENCE, put, reads};

#[test]
fn a_node_that_stood_alone_becomes_the_first_of_a_cluster() {
    let mut cluster = Cluster::planned(3, CONFIG, Dice::new("alone before"));
    let first = cluster.founder();
    let alone = Node::start_on(&cluster.data(first));
    alone.client().json().body("POST", "/system/properties", r#"{"key":"before","value":"1"}"#).is(201);
    assert!(alone.stop().success());
    cluster.start_all();
    (0..3).for_each(|node| reads(&cluster, node, "before", "1"));
    put(&cluster, (first + 1) % 3, "after", "2");
    reads(&cluster, first, "after", "2");
    cluster.same_state();
}

/// Runs `hearth cluster` against a node: whether it succeeded, and what it said.
fn hearth(cluster: &Cluster, node: usize, words: &[&str], secret: &str) -> (bool, String) {
    let url = format!("http://{}", cluster.addresses()[node]);
    let mut command = Command::new(binary());
    let done = command.arg("cluster").args(words).args(["--url", &url]).env("HEARTH_API_SECRET", secret).output().unwrap();
    let said = [done.stdout, done.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (done.status.success(), said)
}

/// What it says when it succeeds.
#[track_caller]
fn says(cluster: &Cluster, node: usize, words: &[&str]) -> String {
    let (done, said) = hearth(cluster, node, words, SECRET);
    assert!(done, "hearth cluster {words:?}: {said}");
    said
}

fn number(cluster: &Cluster, node: usize) -> String {
    cluster.status(node).unwrap()["nodeId"].to_string()
}

/// Balancers no longer send it anything, and it will be stopped: it must not lead when that happens.
#[test]
fn a_senior_that_is_drained_does_not_lead_again() {
    let config = CONFIG.replace("transfer_after_ms = 4000", "transfer_after_ms = 500");
    let cluster = Cluster::start(3, &config, Dice::new("drained"));
    let senior = leading_senior(&cluster);
    let handed = || (0..3).map(|node| cluster.log(node).matches("the senior is well: it is asked to lead").count()).sum::<usize>();
    says(&cluster, senior, &["drain"]);
    let others = [1, 2].map(|step| (senior + step) % 3);
    wait_for("another leader", PATIENCE, || {
        cluster.leader(&others).and_then(|leader| if leader == senior { Err(leader.to_string()) } else { Ok(()) })
    });
    let before = handed();
    // Five contacts, after each of which the leader would have looked.
    std::thread::sleep(std::time::Duration::from_millis(2500));
    assert_eq!(handed(), before);
}

/// The node that leads, once that is the senior: it is not asked to hand leadership over then.
fn leading_senior(cluster: &Cluster) -> usize {
    wait_for("the senior to lead", PATIENCE, || {
        let status = cluster.status(0)?;
        let leads = |node: &&serde_json::Value| node["senior"] == true && node["leader"] == true;
        let node = status["nodes"].as_array().ok_or("no nodes")?.iter().find(leads).ok_or_else(|| status.to_string())?;
        cluster.number(node).ok_or_else(|| "an unknown node".to_owned())
    })
}

#[test]
fn the_commands_show_and_change_the_cluster() {
    let mut cluster = Cluster::start(3, CONFIG, Dice::new("commands"));
    let leader = leading_senior(&cluster);
    let [next, last] = [1, 2].map(|step| (leader + step) % 3);
    let numbers = [leader, next, last].map(|node| number(&cluster, node));

    // States are compared once all write the format that has marks.
    let shown = wait_for("states to be compared", PATIENCE, || {
        let shown = says(&cluster, next, &["status"]);
        if shown.contains("3 of 3 nodes compared, equal: ") { Ok(shown) } else { Err(shown) }
    });
    assert!(shown.contains(&format!("leader     {} in term ", numbers[0])), "{shown}");
    let listed = says(&cluster, last, &["nodes"]);
    assert_eq!(listed.lines().count(), 4, "{listed}");
    let json: serde_json::Value = serde_json::from_str(&says(&cluster, last, &["nodes", "--json"])).unwrap();
    assert_eq!(json.as_array().map(Vec::len), Some(3), "{json}");

    assert_eq!(says(&cluster, last, &["transfer", "--to", &numbers[1]]), format!("node {} leads\n", numbers[1]));
    let (done, said) = hearth(&cluster, leader, &["transfer", "--to", "1000000"], SECRET);
    assert!(!done && said.contains("1000000"), "{said}");

    assert_eq!(says(&cluster, last, &["drain"]), "");
    let ready = |node: usize| cluster.client(node).get("/system/readiness").status;
    wait_for("the others to be ready", PATIENCE, || if ready(leader) == 200 { Ok(()) } else { Err(String::new()) });
    assert_eq!(ready(last), 503);
    wait_for("the drained node to be shown as such", PATIENCE, || {
        let nodes = cluster.status(leader)?;
        let draining = |node: &serde_json::Value| (node["draining"] == true).then(|| node["id"].to_string());
        let shown: Vec<_> = nodes["nodes"].as_array().ok_or("no nodes")?.iter().filter_map(draining).collect();
        if shown == [numbers[2].clone()] { Ok(()) } else { Err(nodes.to_string()) }
    });

    let (done, said) = hearth(&cluster, leader, &["remove", &numbers[2]], "another secret");
    assert!(!done && said.contains("401"), "{said}");
    cluster.kill(last);
    wait_for("a dead node to be missed", PATIENCE, || {
        let status = cluster.status(leader)?;
        let up = status["nodes"].as_array().ok_or("no nodes")?.iter().filter(|node| node["up"] == true).count();
        if up == 2 { Ok(()) } else { Err(format!("{up} are up")) }
    });
    wait_for("the change that would need the dead one to be refused", PATIENCE, || {
        let follower = if cluster.leader(&[leader, next])? == leader { next } else { leader };
        let (done, said) = hearth(&cluster, next, &["remove", &number(&cluster, follower)], SECRET);
        assert!(!done, "the cluster cannot go on: {said}");
        if said.contains("would be no majority") { Ok(()) } else { Err(said) }
    });
    put(&cluster, leader, "still", "there");
    wait_for("a dead node to be taken out", PATIENCE, || match hearth(&cluster, leader, &["remove", &numbers[2]], SECRET) {
        // The answer to the time before may have been lost.
        (done, said) if done || said.contains("there is no node") => Ok(()),
        (_, said) => Err(said),
    });
    assert_eq!(cluster.status(leader).unwrap()["voters"].as_array().map(Vec::len), Some(2));
}
