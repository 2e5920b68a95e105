//! When the leader's connections break and nothing listens where it was, its successor need not wait for the silence to last.
//!
//! A process that dies takes its connections with it at once, while an election timeout has to bear with slow disks. So a
//! broken stream from the leader makes every node knock at the leader's door; only a door that is shut (not one that is slow
//! to open) counts. Then the next in line asks for votes, the one after it a moment later, and so on; whoever has to refuse one
//! that lacks entries stands soon after. Should the leader live after all, an election costs a moment and nothing else.

use std::time::Duration;

use super::group::Heir;
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
pub struct Suspicion<G = Members> {
    /// The group.
    pub group: G,
    /// The published state.
    pub views: Views,
}

impl<G: Heir> Suspicion<G> {
    /// Watches for broken streams, until the node stops.
    pub async fn run(self) {
        let mut broken = self.group.heard().broken();
        while broken.changed().await.is_ok() {
            let (_, node) = *broken.borrow_and_update();
            if self.group.leader() == Some(node) && self.group.is_gone(node).await {
                tracing::warn!(node, "the leader's connections broke and nothing listens where it was");
                self.succeed(node).await;
            }
        }
    }

    /// Stands for election once it is this node's turn, unless somebody else leads by then.
    async fn succeed(&self, gone: NodeId) {
        let Some(turn) = self.turn(gone) else { return };
        if turn > 0 {
            tokio::select! {
                biased;
                () = self.group.led(|leader, _| leader != Some(gone)) => return,
                () = self.turn_comes(TURN * turn) => {}
            }
        }
        // The term of a candidate that was refused is spent, for it has voted for itself: this one has to go beyond it.
        for _ in 0..ATTEMPTS {
            let before = self.group.term();
            self.group.stand().await;
            let _ = self.group.within(REFUSED, self.group.led(|_, term| term > before)).await;
            if *self.group.heard().refused().borrow() < self.group.term() {
                return;
            }
        }
    }

    /// Waits so long, or until a candidate had to be refused and nobody else has elected it.
    async fn turn_comes(&self, wait: Duration) {
        let mut refused = self.group.heard().refused();
        // One of an earlier election is of a term that is over.
        let candidate = async { drop(refused.wait_for(|term| *term > self.group.term()).await) };
        if self.group.within(wait, candidate).await.is_some() {
            self.group.until(self.group.now() + REFUSED).await;
        }
    }

    /// How many voters that are up come before this node in line, without the one that is gone.
    fn turn(&self, gone: NodeId) -> Option<u32> {
        let voters = self.group.listed().into_iter().filter(|member| member.voter && member.id != gone);
        let voters: Vec<(NodeId, _)> = voters.filter_map(|member| Some((member.id, member.address?.uuid))).collect();
        let state = self.views.load();
        let mut line = state.nodes.iter().filter_map(|up| voters.iter().find(|(_, uuid)| *uuid == up.node));
        line.position(|(id, _)| *id == self.group.me()).and_then(|turn| u32::try_from(turn).ok())
    }
}
