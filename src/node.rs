//! The house is put together: every part is started in order and stopped in reverse.

mod access;
mod clustered;
mod first_start;

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::actions::{Fault, Hasher, Hearth, Parts, Throttle};
use crate::actors::{Broken, Owners, Views};
use crate::base::jid::Domain;
use crate::base::secrets::Secret;
use crate::cluster::{Cluster, Gauges, Members, Own, Proposer, Reads};
use crate::config::Config;
use crate::raft::{self, Engine, OpenError};
use crate::rest::server::Server;
use crate::rest::waiting::WaitingRoom;
use crate::userservice;

pub use first_start::Given;

/// How often it is said what is waited for.
const TELLING: Duration = Duration::from_secs(10);

/// The property that holds the XMPP domain once the data directory is filled.
const DOMAIN: &str = "xmpp.domain";

/// Why the node cannot start. Each reads as one line.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The listener's address cannot be used.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        error: std::io::Error,
    },
    /// A thread cannot be started.
    #[error("cannot start: {0}")]
    Thread(#[from] std::io::Error),
    /// The owners cannot be started.
    #[error(transparent)]
    Owners(#[from] Broken),
    /// The data directory cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The stored domain cannot be read, or is not the one asked for.
    #[error("the data directory belongs to the domain {stored}, not to {asked}")]
    Domain {
        /// What is stored.
        stored: String,
        /// What was asked for.
        asked: String,
    },
    /// The cluster's secret is missing or cannot be used.
    #[error("{0}")]
    Secret(String),
    /// The cluster does not take this node in.
    #[error("this node cannot join a cluster: {0}")]
    Join(String),
    /// The API cannot be opened again.
    #[error("cannot restore access to the API: {0}")]
    Access(Fault),
    /// What the first start writes could not be written.
    #[error("cannot fill the data directory: {0}")]
    First(String),
}

impl From<Fault> for StartError {
    fn from(fault: Fault) -> Self {
        Self::First(fault.to_string())
    }
}

/// A running node.
pub struct Node {
    raft: raft::Node,
    hearth: Arc<Hearth>,
    server: Server,
    /// Answers other nodes, if there are any.
    listener: Option<AbortOnDrop>,
    /// Where REST is served.
    pub rest: SocketAddr,
}

/// A task that ends with whoever holds this.
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What a node is, once its data directory is open.
struct Opened {
    raft: raft::Node,
    cluster: Cluster,
    owners: Weak<Owners>,
    views: Views,
    listener: Option<AbortOnDrop>,
}

impl Node {
    /// Starts a node; `given` are secrets for its first start. Must be called on a multi-thread tokio runtime.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(config: Config, given: Given) -> Result<Self, StartError> {
        let listener = bind(config.rest.listen)?;
        let waiting = WaitingRoom::open(listener.try_clone()?)?;
        let owners = Arc::new(Owners::start()?);
        tracing::info!(data_dir = %config.data_dir.display(), "opening the data directory");
        let opened = match config.cluster.listen {
            Some(listen) => clustered::open(&config, &given, listen, owners).await?,
            None => alone(&config, owners).await?,
        };
        let raft = opened.raft.clone();
        match Self::serve(config, given, (listener, waiting), opened).await {
            Ok(node) => Ok(node),
            Err(error) => {
                let _ = raft.close().await; // the first error is the one to tell
                Err(error)
            }
        }
    }

    async fn serve(config: Config, given: Given, (listener, waiting): (TcpListener, WaitingRoom), opened: Opened) -> Result<Self, StartError> {
        let Opened { raft, cluster, owners, views, listener: others } = opened;
        let founds = raft.identity().node_id == raft::FOUNDER;
        let members = cluster.members().clone();
        if !founds {
            filled(&raft, &cluster, &views, config.cluster.advertised()).await?;
        }
        let domain = domain(&config, views.load().properties.value(DOMAIN))?;
        let parts = Parts {
            proposer: Proposer::new(members.clone(), views.clone()),
            reads: Reads::new(members, views),
            cluster: cluster.clone(),
            gauges: Gauges::start(raft.clone()),
            ledgers: raft.ledgers(),
            hasher: Hasher::new(tokio::runtime::Handle::current(), &config.hashing),
            domain,
            host: host_name(),
            node: raft.identity().uuid,
            config: Arc::new(config),
        };
        let access = given.restore_access.then(|| given.api_secret.as_ref().map(|secret| Secret::new(secret.expose())));
        if founds && parts.reads.local().properties.value(DOMAIN).is_none() {
            cluster.members().fence().opened().await;
            first_start::fill(&parts, given).await?;
        }
        if parts.config.cluster.listen.is_none() {
            cluster.announce_alone().await.map_err(|error| StartError::First(format!("{error:?}")))?;
        }
        let hearth = Arc::new(Hearth::new(parts)?);
        if let Some(secret) = access {
            access::restore(&raft, &hearth, secret.as_ref()).await?;
        }
        watch(&hearth, raft.clone(), owners);
        let throttle = Arc::new(Throttle::new(&hearth.config().throttle));
        let neighbour = userservice::door(Arc::clone(&hearth), Arc::clone(&throttle));
        waiting.close().await;
        let server = Server::start(&hearth, throttle, neighbour, listener)?;
        hearth.started();
        tracing::info!(domain = %hearth.domain(), "serving http://{}{}", server.address, crate::rest::BASE);
        Ok(Self { rest: server.address, raft, hearth, server, listener: others })
    }

    /// Waits until the node stops of itself, and says why.
    pub async fn stopped(&self) -> String {
        tokio::select! {
            why = self.raft.stopped() => why,
            why = self.hearth.parts.cluster.stopped() => why,
        }
    }

    /// Hands leadership over, takes no more requests, finishes those under way, says that it leaves, writes what waits, and
    /// releases the data directory.
    ///
    /// # Errors
    /// The disk failed.
    pub async fn stop(self) -> std::io::Result<()> {
        self.hearth.drain();
        self.hearth.parts.cluster.step_aside().await;
        self.server.stop().await;
        self.hearth.parts.cluster.leave().await;
        let closed = self.raft.close().await;
        drop(self.listener);
        closed
    }
}

fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).map_err(|error| StartError::Listen { address, error })
}

/// Opens a node that is all there is.
async fn alone(config: &Config, owners: Arc<Owners>) -> Result<Opened, StartError> {
    let (views, marked, watched) = (owners.views(), owners.marked(), Arc::downgrade(&owners));
    let raft = raft::open(&config.data_dir, Engine::configured(&config.store), &config.store, owners, raft::Begin::Alone).await?;
    if !raft.is_only_voter() {
        let _ = raft.close().await; // this is the error to tell
        return Err(StartError::Join("its data directory is that of a node among others; start it with its --cluster-… options".to_owned()));
    }
    let own = Own::new(&raft, host_name(), None, &config.cluster);
    let cluster = Cluster::new(Members::alone(raft.clone()), views.clone(), marked, own);
    Ok(Opened { raft, cluster, owners: watched, views, listener: None })
}

/// Waits until this node has what the first node of the cluster has written, and says now and then what it waits for.
async fn filled(raft: &raft::Node, cluster: &Cluster, views: &Views, advertised: Option<String>) -> Result<(), StartError> {
    let (mut applied, advertised) = (0, advertised.unwrap_or_default());
    while views.load().properties.value(DOMAIN).is_none() {
        tokio::select! {
            why = raft.stopped() => return Err(StartError::First(why)),
            why = cluster.stopped() => return Err(StartError::Join(why)),
            () = raft.progress().wait(applied + 1) => applied = raft.progress().applied(),
            () = sleep(TELLING) => tracing::info!(applied, advertised, "waiting for the log; the leader has to reach this node where it is advertised"),
        }
    }
    Ok(())
}

/// Has the watchdog see to the log and to the owners; both run on this runtime, which is thereby seen to as well.
fn watch(hearth: &Hearth, node: raft::Node, owners: Weak<Owners>) {
    let runtime = tokio::runtime::Handle::current();
    hearth.health.watchdog.watch("the log", &runtime, move || {
        let raft = node.raft().clone();
        async move { raft.with_raft_state(|_| ()).await.is_ok() }
    });
    hearth.health.watchdog.watch("the state", &runtime, move || {
        let owners = owners.upgrade();
        async move {
            match owners {
                Some(owners) => owners.beat().await.is_ok(),
                None => false,
            }
        }
    });
}

/// What is stored, else what was asked for, else `localhost`. A node does not change its domain by a flag.
fn domain(config: &Config, stored: Option<&str>) -> Result<Domain, StartError> {
    let asked = config.domain.clone();
    let different = |asked: &str, stored: &str| StartError::Domain { stored: stored.to_owned(), asked: asked.to_owned() };
    match (stored.map(|text| (text, Domain::parse(text))), asked) {
        (None, asked) => Ok(asked.unwrap_or_else(Domain::localhost)),
        (Some((_, Ok(stored))), None) => Ok(stored),
        (Some((_, Ok(stored))), Some(asked)) if stored == asked => Ok(stored),
        (Some((text, _)), asked) => Err(different(asked.as_ref().map_or("localhost", |asked| asked.as_str()), text)),
    }
}

fn host_name() -> String {
    let read = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = read.as_deref().map(str::trim).filter(|name| !name.is_empty());
    name.unwrap_or("localhost").to_owned()
}
