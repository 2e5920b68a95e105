//! A survivor of a group whose majority is gone becomes a group of its own.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use openraft::impls::BasicNode;

use super::TestReplica;
use super::node::{SLED, Started, never, often, start};
use crate::config::Store;
use crate::raft::data_dir::DataDir;
use crate::raft::{Begin, Engine, MemoryDisk, Survivor, open};

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
    data.writer.write(data.recovered.given_to(&voters, 1).unwrap().unwrap()).await.unwrap();
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
