//! Floor 4: who takes part, and how a proposal reaches the log from here.
//!
//! A standalone node is a Raft group of one voter: proposals go to its own log, and what it has applied is the truth.

mod proposer;
mod reads;

pub use proposer::{Proposer, Unavailable};
pub use reads::Reads;
