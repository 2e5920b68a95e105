//! Calls to other members: one connection to each, apart from Raft's own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic::{Response, Status};
use uuid::Uuid;

use super::group::Unsure;
use super::pipe::Pipe;
use crate::raft::{Address, NodeId};
use crate::wire::cluster::cluster_client::ClusterClient;
use crate::wire::cluster::{
    ContactRequest, JoinRequest, JoinResponse, ProbeRequest, ProbeResponse, ReadIndexRequest, RemoveRequest, RemoveResponse, StatusRequest,
    StatusResponse, TransferRequest, TransferResponse,
};
use crate::wire::{Dialer, Name, NodeName};

/// The longest message, in bytes; see [`super::proposer::LARGEST`].
pub const LONGEST_MESSAGE: usize = 64 * 1024 * 1024;
/// How long the leader may take to ask a majority.
const CONFIRMING: Duration = Duration::from_secs(2);
/// How long an act of the leader may take: a change of the membership waits for a majority.
const ACTING: Duration = Duration::from_secs(15);

/// Makes calls. Clones are handles to the same one.
#[derive(Clone)]
pub struct Calls {
    inner: Arc<Inner>,
}

struct Inner {
    /// Where connections live: whoever calls first may be a worker that ends sooner.
    runtime: Handle,
    dialer: Dialer,
    cluster: Uuid,
    /// Kept, each with the address it leads to.
    ways: Mutex<HashMap<NodeId, Way>>,
}

#[derive(Clone)]
struct Way {
    at: String,
    client: ClusterClient<Channel>,
    pipe: Pipe,
}

impl Calls {
    /// Calls members of this cluster. Connections live on this runtime.
    pub fn new(cluster: Uuid, dialer: Dialer) -> Self {
        Self { inner: Arc::new(Inner { runtime: Handle::current(), dialer, cluster, ways: Mutex::default() }) }
    }

    /// How the certificate of a member names it.
    pub fn name(&self, node: NodeId) -> Name {
        Name::Node(NodeName { cluster: self.inner.cluster, node })
    }

    /// What connections are made with.
    pub fn dialer(&self) -> &Dialer {
        &self.inner.dialer
    }

    fn way(&self, node: NodeId, address: &Address) -> Way {
        let mut ways = self.inner.ways.lock().unwrap_or_else(PoisonError::into_inner);
        match ways.get(&node) {
            Some(way) if way.at == address.at => way.clone(),
            _ => {
                let channel = self.channel(node, address);
                let client = ClusterClient::new(channel).max_decoding_message_size(LONGEST_MESSAGE).max_encoding_message_size(LONGEST_MESSAGE);
                let way = Way { at: address.at.clone(), pipe: Pipe::new(self.inner.runtime.clone(), client.clone()), client };
                ways.insert(node, way.clone());
                way
            }
        }
    }

    /// A connection of its own to a member.
    pub fn channel(&self, node: NodeId, address: &Address) -> Channel {
        let _entered = self.inner.runtime.enter();
        self.inner.dialer.channel(&address.at, self.name(node))
    }

    /// Proposes at the leader; the index it was applied at there.
    ///
    /// # Errors
    /// [`Unsure::Retry`]: it may be in the log or not.
    pub async fn propose(&self, leader: NodeId, address: &Address, payload: Bytes) -> Result<u64, Unsure> {
        self.way(leader, address).pipe.propose(payload).await
    }

    /// Has the leader ask a majority.
    ///
    /// # Errors
    /// [`Unsure::Retry`].
    pub async fn read_index(&self, leader: NodeId, address: &Address) -> Result<u64, Unsure> {
        let mut client = self.way(leader, address).client;
        let answer = within(CONFIRMING, client.read_index(ReadIndexRequest {})).await.map_err(|_| Unsure::Retry)?;
        answer.index.ok_or(Unsure::Retry)
    }

    /// Shows the leader that this node lives.
    ///
    /// # Errors
    /// It cannot be reached, is not sure to lead, or does not know this node.
    pub async fn contact(&self, leader: NodeId, address: &Address, contact: ContactRequest) -> Result<u64, Status> {
        let mut client = self.way(leader, address).client;
        let answer = within(CONFIRMING, client.contact(contact)).await?;
        answer.index.ok_or_else(|| Status::unavailable("whoever was asked is not sure to lead"))
    }

    /// Asks a member how it sees itself.
    ///
    /// # Errors
    /// It cannot be reached in time.
    pub async fn status(&self, node: NodeId, address: &Address, request: StatusRequest, limit: Duration) -> Result<StatusResponse, Status> {
        let mut client = self.way(node, address).client;
        within(limit, client.status(request)).await
    }

    /// Asks the leader to take a node in, or to note its new address.
    ///
    /// # Errors
    /// It cannot be reached in time.
    pub async fn join(&self, leader: NodeId, address: &Address, request: JoinRequest) -> Result<JoinResponse, Status> {
        let mut client = self.way(leader, address).client;
        within(ACTING, client.join(request)).await
    }

    /// Who answers at this address.
    ///
    /// # Errors
    /// Nobody in time.
    pub async fn probe(&self, at: &str) -> Result<ProbeResponse, Status> {
        within(CONFIRMING, seed(&self.inner.dialer, at).probe(ProbeRequest { seeds: String::new() })).await
    }

    /// Asks whoever answers at this address to have the leader do the same. One of another cluster is not asked: what it says of
    /// this node means nothing.
    ///
    /// # Errors
    /// It cannot be reached in time, or is not in this cluster.
    pub async fn join_via(&self, at: &str, request: JoinRequest) -> Result<JoinResponse, Status> {
        let probed = self.probe(at).await?;
        if probed.cluster.as_deref() != Some(self.inner.cluster.as_bytes()) {
            return Err(Status::unavailable("it is not in this cluster"));
        }
        within(ACTING, seed(&self.inner.dialer, at).join(request)).await
    }

    /// Asks the leader to hand over.
    ///
    /// # Errors
    /// It cannot be reached in time.
    pub async fn transfer(&self, leader: NodeId, address: &Address, request: TransferRequest) -> Result<TransferResponse, Status> {
        let mut client = self.way(leader, address).client;
        within(ACTING, client.transfer(request)).await
    }

    /// Asks the leader to take a node out.
    ///
    /// # Errors
    /// It cannot be reached in time.
    pub async fn remove(&self, leader: NodeId, address: &Address, request: RemoveRequest) -> Result<RemoveResponse, Status> {
        let mut client = self.way(leader, address).client;
        within(ACTING, client.remove(request)).await
    }
}

/// The answer, if it comes in time.
///
/// # Errors
/// It does not, or it is an error.
pub async fn within<T>(limit: Duration, call: impl Future<Output = Result<Response<T>, Status>>) -> Result<T, Status> {
    match timeout(limit, call).await {
        Ok(answer) => answer.map(Response::into_inner),
        Err(_) => Err(Status::deadline_exceeded("no answer in time")),
    }
}

/// Asks a seed of which nothing is known but its address.
pub fn seed(dialer: &Dialer, at: &str) -> ClusterClient<Channel> {
    ClusterClient::new(dialer.channel(at, Name::Member))
}
