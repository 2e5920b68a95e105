//! Floor 4: who takes part, who is alive, and how proposals and reads reach the log from any node.
//!
//! ```text
//! formation     how a node without data joins, or founds, a cluster
//! group         what proposing and reading need: over real nodes (members, calls, pipe) or simulated ones
//! proposer      proposals from any node        reads      linearizable reads at any node (rounds)
//! presence      this node shows that it lives, fences itself when cut off, announces its lives (contacts, fence)
//! keeper        what the leader does for the cluster: decided by duties, done by leader
//! suspicion     a dead leader's successor does not wait     leaving    one that is told to stop says so
//! relay         parcels from node to node, outside the log
//! status        the cluster as operators see it             service    calls as they come in
//! ```
//!
//! A standalone node is a Raft group of one voter: proposals go to its own log, and what it has applied is the truth.

mod calls;
mod contacts;
mod duties;
mod fence;
pub mod formation;
mod gauges;
mod group;
mod keeper;
mod leader;
mod leaving;
mod members;
mod own;
mod pipe;
mod presence;
mod proposer;
mod reads;
mod relay;
mod rounds;
mod service;
#[cfg(test)]
mod sim;
mod status;
mod suspicion;
mod twins;
mod whole;

pub use calls::Calls;
pub use fence::Fence;
pub use gauges::{Gauges, Reading};
pub use group::{Group, Seat, Unsure};
pub use leader::Undone;
pub use members::Members;
pub use own::Own;
pub use proposer::Proposer;
pub use reads::Reads;
pub use relay::{Relay, RelayService};
pub use service::Service;
pub use status::{MemberStatus, Overview, Told};
pub use whole::Cluster;

/// The cluster cannot answer now; whether a proposal was carried out may be unknown, so a retry must use the same id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// This node has had no contact with a majority for too long.
    #[error("no contact with a majority")]
    NoMajority,
    /// The log did not answer in time.
    #[error("the log did not answer in time")]
    TooSlow,
    /// This node has stopped taking part.
    #[error("this node has stopped: {0}")]
    Stopped(String),
    /// The proposal cannot be written at all.
    #[error("the request is too large for the log")]
    TooLarge,
}
