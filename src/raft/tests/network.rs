//! Nodes that speak to each other over real connections.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use openraft::async_runtime::WatchReceiver;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tonic::Code;
use tonic::transport::{Channel, Server};
use uuid::Uuid;

use super::node::{SLED, Started, never};
use super::{TestReplica, log_id};
use crate::base::secrets::Secret;
use crate::config::Store;
use crate::raft::codec::encode_meta;
use crate::raft::data_dir::DataDir;
use crate::raft::engine::Op;
use crate::raft::log_store::META_IDENTITY;
use crate::raft::snapshot::container::SnapshotWriter;
use crate::raft::types::SnapshotMeta;
use crate::raft::{Address, Begin, Identity, Opened, Order, Service, Space, open};
use crate::wire::raft::raft_client::RaftClient;
use crate::wire::raft::snapshot_part::Part;
use crate::wire::raft::{Ballot, LedgerRecord, LedgerRecords, LogId, SnapshotHead, SnapshotPart, VoteRequest};
use crate::wire::{Credentials, Dialer, Incoming, Name, NodeName};

/// A node and what answers for it.
struct Member {
    started: Started,
    address: Address,
    server: JoinHandle<()>,
}

impl Drop for Member {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Starts a node that founds a cluster, or one that has been taken into `joined`.
async fn member(dir: &Path, config: &Store, joined: Option<Identity>) -> Member {
    let credentials = Credentials::derive(&Secret::new("the secret of a test".to_owned())).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let advertise = listener.local_addr().unwrap().to_string();
    let node = Arc::<OnceLock<Opened<TestReplica>>>::default();
    let service = Service::new(Arc::clone(&node));
    let incoming = Incoming::accept(listener, &credentials).unwrap();
    let server = tokio::spawn(async move { Server::builder().add_service(service).serve_with_incoming(incoming).await.unwrap() });
    let begin = Begin::Clustered { dialer: Dialer::new(&credentials, None).unwrap(), advertise: advertise.clone(), joined };
    let replica = Arc::new(TestReplica::default());
    let opened = open(dir, SLED, config, Arc::clone(&replica), begin).await.unwrap();
    let identity = opened.identity();
    credentials.become_node(NodeName { cluster: identity.cluster_id, node: identity.node_id }).unwrap();
    let address = Address { uuid: identity.uuid, at: advertise };
    assert!(node.set(opened.clone()).is_ok());
    Member { started: Started { node: opened, replica }, address, server }
}

async fn founder(dir: &Path, config: &Store) -> Member {
    let founder = member(dir, config, None).await;
    founder.started.node.raft().wait_for_recovery(Some(Duration::from_secs(20))).await.unwrap();
    founder
}

fn identity(founder: &Member, node_id: u64) -> Identity {
    Identity::joined(founder.started.node.identity().cluster_id, node_id, Uuid::from_u128(u128::from(node_id)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_reach_the_others_and_any_of_them_may_lead() {
    let dirs = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let first = founder(dirs[0].path(), &never()).await;
    let mut others = Vec::new();
    for (id, dir) in [7, 9].into_iter().zip(&dirs[1..]) {
        let other = member(dir.path(), &never(), Some(identity(&first, id))).await;
        first.started.node.raft().add_learner(id, other.address.node(), true).await.unwrap();
        others.push(other);
    }
    let index = first.started.write(3, b"value").await.unwrap();
    for other in &others {
        other.started.node.progress().wait(index).await;
        assert_eq!(other.started.replica.seen().map[&3], (index, b"value".to_vec()));
    }
    first.started.node.raft().change_membership([1, 7, 9], false).await.unwrap();
    // It comes to nothing when the disk of that one is late; the third may lead then.
    loop {
        for leads in [&first, &others[0]] {
            leads.started.node.raft().trigger().transfer_leader(9).await.unwrap();
        }
        let wait = first.started.node.raft().wait(Some(Duration::from_secs(3)));
        if wait.current_leader(9, "leadership is handed over").await.is_ok() {
            break;
        }
    }
    let index = loop {
        // A new leader refuses until a majority has answered it.
        match others[1].started.write(4, b"by another leader").await {
            Ok(index) => break index,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    first.started.node.progress().wait(index).await;
}

/// Keeps nothing in the log that is in a snapshot.
fn forgetting() -> Store {
    Store { snapshot_log_entries: 40, kept_log_entries: 0, ..never() }
}

/// A founder that has written two hundred entries and has only the last of them in its log.
async fn forgetful(dir: &Path) -> Member {
    let first = founder(dir, &forgetting()).await;
    for round in 0..200_u8 {
        first.started.write(round % 5, &[round]).await.unwrap();
    }
    let wait = first.started.node.raft().wait(Some(Duration::from_secs(20)));
    wait.metrics(|m| m.purged.is_some_and(|id| id.index > 100), "the log is purged").await.unwrap();
    first
}

fn audit_of(member: &Member) -> Vec<(u64, Bytes)> {
    member.started.node.ledgers().range(Space::Audit, 0..u64::MAX, Order::Ascending, 1000).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_late_gets_a_snapshot_with_everything_the_ledgers_hold() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = forgetful(one.path()).await;
    let late = member(two.path(), &forgetting(), Some(identity(&first, 300))).await;
    first.started.node.raft().add_learner(300, late.address.node(), true).await.unwrap();
    let index = first.started.write(1, b"after").await.unwrap();
    late.started.node.progress().wait(index).await;
    assert_eq!(late.started.replica.seen(), first.started.replica.seen());
    assert_eq!(audit_of(&late).len(), 201);
    assert_eq!(audit_of(&late), audit_of(&first));
    let left = std::fs::read_dir(two.path().join("snapshots")).unwrap().count();
    assert!(left <= 1, "{left} files");
}

/// Whoever cannot be reached is tried now and then, not as often as a processor allows.
/// What came of a snapshot that was never installed is of no account: a recovered cluster may have gone another way since.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn audit_entries_beyond_the_state_are_sent_again() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = forgetful(one.path()).await;
    let identity = identity(&first, 300);
    let data = DataDir::open(two.path(), &SLED, || Ok(identity.clone())).unwrap();
    let put = |space, key, value| Op::Put { space, key, value };
    let beyond = vec![put(Space::Meta, META_IDENTITY, identity.mark()), put(Space::Audit, 150, "of a history that is gone".into())];
    data.writer.write(beyond).await.unwrap();
    data.writer.stop().await.unwrap();
    drop(data);
    identity.write(two.path()).unwrap();

    let late = member(two.path(), &forgetting(), None).await;
    first.started.node.raft().add_learner(300, late.address.node(), true).await.unwrap();
    let index = first.started.write(1, b"after").await.unwrap();
    late.started.node.progress().wait(index).await;
    assert_eq!(audit_of(&late), audit_of(&first));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_not_there_is_no_burden() {
    let dir = tempfile::tempdir().unwrap();
    let first = founder(dir.path(), &never()).await;
    let (listener, knocks) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), Arc::new(AtomicUsize::new(0)));
    let at = listener.local_addr().unwrap().to_string();
    let heard = Arc::clone(&knocks);
    let door = tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            heard.fetch_add(1, Ordering::Relaxed);
        }
    });
    let address = Address { uuid: Uuid::from_u128(8), at };
    first.started.node.raft().add_learner(8, address.node(), false).await.unwrap();
    for round in 0..20 {
        first.started.write(round, b"value").await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    door.abort();
    let knocks = knocks.load(Ordering::Relaxed);
    assert!((1..200).contains(&knocks), "{knocks} knocks in two seconds");
}

/// A connection's way to `to`, until it is cut.
async fn way(to: String) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap().to_string();
    let carry = async move {
        let mut connections = JoinSet::new();
        while let Ok((mut near, _)) = listener.accept().await {
            let mut far = TcpStream::connect(&to).await.unwrap();
            connections.spawn(async move { copy_bidirectional(&mut near, &mut far).await });
        }
    };
    (at, tokio::spawn(carry))
}

/// Every heartbeat is a stream of its own; a node that took their ends for a hint would knock at the leader's door all the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_stream_that_breaks_is_a_hint() {
    let dirs = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let first = founder(dirs[0].path(), &never()).await;
    let other = member(dirs[1].path(), &never(), Some(identity(&first, 7))).await;
    let raft = first.started.node.raft();
    let (at, way) = way(other.address.at.clone()).await;
    raft.add_learner(7, Address { at, ..other.address.clone() }.node(), true).await.unwrap();
    let index = first.started.write(1, b"value").await.unwrap();
    other.started.node.progress().wait(index).await;
    let mut broken = other.started.node.heard().broken();
    broken.mark_unchanged();
    let mut metrics = raft.metrics();
    let (mut heartbeats, mut last) = (0, None);
    while heartbeats < 5 {
        metrics.changed().await.unwrap();
        let heard = metrics.borrow_watched().heartbeat.as_ref().and_then(|all| all.get(&7).cloned().flatten());
        heartbeats += u32::from(heard != last);
        last = heard;
    }
    assert!(!broken.has_changed().unwrap());
    way.abort();
    timeout(Duration::from_secs(20), broken.changed()).await.unwrap().unwrap();
    assert_eq!(broken.borrow().1, 1);
}

