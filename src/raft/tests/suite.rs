//! openraft's own suite for stores, over all engines.

use openraft::StorageError;
use openraft::testing::log::{StoreBuilder, Suite};
use tempfile::TempDir;

use super::{TestReplica, stack};
use crate::raft::engine::{JournalEngine, MemoryDisk, RedbEngine, SledEngine};
use crate::raft::log_store::{LogStore, Room};
use crate::raft::state_machine::StateMachine;
use crate::raft::types::TypeConfig;

struct Memory(Room);
struct Sled(Room);
struct Redb(Room);
struct Journal(Room);

type Built = (TempDir, LogStore, StateMachine<TestReplica>);

impl StoreBuilder<TypeConfig, LogStore, StateMachine<TestReplica>, TempDir> for Memory {
    async fn build(&self) -> Result<Built, StorageError<TypeConfig>> {
        let dir = tempfile::tempdir().unwrap();
        let stack = stack(MemoryDisk::new().open().unwrap(), &dir.path().join("snapshots"), self.0).await.unwrap();
        Ok((dir, stack.log, stack.machine))
    }
}

impl StoreBuilder<TypeConfig, LogStore, StateMachine<TestReplica>, TempDir> for Sled {
    async fn build(&self) -> Result<Built, StorageError<TypeConfig>> {
        let dir = tempfile::tempdir().unwrap();
        let engine = SledEngine::open(&dir.path().join("log"), 8 << 20).unwrap();
        let stack = stack(engine, &dir.path().join("snapshots"), self.0).await.unwrap();
        Ok((dir, stack.log, stack.machine))
    }
}

impl StoreBuilder<TypeConfig, LogStore, StateMachine<TestReplica>, TempDir> for Redb {
    async fn build(&self) -> Result<Built, StorageError<TypeConfig>> {
        let dir = tempfile::tempdir().unwrap();
        let engine = RedbEngine::open(&dir.path().join("log"), 8 << 20).unwrap();
        let stack = stack(engine, &dir.path().join("snapshots"), self.0).await.unwrap();
        Ok((dir, stack.log, stack.machine))
    }
}

impl StoreBuilder<TypeConfig, LogStore, StateMachine<TestReplica>, TempDir> for Journal {
    async fn build(&self) -> Result<Built, StorageError<TypeConfig>> {
        let dir = tempfile::tempdir().unwrap();
        // So short that segments are changed and used again all the time.
        let engine = JournalEngine::with_segments(&dir.path().join("log"), 8 << 20, 512).unwrap();
        let stack = stack(engine, &dir.path().join("snapshots"), self.0).await.unwrap();
        Ok((dir, stack.log, stack.machine))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openraft_suite_passes_on_the_journal() {
    Suite::test_all(Journal(Room::default())).await.unwrap();
    Suite::test_all(Journal(Room { entries: 1, bytes: 1 })).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openraft_suite_passes_on_redb() {
    Suite::test_all(Redb(Room::default())).await.unwrap();
    Suite::test_all(Redb(Room { entries: 1, bytes: 1 })).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openraft_suite_passes_on_memory() {
    Suite::test_all(Memory(Room::default())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openraft_suite_passes_on_sled() {
    Suite::test_all(Sled(Room::default())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openraft_suite_passes_when_next_to_nothing_stays_in_memory() {
    Suite::test_all(Memory(Room { entries: 1, bytes: 1 })).await.unwrap();
}
