//! Floor 3: the log, its disk, and the bridge from committed entries to the owners.
//!
//! ```text
//! openraft ── append, vote, committed, purge ──▶ log_store ──▶ writer (one thread) ──▶ engine
//!          ── committed entries ──▶ state_machine ──▶ the replica (floor 2)
//!                                        ├─ ledger writes ──▶ ledgers ──▶ writer
//!                                        └─ cut ──▶ snapshot (a file)
//! ```

mod address;
mod codec;
mod compaction;
mod data_dir;
mod engine;
mod heard;
mod identity;
mod ledgers;
mod log_store;
mod network;
mod node;
mod pace;
mod progress;
mod recovery;
mod server;
mod snapshot;
mod state_machine;
#[cfg(test)]
mod tests;
mod types;
mod whereabouts;
mod writer;

pub use address::Address;
pub use data_dir::{Engine, OpenError};
pub use engine::{LedgerReader, MemoryDisk, Order, Space};
pub use heard::Heard;
pub use identity::Identity;
pub use ledgers::space_of;
pub use network::Peers;
pub use node::{Begin, FOUNDER, Opened, Raft, open, settings};
pub use progress::Progress;
pub use recovery::Survivor;
pub use server::Service;
pub use types::{Answer, LogId, NodeId, Payload, TypeConfig, Vote};
pub use whereabouts::{Whereabouts, places};

/// The node of this server.
pub type Node = Opened<crate::actors::Owners>;