/// The way to the founder for one who has shown to be node 9 of its cluster.
fn other(founder: &Member) -> RaftClient<Channel> {
    let credentials = Credentials::derive(&Secret::new("the secret of a test".to_owned())).unwrap();
    let cluster = founder.started.node.identity().cluster_id;
    credentials.become_node(NodeName { cluster, node: 9 }).unwrap();
    RaftClient::new(Dialer::new(&credentials, None).unwrap().channel(&founder.address.at, Name::Node(NodeName { cluster, node: 1 })))
}

/// A node that has to refuse a candidate because its own log is longer may have to stand itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_candidate_that_lacks_entries_is_refused_and_heard_of() {
    let dir = tempfile::tempdir().unwrap();
    let first = founder(dir.path(), &never()).await;
    let last = first.started.write(1, b"value").await.unwrap();
    let mut client = other(&first);
    let mut stand = async |term, index| {
        let last = Some(LogId { term: 1, node: 1, index });
        let vote = Some(Ballot { term, node: 9, committed: false });
        client.vote(VoteRequest { vote, last, leadership_transfer: true }).await.unwrap().into_inner().granted
    };
    let refused = first.started.node.heard().refused();
    assert!(!stand(70, last - 1).await);
    assert!(refused.has_changed().unwrap(), "nobody is told");
    assert_eq!(*refused.borrow(), 70);
    assert!(stand(71, last + 1).await);
    assert_eq!(*refused.borrow(), 70, "one that has all entries says nothing of this node");
}

