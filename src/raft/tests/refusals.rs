//! When a node must not start, and what it says.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::TestReplica;
use super::node::{SLED, never, start};
use crate::raft::{Begin, Engine, MemoryDisk, open};

async fn filled(dir: &Path, engine: Engine) {
    let started = start(dir, engine, &never()).await;
    for i in 0..20 {
        started.write(i, b"value").await.unwrap();
    }
    started.node.raft().trigger().snapshot().await.unwrap();
    let wait = started.node.raft().wait(Some(std::time::Duration::from_secs(20)));
    wait.metrics(|m| m.snapshot.is_some(), "a snapshot").await.unwrap();
    started.node.close().await.unwrap();
}

async fn refusal(dir: &Path, engine: Engine) -> String {
    match open(dir, engine, &never(), Arc::new(TestReplica::default()), Begin::Alone).await {
        Ok(_) => panic!("it starts"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_identity_without_its_log_and_a_log_without_its_identity() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), SLED).await;
    let (log, aside) = (dir.path().join("log"), dir.path().join("aside"));

    fs::rename(&log, &aside).unwrap();
    let why = refusal(dir.path(), SLED).await;
    assert!(why.contains("says this is node 1, but its log is gone"), "{why}");
    assert!(!log.exists(), "nothing is made anew");
    fs::rename(&aside, &log).unwrap();

    let identity = dir.path().join("node.json");
    let kept = fs::read(&identity).unwrap();
    fs::remove_file(&identity).unwrap();
    let why = refusal(dir.path(), SLED).await;
    assert!(why.contains("holds a log, but its node.json is missing"), "{why}");

    let other = crate::raft::Identity::found_cluster(1).unwrap();
    other.write(dir.path()).unwrap();
    let why = refusal(dir.path(), SLED).await;
    assert!(why.contains("belongs to another one"), "{why}");

    fs::write(&identity, &kept).unwrap();
    start(dir.path(), SLED, &never()).await.node.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emptied_memory_disk() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), Engine::Memory(MemoryDisk::new())).await;
    let why = refusal(dir.path(), Engine::Memory(MemoryDisk::new())).await;
    assert!(why.contains("its log is gone"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let started = start(dir.path(), SLED, &never()).await;
    // Whatever the engine: the directory itself is locked.
    for engine in [SLED, Engine::Memory(MemoryDisk::new())] {
        let why = refusal(dir.path(), engine).await;
        assert!(why.ends_with("is in use by another process"), "{why}");
    }
    started.node.close().await.unwrap();
    start(dir.path(), SLED, &never()).await.node.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_snapshot() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), SLED).await;
    let file = fs::read_dir(dir.path().join("snapshots")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let why = refusal(dir.path(), SLED).await;
    assert!(why.contains("is damaged") && why.contains("restore it from a backup"), "{why}");
    bytes[middle] ^= 1;
    fs::write(&file, &bytes).unwrap();
    start(dir.path(), SLED, &never()).await.node.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_while_a_new_directory_is_claimed_leaves_it_new() {
    let dir = tempfile::tempdir().unwrap();
    let disk = MemoryDisk::new();
    disk.fail_sync(0);
    let why = refusal(dir.path(), Engine::Memory(disk.clone())).await;
    assert!(why.contains("injected"), "{why}");
    for torn in [0, 1] {
        disk.crash(torn);
        assert!(!dir.path().join("node.json").exists());
    }
    start(dir.path(), Engine::Memory(disk), &never()).await.node.close().await.unwrap();
}
