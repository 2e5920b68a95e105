//! Floor 3: the log, its disk, and the bridge from committed entries to the owners.

mod codec;
pub mod engine;
mod compaction;
mod ledgers;
mod log_store;
mod network;
mod snapshot;
mod state_machine;
mod types;
mod writer;

pub use types::{Answer, Payload, TypeConfig};
