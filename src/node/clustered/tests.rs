//! Several nodes in one process, over real connections.
#![allow(clippy::unwrap_used)]

use std::net::{SocketAddr, TcpListener as Taken, TcpStream};
use std::ops::Deref;
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use ::bytes::Bytes;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::*;
use crate::base::clock::Timestamp;
use crate::base::jid::Domain;
use crate::cluster::{Proposer, Reads, Seat};
use crate::config;
use crate::state::properties::Command as Property;
use crate::state::{Command, Proposal, RequestId};

const PATIENCE: Duration = Duration::from_secs(60);

/// A port below those that systems give to outgoing connections, so that it stays free while its node is away.
fn free() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 1000).unwrap() * 10 + 20_000;
    loop {
        let address = SocketAddr::from(([127, 0, 0, 1], first + NEXT.fetch_add(1, Ordering::Relaxed)));
        if Taken::bind(address).is_ok() {
            return address;
        }
    }
}

fn config(dir: &Path, listen: SocketAddr, seeds: &[SocketAddr], format: u8) -> Config {
    let seeds = seeds.iter().map(ToString::to_string).collect::<Vec<_>>();
    let cluster = config::Cluster {
        listen: Some(listen),
        bootstrap_expect: seeds.len(),
        seeds,
        format,
        // A node that the machine keeps waiting is to go on serving.
        fence_after_ms: 20_000,
        down_after_ms: 40_000,
        ..config::Cluster::default()
    };
    Config { data_dir: dir.to_owned(), cluster, ..Config::default() }
}

/// A node on a runtime of its own, which ends with it: connections would outlive it on a shared one.
struct Running {
    opened: Option<Opened>,
    runtime: Option<Runtime>,
}

impl Running {
    async fn start(config: Config) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listen = config.cluster.listen.unwrap();
        let opening = runtime.spawn(async move { open(&config, &given(), listen, Arc::new(Owners::start().unwrap())).await });
        let opened = timeout(PATIENCE, opening).await.unwrap().unwrap().unwrap();
        Self { opened: Some(opened), runtime: Some(runtime) }
    }

    async fn stop(mut self) {
        let opened = self.opened.take().unwrap();
        opened.cluster.leave().await;
        opened.raft.close().await.unwrap();
    }
}

impl Deref for Running {
    type Target = Opened;

    fn deref(&self) -> &Opened {
        self.opened.as_ref().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.opened = None;
        self.runtime.take().unwrap().shutdown_background();
    }
}

/// Starts nodes with these newest formats.
async fn start(formats: &[u8]) -> Vec<(Running, TempDir)> {
    let seeds: Vec<SocketAddr> = formats.iter().map(|_| free()).collect();
    let dirs: Vec<TempDir> = formats.iter().map(|_| tempfile::tempdir().unwrap()).collect();
    let configs = dirs.iter().zip(&seeds).zip(formats).map(|((dir, at), format)| config(dir.path(), *at, &seeds, *format));
    let running = futures_util::future::join_all(configs.map(Running::start)).await;
    let nodes: Vec<(Running, TempDir)> = running.into_iter().zip(dirs).collect();
    for (node, _) in &nodes {
        until(|| serves(node) && node.views.load().nodes.len() == nodes.len()).await;
    }
    nodes
}

/// The leader may have heard of a node, and acted on it, before that node has its answer.
fn serves(node: &Opened) -> bool {
    node.cluster.is_up() && node.cluster.members().fence().is_open()
}

fn given() -> Given {
    Given { cluster_secret: Some(Secret::new("the secret of a test".to_owned())), ..Given::default() }
}

async fn until(mut condition: impl FnMut() -> bool) {
    let met = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, met).await.unwrap();
}

fn set(value: &str) -> Proposal {
    let command = Command::Properties(Property::Set { key: "key".into(), value: value.into() });
    let id = RequestId(random_uuid().unwrap());
    Proposal { id, fingerprint: None, at: Timestamp::now(), domain: Domain::localhost(), audit: None, command }
}

