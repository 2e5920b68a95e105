//! Raft's way over the network.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use openraft::errors::{RPCError, RaftError, ReplicationClosed, StreamingError, Unreachable};
use openraft::impls::BasicNode;
use openraft::network::{RPCOption, RaftNetworkFactory, RaftNetworkV2};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, TransferLeaderRequest, TransferLeaderResponse, VoteRequest, VoteResponse,
};

use super::machine::Records;
use super::net::Net;
use super::server::Server;
use super::types::{Types, Vote};
use crate::raft::{Address, NodeId, Whereabouts};

type Error = RPCError<Types>;

/// A snapshot may take much longer, but a connection that leads nowhere is noticed.
const SNAPSHOT: Duration = Duration::from_secs(10);

/// The way from one host to all others.
#[derive(Clone)]
pub struct Links {
    /// The network.
    pub net: Net,
    /// From where.
    pub from: usize,
    /// Where the others are.
    pub whereabouts: Whereabouts,
}

/// The way to one node.
pub struct Link {
    links: Links,
    target: NodeId,
    /// Where it was when openraft began to speak to it.
    at: String,
}

impl RaftNetworkFactory<Types> for Links {
    type Network = Link;

    async fn new_client(&mut self, target: NodeId, node: &BasicNode) -> Link {
        Link { links: self.clone(), target, at: Address::of(node).map_or_else(String::new, |address| address.at) }
    }
}

fn unreachable() -> Unreachable<Types> {
    Unreachable::from_string("no answer")
}

impl Link {
    /// An answer in time; a node that has stopped is one that does not answer.
    async fn call<T, E, W, F>(&self, limit: Duration, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        E: Send + 'static,
        W: Fn(Arc<Server>) -> F + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let Links { net, from, whereabouts } = &self.links;
        let at = whereabouts.of(self.target).unwrap_or_else(|| self.at.clone());
        let answer = match net.host_at(self.target, &at) {
            Some(to) => net.call_within(limit, *from, to, work).await,
            None => None,
        };
        if answer.is_none() {
            whereabouts.lost(self.target);
        }
        answer.and_then(Result::ok).ok_or_else(|| RPCError::Unreachable(unreachable()))
    }
}

impl RaftNetworkV2<Types> for Link {
    type SnapshotData = Records;

    async fn append_entries(&mut self, rpc: AppendEntriesRequest<Types>, option: RPCOption) -> Result<AppendEntriesResponse<Types>, Error> {
        let append = move |server: Arc<Server>| {
            let rpc = rpc.clone();
            async move { server.process.raft().append_entries(rpc).await }
        };
        self.call(option.soft_ttl(), append).await
    }

    async fn vote(&mut self, rpc: VoteRequest<Types>, option: RPCOption) -> Result<VoteResponse<Types>, Error> {
        let vote = move |server: Arc<Server>| {
            let rpc = rpc.clone();
            async move {
                let (term, last) = (rpc.vote.leader_id.term, rpc.last_log_id);
                let answer = server.process.raft().vote(rpc).await?;
                if !answer.vote_granted && answer.last_log_id > last {
                    server.process.heard.refuse(term);
                }
                Ok::<_, RaftError<Types>>(answer)
            }
        };
        self.call(option.soft_ttl(), vote).await
    }

    async fn pre_vote(&mut self, rpc: VoteRequest<Types>, option: RPCOption) -> Result<VoteResponse<Types>, Error> {
        let vote = move |server: Arc<Server>| {
            let rpc = rpc.clone();
            async move { server.process.raft().pre_vote(rpc).await }
        };
        self.call(option.soft_ttl(), vote).await
    }

    async fn transfer_leader(&mut self, req: TransferLeaderRequest<Types>, option: RPCOption) -> Result<TransferLeaderResponse<Types>, Error> {
        let transfer = move |server: Arc<Server>| {
            let req = req.clone();
            async move { server.process.raft().handle_transfer_leader(req).await }
        };
        self.call(option.soft_ttl(), transfer).await
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: openraft::alias::SnapshotOf<Types, Records>,
        cancel: impl Future<Output = ReplicationClosed> + Send + 'static,
        _: RPCOption,
    ) -> Result<SnapshotResponse<Types>, StreamingError<Types>> {
        let install = move |server: Arc<Server>| {
            let snapshot = snapshot.clone();
            async move { server.process.raft().install_full_snapshot(vote, snapshot).await }
        };
        tokio::select! {
            biased;
            closed = cancel => Err(StreamingError::Closed(closed)),
            sent = self.call(SNAPSHOT, install) => sent.map_err(|_| unreachable().into()),
        }
    }
}
