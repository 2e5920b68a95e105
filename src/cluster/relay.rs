//! Parcels from node to node: for one node only and for now. Never stored, never ordered against the log, and lost with the
//! node they are for; what must not be lost goes through the log.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use tokio::sync::{broadcast, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use super::calls::LONGEST_MESSAGE;
use super::group::Seat;
use super::{Cluster, Unsure};
use crate::wire::relay::relay_client::RelayClient;
use crate::wire::relay::relay_server::{Relay as Receives, RelayServer};
use crate::wire::relay::{Delivered, Parcel};
use crate::wire::{NodeName, Peer};

/// How many parcels wait to be sent to one node. What does not fit is refused, and the sender told.
const WAITING: usize = 1024;
/// How many parcels a listener of this node may lag behind before it loses the oldest.
const LAGGING: usize = 4096;

/// Sends parcels and hears those for this node. Clones are handles to the same one.
#[derive(Clone, Debug)]
pub struct Relay {
    ways: Arc<Mutex<HashMap<Uuid, mpsc::Sender<Parcel>>>>,
    heard: broadcast::Sender<Bytes>,
}

impl Default for Relay {
    fn default() -> Self {
        Self { ways: Arc::default(), heard: broadcast::channel(LAGGING).0 }
    }
}

impl Relay {
    /// Hears parcels for this node from now on.
    pub fn listen(&self) -> broadcast::Receiver<Bytes> {
        self.heard.subscribe()
    }

    fn way(&self, cluster: &Cluster, node: Uuid) -> Result<mpsc::Sender<Parcel>, Unsure> {
        let mut ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = ways.get(&node).filter(|open| !open.is_closed()) {
            return Ok(open.clone());
        }
        let id = cluster.members.id_of(node).ok_or(Unsure::Retry)?;
        let address = cluster.members.address_of(id).ok_or(Unsure::Retry)?;
        let channel = cluster.members.calls()?.channel(id, &address);
        let mut client = RelayClient::new(channel).max_encoding_message_size(LONGEST_MESSAGE);
        let (open, waiting) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            if let Err(status) = client.deliver(ReceiverStream::new(waiting)).await {
                tracing::debug!(%node, %status, "parcels do not get through");
            }
        });
        ways.insert(node, open.clone());
        Ok(open)
    }
}

impl Cluster {
    /// Sends a parcel to this life of a node; one for this node itself is heard at once. It arrives once or not at all, after
    /// those that were sent before it.
    ///
    /// # Errors
    /// [`Unsure::Retry`]: the node is not in that life, or too much is waiting for it.
    pub fn send(&self, node: Uuid, incarnation: u64, content: Bytes) -> Result<(), Unsure> {
        if !self.views.load().nodes.is_up(node, incarnation) {
            return Err(Unsure::Retry);
        }
        if node == self.own.uuid {
            let _ = self.relay.heard.send(content); // nobody listens
            return Ok(());
        }
        self.relay.way(self, node)?.try_send(Parcel { incarnation, content }).map_err(|_| Unsure::Retry)
    }
}

/// Takes parcels from other nodes.
pub struct RelayService {
    cluster: Arc<OnceLock<Cluster>>,
}

impl RelayService {
    /// Takes parcels for `cluster` as soon as it is set.
    pub fn new(cluster: Arc<OnceLock<Cluster>>) -> RelayServer<Self> {
        RelayServer::new(Self { cluster }).max_decoding_message_size(LONGEST_MESSAGE)
    }
}

#[tonic::async_trait]
impl Receives for RelayService {
    async fn deliver(&self, request: Request<Streaming<Parcel>>) -> Result<Response<Delivered>, Status> {
        let cluster = self.cluster.get().ok_or_else(|| Status::unavailable("this node has not joined yet"))?;
        match request.extensions().get::<Peer>().and_then(|peer| peer.node) {
            Some(NodeName { cluster: id, .. }) if id == cluster.members.node().identity().cluster_id => {}
            _ => return Err(Status::permission_denied("the caller is no member of this cluster")),
        }
        let (mut incoming, mut parcels) = (request.into_inner(), 0);
        while let Some(Parcel { incarnation, content }) = incoming.message().await? {
            if cluster.is_in(incarnation) {
                parcels += 1;
                let _ = cluster.relay.heard.send(content); // nobody listens
            }
        }
        Ok(Response::new(Delivered { parcels }))
    }
}
