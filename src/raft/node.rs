//! One node of the group, from start to stop.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use openraft::async_runtime::WatchReceiver;
use openraft::errors::{InitializeError, RaftError};
use openraft::impls::BasicNode;
use openraft::{Config, SnapshotPolicy};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::address::Address;
use super::compaction::{Load, Rule};
use super::data_dir::{DataDir, Engine, OpenError};
use super::engine::{LedgerReader, Op, Space};
use super::heard::Heard;
use super::identity::Identity;
use super::ledgers::Ledgers;
use super::log_store::{LogStore, META_IDENTITY};
use super::network::Peers;
use super::progress::Progress;
use super::snapshot::SnapshotStore;
use super::state_machine::{Parts, StateMachine};
use super::types::{NodeId, TypeConfig};
use super::whereabouts::{Whereabouts, places};
use super::writer::Writer;
use crate::actors::Replica;
use crate::config::Store;
use crate::wire::Dialer;

/// The number of the node that founds a group. Those that join are named after the entry that let them in, which comes later.
pub const FOUNDER: NodeId = 1;

/// openraft's handle for this node.
pub type Raft<R> = openraft::Raft<TypeConfig, StateMachine<R>>;

/// A running node. Clones are handles to the same one.
pub struct Opened<R: Replica> {
    inner: Arc<Inner<R>>,
}

impl<R: Replica> Clone for Opened<R> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

struct Inner<R: Replica> {
    raft: Raft<R>,
    replica: Arc<R>,
    ledgers: Ledgers,
    snapshots: Arc<SnapshotStore>,
    progress: Progress,
    heard: Heard,
    whereabouts: Whereabouts,
    identity: Identity,
    writer: Writer,
    /// What [`Opened::close`] ends and releases.
    held: Mutex<Option<Held>>,
}

struct Held {
    _lock: Arc<File>,
    compaction: JoinHandle<()>,
    following: JoinHandle<()>,
}

/// How a node takes part.
#[derive(Debug)]
pub enum Begin {
    /// It is all there is: a new directory founds a group of this one voter.
    Alone,
    /// It is in a cluster, or founds one.
    Clustered {
        /// Its way to the others.
        dialer: Dialer,
        /// Where others reach it, `host:port`.
        advertise: String,
        /// What a cluster has made of it, for a new directory; `None` when it founds one.
        joined: Option<Identity>,
    },
}

impl Begin {
    /// Who a new directory is for.
    fn identity(&self) -> io::Result<Identity> {
        match self {
            Self::Clustered { joined: Some(identity), .. } => Ok(identity.clone()),
            _ => Identity::found_cluster(FOUNDER),
        }
    }

    fn peers(&self, identity: &Identity, ledgers: Arc<dyn LedgerReader>, whereabouts: Whereabouts) -> Peers {
        match self {
            Self::Alone => Peers::none(),
            Self::Clustered { dialer, .. } => Peers::of(identity.cluster_id, dialer.clone(), ledgers, whereabouts),
        }
    }

    /// The first membership, for a node that founds a group.
    fn first(&self, identity: &Identity) -> Option<BasicNode> {
        match self {
            Self::Alone => Some(BasicNode::new("")),
            Self::Clustered { joined: Some(_), .. } => None,
            Self::Clustered { advertise, .. } => Some(Address { uuid: identity.uuid, at: advertise.clone() }.node()),
        }
    }
}

/// Opens the data directory `dir` and starts its node; see [`Begin`] for a new directory. An old one is the node it was: a
/// only voter leads and is brought up to everything it had committed when this returns; among others it is as far as it
/// is known to be committed, and learns the rest from them.
///
/// Must be called on a multi-thread tokio runtime, which then runs the node.
///
/// # Errors
/// See [`OpenError`].
pub async fn open<R: Replica>(dir: &Path, engine: Engine, config: &Store, replica: Arc<R>, begin: Begin) -> Result<Opened<R>, OpenError> {
    let (path, joined) = (dir.to_owned(), begin.identity());
    let opened = tokio::task::spawn_blocking(move || DataDir::open(&path, &engine, || joined)).await;
    let data = opened.map_err(|e| OpenError::Raft(e.to_string()))??;
    let (writer, lock) = (data.writer.clone(), Arc::clone(&data.lock));
    let node = start(dir, data, config, replica, begin).await;
    if node.is_err() {
        // Releases the engine, so that a further attempt finds the directory free.
        let _ = writer.stop().await;
    }
    drop(lock);
    node
}

