//! The types Raft is built with here.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::state::{Outcome, Reply};

/// One proposal as bytes: what it says is no concern of Raft's.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Payload(pub Bytes);

impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({self})")
    }
}

/// What a committed entry answers to whoever proposed it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer(pub Outcome);

impl Answer {
    /// For entries that are not proposals (membership, a new leader's blank one): nobody reads it.
    pub fn nothing() -> Self {
        Self(Ok(Reply::Done))
    }
}

openraft::declare_raft_types!(
    /// The choice of types; the rest is openraft's default (leader ids in "advanced" mode, node ids as numbers).
    pub TypeConfig:
        D = Payload,
        R = Answer,
);

/// A node's number in the group.
pub type NodeId = u64;

/// See [`openraft::LogId`].
pub type LogId = openraft::alias::LogIdOf<TypeConfig>;
/// See [`openraft::Vote`].
pub type Vote = openraft::alias::VoteOf<TypeConfig>;
/// See [`openraft::Entry`].
pub type Entry = openraft::alias::EntryOf<TypeConfig>;
/// Who leads: a term and a node.
pub type LeaderId = openraft::alias::LeaderIdOf<TypeConfig>;
/// See [`openraft::Membership`].
pub type Membership = openraft::Membership<NodeId, openraft::impls::BasicNode>;
/// See [`openraft::StoredMembership`].
pub type StoredMembership = openraft::alias::StoredMembershipOf<TypeConfig>;
/// See [`openraft::SnapshotMeta`].
pub type SnapshotMeta = openraft::alias::SnapshotMetaOf<TypeConfig>;
