//! When the leader's connections break and nothing listens where it was, its successor need not wait for the silence to last.
//!
//! A process that dies takes its connections with it at once, while an election timeout has to bear with slow disks. So a
//! broken stream from the leader makes every node knock at the leader's door; only a door that is shut (not one that is slow
//! to open) counts. Then the next in line asks for votes, the one after it a moment later, and so on. Should the leader live
//! after all, an election costs a moment and nothing else.

use std::io;
use std::time::Duration;

use openraft::async_runtime::WatchReceiver;
use openraft::raft::TransferLeaderRequest;
use tokio::time::timeout;

use super::group::{Group, Seat};
use super::members::Members;
use crate::actors::Views;
use crate::raft::NodeId;

/// How long each waits for those before it in line.
const TURN: Duration = Duration::from_millis(250);

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
        let raft = self.members.node().raft();
        let mut changes = raft.server_metrics();
        let replaced = async { while changes.borrow_watched().current_leader == Some(gone) && changes.changed().await.is_ok() {} };
        if turn > 0 && timeout(TURN * turn, replaced).await.is_ok() {
            return;
        }
        let (vote, me) = (raft.server_metrics().borrow_watched().vote, self.members.me());
        if let Err(error) = raft.handle_transfer_leader(TransferLeaderRequest::new(vote, me, None)).await {
            tracing::debug!(%error, "no election");
        }
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
