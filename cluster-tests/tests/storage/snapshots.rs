//! Snapshots for real: what a restart replays, and what the log keeps.

use std::fs;
use std::path::Path;
use std::time::Duration;

use cluster_tests::metrics::Scrape;
use cluster_tests::node::serve;
use cluster_tests::{Node, wait_for};
use serde_json::Value;

use super::load::Load;
use super::tools::{Dice, held};

const ENTRIES: u64 = 100;
const KEPT: u64 = 10;

fn start(dir: &Path, engine: &str) -> Node {
    let (config, data) = (dir.join("hearth.toml"), dir.join("data"));
    let store = format!("[store]\nengine = \"{engine}\"\nsnapshot_log_entries = {ENTRIES}\nkept_log_entries = {KEPT}\n");
    fs::write(&config, store).unwrap();
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
    restarts("sled");
}

#[test]
fn a_restart_takes_the_snapshot_and_the_log_behind_it_with_the_journal() {
    restarts("journal");
}

fn restarts(engine: &str) {
    let mut dice = Dice::new("snapshots");
    let dir = tempfile::tempdir().unwrap();
    let mut node = start(dir.path(), engine);
    assert_eq!(restored(&node)["snapshot"], 0);
    let mut load = Load::new(4, &mut dice, &node);
    let (mut last, mut least_replayed, mut round) = (0, u64::MAX, 0);
    // However slow the machine is, there are several snapshots.
    while round < 4 || last <= 3 * ENTRIES {
        round += 1;
        load.run(node, Duration::from_millis(1000), Node::kill);
        node = start(dir.path(), engine);
        load.check_and_retry(&node);
        let line = restored(&node);
        let number = |key: &str| line[key].as_u64().unwrap();
        let (snapshot, replayed, applied) = (number("snapshot"), number("replayed"), number("applied"));
        assert_eq!(snapshot + replayed, applied, "{line}");
        assert!(applied > last, "round {round}: {line}");
        (last, least_replayed) = (applied, least_replayed.min(if snapshot > 0 { replayed } else { u64::MAX }));
        wait_for("old snapshots to be deleted", Duration::from_secs(60), || {
            let files = fs::read_dir(node.data().join("snapshots")).unwrap().map(|file| file.unwrap().path());
            let count = files.filter(|file| file.extension().is_some_and(|extension| extension == "snapshot")).count();
            if count <= 1 { Ok(()) } else { Err(count.to_string()) }
        });
    }
    // One snapshot's worth, another that was being written when the process died, and what was written meanwhile.
    assert!(least_replayed < 3 * ENTRIES, "history before the snapshot is replayed: {least_replayed} entries of {last}");
    assert!(restored(&node)["snapshot"].as_u64().unwrap() > 0);
    node.kill();
    let before = held(&dir.path().join("data"));
    assert_eq!(before.audited, load.acknowledged());
}

/// By how much of what 600 large writes put into the log it is larger after them, in hundredths.
fn growth(engine: &str) -> u64 {
    let dir = tempfile::tempdir().unwrap();
    let node = start(dir.path(), engine);
    let client = node.client();
    client.body("POST", "/users", r#"{"username":"heavy","password":"p"}"#).is(201);
    let value = "0123456789abcdef".repeat(240);
    let properties: Vec<_> = (0..8).map(|i| format!(r#"{{"key":"k{i}","value":"{value}"}}"#)).collect();
    let body = format!(r#"{{"username":"heavy","properties":[{}]}}"#, properties.join(","));
    // A disk that is late has more to hold meanwhile, and no engine makes its file smaller again.
    let caught_up = || {
        let page = Scrape::of(&node.address);
        let index = |what: &str| page.value(&format!("hearth_raft_{what}_index")).unwrap_or_default();
        let (purged, applied) = (index("purged"), index("applied"));
        if purged + (ENTRIES + 3 * KEPT) as f64 >= applied { Ok(()) } else { Err(format!("{purged} of {applied} are purged")) }
    };
    let writes = |n: u64| {
        for written in 1..=n {
            client.body("PUT", "/users/heavy", &body).is(200);
            if written % ENTRIES == 0 {
                wait_for("the log to be purged", Duration::from_secs(60), caught_up);
            }
        }
        size(&node.data().join("log"))
    };
    // 300 of them are three snapshots.
    let (early, late) = (writes(300), writes(600));
    assert!(node.stop().success());
    let written = 600 * body.len() as u64;
    eprintln!("{engine}: {early} bytes after 300 writes, {late} after 600 more, which wrote {written}");
    late.saturating_sub(early) * 100 / written
}

/// What is in the snapshot leaves the log. sled gives back only a part of the space of large entries, so that less is asked
/// of it than is due; without any purge it grows by more than what is written.
#[test]
fn a_log_in_sled_gives_back_what_it_can() {
    let growth = growth("sled");
    assert!(growth < 80, "{growth} hundredths");
}

/// It may have one file more: of 8 MiB, of the 18 that were written.
#[test]
fn a_log_in_the_journal_does_not_grow() {
    let growth = growth("journal");
    assert!(growth < 50, "{growth} hundredths");
}

#[test]
fn a_log_in_redb_does_not_grow() {
    let growth = growth("redb");
    assert!(growth < 10, "{growth} hundredths");
}
