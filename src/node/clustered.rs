//! A node among others: listening for them, joining or founding a cluster, opening its data directory.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::net::{TcpListener, lookup_host};
use tonic::transport::Server as Grpc;
use uuid::Uuid;

use crate::actors::Owners;
use crate::base::ids::random_uuid;
use crate::base::secrets::Secret;
use crate::cluster::formation::{Blank, Formed};
use crate::cluster::{Calls, Cluster, Members, Own, RelayService, Service};
use crate::config::Config;
use crate::raft::{self, Begin, Engine, Identity};
use crate::state::bytes;
use crate::wire::{Credentials, Dialer, Incoming, NodeName};

use super::{AbortOnDrop, Given, Opened, StartError, host_name};

/// What answers other nodes before there is anything to say.
struct Answering {
    raft: Arc<OnceLock<raft::Node>>,
    cluster: Arc<OnceLock<Cluster>>,
    identity: Arc<OnceLock<Identity>>,
    task: AbortOnDrop,
}

impl Answering {
    /// Shows from now on who this node is, in what it says and in its certificate.
    fn show(&self, credentials: &Credentials, identity: &Identity) -> Result<(), StartError> {
        let _ = self.identity.set(identity.clone()); // the same whenever it is known
        let name = NodeName { cluster: identity.cluster_id, node: identity.node_id };
        credentials.become_node(name).map_err(|error| StartError::Secret(error.to_string()))
    }
}

/// Opens a node among others: with data it is the one it was; without, it joins the cluster of its seeds or founds one.
///
/// # Errors
/// See [`StartError`].
pub async fn open(config: &Config, given: &Given, listen: SocketAddr, owners: Arc<Owners>) -> Result<Opened, StartError> {
    let known = Identity::read(&config.data_dir).map_err(|error| StartError::Join(error.to_string()))?;
    let uuid = known.as_ref().map_or_else(random_uuid, |known| Ok(known.uuid)).map_err(|error| StartError::Join(error.to_string()))?;
    let credentials = credentials(secret(config, given)?).await?;
    let advertise = config.cluster.advertised().unwrap_or_default();
    let dialer = Dialer::new(&credentials, Some(listen.ip()).filter(|ip| !ip.is_unspecified()))?;
    let answering = answer(config, listen, &credentials, uuid, known.clone()).await?;
    let newcomer = newcomer(config, uuid, &advertise);
    let joined = match &known {
        Some(known) => {
            newcomer.agree(&dialer, known.cluster_id).await.map_err(StartError::Join)?;
            None
        }
        None => form(&newcomer, &dialer).await?,
    };
    if let Some(identity) = joined.as_ref().or(known.as_ref()) {
        answering.show(&credentials, identity)?;
    }
    let (views, marked, watched) = (owners.views(), owners.marked(), Arc::downgrade(&owners));
    let begin = Begin::Clustered { dialer: dialer.clone(), advertise: advertise.clone(), joined };
    let node = raft::open(&config.data_dir, Engine::configured(&config.store), &config.store, owners, begin).await?;
    if known.is_some_and(|known| known != *node.identity()) {
        let _ = node.close().await; // this is the error to tell
        return Err(StartError::Join("its data directory was given to another cluster while it started".to_owned()));
    }
    answering.show(&credentials, node.identity())?;
    let own = Own::new(&node, host_name(), address(&advertise).await, &config.cluster);
    let calls = Calls::new(node.identity().cluster_id, dialer);
    let cluster = Cluster::new(Members::among(node.clone(), calls), views.clone(), marked, own);
    let _ = answering.raft.set(node.clone()); // set here only
    let _ = answering.cluster.set(cluster.clone());
    cluster.start(&config.cluster, advertise).await;
    Ok(Opened { raft: node, cluster, owners: watched, views, listener: Some(answering.task) })
}

fn secret(config: &Config, given: &Given) -> Result<Secret, StartError> {
    if let Some(secret) = &given.cluster_secret {
        return Ok(Secret::new(secret.expose().trim().to_owned()));
    }
    let missing = || StartError::Secret("a cluster needs its secret: set HEARTH_CLUSTER_SECRET or --cluster-secret-file".to_owned());
    let file = config.cluster.secret_file.as_ref().ok_or_else(missing)?;
    let text = std::fs::read_to_string(file).map_err(|error| StartError::Secret(format!("{}: {error}", file.display())))?;
    Ok(Secret::new(text.trim().to_owned()))
}

/// Stretching the secret keeps a core busy for a while.
async fn credentials(secret: Secret) -> Result<Arc<Credentials>, StartError> {
    let derived = tokio::task::spawn_blocking(move || Credentials::derive(&secret)).await;
    derived.map_err(|error| StartError::Secret(error.to_string()))?.map_err(|error| StartError::Secret(error.to_string()))
}

async fn answer(
    config: &Config,
    listen: SocketAddr,
    credentials: &Arc<Credentials>,
    uuid: Uuid,
    known: Option<Identity>,
) -> Result<Answering, StartError> {
    let listener = TcpListener::bind(listen).await.map_err(|error| StartError::Listen { address: listen, error })?;
    let incoming = Incoming::accept(listener, credentials)?;
    let (raft, cluster, identity) = (Arc::default(), Arc::default(), Arc::new(known.map_or_else(OnceLock::new, OnceLock::from)));
    let services = Grpc::builder()
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .http2_keepalive_interval(Some(KEEP_ALIVE))
        .http2_keepalive_timeout(Some(KEEP_ALIVE))
        .add_service(raft::Service::new(Arc::clone(&raft)))
        .add_service(RelayService::new(Arc::clone(&cluster)))
        .add_service(Service::new(Arc::clone(&cluster), Arc::clone(&identity), uuid, config.cluster.sorted_seeds().join(",")));
    let task = AbortOnDrop(tokio::spawn(async move {
        if let Err(error) = services.serve_with_incoming(incoming).await {
            tracing::error!(%error, "other nodes are not answered any more");
        }
    }));
    tracing::info!(%listen, "listening for other nodes");
    Ok(Answering { raft, cluster, identity, task })
}

/// How often a connection is tried, and how long it may be silent then: a node that lost its power closes none.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// How much may be under way on one connection, in bytes.
const WINDOW: u32 = 16 * 1024 * 1024;

fn newcomer(config: &Config, uuid: Uuid, advertise: &str) -> Blank {
    let newest = if config.cluster.format == 0 { bytes::NEWEST } else { config.cluster.format.min(bytes::NEWEST) };
    let seeds = config.cluster.sorted_seeds();
    Blank { uuid, advertise: advertise.to_owned(), seeds, expect: config.cluster.bootstrap_expect, format: newest }
}

async fn form(blank: &Blank, dialer: &Dialer) -> Result<Option<Identity>, StartError> {
    match blank.form(dialer).await.map_err(StartError::Join)? {
        Formed::Founder => {
            tracing::info!("founding a cluster");
            Ok(None)
        }
        Formed::Joined { cluster, node } => {
            tracing::info!(%cluster, node, "taken in by a cluster");
            Ok(Some(Identity::joined(cluster, node, blank.uuid)))
        }
    }
}

/// The address that goes with the advertised name, for people.
async fn address(advertise: &str) -> Option<IpAddr> {
    Some(lookup_host(advertise).await.ok()?.next()?.ip())
}

#[cfg(test)]
mod tests;
