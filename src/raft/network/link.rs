//! One node's way to another one, for Raft.

use std::future::{self, Future};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use openraft::base::{BoxFuture, BoxStream};
use openraft::errors::{NetworkError, RPCError, ReplicationClosed, StreamingError, Unreachable};
use openraft::network::{RPCOption, RaftNetworkV2};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, StreamAppendResult, TransferLeaderRequest, TransferLeaderResponse, VoteRequest,
    VoteResponse,
};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tonic::{Code, Status};

use super::{Target, convert, snapshot};
use crate::raft::snapshot::SnapshotFile;
use crate::raft::types::{TypeConfig, Vote};
use crate::wire::raft::AppendRequest;

type Error = RPCError<TypeConfig>;
type Appended<'s> = BoxStream<'s, Result<StreamAppendResult<TypeConfig>, Error>>;

/// The way to one node.
pub struct Link {
    target: Option<Target>,
}

impl Link {
    /// Every call says that nobody is there.
    pub(super) fn nowhere() -> Self {
        Self { target: None }
    }

    pub(super) fn to(target: Target) -> Self {
        Self { target: Some(target) }
    }

    fn target(&self) -> Result<&Target, Error> {
        let nobody = || RPCError::Unreachable(Unreachable::from_string("this node stands alone: it knows no way to any other"));
        self.target.as_ref().ok_or_else(nobody)
    }
}

impl Target {
    /// The answer, if it comes in time. Who does not answer may not be where it said.
    async fn within<T>(&self, limit: Duration, call: impl Future<Output = Result<T, Status>>) -> Result<T, Error> {
        let answer = match timeout(limit, call).await {
            Ok(answer) => answer.map_err(|status| failed(&status)),
            Err(_) => Err(RPCError::Unreachable(Unreachable::from_string("no answer in time"))),
        };
        if let Err(RPCError::Unreachable(_)) = &answer {
            self.way.whereabouts.lost(self.node);
        }
        answer
    }
}

/// A node that cannot be reached is left alone for a while; whatever else fails is tried again soon.
fn failed(status: &Status) -> Error {
    match status.code() {
        Code::Unavailable | Code::Unknown | Code::Cancelled => RPCError::Unreachable(Unreachable::from_string(status)),
        _ => RPCError::Network(NetworkError::from_string(status)),
    }
}

impl RaftNetworkV2<TypeConfig> for Link {
    type SnapshotData = SnapshotFile;

    async fn append_entries(&mut self, rpc: AppendEntriesRequest<TypeConfig>, option: RPCOption) -> Result<AppendEntriesResponse<TypeConfig>, Error> {
        let mut answers = self.stream_append(Box::pin(stream::iter([rpc])), option).await?;
        let answer = answers.next().await.unwrap_or_else(|| Err(RPCError::Network(NetworkError::from_string("no answer"))))?;
        Ok(answer.into())
    }

    /// Requests go out as they come; answers come back in their order. While a node cannot be reached openraft waits inside
    /// the stream of requests, so the first one is awaited before anything is dialled: who dials first and fails would be
    /// asked again at once, for ever.
    fn stream_append<'s, S>(&'s mut self, mut requests: S, option: RPCOption) -> BoxFuture<'s, Result<Appended<'s>, Error>>
    where
        S: Stream<Item = AppendEntriesRequest<TypeConfig>> + Send + Unpin + 'static,
    {
        Box::pin(async move {
            let Some(first) = requests.next().await else { return Ok(stream::empty().boxed()) };
            let (target, (outgoing, broken)) = (self.target()?, encoded(stream::iter([first]).chain(requests)));
            let answers = target.within(option.soft_ttl(), target.client().append(outgoing)).await?.into_inner();
            let answers = answers.map(|answer| answer.and_then(convert::from_appended).map_err(|status| failed(&status)));
            Ok(answers.chain(why(broken)).boxed())
        })
    }

    async fn vote(&mut self, rpc: VoteRequest<TypeConfig>, option: RPCOption) -> Result<VoteResponse<TypeConfig>, Error> {
        let target = self.target()?;
        let answer = target.within(option.soft_ttl(), target.client().vote(convert::vote_request(&rpc))).await?;
        convert::from_vote_response(answer.into_inner()).map_err(|status| failed(&status))
    }

    /// openraft's default grants what it cannot ask for.
    async fn pre_vote(&mut self, rpc: VoteRequest<TypeConfig>, option: RPCOption) -> Result<VoteResponse<TypeConfig>, Error> {
        let target = self.target()?;
        let answer = target.within(option.soft_ttl(), target.client().pre_vote(convert::vote_request(&rpc))).await?;
        convert::from_vote_response(answer.into_inner()).map_err(|status| failed(&status))
    }

    async fn transfer_leader(
        &mut self,
        req: TransferLeaderRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<TransferLeaderResponse<TypeConfig>, Error> {
        let target = self.target()?;
        let answer = target.within(option.soft_ttl(), target.client().transfer_leader(convert::transfer(&req))).await?;
        convert::from_transferred(&req, answer.into_inner()).map_err(|status| failed(&status))
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: openraft::alias::SnapshotOf<TypeConfig, SnapshotFile>,
        cancel: impl Future<Output = ReplicationClosed> + Send + 'static,
        option: RPCOption,
    ) -> Result<SnapshotResponse<TypeConfig>, StreamingError<TypeConfig>> {
        let target = self.target()?;
        let (mut client, ledgers) = (target.client(), Arc::clone(&target.way.ledgers));
        let sending = timeout(option.hard_ttl(), snapshot::send(&mut client, ledgers, vote, snapshot));
        tokio::select! {
            closed = cancel => Err(StreamingError::Closed(closed)),
            sent = sending => match sent {
                Ok(answer) => answer.map_err(|status| failed(&status).into()),
                Err(_) => Err(Unreachable::from_string("the snapshot did not get there in time").into()),
            },
        }
    }
}

/// Why the requests ended, if they could not be written for the wire.
type Broken = oneshot::Receiver<io::Error>;

/// The requests as they go out, until one cannot be encoded.
fn encoded(
    requests: impl Stream<Item = AppendEntriesRequest<TypeConfig>> + Send + 'static,
) -> (impl Stream<Item = AppendRequest> + Send + 'static, Broken) {
    let (tell, broken) = oneshot::channel();
    let outgoing = requests.scan(Some(tell), |tell, request| {
        let request = convert::append(&request);
        future::ready(request.map_err(|error| tell.take().map(|tell| tell.send(error))).ok())
    });
    (outgoing, broken)
}

/// The error behind the answers, if there was one.
fn why(broken: Broken) -> impl Stream<Item = Result<StreamAppendResult<TypeConfig>, Error>> + Send {
    stream::once(broken).filter_map(|broken| future::ready(broken.ok().map(|error| Err(RPCError::Network(NetworkError::new(&error))))))
}
