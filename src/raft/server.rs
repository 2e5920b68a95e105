//! Raft's messages as they come in from other nodes.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use futures_util::{Stream, StreamExt, stream};
use openraft::Snapshot;
use openraft::raft::AppendEntriesRequest;
use tokio::sync::{mpsc, oneshot};
use tonic::{Request, Response, Status, Streaming};

use super::engine::{Order, Space};
use super::heard::StreamOf;
use super::network::{LONGEST_MESSAGE, convert};
use super::node::Opened;
use super::snapshot::{Incoming, SnapshotFile};
use super::types::{NodeId, SnapshotMeta, TypeConfig};
use super::{codec, engine};
use crate::actors::Replica;
use crate::wire::raft::raft_server::{Raft, RaftServer};
use crate::wire::raft::snapshot_part::Part;
use crate::wire::raft::{
    AppendRequest, AppendResponse, LedgerEndsRequest, LedgerEndsResponse, SnapshotPart, SnapshotResponse, TransferRequest, TransferResponse,
    VoteRequest, VoteResponse,
};
use crate::wire::{NodeName, Peer};

/// How many parts of a snapshot wait to be written.
const WAITING: usize = 4;

/// Answers other nodes once there is a node to answer for.
pub struct Service<R: Replica> {
    node: Arc<OnceLock<Opened<R>>>,
}

impl<R: Replica> Service<R> {
    /// Answers for `node` as soon as it is set; until then others are told to come back.
    pub fn new(node: Arc<OnceLock<Opened<R>>>) -> RaftServer<Self> {
        RaftServer::new(Self { node }).max_decoding_message_size(LONGEST_MESSAGE).max_encoding_message_size(LONGEST_MESSAGE)
    }

    /// The node, for a caller that has shown to be a member of its cluster.
    fn for_member<T>(&self, request: &Request<T>) -> Result<(&Opened<R>, NodeId), Status> {
        let node = self.node.get().ok_or_else(|| Status::unavailable("this node has not joined yet"))?;
        let shown = request.extensions().get::<Peer>().and_then(|peer| peer.node);
        match shown {
            Some(NodeName { cluster, node: from }) if cluster == node.identity().cluster_id => Ok((node, from)),
            _ => Err(Status::permission_denied("the caller is no member of this cluster")),
        }
    }
}

fn stopped(error: impl std::fmt::Display) -> Status {
    Status::unavailable(error.to_string())
}

type Responses = Pin<Box<dyn Stream<Item = Result<AppendResponse, Status>> + Send>>;

#[tonic::async_trait]
impl<R: Replica> Raft for Service<R> {
    type AppendStream = Responses;

    async fn append(&self, request: Request<Streaming<AppendRequest>>) -> Result<Response<Responses>, Status> {
        let (node, from) = self.for_member(&request)?;
        let (requests, broken) = decoded(request.into_inner(), node.heard().stream_of(from));
        let answers = node.raft().stream_append(Box::pin(requests));
        let answers = answers.map(|answer| answer.map(convert::appended).map_err(stopped));
        let broken = stream::once(broken).filter_map(|broken| async { broken.ok().map(Err) });
        Ok(Response::new(Box::pin(answers.chain(broken))))
    }

    async fn vote(&self, request: Request<VoteRequest>) -> Result<Response<VoteResponse>, Status> {
        let (node, _) = self.for_member(&request)?;
        let request = convert::from_vote_request(request.into_inner())?;
        let (term, last) = (request.vote.leader_id.term, request.last_log_id);
        let answer = node.raft().vote(request).await.map_err(stopped)?;
        if !answer.vote_granted && answer.last_log_id > last {
            node.heard().refuse(term);
        }
        Ok(Response::new(convert::vote_response(&answer)))
    }

    async fn pre_vote(&self, request: Request<VoteRequest>) -> Result<Response<VoteResponse>, Status> {
        let (node, _) = self.for_member(&request)?;
        let answer = node.raft().pre_vote(convert::from_vote_request(request.into_inner())?).await.map_err(stopped)?;
        Ok(Response::new(convert::vote_response(&answer)))
    }

    async fn transfer_leader(&self, request: Request<TransferRequest>) -> Result<Response<TransferResponse>, Status> {
        let (node, _) = self.for_member(&request)?;
        let answer = node.raft().handle_transfer_leader(convert::from_transfer(request.into_inner())?).await.map_err(stopped)?;
        Ok(Response::new(convert::transferred(answer)))
    }

