//! A whole node: proposals in, answers and ledgers out, over restarts, snapshots and crashes.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use openraft::async_runtime::WatchReceiver;

use super::{BREAKS, Dice, TestReplica};
use crate::config::Store;
use crate::raft::engine::MemoryDisk;
use crate::raft::{Begin, Engine, Opened, Order, Payload, Space, open};
use crate::state::Reply;

pub const SLED: Engine = Engine::Sled { cache_bytes: 8 << 20 };

/// Snapshots are never due.
pub fn never() -> Store {
    Store { snapshot_log_bytes: u64::MAX, snapshot_log_entries: u64::MAX, kept_log_entries: 10, ..Store::default() }
}

/// A snapshot is due after a few entries.
pub fn often() -> Store {
    Store { snapshot_log_entries: 40, ..never() }
}

pub struct Started {
    pub node: Opened<TestReplica>,
    pub replica: Arc<TestReplica>,
}

pub async fn start(dir: &Path, engine: Engine, config: &Store) -> Started {
    let replica = Arc::new(TestReplica::default());
    let node = open(dir, engine, config, Arc::clone(&replica), Begin::Alone).await.unwrap();
    Started { node, replica }
}

impl Started {
    /// Proposes, and returns the index it was applied at.
    pub async fn write(&self, key: u8, value: &[u8]) -> Result<u64, String> {
        let payload = [&[key], value].concat();
        let written = self.node.raft().client_write(Payload(payload.into())).await.map_err(|e| e.to_string())?;
        match written.data.0 {
            Ok(Reply::Count(index)) => Ok(index),
            other => Err(format!("{other:?}")),
        }
    }

    async fn fill(&self, dice: &mut Dice, count: u64) {
        for _ in 0..count {
            let (key, value) = (u8::try_from(dice.roll(100)).unwrap(), dice.roll(u64::MAX).to_be_bytes());
            self.write(key, &value).await.unwrap();
        }
    }

    async fn snapshot_at(&self) -> Option<u64> {
        self.node.raft().metrics().borrow_watched().snapshot.map(|id| id.index)
    }

    pub async fn wait_for_snapshot_after(&self, index: u64) -> u64 {
        let wait = self.node.raft().wait(Some(Duration::from_secs(20)));
        let metrics = wait.metrics(|m| m.snapshot.is_some_and(|id| id.index > index), "a snapshot").await.unwrap();
        metrics.snapshot.unwrap().index
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_seen_in_the_state_and_in_the_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let started = start(dir.path(), SLED, &never()).await;
    assert!(started.node.is_only_voter());
    let ledgers = started.node.ledgers();
    for round in 0..50u8 {
        let index = started.write(round % 5, &[round]).await.unwrap();
        assert_eq!(started.replica.seen().map[&(round % 5)], (index, vec![round]));
        assert_eq!(ledgers.get(Space::Audit, index).unwrap().unwrap()[..], [round % 5, round]);
        let newest = ledgers.range(Space::Audit, 0..u64::MAX, Order::Descending, 1).unwrap();
        assert_eq!(newest[0].0, index);
    }
    started.node.close().await.unwrap();
    assert!(ledgers.get(Space::Audit, 3).is_err(), "closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_finds_everything_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut dice = Dice(5);
    let started = start(dir.path(), SLED, &never()).await;
    let identity = started.node.identity().clone();
    started.fill(&mut dice, 100).await;
    let before = started.replica.seen();
    started.node.close().await.unwrap();
    let again = start(dir.path(), SLED, &never()).await;
    assert_eq!(*again.node.identity(), identity);
    assert_eq!(again.replica.seen(), before);
    assert_eq!(before.applied, 100);
    again.fill(&mut dice, 10).await;
    assert_eq!(again.node.ledgers().range(Space::Audit, 0..u64::MAX, Order::Ascending, 1000).unwrap().len(), 110);
    again.node.close().await.unwrap();
}

/// What clients store is there, secrets among it; one from a release before may be open to all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_of_the_machine_can_read_what_is_stored() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let started = start(dir.path(), SLED, &never()).await;
        started.write(1, b"secret").await.unwrap();
        started.node.close().await.unwrap();
        for part in ["log", "snapshots"].map(|part| dir.path().join(part)) {
            assert_eq!(fs::metadata(&part).unwrap().permissions().mode() & 0o777, 0o700, "{part:?}");
            fs::set_permissions(&part, Permissions::from_mode(0o755)).unwrap();
        }
    }
}

