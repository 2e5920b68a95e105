//! Reads that are the truth: the published state, once it is known to be no older than the read.

use std::sync::Arc;
use std::time::Duration;

use openraft::ReadPolicy;

use crate::actors::Views;
use crate::raft::Node;
use crate::state::State;

use super::Unavailable;

/// How long a read may wait for the log.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads the state of this node.
#[derive(Clone)]
pub struct Reads {
    node: Node,
    views: Views,
}

impl Reads {
    /// Reads what `views` publishes, as far as `node` has applied the log.
    pub fn new(node: Node, views: Views) -> Self {
        Self { node, views }
    }

    /// The state of this node as it is, without asking anybody.
    pub fn local(&self) -> Arc<State> {
        self.views.load_full()
    }

    /// A state that contains every write acknowledged before the call.
    ///
    /// A group of one voter has no one to ask: nothing commits but here, and a write is published before it is acknowledged.
    ///
    /// # Errors
    /// [`Unavailable`] when the leader cannot be reached or is not sure to be it.
    pub async fn linearizable(&self) -> Result<Arc<State>, Unavailable> {
        if !self.node.is_only_voter() {
            let raft = self.node.raft();
            let read = raft.get_read_linearizer(ReadPolicy::ReadIndex).await.map_err(|_| Unavailable::NoLeader)?;
            read.try_await_ready(raft, Some(PATIENCE)).await.map_err(|e| Unavailable::Stopped(e.to_string()))?.map_err(|_| Unavailable::TooSlow)?;
        }
        Ok(self.local())
    }
}
