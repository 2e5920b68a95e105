//! What proposing and reading need of Raft, of the other nodes, and of time: the rules of this floor are written against this
//! and run the same over real nodes and in a simulation.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;

use crate::raft::NodeId;

/// Why something did not come about here and now. Unless it stopped, it is worth another try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsure {
    /// Whoever was asked does not lead, or is not sure to, or cannot be reached; whether it was done is not known.
    Retry,
    /// This node has stopped taking part.
    Stopped(String),
}

/// One node's view of the group.
pub trait Group: Clone + Send + Sync + 'static {
    /// This node.
    fn me(&self) -> NodeId;

    /// Who leads, as far as is known here.
    fn leader(&self) -> Option<NodeId>;

    /// Waits until somebody else may lead, or for a moment: long enough not to be a burden, short enough not to be noticed.
    fn breath(&self) -> impl Future<Output = ()> + Send;

    /// Writes to the log here; the index it was applied at.
    fn write(&self, payload: Bytes) -> impl Future<Output = Result<u64, Unsure>> + Send;

    /// Has this node write to its log.
    fn write_at(&self, leader: NodeId, payload: Bytes) -> impl Future<Output = Result<u64, Unsure>> + Send;

    /// The index that a read which begins now must see, once a majority has confirmed that this node leads.
    fn read_index(&self) -> impl Future<Output = Result<u64, Unsure>> + Send;

    /// Has this node say so.
    fn read_index_at(&self, leader: NodeId) -> impl Future<Output = Result<u64, Unsure>> + Send;

    /// The index that is applied here.
    fn applied(&self) -> u64;

    /// Waits until this index is applied here.
    fn reach(&self, index: u64) -> impl Future<Output = ()> + Send;

    /// Waits until this node has lost the majority; see [`super::Fence`].
    fn fenced(&self) -> impl Future<Output = ()> + Send;

    /// What `work` comes to, unless it takes longer.
    fn within<T: Send>(&self, limit: Duration, work: impl Future<Output = T> + Send) -> impl Future<Output = Option<T>> + Send;
}
