//! Snapshots for real: what a restart replays, and what the log keeps.

use std::fs;
use std::path::Path;
use std::time::Duration;

use cluster_tests::Node;
use cluster_tests::node::serve;
use serde_json::Value;

use super::load::Load;
use super::tools::{Dice, held};

const ENTRIES: u64 = 100;
const KEPT: u64 = 10;

fn start(dir: &Path) -> Node {
    let (config, data) = (dir.join("hearth.toml"), dir.join("data"));
    fs::write(&config, format!("[store]\nsnapshot_log_entries = {ENTRIES}\nkept_log_entries = {KEPT}\n")).unwrap();
    let mut command = serve(&data);
    command.arg("--config").arg(config);
    Node::spawn(command, &data)
}

/// What the node says it has restored.
fn restored(node: &Node) -> Value {
    let log = node.log();
    let line = log.lines().find(|line| line.contains("the state is restored")).unwrap_or_else(|| panic!("{log}"));
    serde_json::from_str(line).unwrap()
}

fn size(dir: &Path) -> u64 {
    super::tools::files(dir).iter().map(|(_, bytes)| bytes.len() as u64).sum()
}

#[test]
fn a_restart_takes_the_snapshot_and_the_log_behind_it() {
    let mut dice = Dice::new("snapshots");
    let dir = tempfile::tempdir().unwrap();
    let mut node = start(dir.path());
    assert_eq!(restored(&node)["snapshot"], 0);
    let mut load = Load::new(4, &mut dice, &node);
    let mut last = 0;
    for round in 0..4 {
        load.run(node, Duration::from_millis(1000), Node::kill);
        node = start(dir.path());
        load.check_and_retry(&node);
        let line = restored(&node);
        let number = |key: &str| line[key].as_u64().unwrap();
        let (snapshot, replayed, applied) = (number("snapshot"), number("replayed"), number("applied"));
        assert_eq!(snapshot + replayed, applied, "{line}");
        assert!(applied > last, "round {round}: {line}");
        // One snapshot's worth, another that was being written when the process died, and what was written meanwhile.
        assert!(replayed < 3 * ENTRIES, "history before the snapshot is not replayed: {line}");
        last = applied;
        let snapshots =
            fs::read_dir(node.data().join("snapshots")).unwrap().filter(|f| f.as_ref().unwrap().path().extension().is_some_and(|e| e == "snapshot"));
        assert!(snapshots.count() <= 1, "old snapshots are deleted");
    }
    assert!(last > 2 * ENTRIES, "{last} entries are too few for snapshots");
    assert!(restored(&node)["snapshot"].as_u64().unwrap() > 0);
    node.kill();
    let before = held(&dir.path().join("data"));
    assert_eq!(before.audited, load.acknowledged());
}

#[test]
fn the_log_does_not_grow_without_bound() {
    let dir = tempfile::tempdir().unwrap();
    let node = start(dir.path());
    let client = node.client();
    client.body("POST", "/users", r#"{"username":"heavy","password":"p"}"#).is(201);
    let value = "0123456789abcdef".repeat(240);
    let properties: Vec<_> = (0..8).map(|i| format!(r#"{{"key":"k{i}","value":"{value}"}}"#)).collect();
    let body = format!(r#"{{"username":"heavy","properties":[{}]}}"#, properties.join(","));
    let writes = |n: u64| {
        for _ in 0..n {
            client.body("PUT", "/users/heavy", &body).is(200);
        }
        size(&node.data().join("log"))
    };
    // Each write is 31 kB of log, and 300 of them are three snapshots. The engine keeps a part of what is deleted, so less is
    // asked of it than is due.
    let (early, late) = (writes(300), writes(600));
    let written = 600 * body.len() as u64;
    eprintln!("{early} bytes after 300 writes, {late} after 600 more, which wrote {written}");
    assert!(late.saturating_sub(early) < written / 2, "what is in the snapshot leaves the log: {early} bytes, later {late}");
    assert!(node.stop().success());
}