/// A snapshot up to the entry at `index`, as a file.
fn file(index: u64) -> Vec<u8> {
    let meta = SnapshotMeta { last_log_id: Some(log_id(1, index)), ..SnapshotMeta::default() };
    let mut writer = SnapshotWriter::begin(Vec::new(), &meta).unwrap();
    writer.push(1, &index.to_be_bytes()).unwrap();
    writer.finish().unwrap().0
}

/// All that is sent of a snapshot that is announced as one up to the entry at 1000, with a record of a ledger.
fn sent(file: Vec<u8>) -> [SnapshotPart; 4] {
    let meta = SnapshotMeta { last_log_id: Some(log_id(1, 1000)), ..SnapshotMeta::default() };
    let vote = Some(Ballot { term: 70, node: 9, committed: true });
    let head = SnapshotHead { vote, meta: encode_meta(&meta).unwrap(), length: file.len() as u64 };
    let records = vec![LedgerRecord { key: 1000, value: "came".into() }];
    let records = LedgerRecords { space: Space::Audit as u32, records };
    [Part::Head(head), Part::File(file.into()), Part::Records(records), Part::End(true)].map(|part| SnapshotPart { part: Some(part) })
}

/// Whatever another node sends: what is not whole changes nothing, and the node goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_that_is_damaged_or_another_one_is_refused_before_anything_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let first = founder(dir.path(), &never()).await;
    let index = first.started.write(1, b"value").await.unwrap();
    let mut bent = file(1000);
    let last = bent.len() - 1;
    bent[last] ^= 1;
    for (file, why) in [(bent, "does not match its digest"), (file(999), "not the one that was announced")] {
        let refused = other(&first).install_snapshot(tokio_stream::iter(sent(file))).await.unwrap_err();
        assert_eq!(refused.code(), Code::Aborted, "{refused}");
        assert!(refused.message().contains(why), "{refused}");
    }
    assert_eq!(first.started.node.ledgers().get(Space::Audit, 1000).unwrap(), None);
    assert!(first.started.write(2, b"after").await.unwrap() > index);
    assert_eq!(std::fs::read_dir(dir.path().join("snapshots")).unwrap().count(), 0, "nothing is left of them");
}
