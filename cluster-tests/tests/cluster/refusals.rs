//! Who does not belong to the cluster is told so, in one clear line, and is not let in.

use std::collections::BTreeMap;

use cluster_tests::{Cluster, Dice, Launched, wait_for};

use crate::{CONFIG, PATIENCE, put};

/// Waits until a node logs a line with one of these words.
fn says(node: &Launched, words: &[&str]) -> String {
    wait_for(&format!("a line with one of {words:?}"), PATIENCE, || {
        let log = node.log();
        let line = log.lines().find(|line| words.iter().any(|word| line.to_lowercase().contains(word)));
        line.map(str::to_owned).ok_or(log.clone())
    })
}

#[test]
fn a_wrong_secret_is_refused() {
    let mut cluster = Cluster::start(3, CONFIG, Dice::new("secret"));
    let node = cluster.add();
    let mut command = cluster.command(node);
    command.env("HEARTH_CLUSTER_SECRET", "another-secret-0123456");
    let stranger = Launched::new(command, &cluster.data(node));
    says(&stranger, &["secret", "certificate", "tls"]);
    assert!(!stranger.log().contains("serving http"), "{}", stranger.log());
    for secret in ["test-cluster-secret-0123", "another-secret-0123456"] {
        assert!(!stranger.log().contains(secret), "a secret is in the log");
    }
    let status = cluster.status(0).unwrap();
    assert_eq!(status["nodes"].as_array().unwrap().len(), 3);
    put(&cluster, 0, "k", "1");
}

#[test]
fn a_short_or_missing_secret_is_refused() {
    let cluster = Cluster::planned(3, CONFIG, Dice::new("short"));
    for secret in [None, Some("short")] {
        let mut command = cluster.command(0);
        command.env_remove("HEARTH_CLUSTER_SECRET");
        if let Some(secret) = secret {
            command.env("HEARTH_CLUSTER_SECRET", secret);
        }
        let (code, said) = cluster_tests::node::refused(command);
        let line = said.lines().last().unwrap_or_default();
        assert!(code == Some(1) && line.contains("secret"), "{code:?} {said}");
    }
}

#[test]
fn data_of_another_cluster_is_refused() {
    let mut other = Cluster::start(1, CONFIG, Dice::new("other"));
    put(&other, 0, "k", "theirs");
    assert!(other.stop(0).success());
    let mut cluster = Cluster::start(3, CONFIG, Dice::new("foreign"));
    put(&cluster, 0, "k", "ours");
    let node = cluster.add();
    let copied = std::process::Command::new("cp").arg("-a").arg(other.data(0)).arg(cluster.data(node)).status().unwrap();
    assert!(copied.success());
    let foreign = Launched::new(cluster.command(node), &cluster.data(node));
    says(&foreign, &["another cluster", "different cluster", "other cluster"]);
    let status = cluster.status(0).unwrap();
    assert_eq!(status["nodes"].as_array().unwrap().len(), 3, "{status}");
}

/// It would vote as the other one has already, and take its place in turn with it. Of a seed that shows before it is opened, of
/// another node as soon as both speak to the leader, and of one that leads when it asks the others where everybody is.
#[test]
fn a_copy_of_a_members_data_is_refused() {
    // An original that the machine keeps waiting is to keep its life.
    let mut cluster = Cluster::start(3, &CONFIG.replace("down_after_ms = 3500", "down_after_ms = 60000"), Dice::new("copy"));
    let later = cluster.add();
    cluster.launch(later);
    cluster.serving(later);
    let lives = |cluster: &Cluster| {
        let status = cluster.status(0)?;
        let lives: BTreeMap<_, _> =
            status["nodes"].as_array().ok_or("no nodes")?.iter().map(|node| (node["id"].as_u64(), node["incarnation"].as_u64())).collect();
        if lives.values().all(Option::is_some) { Ok(lives) } else { Err(format!("{lives:?}")) }
    };
    let before = wait_for("all to be up", PATIENCE, || lives(&cluster));
    for (original, leads) in [(1, false), (later, false), (later, true)] {
        if leads {
            let to = cluster.status(later).unwrap()["nodeId"].clone();
            wait_for("it to lead", PATIENCE, || {
                let answer = cluster.client(0).absolute("POST", &format!("/hearth/v1/cluster/transfer?to={to}"), None);
                if answer.status == 200 { Ok(()) } else { Err(format!("{} {}", answer.status, answer.text())) }
            });
        }
        let node = cluster.add();
        // As it is at one moment.
        cluster.pause(original);
        let copied = std::process::Command::new("cp").arg("-a").arg(cluster.data(original)).arg(cluster.data(node)).status().unwrap();
        cluster.resume(original);
        assert!(copied.success());
        let copy = Launched::new(cluster.command(node), &cluster.data(node));
        says(&copy, &["another process runs as the same node"]);
    }
    wait_for("the originals to go on", PATIENCE, || {
        let now = lives(&cluster)?;
        if now == before { Ok(()) } else { Err(format!("{before:?}, now {now:?}")) }
    });
    put(&cluster, later, "k", "1");
}

#[test]
fn a_node_that_was_taken_out_does_not_come_back() {
    let mut cluster = Cluster::start(3, CONFIG, Dice::new("taken out"));
    put(&cluster, 0, "k", "1");
    let gone = (0..3).find(|node| cluster.leader(&[0]) != Ok(*node)).unwrap();
    let asked = (gone + 1) % 3;
    let id = cluster.status(gone).unwrap()["nodeId"].clone();
    cluster.kill(gone);
    wait_for("a dead node to be taken out", PATIENCE, || {
        let answer = cluster.client(asked).absolute("DELETE", &format!("/hearth/v1/cluster/nodes/{id}"), None);
        // 404 where the answer to the time before was lost.
        if matches!(answer.status, 200 | 404) { Ok(()) } else { Err(format!("{} {}", answer.status, answer.text())) }
    });
    let back = Launched::new(cluster.command(gone), &cluster.data(gone));
    says(&back, &["removed", "taken out", "no member", "not a member"]);
    let status = cluster.status(asked).unwrap();
    assert_eq!(status["voters"].as_array().unwrap().len(), 2, "{status}");
    put(&cluster, asked, "k", "2");
}
