//! When the leader's connections break and nothing listens where it was, its successor need not wait for the silence to last.
//!
//! A process that dies takes its connections with it at once, while an election timeout has to bear with slow disks. So a
//! broken stream from the leader makes every node knock at the leader's door; only a door that is shut (not one that is slow
//! to open) counts. Then the next in line asks for votes, the one after it a moment later, and so on; whoever has to refuse one
//! that lacks entries stands soon after. Should the leader live after all, an election costs a moment and nothing else.

use std::io;
use std::time::Duration;

use openraft::async_runtime::WatchReceiver;
use openraft::raft::TransferLeaderRequest;
use tokio::time::{sleep, timeout};

use super::group::{Group, Seat};
use super::members::Members;
use crate::actors::Views;
use crate::raft::NodeId;

/// How long each waits for those before it in line,
const TURN: Duration = Duration::from_millis(250);
/// and for others to elect a candidate that this node had to refuse.
const REFUSED: Duration = Duration::from_millis(20);
/// How often a node stands to get beyond the term of such a candidate.
const ATTEMPTS: usize = 4;

/// See the module.
pub struct Suspicion {
    /// The group.
    pub members: Members,
    /// The published state.
    pub views: Views,
}

impl Suspicion {
    /// Watches for broken streams, until the node stops.
    pub async fn run(self) {
        let mut broken = self.members.node().heard().broken();
        while broken.changed().await.is_ok() {
            let (_, node) = *broken.borrow_and_update();
            if self.members.leader() == Some(node) && self.is_gone(node).await {
                tracing::warn!(node, "the leader's connections broke and nothing listens where it was");
                self.succeed(node).await;
            }
        }
    }

    /// Whether the door is shut, for certain.
    async fn is_gone(&self, node: NodeId) -> bool {
        let (Ok(calls), Some(address)) = (self.members.calls(), self.members.address_of(node)) else { return false };
        match calls.dialer().dial(&address.at, calls.name(node)).await {
            Ok(_) => false,
            Err(error) => matches!(
                error.kind(),
                io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe
            ),
        }
    }

    /// Stands for election once it is this node's turn, unless somebody else leads by then.
    async fn succeed(&self, gone: NodeId) {
        let Some(turn) = self.turn(gone) else { return };
        if turn > 0 {
            tokio::select! {
                biased;
                () = self.until(|leader, _| leader != Some(gone)) => return,
                () = self.turn_comes(TURN * turn) => {}
            }
        }
        // The term of a candidate that was refused is spent, for it has voted for itself: this one has to go beyond it.
        for _ in 0..ATTEMPTS {
            let before = self.term();
            self.stand().await;
            let _ = timeout(REFUSED, self.until(|_, term| term > before)).await;
            if *self.members.node().heard().refused().borrow() < self.term() {
                return;
            }
        }
    }

    /// Waits so long, or until a candidate had to be refused and nobody else has elected it.
    async fn turn_comes(&self, wait: Duration) {
        let mut refused = self.members.node().heard().refused();
        // One of an earlier election is of a term that is over.
        let candidate = async { drop(refused.wait_for(|term| *term > self.term()).await) };
        if timeout(wait, candidate).await.is_ok() {
            sleep(REFUSED).await;
        }
    }

    /// Waits for this to be true of the leader that is known and of the term.
    async fn until(&self, condition: impl Fn(Option<NodeId>, u64) -> bool) {
        let mut changes = self.members.node().raft().server_metrics();
        while !condition(self.members.leader(), self.term()) && changes.changed().await.is_ok() {}
    }

    /// Asks for votes in the next term, without asking first whether it would get them: that a leader was heard of lately is
    /// no reason to refuse.
    async fn stand(&self) {
        let (vote, me) = (self.members.node().raft().server_metrics().borrow_watched().vote, self.members.me());
        if let Err(error) = self.members.node().raft().handle_transfer_leader(TransferLeaderRequest::new(vote, me, None)).await {
            tracing::debug!(%error, "no election");
        }
    }

    /// The term this node is in.
    fn term(&self) -> u64 {
        self.members.node().raft().server_metrics().borrow_watched().vote.leader_id.term
    }

    /// How many voters that are up come before this node in line, without the one that is gone.
    fn turn(&self, gone: NodeId) -> Option<u32> {
        let voters = self.members.listed().into_iter().filter(|member| member.voter && member.id != gone);
        let voters: Vec<(NodeId, _)> = voters.filter_map(|member| Some((member.id, member.address?.uuid))).collect();
        let state = self.views.load();
        let mut line = state.nodes.iter().filter_map(|up| voters.iter().find(|(_, uuid)| *uuid == up.node));
        line.position(|(id, _)| *id == self.members.me()).and_then(|turn| u32::try_from(turn).ok())
    }
}
