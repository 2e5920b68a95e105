//! A snapshot from another node is installed, and the disk fails at any write: what the state needs of the ledgers is there.

use std::collections::BTreeSet;
use std::path::Path;

use openraft::storage::RaftStateMachine;

use super::{Stack, log_id, stack};
use crate::raft::engine::{Batch, LedgerReader, LogEngine, MemoryDisk, Op, Order, Space};
use crate::raft::log_store::Room;
use crate::raft::snapshot::container::SnapshotWriter;
use crate::raft::snapshot::{Incoming, SnapshotFile, SnapshotStore};
use crate::raft::types::SnapshotMeta;

fn meta() -> SnapshotMeta {
    SnapshotMeta { last_log_id: Some(log_id(1, 1000)), ..SnapshotMeta::default() }
}

/// Before: messages of which some have been delivered elsewhere,
fn before() -> BTreeSet<u64> {
    (1..=300).collect()
}

/// and those that come.
fn coming() -> BTreeSet<u64> {
    (3..=600).step_by(3).collect()
}

/// A snapshot as it has come in, with its ledgers.
fn came(dir: &Path) -> SnapshotFile {
    let mut writer = SnapshotWriter::begin(Vec::new(), &meta()).unwrap();
    writer.push(1, &7_u64.to_be_bytes()).unwrap();
    let bytes = writer.finish().unwrap().0;
    let mut incoming = Incoming::begin(&SnapshotStore::open(dir).unwrap(), bytes.len() as u64).unwrap();
    incoming.part(&bytes).unwrap();
    incoming.record(Space::Audit as u8, 1000, b"audit").unwrap();
    coming().iter().for_each(|key| incoming.record(Space::Messages as u8, *key, &[1; 3000]).unwrap());
    incoming.finish(&meta()).unwrap()
}

fn messages(reader: &dyn LedgerReader) -> BTreeSet<u64> {
    let found = reader.range(Space::Messages, 0..u64::MAX, Order::Ascending, usize::MAX).unwrap();
    found.into_iter().map(|(key, _)| key).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_while_a_snapshot_is_installed_leaves_the_messages_of_the_old_state_or_of_the_new() {
    for nth in 0.. {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let disk = MemoryDisk::new();
        let mut engine = disk.open().unwrap();
        let put = |key| Op::Put { space: Space::Messages, key, value: vec![1; 3000].into() };
        engine.write_durably(Batch { ops: before().into_iter().map(put).collect() }).unwrap();
        let Stack { mut machine, reader, writer, .. } = stack(engine, dir.path(), Room::default()).await.unwrap();
        disk.fail_write(nth);
        if machine.install_snapshot(&meta(), came(other.path())).await.is_ok() {
            assert_eq!(messages(&*reader), coming());
            assert_eq!(reader.get(Space::Audit, 1000).unwrap().unwrap(), "audit");
            assert!(nth > 3, "{nth} writes are too few for a test");
            return;
        }
        disk.crash(0);
        let _ = writer.stop().await;
        let needed = if SnapshotStore::exists(dir.path()) { coming() } else { before() };
        let found = messages(&*disk.open().unwrap().reader());
        assert!(found.is_superset(&needed), "write {nth}: {} messages are gone", needed.difference(&found).count());
    }
}
