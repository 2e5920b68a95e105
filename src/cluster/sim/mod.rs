//! The rules of this floor and the real state, over real Raft, where time, chance, disks and the network are made up: what
//! takes weeks to go wrong on machines goes wrong here in seconds, and again and again in the same way.
//!
//! ```text
//! run          a seed makes a plan; hosts form a cluster, things go wrong, and in the end all must be well
//! nemesis      what goes wrong              clients      who asks meanwhile
//! operator     takes nodes out
//! world        hosts and their lives        server       a process with all the rules
//! process      Group and Seat               machine      the state under Raft
//! net, link    calls that get lost          disk         writes that get lost
//! witness      sees everything, and objects
//! ```
//!
//! Everything runs on one thread in virtual time: nothing here may use tokio's clock, network, tasks or its `watch` among many,
//! nor threads.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod chance;
mod clients;
mod disk;
mod gate;
mod link;
mod machine;
mod nemesis;
mod net;
mod operator;
mod process;
mod run;
mod server;
mod simulation;
mod types;
mod witness;
mod world;
