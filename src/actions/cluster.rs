//! What operators see of the cluster, and do to it.

use crate::cluster::{Overview, Undone};
use crate::raft::NodeId;
use crate::state::Command;
use crate::state::audit::Command as Audit;

use super::{Caller, Fault, Hearth, Invalid, Saying};

impl From<Undone> for Fault {
    fn from(undone: Undone) -> Self {
        match undone {
            Undone::Refused(why) => Invalid::Cluster(why).into(),
            Undone::NotNow(why) => Self::NotNow(why),
        }
    }
}

impl Hearth {
    /// The cluster as its members see themselves; with `checksums` of the state of every node at one index, which costs each of
    /// them a walk over all of it.
    pub async fn cluster_overview(&self, checksums: bool) -> Overview {
        self.parts.cluster.overview(checksums).await
    }

    /// Hands leadership to this voter, or to the one that is furthest; who leads then.
    ///
    /// # Errors
    /// [`Invalid::Cluster`] when there is no such voter; [`Fault::NotNow`].
    pub async fn transfer_leadership(&self, caller: &Caller, to: Option<NodeId>) -> Result<NodeId, Fault> {
        let leader = self.parts.cluster.hand_over(to, false).await?;
        self.note(caller, format!("transferred leadership to node {leader}")).await?;
        Ok(leader)
    }

    /// Takes a node out of the cluster for good.
    ///
    /// # Errors
    /// [`Invalid::Cluster`] when there is no such node or it leads; [`Fault::NotNow`], also while the others could not go on
    /// without it.
    pub async fn remove_node(&self, caller: &Caller, node: NodeId) -> Result<(), Fault> {
        let what = format!("removed node {node} from the cluster");
        // Nothing can be written through a node that has been taken out.
        if self.parts.cluster.members().node().identity().node_id == node {
            self.note(caller, what).await?;
            return Ok(self.parts.cluster.take_out(node, false).await?);
        }
        self.parts.cluster.take_out(node, false).await?;
        self.note(caller, what).await
    }

    /// Makes ready to stop this node: balancers are to send their requests elsewhere, and it does not lead any more. What comes
    /// is still answered.
    ///
    /// # Errors
    /// The cluster cannot answer.
    pub async fn drain_node(&self, caller: &Caller) -> Result<(), Fault> {
        self.note(caller, format!("drained node {}", self.parts.node)).await?;
        self.drain();
        self.parts.cluster.step_aside().await;
        Ok(())
    }

    async fn note(&self, caller: &Caller, what: String) -> Result<(), Fault> {
        self.act(caller, Saying::new(what), Command::Audit(Audit::Note)).await.map(drop)
    }
}