/// The same proposals with and without snapshots: a snapshot and the log after it are as good as the whole log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn snapshot_and_tail_equal_the_full_replay() {
    let (full, short) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut states = Vec::new();
    for (dir, config) in [(&full, never()), (&short, often())] {
        let mut dice = Dice(9);
        let started = start(dir.path(), SLED, &config).await;
        started.fill(&mut dice, 150).await;
        if config == often() {
            let at = started.wait_for_snapshot_after(0).await;
            started.fill(&mut dice, 90).await;
            started.wait_for_snapshot_after(at).await;
        } else {
            started.fill(&mut dice, 90).await;
            assert_eq!(started.snapshot_at().await, None);
        }
        started.fill(&mut dice, 7).await;
        let before = started.replica.seen();
        started.node.close().await.unwrap();

        let again = start(dir.path(), SLED, &config).await;
        assert_eq!(again.replica.seen(), before);
        let purged = again.node.raft().metrics().borrow_watched().purged.map(|id| id.index);
        assert_eq!(purged.is_some(), config == often(), "the log behind a snapshot is purged");
        assert_eq!(again.node.ledgers().range(Space::Audit, 0..u64::MAX, Order::Ascending, 1000).unwrap().len(), 247);
        states.push(again.replica.seen());
        again.node.close().await.unwrap();
    }
    assert_eq!(states[0], states[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_proposals_share_syncs_and_publishes() {
    let dir = tempfile::tempdir().unwrap();
    let disk = MemoryDisk::new();
    let started = Arc::new(start(dir.path(), Engine::Memory(disk.clone()), &never()).await);
    let before = disk.syncs();
    let writes: Vec<_> = (0..1000u32)
        .map(|i| {
            let started = Arc::clone(&started);
            tokio::spawn(async move { started.write(u8::try_from(i % 100).unwrap(), &i.to_be_bytes()).await })
        })
        .collect();
    let mut indexes = Vec::new();
    for write in writes {
        indexes.push(write.await.unwrap().unwrap());
    }
    indexes.sort_unstable();
    indexes.dedup();
    assert_eq!(indexes.len(), 1000);
    let syncs = disk.syncs() - before;
    assert!(syncs < 500, "{syncs} syncs for 1000 proposals");
    let publishes = started.replica.publishes.lock().unwrap().len();
    assert!(publishes < 700, "{publishes} publishes for 1000 proposals");
    started.node.close().await.unwrap();
}

/// Whatever was answered before the disk failed and power went is there afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_answered_is_lost_in_a_crash() {
    for nth in 0..12 {
        let dir = tempfile::tempdir().unwrap();
        let disk = MemoryDisk::new();
        let started = start(dir.path(), Engine::Memory(disk.clone()), &often()).await;
        disk.fail_sync(nth * 5);
        let mut answered = Vec::new();
        let mut failed = false;
        for i in 0..100u8 {
            match started.write(i, b"x").await {
                Ok(index) if !failed => answered.push((i, index)),
                Ok(_) => panic!("answered after the disk failed"),
                Err(_) => failed = true,
            }
        }
        assert!(failed);
        let why = started.node.stopped().await;
        assert!(why.contains("injected"), "{why}");
        disk.crash(usize::try_from(nth % 3).unwrap());
        let _ = started.node.close().await;

        let again = start(dir.path(), Engine::Memory(disk.clone()), &often()).await;
        let seen = again.replica.seen();
        for (key, index) in &answered {
            assert_eq!(seen.map[key], (*index, b"x".to_vec()), "nth {nth}");
            assert!(again.node.ledgers().get(Space::Audit, *index).unwrap().is_some());
        }
        again.node.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_invariant_stops_the_node() {
    let dir = tempfile::tempdir().unwrap();
    let started = start(dir.path(), Engine::Memory(MemoryDisk::new()), &never()).await;
    started.write(1, b"fine").await.unwrap();
    assert!(started.write(BREAKS, b"").await.is_err());
    let why = started.node.stopped().await;
    assert!(why.contains("entry"), "{why}");
    assert!(started.write(2, b"after").await.is_err());
    assert!(!started.replica.seen().map.contains_key(&2));
    let _ = started.node.close().await;
}
