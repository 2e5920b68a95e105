//! Starts the real `hearth` binary and knows the service only from outside.
//!
//! This is a test harness: it panics where a test should fail, and says why.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod bench;
pub mod cluster;
pub mod dice;
pub mod history;
pub mod metrics;
pub mod node;
pub mod power;
pub mod proxy;
pub mod rest;
pub mod traffic;

pub use cluster::{Cluster, wait_for};
pub use dice::Dice;
pub use node::{Launched, Node};
pub use rest::{Client, Response};
pub use traffic::{Plan, Record, Traffic};
