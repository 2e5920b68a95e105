//! A survivor of a group whose majority is gone becomes a group of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use openraft::impls::BasicNode;

use super::node::{SLED, Started, never, often, start};
use super::{TestReplica, Values, log_id};
use crate::actors::Cut;
use crate::config::Store;
use crate::raft::data_dir::DataDir;
use crate::raft::engine::Op;
use crate::raft::log_store::META_IDENTITY;
use crate::raft::snapshot::SnapshotStore;
use crate::raft::types::{Membership, SnapshotMeta, StoredMembership};
use crate::raft::{Begin, Engine, Identity, MemoryDisk, Space, Survivor, open};

/// A directory of a node that wrote for a while and then had two more voters beside it. Its log ends with that.
async fn one_of_three(dir: &Path, engine: &Engine, config: &Store) -> Started {
    let started = start(dir, engine.clone(), config).await;
    for i in 0..100 {
        started.write(i, b"value").await.unwrap();
    }
    if *config == often() {
        started.wait_for_snapshot_after(0).await;
    }
    started.node.close().await.unwrap();
    let data = DataDir::open(dir, engine, || unreachable!()).unwrap();
    let voters = [1, 2, 3].map(|id| (id, BasicNode::new(""))).into();
    let last = data.recovered.last().unwrap();
    data.writer.write(data.recovered.given_to(&voters, 1, last).unwrap()).await.unwrap();
    data.writer.stop().await.unwrap();
    started
}

async fn refusal(dir: &Path, engine: &Engine) -> String {
    match open(dir, engine.clone(), &never(), Arc::new(TestReplica::default()), Begin::Alone).await {
        Ok(_) => panic!("it starts"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_keeps_everything_and_leads_under_another_name() {
    for (engine, config) in [(SLED, never()), (SLED, often()), (Engine::Memory(MemoryDisk::new()), never())] {
        let dir = tempfile::tempdir().unwrap();
        let before = one_of_three(dir.path(), &engine, &config).await;
        let identity = before.node.identity();
        let stuck = start(dir.path(), engine.clone(), &config).await;
        assert!(!stuck.node.is_only_voter());
        stuck.node.close().await.unwrap();

        let survivor = Survivor::open(dir.path(), &engine).unwrap();
        assert_eq!((survivor.identity(), survivor.voters()), (identity, vec![1, 2, 3]));
        let last = survivor.last().unwrap();
        survivor.close().await.unwrap();
        let survivor = Survivor::open(dir.path(), &engine).unwrap();
        assert_eq!((survivor.voters(), survivor.last()), (vec![1, 2, 3], Some(last)), "a look changes nothing");
        let cluster = survivor.recover().await.unwrap();

        let after = start(dir.path(), engine.clone(), &config).await;
        assert!(after.node.is_only_voter());
        let renamed = after.node.identity();
        assert_eq!((renamed.node_id, renamed.uuid, renamed.cluster_id), (identity.node_id, identity.uuid, cluster));
        assert_ne!(cluster, identity.cluster_id);
        assert_eq!(after.replica.seen(), before.replica.seen());
        assert!(after.write(1, b"more").await.unwrap() > last.index + 1);
        after.node.close().await.unwrap();
    }
}

/// A snapshot came in, and the power went before the log gave way to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_beyond_the_log_counts() {
    for filled in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        if filled {
            let started = start(dir.path(), SLED, &never()).await;
            started.write(1, b"in the log").await.unwrap();
            started.node.close().await.unwrap();
        } else {
            let identity = Identity::found_cluster(1).unwrap();
            let data = DataDir::open(dir.path(), &SLED, || Ok(identity.clone())).unwrap();
            data.writer.write(vec![Op::Put { space: Space::Meta, key: META_IDENTITY, value: identity.mark() }]).await.unwrap();
            data.writer.stop().await.unwrap();
            identity.write(dir.path()).unwrap();
        }
        let members = Membership::new(vec![[1, 2, 3].into()], BTreeMap::from([1, 2, 3].map(|id| (id, BasicNode::new(""))))).unwrap();
        let meta = SnapshotMeta { last_log_id: Some(log_id(7, 1000)), last_membership: StoredMembership::new(Some(log_id(7, 900)), members) };
        let mut values = Values { index: 1000, applied: 900, ..Values::default() };
        values.map.insert(5, (1000, b"in the snapshot".to_vec()));
        let snapshots = SnapshotStore::open(&dir.path().join("snapshots")).unwrap();
        snapshots.publish(snapshots.write(&meta, values.records()).unwrap()).unwrap();

        let survivor = Survivor::open(dir.path(), &SLED).unwrap();
        assert_eq!((survivor.voters(), survivor.last()), (vec![1, 2, 3], meta.last_log_id));
        survivor.recover().await.unwrap();
        let again = Survivor::open(dir.path(), &SLED).unwrap();
        assert_eq!((again.voters(), again.last().unwrap().index), (vec![1], 1001));
        again.close().await.unwrap();
        for _ in 0..2 {
            let after = start(dir.path(), SLED, &never()).await;
            assert!(after.node.is_only_voter());
            assert_eq!(after.replica.seen().map[&5], values.map[&5]);
            assert!(after.write(1, b"more").await.unwrap() > 1001);
            after.node.close().await.unwrap();
        }
    }
}

/// It leads already, or has nothing to begin with.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_needs_no_recovery_is_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    start(dir.path(), SLED, &never()).await.node.close().await.unwrap();
    let before = fs::read(dir.path().join("node.json")).unwrap();
    let why = Survivor::open(dir.path(), &SLED).unwrap().recover().await.unwrap_err().to_string();
    assert!(why.contains("node 1 is the only voter"), "{why}");
    assert_eq!(fs::read(dir.path().join("node.json")).unwrap(), before);
    let held = start(dir.path(), SLED, &never()).await;
    assert!(Survivor::open(dir.path(), &SLED).err().unwrap().to_string().contains("in use"));
    held.node.close().await.unwrap();
}

/// The log has its new name, the file beside it the old one yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_cut_short_is_finished_and_not_served_before() {
    let dir = tempfile::tempdir().unwrap();
    let before = one_of_three(dir.path(), &SLED, &never()).await;
    let (file, aside) = (dir.path().join("node.json"), dir.path().join("old"));
    fs::copy(&file, &aside).unwrap();
    let cluster = Survivor::open(dir.path(), &SLED).unwrap().recover().await.unwrap();
    fs::copy(&aside, &file).unwrap();

    let why = refusal(dir.path(), &SLED).await;
    assert!(why.contains("cut short: run `hearth recover`"), "{why}");
    let survivor = Survivor::open(dir.path(), &SLED).unwrap();
    assert_eq!(survivor.voters(), [1]);
    assert_eq!(survivor.recover().await.unwrap(), cluster);
    let after = start(dir.path(), SLED, &never()).await;
    assert_eq!((after.node.identity().cluster_id, after.replica.seen()), (cluster, before.replica.seen()));
    after.node.close().await.unwrap();
}
