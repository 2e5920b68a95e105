//! Raft's types on the simulated runtime: the same as in production but for where it runs.

use openraft_rt_sim::{SimInstant, SimRuntime};
use std::time::Duration;

use openraft::async_runtime::Instant;

use super::machine::Machine;
use crate::raft::{Answer, Payload};

openraft::declare_raft_types!(
    /// See [`crate::raft::TypeConfig`].
    pub Types:
        D = Payload,
        R = Answer,
        AsyncRuntime = SimRuntime,
);

/// openraft's handle.
pub type Raft = openraft::Raft<Types, Machine>;
/// See [`openraft::LogId`].
pub type LogId = openraft::alias::LogIdOf<Types>;
/// See [`openraft::Vote`].
pub type Vote = openraft::alias::VoteOf<Types>;
/// See [`openraft::Entry`].
pub type Entry = openraft::alias::EntryOf<Types>;
/// See [`openraft::SnapshotMeta`].
pub type SnapshotMeta = openraft::alias::SnapshotMetaOf<Types>;
/// See [`openraft::StoredMembership`].
pub type StoredMembership = openraft::alias::StoredMembershipOf<Types>;

/// The time since the simulation began.
pub fn now() -> Duration {
    SimInstant::now().elapsed_since_start()
}
