//! Calls as they come in from other nodes.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use super::calls::LONGEST_MESSAGE;
use super::contacts::{TWICE, hear};
use super::group::{Group, Lost, Seat, confirmed};
use super::leader::Undone;
use super::{Cluster, Members};
use crate::base::ids::process;
use crate::raft::{Identity, NodeId, Payload};
use crate::wire::cluster::cluster_server::{Cluster as Calls, ClusterServer};
use crate::wire::cluster::{
    Answer, Answers, ContactRequest, ContactResponse, JoinRequest, JoinResponse, ProbeRequest, ProbeResponse, Proposals, ReadIndexRequest,
    ReadIndexResponse, RemoveRequest, RemoveResponse, StatusRequest, StatusResponse, TransferRequest, TransferResponse, join_response,
};
use crate::wire::{NodeName, Peer};

/// How many messages of answers wait to be sent.
const WAITING: usize = 64;
/// How many answers go into one message.
const TOGETHER: usize = 256;
/// How long a node may take to be as far as the state that is to be compared.
const MARKED: Duration = Duration::from_secs(5);

/// Answers for this node: before it is open only probes.
pub struct Service {
    cluster: Arc<OnceLock<Cluster>>,
    identity: Arc<OnceLock<Identity>>,
    uuid: Uuid,
    seeds: String,
}

type Done<T> = Result<Response<T>, Status>;

impl Service {
    /// Answers for `cluster` as soon as it is set, and who this node is as soon as `identity` is. A node that has data is in its
    /// cluster while it is still opening: who takes it for a blank one may found another. `uuid` and `seeds` are its own.
    pub fn new(cluster: Arc<OnceLock<Cluster>>, identity: Arc<OnceLock<Identity>>, uuid: Uuid, seeds: String) -> ClusterServer<Self> {
        let service = Self { cluster, identity, uuid, seeds };
        ClusterServer::new(service).max_decoding_message_size(LONGEST_MESSAGE).max_encoding_message_size(LONGEST_MESSAGE)
    }

    fn cluster(&self) -> Result<&Cluster, Status> {
        self.cluster.get().ok_or_else(|| Status::unavailable("this node has not joined yet"))
    }

    /// The cluster, for a caller that has shown to be a node of it.
    fn for_member<T>(&self, request: &Request<T>) -> Result<(&Cluster, NodeId), Status> {
        let cluster = self.cluster()?;
        match request.extensions().get::<Peer>().and_then(|peer| peer.node) {
            Some(NodeName { cluster: id, node }) if id == cluster.members.node().identity().cluster_id => Ok((cluster, node)),
            _ => Err(Status::permission_denied("the caller is no member of this cluster")),
        }
    }
}

fn unavailable(error: impl std::fmt::Debug) -> Status {
    Status::unavailable(format!("{error:?}"))
}

/// What is undone for good is part of the answer; what is undone for now is an error, and the caller tries again.
fn told<T>(done: Result<T, Undone>) -> Result<Result<T, String>, Status> {
    match done {
        Ok(done) => Ok(Ok(done)),
        Err(Undone::Refused(why)) => Ok(Err(why)),
        Err(Undone::NotNow(why)) => Err(Status::unavailable(why)),
    }
}

#[tonic::async_trait]
impl Calls for Service {
    async fn probe(&self, _: Request<ProbeRequest>) -> Done<ProbeResponse> {
        let identity = self.identity.get();
        Ok(Response::new(ProbeResponse {
            cluster: identity.map(|identity| identity.cluster_id.into_bytes().to_vec().into()),
            node: identity.map_or(0, |identity| identity.node_id),
            seeds: self.seeds.clone(),
            uuid: identity.map_or(self.uuid, |identity| identity.uuid).into_bytes().to_vec().into(),
            process: process().into_bytes().to_vec().into(),
        }))
    }

    async fn join(&self, request: Request<JoinRequest>) -> Done<JoinResponse> {
        if let Ok((cluster, from)) = self.for_member(&request)
            && from == request.get_ref().node
        {
            if is_copy(&cluster.members, request.get_ref()).await {
                return Ok(Response::new(JoinResponse { result: Some(join_response::Result::Refused(TWICE.to_owned())) }));
            }
            cluster.members.node().whereabouts().said(from, &request.get_ref().address);
        }
        let (cluster, request) = (self.cluster()?, request.into_inner());
        let (members, me) = (&cluster.members, cluster.members.me());
        let leader = members.leader().ok_or_else(|| Status::unavailable("nobody leads"))?;
        if leader != me {
            let at = members.address_of(leader).filter(|_| !request.forwarded).ok_or_else(|| Status::unavailable("not the leader"))?;
            let request = JoinRequest { forwarded: true, ..request };
            return members.calls().map_err(unavailable)?.join(leader, &at, request).await.map(Response::new);
        }
        let answer = cluster.leader.answer(request).await;
        answer.map(Response::new).map_err(|undone| Status::unavailable(undone.to_string()))
    }