    async fn ledger_ends(&self, request: Request<LedgerEndsRequest>) -> Result<Response<LedgerEndsResponse>, Status> {
        let (node, _) = self.for_member(&request)?;
        let ledgers = node.ledgers();
        let newest = move || ledgers.range(Space::Audit, 0..u64::MAX, Order::Descending, 1);
        let newest = tokio::task::spawn_blocking(newest).await.map_err(stopped)?.map_err(stopped)?;
        // What is beyond the state came with a snapshot that was never installed, and may be of a cluster that is no more.
        let audit = newest.first().map_or(0, |(key, _)| key + 1).min(node.audited());
        Ok(Response::new(LedgerEndsResponse { audit }))
    }

    async fn install_snapshot(&self, request: Request<Streaming<SnapshotPart>>) -> Result<Response<SnapshotResponse>, Status> {
        let (node, from) = self.for_member(&request)?;
        let mut parts = request.into_inner();
        let Some(Part::Head(head)) = parts.message().await?.and_then(|part| part.part) else {
            return Err(Status::invalid_argument("a snapshot begins with its head"));
        };
        let vote = convert::from_vote(head.vote)?;
        let meta = codec::decode_meta(&head.meta).map_err(|error| Status::invalid_argument(error.to_string()))?;
        tracing::info!(from, index = meta.last_log_id.map_or(0, |id| id.index), bytes = head.length, "a snapshot is coming in");
        let snapshot = receive(node, head.length, meta.clone(), parts).await?;
        let snapshot = snapshot.map_err(|error| {
            tracing::warn!(from, %error, "a snapshot that came in is refused");
            Status::aborted(format!("the snapshot cannot be kept: {error}"))
        })?;
        let answer = node.raft().install_full_snapshot(vote, Snapshot { meta, snapshot }).await.map_err(stopped)?;
        Ok(Response::new(SnapshotResponse { vote: Some(convert::vote(&answer.vote)) }))
    }
}

/// The requests, until the connection breaks or one cannot be understood; then the second part says why.
fn decoded(
    incoming: Streaming<AppendRequest>,
    from: StreamOf,
) -> (impl Stream<Item = AppendEntriesRequest<TypeConfig>> + Send + 'static, oneshot::Receiver<Status>) {
    let (tell, broken) = oneshot::channel();
    let requests = stream::unfold((incoming, tell, from, 0_u64), |(mut incoming, tell, from, count)| async move {
        match incoming.message().await.and_then(|request| request.map(convert::from_append).transpose()) {
            Ok(Some(request)) => Some((request, (incoming, tell, from, count + 1))),
            Ok(None) => {
                // A caller that goes away cancels its streams, which looks like an end; a heartbeat is one request.
                if count <= 1 {
                    from.finish();
                }
                None
            }
            Err(status) => {
                let _ = tell.send(status); // nobody waits any more when the caller has gone
                None
            }
        }
    });
    (requests, broken)
}

/// Writes a snapshot to disk as it comes in, off the workers, and verifies it. The inner result is that of what came, the outer one
/// that of its coming.
async fn receive<R: Replica>(
    node: &Opened<R>,
    length: u64,
    meta: SnapshotMeta,
    mut parts: Streaming<SnapshotPart>,
) -> Result<io::Result<SnapshotFile>, Status> {
    let (forward, waiting) = mpsc::channel(WAITING);
    let snapshots = Arc::clone(node.snapshots());
    let writing = tokio::task::spawn_blocking(move || write(Incoming::begin(&snapshots, length)?, &meta, waiting));
    while let Some(part) = parts.message().await? {
        if forward.send(part).await.is_err() {
            break;
        }
    }
    drop(forward);
    writing.await.map_err(stopped)
}

fn write(mut incoming: Incoming, meta: &SnapshotMeta, mut parts: mpsc::Receiver<SnapshotPart>) -> io::Result<SnapshotFile> {
    while let Some(part) = parts.blocking_recv() {
        match part.part {
            Some(Part::File(bytes)) => incoming.part(&bytes)?,
            Some(Part::Records(records)) => {
                let space = u8::try_from(records.space).map_err(engine::damaged)?;
                records.records.iter().try_for_each(|record| incoming.record(space, record.key, &record.value))?;
            }
            Some(Part::End(true)) => return incoming.finish(meta),
            _ => return Err(engine::damaged("an unknown part of a snapshot")),
        }
    }
    Err(engine::damaged("a snapshot ends too soon"))
}