/// Who asks it may have lost its own data, and be the one that founds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_still_opening_does_not_pass_for_a_blank_one() {
    let (first, listen, dir) = (free(), free(), tempfile::tempdir().unwrap());
    let before = Running::start(config(dir.path(), listen, &[listen], 0)).await;
    until(|| serves(&before)).await;
    let cluster = before.raft.identity().cluster_id;
    before.stop().await;
    // It takes connections and says nothing: whoever asks it while opening is slow to open.
    let mute = Taken::bind("127.0.0.1:0").unwrap();
    let config = config(dir.path(), listen, &[first, listen, mute.local_addr().unwrap()], 0);
    let (uuid, seeds) = (random_uuid().unwrap(), config.cluster.sorted_seeds());
    let wiped = Blank { uuid, advertise: first.to_string(), seeds, expect: 2, format: bytes::NEWEST };
    assert_eq!(wiped.seeds[0], wiped.advertise);
    let dialer = Dialer::new(&Credentials::derive(&given().cluster_secret.unwrap()).unwrap(), None).unwrap();
    let forming = async {
        until(|| TcpStream::connect(listen).is_ok()).await;
        timeout(PATIENCE, wiped.form(&dialer)).await.unwrap().unwrap()
    };
    let (again, formed) = tokio::join!(Running::start(config), forming);
    assert!(matches!(formed, Formed::Joined { cluster: joined, .. } if joined == cluster), "{formed:?}");
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_node_takes_proposals_and_reads_what_was_acknowledged() {
    let nodes = start(&[0, 0, 0]).await;
    for (writer, _) in &nodes {
        let proposer = Proposer::new(writer.cluster.members().clone(), writer.views.clone());
        let value = writer.raft.identity().uuid.to_string();
        proposer.propose(set(&value)).await.unwrap().unwrap();
        for (reader, _) in &nodes {
            let reads = Reads::new(reader.cluster.members().clone(), reader.views.clone());
            assert_eq!(reads.linearizable().await.unwrap().properties.value("key"), Some(value.as_str()));
        }
    }
}

/// Nobody can have the membership changed before somebody leads, and nobody is elected by those who are not found.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_of_which_all_have_moved_finds_itself_by_the_seeds() {
    let (running, dirs): (Vec<Running>, Vec<TempDir>) = start(&[0, 0, 0]).await.into_iter().unzip();
    until(|| running[0].cluster.members().listed().iter().all(|member| member.voter)).await;
    futures_util::future::join_all(running.into_iter().map(Running::stop)).await;
    let seeds: Vec<SocketAddr> = dirs.iter().map(|_| free()).collect();
    let moved = dirs.iter().zip(&seeds).map(|(dir, at)| Running::start(config(dir.path(), *at, &seeds, 0)));
    let nodes = futures_util::future::join_all(moved).await;
    for node in &nodes {
        until(|| serves(node) && node.views.load().nodes.len() == nodes.len()).await;
        Proposer::new(node.cluster.members().clone(), node.views.clone()).propose(set("moved")).await.unwrap().unwrap();
        let is_listed =
            |seed: &SocketAddr| node.cluster.members().listed().iter().any(|member| member.address.as_ref().unwrap().at == seed.to_string());
        until(|| seeds.iter().all(is_listed)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parcel_reaches_the_life_it_is_for_and_no_other() {
    let nodes = start(&[0, 0]).await;
    let (from, to): (&Opened, &Opened) = (&nodes[0].0, &nodes[1].0);
    let mut heard = to.cluster.relay().listen();
    let incarnation = from.views.load().nodes.get(to.raft.identity().uuid).unwrap().incarnation;
    for parcel in ["one", "two"] {
        from.cluster.send(to.raft.identity().uuid, incarnation, Bytes::from(parcel)).unwrap();
    }
    for parcel in ["one", "two"] {
        assert_eq!(timeout(PATIENCE, heard.recv()).await.unwrap().unwrap(), parcel);
    }
    assert!(from.cluster.send(to.raft.identity().uuid, incarnation + 1, Bytes::new()).is_err());
    assert!(from.cluster.send(random_uuid().unwrap(), incarnation, Bytes::new()).is_err());
}

/// D8: the newest format that all members read is written, and no newer one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_of_mixed_versions_writes_what_all_of_them_read() {
    // The first one founds the cluster; another one alone would write what the old one cannot read, and refuse it.
    let mut nodes = start(&[1, 0, 0]).await;
    until(|| nodes[0].0.cluster.members().listed().iter().all(|member| member.voter)).await;
    let write = async |node: &Opened, value: &str| {
        let proposer = Proposer::new(node.cluster.members().clone(), node.views.clone());
        proposer.propose(set(value)).await.unwrap().unwrap();
    };
    for (node, _) in &nodes {
        write(node, "old").await;
        assert_eq!(node.views.load().nodes.format(), 1);
    }
    let (old, dir) = nodes.remove(0);
    let listen = old.cluster.members().address_of(old.raft.identity().node_id).unwrap().at.parse().unwrap();
    old.stop().await;
    let again = Running::start(config(dir.path(), listen, &[listen], 0)).await;
    nodes.push((again, dir));
    for (node, _) in &nodes {
        until(|| serves(node) && node.views.load().nodes.format() == 2).await;
        write(node, "new").await;
    }
}
