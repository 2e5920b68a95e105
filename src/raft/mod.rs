//! Floor 3: the log, its disk, and the bridge from committed entries to the owners.

mod codec;
pub mod engine;
mod ledgers;
mod log_store;
mod types;
mod writer;

pub use types::{Answer, Payload, TypeConfig};