    type ProposeStream = Pin<Box<dyn Stream<Item = Result<Answers, Status>> + Send>>;

    async fn propose(&self, request: Request<Streaming<Proposals>>) -> Done<Self::ProposeStream> {
        let (cluster, _) = self.for_member(&request)?;
        let (answers, outgoing) = mpsc::channel(WAITING);
        tokio::spawn(take(cluster.members.clone(), request.into_inner(), answers));
        Ok(Response::new(Box::pin(ReceiverStream::new(outgoing).map(Ok))))
    }

    async fn read_index(&self, request: Request<ReadIndexRequest>) -> Done<ReadIndexResponse> {
        let (cluster, _) = self.for_member(&request)?;
        Ok(Response::new(ReadIndexResponse { index: confirmed(&cluster.members).await }))
    }

    async fn contact(&self, request: Request<ContactRequest>) -> Done<ContactResponse> {
        let (cluster, from) = self.for_member(&request)?;
        match hear(&cluster.members, &cluster.contacts, from, request.into_inner()).await {
            Ok(index) => Ok(Response::new(ContactResponse { index })),
            Err(Lost::TakenOut(why)) => Err(Status::failed_precondition(why)),
            Err(Lost::ForNow(why)) => Err(Status::unavailable(why)),
        }
    }

    async fn status(&self, request: Request<StatusRequest>) -> Done<StatusResponse> {
        let (cluster, _) = self.for_member(&request)?;
        let checksum_at = request.into_inner().checksum_at;
        Ok(Response::new(cluster.own_status(checksum_at, MARKED).await))
    }

    async fn transfer(&self, request: Request<TransferRequest>) -> Done<TransferResponse> {
        let (cluster, _) = self.for_member(&request)?;
        let to = request.into_inner().to;
        Ok(Response::new(match told(cluster.hand_over((to > 0).then_some(to), true).await)? {
            Ok(to) => TransferResponse { refused: None, to },
            Err(why) => TransferResponse { refused: Some(why), to: 0 },
        }))
    }

    async fn remove(&self, request: Request<RemoveRequest>) -> Done<RemoveResponse> {
        let (cluster, _) = self.for_member(&request)?;
        let node = request.into_inner().node;
        Ok(Response::new(RemoveResponse { refused: told(cluster.take_out(node, true).await)?.err() }))
    }
}

/// Whether the member that says where it is also is where it was. That would be another process, if it is not this very one.
async fn is_copy(members: &Members, request: &JoinRequest) -> bool {
    if request.process.is_empty() {
        return false; // a node of a release before
    }
    if request.node == members.me() {
        return request.process != process().as_bytes()[..];
    }
    let (Ok(calls), Some(known)) = (members.calls(), members.address_of(request.node)) else { return false };
    if known.at == request.address {
        return false;
    }
    calls.probe(&known.at).await.is_ok_and(|found| found.uuid == request.uuid && !found.process.is_empty() && found.process != request.process)
}

/// Writes proposals to the log as they come, and answers as they are applied; several messages may be under way.
async fn take(members: Members, mut incoming: Streaming<Proposals>, answers: mpsc::Sender<Answers>) {
    while let Ok(Some(message)) = incoming.message().await {
        let (tickets, payloads): (Vec<u64>, Vec<Payload>) = message.proposals.into_iter().map(|one| (one.ticket, Payload(one.payload))).unzip();
        let Ok(written) = members.node().raft().client_write_many(payloads).await else { return };
        let written = futures_util::stream::iter(tickets).zip(written).map(|(ticket, written)| {
            let index = written.ok().and_then(Result::ok).map(|written| written.log_id.index);
            Answer { ticket, index }
        });
        let answers = answers.clone();
        tokio::spawn(async move {
            let mut together = written.ready_chunks(TOGETHER);
            while let Some(some) = together.next().await {
                if answers.send(Answers { answers: some }).await.is_err() {
                    return;
                }
            }
        });
    }
}
