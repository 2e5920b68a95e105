//! A majority is gone for good.

use std::process::Command;

use cluster_tests::node::{binary, refused};
use cluster_tests::{Cluster, Dice, Launched, wait_for};

use crate::{CONFIG, PATIENCE, put, reads};

/// Runs `hearth recover` on the data of a node that does not run: whether it succeeded, and what it said.
fn recover(cluster: &Cluster, node: usize, words: &[&str]) -> (bool, String) {
    let done = Command::new(binary()).arg("recover").args(words).arg("--data-dir").arg(cluster.data(node)).output().unwrap();
    let said = [done.stdout, done.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (done.status.success(), said)
}

#[test]
fn one_survivor_becomes_a_cluster_of_its_own() {
    let mut dice = Dice::new("recovering");
    let mut cluster = Cluster::start(3, CONFIG, dice.split());
    (0..3).for_each(|node| put(&cluster, node, &format!("by {node}"), "before"));
    let survivor = usize::try_from(dice.roll(3)).unwrap();
    let lost = [1, 2].map(|step| (survivor + step) % 3);
    (0..3).for_each(|node| reads(&cluster, survivor, &format!("by {node}"), "before"));
    lost.iter().for_each(|node| cluster.kill(*node));
    let fenced = cluster.client(survivor).body("POST", "/system/properties", r#"{"key":"too","value":"late"}"#);
    assert_eq!(fenced.status, 503);
    let (done, said) = recover(&cluster, survivor, &["--yes"]);
    assert!(!done && said.contains("in use"), "{said}");
    cluster.kill(survivor);

    let (done, said) = recover(&cluster, survivor, &[]);
    assert!(done && said.contains("nothing is changed"), "{said}");
    let voters = said.lines().find(|line| line.starts_with("voters")).unwrap();
    assert_eq!(voters.split_whitespace().count(), 4, "{said}");
    let (done, said) = recover(&cluster, survivor, &["--yes"]);
    assert!(done && said.contains("is the whole of the cluster"), "{said}");
    let (done, said) = recover(&cluster, survivor, &["--yes"]);
    assert!(!done && said.contains("only voter"), "{said}");

    cluster.restart(survivor);
    (0..3).for_each(|node| reads(&cluster, survivor, &format!("by {node}"), "before"));
    put(&cluster, survivor, "after", "1");
    // One of the old cluster: it would count the recovered node among its voters.
    let (code, said) = refused(cluster.command(lost[0]));
    assert!(code == Some(1) && said.lines().last().unwrap_or_default().contains("another cluster"), "{said}");
    for node in lost {
        cluster.wipe(node);
        cluster.restart(node);
        reads(&cluster, node, "after", "1");
    }
    wait_for("three voters", PATIENCE, || {
        let status = cluster.status(survivor)?;
        let voters = status["voters"].as_array().ok_or("no voters")?.len();
        if voters == 3 { Ok(()) } else { Err(status.to_string()) }
    });
    cluster.settled();
    cluster.same_state();
    cluster.kill(survivor);
    reads(&cluster, lost[0], "by 0", "before");
    put(&cluster, lost[1], "without", "it");
}

/// The two that are left have a majority and did not need it: they and the one that was made a cluster stay apart.
#[test]
fn one_that_was_recovered_too_soon_is_not_let_in_again() {
    let mut cluster = Cluster::start(3, CONFIG, Dice::new("too soon"));
    put(&cluster, 0, "k", "1");
    reads(&cluster, 2, "k", "1");
    cluster.kill(2);
    let (done, said) = recover(&cluster, 2, &["--yes"]);
    assert!(done, "{said}");
    let stranger = Launched::new(cluster.command(2), &cluster.data(2));
    wait_for("it to be refused", PATIENCE, || {
        let log = stranger.log();
        if log.contains("another cluster") { Ok(()) } else { Err(log) }
    });
    assert!(!stranger.log().contains("serving http"), "{}", stranger.log());
    put(&cluster, 0, "k2", "2");
    reads(&cluster, 1, "k2", "2");
}
