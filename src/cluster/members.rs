//! The group as it really is: this node's Raft, and the other members over gRPC.

use std::future::Future;
use std::io;
use std::time::{Duration, Instant};

use bytes::Bytes;
use openraft::async_runtime::WatchReceiver;
use openraft::impls::BasicNode;
use openraft::raft::TransferLeaderRequest;
use openraft::{ChangeMembers, ReadPolicy};
use tokio::time::timeout;
use tonic::Code;
use uuid::Uuid;

use super::calls::Calls;
use super::fence::Fence;
use super::group::{Change, Group, Heir, Lost, Seat, Standing, Unsure, heard_on, unsure};
use super::rounds::Rounds;
use crate::raft::{Address, Heard, Node, NodeId, Payload, Whereabouts};
use crate::wire::cluster::{ContactRequest, JoinRequest, JoinResponse};

/// How long a moment lasts, unless somebody else leads before.
const BREATH: Duration = Duration::from_millis(25);

/// See the module. Clones are handles to the same one.
#[derive(Clone)]
pub struct Members {
    node: Node,
    calls: Option<Calls>,
    fence: Fence,
    rounds: Rounds<Result<u64, Unsure>>,
    begun: Instant,
}

/// A member of the group as the membership names it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its number.
    pub id: NodeId,
    /// Its UUID and where it is reached; a standalone node has none.
    pub address: Option<Address>,
    /// Whether it votes.
    pub voter: bool,
}

impl Members {
    /// A node that is all there is.
    pub fn alone(node: Node) -> Self {
        Self { node, calls: None, fence: Fence::new(true), rounds: Rounds::default(), begun: Instant::now() }
    }

    /// A node among others; its fence is closed until it has been in contact with a majority.
    pub fn among(node: Node, calls: Calls) -> Self {
        Self { node, calls: Some(calls), fence: Fence::new(false), rounds: Rounds::default(), begun: Instant::now() }
    }

    /// This node's Raft.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Whether this node may serve.
    pub fn fence(&self) -> &Fence {
        &self.fence
    }

    /// The way to the other members.
    ///
    /// # Errors
    /// The node stands alone.
    pub fn calls(&self) -> Result<&Calls, Unsure> {
        self.calls.as_ref().ok_or(Unsure::Retry)
    }

    /// The number of the member with this UUID.
    pub fn id_of(&self, uuid: Uuid) -> Option<NodeId> {
        let is_it = |member: &Listed| member.address.as_ref().is_some_and(|address| address.uuid == uuid);
        self.listed().into_iter().find(is_it).map(|member| member.id)
    }

    /// Waits until somebody else is known to lead: who asked the old leader need not wait for its answer.
    async fn replaced(&self, leader: NodeId) {
        let mut metrics = self.node.raft().server_metrics();
        while metrics.borrow_watched().current_leader == Some(leader) {
            heard_on(metrics.changed().await).await;
        }
    }

    async fn confirm(node: Node) -> Result<u64, Unsure> {
        match node.raft().get_read_linearizer(ReadPolicy::ReadIndex).await {
            Ok(read) => Ok(read.read_log_id().index()),
            Err(error) => Err(unsure(error)),
        }
    }
}

impl Group for Members {
    fn me(&self) -> NodeId {
        self.node.identity().node_id
    }

    fn leader(&self) -> Option<NodeId> {
        self.node.raft().server_metrics().borrow_watched().current_leader
    }

    async fn breath(&self) {
        let (before, mut metrics) = (self.leader(), self.node.raft().server_metrics());
        let changed = async {
            while metrics.borrow_watched().current_leader == before {
                heard_on(metrics.changed().await).await;
            }
        };
        let _ = timeout(BREATH, changed).await;
    }

    async fn write(&self, payload: Bytes) -> Result<u64, Unsure> {
        match self.node.raft().client_write(Payload(payload)).await {
            Ok(response) => Ok(response.log_id.index),
            Err(error) => Err(unsure(error)),
        }
    }

    async fn write_at(&self, leader: NodeId, payload: Bytes) -> Result<u64, Unsure> {
        let address = self.address_of(leader).ok_or(Unsure::Retry)?;
        tokio::select! {
            written = self.calls()?.propose(leader, &address, payload) => written,
            () = self.replaced(leader) => Err(Unsure::Retry),
        }
    }

    /// Asked of a majority once for all who come meanwhile. A group of one voter has nobody to ask: nothing commits but here,
    /// and what is committed is applied before it is acknowledged.
    async fn read_index(&self) -> Result<u64, Unsure> {
        if self.node.is_only_voter() {
            return Ok(self.applied());
        }
        let node = self.node.clone();
        self.rounds.join(move || Self::confirm(node)).await
    }

    async fn read_index_at(&self, leader: NodeId) -> Result<u64, Unsure> {
        let address = self.address_of(leader).ok_or(Unsure::Retry)?;
        tokio::select! {
            read = self.calls()?.read_index(leader, &address) => read,
            () = self.replaced(leader) => Err(Unsure::Retry),
        }
    }

    fn applied(&self) -> u64 {
        self.node.progress().applied()
    }

    async fn reach(&self, index: u64) {
        self.node.progress().wait(index).await;
    }

    async fn fenced(&self) {
        self.fence.closed().await;
    }

