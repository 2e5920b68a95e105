//! Floor 3: the log, its disk, and the bridge from committed entries to the owners.
//!
//! ```text
//! openraft ── append, vote, committed, purge ──▶ log_store ──▶ writer (one thread) ──▶ engine (sled)
//!          ── committed entries ──▶ state_machine ──▶ the replica (floor 2)
//!                                        ├─ ledger writes ──▶ ledgers ──▶ writer
//!                                        └─ cut ──▶ snapshot (a file)
//! ```

mod codec;
mod compaction;
mod data_dir;
mod engine;
mod identity;
mod ledgers;
mod log_store;
mod network;
mod node;
mod snapshot;
mod state_machine;
#[cfg(test)]
mod tests;
mod types;
mod writer;

pub use data_dir::{Engine, OpenError};
pub use engine::{LedgerReader, MemoryDisk, Order, Space};
pub use identity::Identity;
pub use ledgers::space_of;
pub use node::{Opened, Raft, open};
pub use types::{Answer, NodeId, Payload, TypeConfig};

/// The node of this server.
pub type Node = Opened<crate::actors::Owners>;
