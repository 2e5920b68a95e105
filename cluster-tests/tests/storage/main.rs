//! What the disk holds after a crash, a power cut, damage or a mistake; and how a node starts and stops.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cli;
mod damage;
mod kill;
mod load;
mod logs;
mod power;
mod refusals;
mod scheduling;
mod snapshots;
mod stop;
mod tools;