    async fn within<T: Send>(&self, limit: Duration, work: impl Future<Output = T> + Send) -> Option<T> {
        timeout(limit, work).await.ok()
    }
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Seat for Members {
    fn cluster(&self) -> Uuid {
        self.node.identity().cluster_id
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    fn set_fence(&self, open: bool) {
        self.fence.set(open);
    }

    fn standing(&self) -> Standing {
        let metrics = self.node.raft().metrics();
        let metrics = metrics.borrow_watched();
        let joint = metrics.membership_config.membership().get_joint_config().len() > 1;
        Standing {
            leader: metrics.current_leader,
            term: metrics.current_term,
            last_log: metrics.last_log_index.unwrap_or(0),
            change: Change::of(&metrics.membership_config, &metrics.committed_membership_config, joint),
        }
    }

    fn listed(&self) -> Vec<Listed> {
        let metrics = self.node.raft().server_metrics();
        let membership = metrics.borrow_watched().membership_config.clone();
        let voters: Vec<NodeId> = membership.voter_ids().collect();
        let listed = |(id, node): (&NodeId, _)| Listed { id: *id, address: Address::of(node), voter: voters.contains(id) };
        membership.nodes().map(listed).collect()
    }

    fn whereabouts(&self) -> &Whereabouts {
        self.node.whereabouts()
    }

    fn furthest(&self) -> Option<NodeId> {
        let metrics = self.node.raft().metrics();
        let metrics = metrics.borrow_watched();
        let replication = metrics.replication.as_ref()?;
        let has = |id: NodeId| replication.get(&id).copied().flatten().map(|at| at.index);
        metrics.membership_config.voter_ids().filter(|id| *id != self.me()).max_by_key(|id| has(*id))
    }

    async fn write_blank(&self) -> Result<u64, String> {
        Ok(self.node.raft().write_blank().await.map_err(told)?.log_id.index)
    }

    async fn add_learner(&self, id: NodeId, address: &Address) -> Result<(), String> {
        self.node.raft().add_learner(id, address.node(), false).await.map(drop).map_err(told)
    }

    async fn change(&self, change: ChangeMembers<NodeId, BasicNode>) -> Result<(), String> {
        self.node.raft().change_membership(change, false).await.map(drop).map_err(told)
    }

    async fn transfer(&self, to: NodeId) -> Result<(), String> {
        self.node.raft().trigger().transfer_leader(to).await.map_err(told)
    }

    async fn contact(&self, leader: NodeId, contact: ContactRequest) -> Result<u64, Lost> {
        let for_now = |error: &dyn std::fmt::Debug| Lost::ForNow(format!("{error:?}"));
        let address = self.address_of(leader).ok_or_else(|| for_now(&"the leader has no address"))?;
        let calls = self.calls().map_err(|error| for_now(&error))?;
        calls.contact(leader, &address, contact).await.map_err(|status| match status.code() {
            Code::FailedPrecondition => Lost::TakenOut(status.message().to_owned()),
            _ => {
                self.node.whereabouts().lost(leader);
                Lost::ForNow(status.to_string())
            }
        })
    }

    async fn join(&self, member: NodeId, request: JoinRequest) -> Result<JoinResponse, String> {
        let address = self.address_of(member).ok_or("the node has no address")?;
        let calls = self.calls().map_err(|error| format!("{error:?}"))?;
        calls.join(member, &address, request).await.map_err(told)
    }

    async fn join_via(&self, at: &str, request: JoinRequest) -> Result<JoinResponse, String> {
        let calls = self.calls().map_err(|error| format!("{error:?}"))?;
        calls.join_via(at, request).await.map_err(told)
    }
}

impl Heir for Members {
    fn heard(&self) -> &Heard {
        self.node.heard()
    }

    /// Only a door that is shut counts, not one that is slow to open.
    async fn is_gone(&self, node: NodeId) -> bool {
        let (Ok(calls), Some(address)) = (self.calls(), self.address_of(node)) else { return false };
        match calls.dialer().dial(&address.at, calls.name(node)).await {
            Ok(_) => false,
            Err(error) => matches!(
                error.kind(),
                io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe
            ),
        }
    }

    fn term(&self) -> u64 {
        self.node.raft().server_metrics().borrow_watched().vote.leader_id.term
    }

    async fn led(&self, condition: impl Fn(Option<NodeId>, u64) -> bool + Send) {
        let mut changes = self.node.raft().server_metrics();
        while !condition(self.leader(), self.term()) {
            heard_on(changes.changed().await).await;
        }
    }

    async fn stand(&self) {
        let vote = self.node.raft().server_metrics().borrow_watched().vote;
        if let Err(error) = self.node.raft().handle_transfer_leader(TransferLeaderRequest::new(vote, self.me(), None)).await {
            tracing::debug!(%error, "no election");
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::actors::Owners;
    use crate::config::Store;
    use crate::raft::{self, Begin, Engine};

    /// It goes on for a moment, and asks others to write that it leaves: it must not do so as often as it can.
    #[tokio::test(flavor = "multi_thread")]
    async fn whose_raft_has_stopped_takes_a_breath_all_the_same() {
        let (dir, store) = (tempfile::tempdir().unwrap(), Store::default());
        let owners = Arc::new(Owners::start().unwrap());
        let node = raft::open(dir.path(), Engine::configured(&store), &store, owners, Begin::Alone).await.unwrap();
        let members = Members::alone(node.clone());
        let leader = members.leader().unwrap();
        node.close().await.unwrap();
        let since = Instant::now();
        members.breath().await;
        assert!(since.elapsed() >= BREATH);
        if members.leader() == Some(leader) {
            assert!(timeout(BREATH, members.replaced(leader)).await.is_err(), "nobody else is known to lead");
        }
    }
}
