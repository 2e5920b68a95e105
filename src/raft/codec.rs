//! Raft's own records as bytes. Our structs rather than openraft's own serde form, so that stored bytes do not change with
//! a release of the library. The version is the engine's record version.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use bytes::Bytes;
use openraft::EntryPayload;
use openraft::impls::BasicNode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::engine::damaged;
use super::types::{Entry, LeaderId, LogId, Membership, Payload, SnapshotMeta, StoredMembership, Vote};

/// A position in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct At {
    term: u64,
    node: u64,
    index: u64,
}

impl From<LogId> for At {
    fn from(id: LogId) -> Self {
        Self { term: id.leader_id.term, node: id.leader_id.node_id, index: id.index }
    }
}

impl From<At> for LogId {
    fn from(at: At) -> Self {
        Self { leader_id: LeaderId { term: at.term, node_id: at.node }, index: at.index }
    }
}

/// Who takes part: joint sets of voters, and every member's address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    voters: Vec<BTreeSet<u64>>,
    nodes: BTreeMap<u64, String>,
}

impl From<&Membership> for Members {
    fn from(membership: &Membership) -> Self {
        let nodes = membership.nodes().map(|(id, node)| (*id, node.addr.clone())).collect();
        Self { voters: membership.get_joint_config().clone(), nodes }
    }
}

impl TryFrom<Members> for Membership {
    type Error = io::Error;

    fn try_from(members: Members) -> io::Result<Self> {
        if members.voters.is_empty() && members.nodes.is_empty() {
            return Ok(Self::default());
        }
        let nodes: BTreeMap<u64, BasicNode> = members.nodes.into_iter().map(|(id, addr)| (id, BasicNode::new(addr))).collect();
        Self::new(members.voters, nodes).map_err(damaged)
    }
}

/// A membership and the entry that brought it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    at: Option<At>,
    members: Members,
}

impl From<&StoredMembership> for Joined {
    fn from(stored: &StoredMembership) -> Self {
        Self { at: stored.log_id().map(At::from), members: Members::from(stored.membership()) }
    }
}

impl TryFrom<Joined> for StoredMembership {
    type Error = io::Error;

    fn try_from(joined: Joined) -> io::Result<Self> {
        Ok(Self::new(joined.at.map(LogId::from), joined.members.try_into()?))
    }
}

#[derive(Serialize, Deserialize)]
struct StoredVote {
    term: u64,
    node: u64,
    committed: bool,
}

#[derive(Serialize, Deserialize)]
enum Content {
    Blank,
    Proposal(Bytes),
    Members(Members),
}

#[derive(Serialize, Deserialize)]
struct StoredEntry {
    at: At,
    content: Content,
}

/// What a snapshot covers.
#[derive(Serialize, Deserialize)]
struct Covers {
    last: Option<At>,
    membership: Joined,
}

/// What a snapshot covers, as bytes.
pub fn encode_meta(meta: &SnapshotMeta) -> io::Result<Bytes> {
    encode(&Covers { last: meta.last_log_id.map(At::from), membership: Joined::from(&meta.last_membership) })
}

/// What a snapshot covers, from bytes.
pub fn decode_meta(bytes: &[u8]) -> io::Result<SnapshotMeta> {
    let Covers { last, membership } = decode(bytes)?;
    Ok(SnapshotMeta { last_log_id: last.map(LogId::from), last_membership: StoredMembership::try_from(membership)? })
}

/// Encodes any record of this module.
pub fn encode(record: &impl Serialize) -> io::Result<Bytes> {
    postcard::to_stdvec(record).map(Bytes::from).map_err(io::Error::other)
}

/// Decodes a record whole: bytes left over are damage.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> io::Result<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((record, [])) => Ok(record),
        Ok((_, rest)) => Err(damaged(format_args!("{} bytes too many in a record", rest.len()))),
        Err(error) => Err(damaged(error)),
    }
}

/// A position as bytes.
pub fn encode_position(id: LogId) -> io::Result<Bytes> {
    encode(&At::from(id))
}

/// A position from bytes.
pub fn decode_position(bytes: &[u8]) -> io::Result<LogId> {
    decode::<At>(bytes).map(LogId::from)
}

/// A vote as bytes.
pub fn encode_vote(vote: &Vote) -> io::Result<Bytes> {
    encode(&StoredVote { term: vote.leader_id.term, node: vote.leader_id.node_id, committed: vote.committed })
}

/// A vote from bytes.
pub fn decode_vote(bytes: &[u8]) -> io::Result<Vote> {
    let vote: StoredVote = decode(bytes)?;
    Ok(Vote { leader_id: LeaderId { term: vote.term, node_id: vote.node }, committed: vote.committed })
}

/// An entry as bytes.
pub fn encode_entry(entry: &Entry) -> io::Result<Bytes> {
    let content = match &entry.payload {
        EntryPayload::Blank => Content::Blank,
        EntryPayload::Normal(payload) => Content::Proposal(payload.0.clone()),
        EntryPayload::Membership(membership) => Content::Members(Members::from(membership)),
    };
    encode(&StoredEntry { at: entry.log_id.into(), content })
}

/// An entry from bytes; `index` is where it was found.
pub fn decode_entry(index: u64, bytes: &[u8]) -> io::Result<Entry> {
    let stored: StoredEntry = decode(bytes)?;
    if stored.at.index != index {
        return Err(damaged(format_args!("entry {} lies at {index}", stored.at.index)));
    }
    let payload = match stored.content {
        Content::Blank => EntryPayload::Blank,
        Content::Proposal(bytes) => EntryPayload::Normal(Payload(bytes)),
        Content::Members(members) => EntryPayload::Membership(members.try_into()?),
    };
    Ok(Entry { log_id: stored.at.into(), payload })
}
