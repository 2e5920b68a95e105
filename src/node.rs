//! The house is put together: every part is started in order and stopped in reverse.

mod first_start;

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Weak};

use crate::actions::{Fault, Hasher, Hearth, Parts, Throttle};
use crate::actors::{Broken, Owners};
use crate::base::jid::Domain;
use crate::cluster::{Proposer, Reads};
use crate::config::Config;
use crate::raft::{self, Engine, OpenError};
use crate::rest::server::Server;
use crate::userservice;

pub use first_start::Given;

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
    server: Server,
    /// Where REST is served.
    pub rest: SocketAddr,
}

impl Node {
    /// Starts a standalone node; `given` are secrets for its first start. Must be called on a multi-thread tokio runtime.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(config: Config, given: Given) -> Result<Self, StartError> {
        let address = config.rest.listen;
        let listener = TcpListener::bind(address).map_err(|error| StartError::Listen { address, error })?;
        let owners = Arc::new(Owners::start()?);
        let (views, watched) = (owners.views(), Arc::downgrade(&owners));
        let engine = Engine::configured(&config.store);
        tracing::info!(data_dir = %config.data_dir.display(), "opening the data directory");
        let node = raft::open(&config.data_dir, engine, &config.store, owners, raft::Begin::Alone).await?;
        match Self::serve(config, given, listener, node.clone(), Reads::new(node.clone(), views), watched).await {
            Ok(server) => Ok(Self { rest: server.address, raft: node, server }),
            Err(error) => {
                let _ = node.close().await; // the first error is the one to tell
                Err(error)
            }
        }
    }

    async fn serve(
        config: Config,
        given: Given,
        listener: TcpListener,
        node: raft::Node,
        reads: Reads,
        owners: Weak<Owners>,
    ) -> Result<Server, StartError> {
        let domain = domain(&config, reads.local().properties.value(DOMAIN))?;
        let parts = Parts {
            proposer: Proposer::new(node.clone()),
            reads,
            ledgers: node.ledgers(),
            hasher: Hasher::new(tokio::runtime::Handle::current(), &config.hashing),
            domain,
            host: host_name(),
            node: node.identity().uuid,
            config: Arc::new(config),
        };
        first_start::fill(&parts, given).await?;
        let hearth = Arc::new(Hearth::new(parts)?);
        hearth.announce(None).await?;
        watch(&hearth, node, owners);
        let throttle = Arc::new(Throttle::new(&hearth.config().throttle));
        let neighbour = userservice::door(Arc::clone(&hearth), Arc::clone(&throttle));
        let server = Server::start(&hearth, throttle, neighbour, listener)?;
        hearth.started();
        tracing::info!(domain = %hearth.domain(), "serving http://{}{}", server.address, crate::rest::BASE);
        Ok(server)
    }

    /// Waits until the node stops of itself, and says why.
    pub async fn stopped(&self) -> String {
        self.raft.stopped().await
    }

    /// Takes no more requests, finishes those under way, writes what waits, and releases the data directory.
    ///
    /// # Errors
    /// The disk failed.
    pub async fn stop(self) -> std::io::Result<()> {
        self.server.stop().await;
        self.raft.close().await
    }
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