async fn start<R: Replica>(dir: &Path, data: DataDir, config: &Store, replica: Arc<R>, begin: Begin) -> Result<Opened<R>, OpenError> {
    let disk = |error| OpenError::disk(dir, error);
    let DataDir { lock, writer, reader, recovered, snapshots, identity, is_new } = data;
    if is_new {
        claim(dir, &writer, &identity).await.map_err(disk)?;
    }
    let since = Instant::now();
    let snapshot = snapshots.newest().and_then(|kept| kept.meta.last_log_id).map_or(0, |id| id.index);
    let log = LogStore::open(recovered, Arc::clone(&reader), writer.clone()).await.map_err(disk)?;
    let ledgers = Ledgers::new(reader);
    let load = Arc::new(Load::new(Rule { floor_bytes: config.snapshot_log_bytes, most_entries: config.snapshot_log_entries }));
    let (snapshots, progress) = (Arc::new(snapshots), Progress::default());
    let parts = Parts {
        replica: Arc::clone(&replica),
        writer: writer.clone(),
        ledgers: ledgers.clone(),
        snapshots: Arc::clone(&snapshots),
        load: Arc::clone(&load),
        progress: progress.clone(),
    };
    let whereabouts = Whereabouts::default();
    let peers = begin.peers(&identity, Arc::new(ledgers.clone()), whereabouts.clone());
    let settings = Arc::new(settings(&identity.cluster_id.to_string(), config).map_err(OpenError::Raft)?);
    let raft = Raft::new(identity.node_id, settings, peers, log, StateMachine::new(parts)).await;
    let raft = raft.map_err(|e| OpenError::Raft(e.to_string()))?;
    let compaction = tokio::spawn(compact(raft.clone(), load));
    let following = tokio::spawn(follow(raft.clone(), whereabouts.clone()));
    let held = Mutex::new(Some(Held { _lock: lock, compaction, following }));
    let inner = Inner { raft, replica, ledgers, snapshots, progress, heard: Heard::default(), whereabouts, identity, writer, held };
    let node = Opened { inner: Arc::new(inner) };
    if let Err(error) = node.bring_up(&begin).await {
        let _ = node.close().await;
        return Err(error);
    }
    let applied = node.inner.raft.metrics().borrow_watched().last_applied.map_or(0, |id| id.index);
    let replayed = applied.saturating_sub(snapshot);
    let milliseconds = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(snapshot, replayed, applied, milliseconds, "the state is restored");
    Ok(node)
}

/// Marks the log as this node's before saying so in the file: whatever is found later, the file never speaks of a log that
/// was not there.
async fn claim(dir: &Path, writer: &Writer, identity: &Identity) -> io::Result<()> {
    writer.write(vec![Op::Put { space: Space::Meta, key: META_IDENTITY, value: identity.mark() }]).await?;
    let (dir, identity) = (dir.to_owned(), identity.clone());
    tokio::task::spawn_blocking(move || identity.write(&dir)).await.map_err(io::Error::other)?
}

/// Timings leave room for a stalling disk; a node that was leader must be elected anew, for what it had committed last may
/// not be known to it before.
///
/// # Errors
/// A number does not go with the others.
pub fn settings(cluster: &str, config: &Store) -> Result<Config, String> {
    let settings = Config {
        cluster_name: cluster.to_owned(),
        heartbeat_interval: 200,
        election_timeout_min: 1000,
        election_timeout_max: 2000,
        // For all of it, ledgers and installing included; a node that is gone is noticed by its connection.
        install_snapshot_timeout: 3_600_000,
        enable_pre_vote: Some(true),
        enable_leader_restore: Some(false),
        max_payload_entries: 1024,
        snapshot_policy: SnapshotPolicy::Never,
        max_in_snapshot_log_to_keep: config.kept_log_entries,
        // Purging waits until it is worth it, but not for more than is kept anyway.
        purge_batch_size: config.kept_log_entries.clamp(1, 1024),
        replication_lag_threshold: config.snapshot_log_entries.saturating_add(config.kept_log_entries),
        api_channel_size: Some(4096),
        // A follower that has less than it had is sent it again. Who has lost what it had does not start, but a copy of its data
        // directory, or an old one, may have been in its place for a moment.
        allow_log_reversion: Some(true),
        ..Config::default()
    };
    settings.validate().map_err(|e| e.to_string())
}

async fn compact<R: Replica>(raft: Raft<R>, load: Arc<Load>) {
    load.watch(|| async { raft.trigger().snapshot().await.is_ok() }).await;
}

/// Keeps what the membership says of where its members are.
async fn follow<R: Replica>(raft: Raft<R>, whereabouts: Whereabouts) {
    let mut metrics = raft.server_metrics();
    loop {
        let members = places(metrics.borrow_watched().membership_config.nodes());
        whereabouts.listed(members);
        if metrics.changed().await.is_err() {
            return;
        }
    }
}

impl<R: Replica> Opened<R> {
    async fn bring_up(&self, begin: &Begin) -> Result<(), OpenError> {
        let raft = &self.inner.raft;
        let first = begin.first(&self.inner.identity).filter(|_| self.inner.identity.node_id == FOUNDER);
        if let Some(first) = first {
            match raft.initialize(BTreeMap::from([(self.inner.identity.node_id, first)])).await {
                Ok(()) | Err(RaftError::APIError(InitializeError::NotAllowed(_))) => {}
                Err(error) => return Err(OpenError::Raft(error.to_string())),
            }
        }
        if self.votes_alone().await? {
            raft.wait_for_recovery(None).await.map_err(|e| OpenError::Raft(self.why(e.to_string())))?;
        }
        Ok(())
    }

    async fn votes_alone(&self) -> Result<bool, OpenError> {
        let me = self.inner.identity.node_id;
        let alone = self.inner.raft.with_raft_state(move |state| state.membership_state.effective().voter_ids().eq([me]));
        alone.await.map_err(|e| OpenError::Raft(self.why(e.to_string())))
    }

    /// The error that stopped the node rather than the one that came of it.
    fn why(&self, otherwise: String) -> String {
        match &self.inner.raft.metrics().borrow_watched().running_state {
            Err(fatal) => fatal.to_string(),
            Ok(()) => otherwise,
        }
    }

    /// openraft's handle: propose with `client_write`.
    pub fn raft(&self) -> &Raft<R> {
        &self.inner.raft
    }

    /// Who this node is.
    pub fn identity(&self) -> &Identity {
        &self.inner.identity
    }

    /// The ledgers: whoever has been answered finds what was written. Reads block on the disk.
    pub fn ledgers(&self) -> Arc<dyn LedgerReader> {
        Arc::new(self.inner.ledgers.clone())
    }

    /// See [`Replica::audited`].
    pub(super) fn audited(&self) -> u64 {
        self.inner.replica.audited()
    }

    /// The snapshots on disk.
    pub(super) fn snapshots(&self) -> &Arc<SnapshotStore> {
        &self.inner.snapshots
    }

    /// How far the log is applied.
    pub fn progress(&self) -> &Progress {
        &self.inner.progress
    }

    /// Which nodes have stopped sending.
    pub fn heard(&self) -> &Heard {
        &self.inner.heard
    }

    /// Where the other members are reached.
    pub fn whereabouts(&self) -> &Whereabouts {
        &self.inner.whereabouts
    }

    /// Whether the group has no other voter: then what is applied here is all that is committed.
    pub fn is_only_voter(&self) -> bool {
        let me = self.inner.identity.node_id;
        self.inner.raft.metrics().borrow_watched().membership_config.voter_ids().eq([me])
    }

    /// Waits until the node stops of itself, and says why: its disk failed or an invariant broke. Also ends when it is closed.
    pub async fn stopped(&self) -> String {
        let metrics = self.inner.raft.metrics();
        // These change seldom, the others with every entry; both end with the node.
        let mut seldom = self.inner.raft.server_metrics();
        loop {
            if let Err(fatal) = &metrics.borrow_watched().running_state {
                return fatal.to_string();
            }
            if seldom.changed().await.is_err() {
                return self.why("the node has ended".to_owned());
            }
        }
    }

    /// Stops taking part, writes and syncs what waits, and releases the data directory. Ledger readers get errors from now
    /// on. A second call does nothing.
    ///
    /// # Errors
    /// The disk failed, now or before.
    pub async fn close(&self) -> io::Result<()> {
        let Some(held) = self.inner.held.lock().await.take() else {
            return Ok(());
        };
        let shutdown = self.inner.raft.shutdown().await.map_err(io::Error::other);
        held.compaction.abort();
        held.following.abort();
        let written = self.inner.writer.stop().await;
        drop(held);
        shutdown.and(written)
    }
}
