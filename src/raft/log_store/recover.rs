//! What the engine holds at start, checked record by record: a damaged or incomplete log is refused, never mended.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;

use bytes::Bytes;
use openraft::EntryPayload;
use openraft::impls::BasicNode;

use super::Log;
use super::tail::{Room, Tail};
use crate::raft::codec;
use crate::raft::engine::{LedgerReader, Op, Order, Space, damaged};
use crate::raft::types::{Entry, LeaderId, LogId, Membership, NodeId, Vote};

/// Where the vote is.
pub(super) const META_VOTE: u64 = 1;
/// Where the committed position is.
pub(super) const META_COMMITTED: u64 = 2;
/// Where the purged position is.
pub(super) const META_PURGED: u64 = 3;
/// Where the node's identity is, to be compared with its identity file.
pub const META_IDENTITY: u64 = 4;
/// Where the identity is that the node had before it was recovered, if it was.
pub const META_RECOVERED: u64 = 5;

const STEP: usize = 512;

/// A log found on disk.
pub struct Recovered {
    pub(super) log: Log,
    /// Where entries are that are purged but not deleted. Empty, it begins where the log does.
    pub(super) leftover: Range<u64>,
    /// What is at [`META_IDENTITY`].
    pub identity: Option<Bytes>,
    /// What is at [`META_RECOVERED`].
    pub before: Option<Bytes>,
}

impl Recovered {
    /// Reads the whole log once. Blocks.
    ///
    /// # Errors
    /// The disk failed, or the log is damaged.
    pub fn read(engine: &dyn LedgerReader, room: Room) -> io::Result<Self> {
        let get = |key| engine.get(Space::Meta, key);
        let position = |key| -> io::Result<Option<LogId>> { get(key)?.map(|bytes| codec::decode_position(&bytes)).transpose() };
        let purged = position(META_PURGED)?;
        let first = purged.map_or(0, |id| id.index + 1);
        let mut log = Log {
            vote: get(META_VOTE)?.map(|bytes| codec::decode_vote(&bytes)).transpose()?,
            committed: position(META_COMMITTED)?,
            purged,
            last: purged,
            first,
            next: first,
            tail: Tail::new(first, room),
        };
        log.load(engine)?;
        let leftover = engine.range(Space::Log, 0..first, Order::Ascending, 1)?.first().map_or(first, |(key, _)| *key)..first;
        Ok(Self { log, leftover, identity: get(META_IDENTITY)?, before: get(META_RECOVERED)? })
    }

    /// The index up to which the log has been forgotten.
    pub fn purged(&self) -> Option<u64> {
        self.log.purged.map(|id| id.index)
    }

    /// The last entry.
    pub fn last(&self) -> Option<LogId> {
        self.log.last
    }

    /// What makes this log that of a group of these members, all voting, with all that is known up to `last`, the end of the log or
    /// of a snapshot beyond it: a membership that says so comes next, as a leader of a term would have written it that nobody has
    /// heard of.
    ///
    /// # Errors
    /// The records cannot be written as bytes.
    pub fn given_to(&self, voters: &BTreeMap<NodeId, BasicNode>, leader: NodeId, last: LogId) -> io::Result<Vec<Op>> {
        let voted = self.log.vote.map_or(0, |vote| vote.leader_id.term);
        let term = voted.max(last.leader_id.term).saturating_add(1);
        let members = Membership::new(vec![voters.keys().copied().collect()], voters.clone()).map_err(io::Error::other)?;
        let at = LogId { leader_id: LeaderId { term, node_id: leader }, index: last.index + 1 };
        let entry = Entry { log_id: at, payload: EntryPayload::Membership(members) };
        let put = |space, key, value| Op::Put { space, key, value };
        let mut ops =
            vec![put(Space::Meta, META_VOTE, codec::encode_vote(&Vote::new(term, leader))?), put(Space::Log, at.index, codec::encode_entry(&entry)?)];
        if self.log.last.is_none_or(|own| own.index < last.index) {
            ops.push(put(Space::Meta, META_PURGED, codec::encode_position(last)?));
        }
        Ok(ops)
    }

    /// Whether Raft has never written here.
    pub fn is_empty(&self) -> bool {
        self.log.vote.is_none() && self.log.last.is_none()
    }
}

impl Log {
    fn load(&mut self, engine: &dyn LedgerReader) -> io::Result<()> {
        loop {
            let records = engine.range(Space::Log, self.next..u64::MAX, Order::Ascending, STEP)?;
            if records.is_empty() {
                return Ok(());
            }
            for (index, bytes) in records {
                if index != self.next {
                    return Err(damaged(format_args!("log entries {} to {} are missing", self.next, index.saturating_sub(1))));
                }
                self.push(codec::decode_entry(index, &bytes)?)?;
                self.tail.written(self.next);
            }
        }
    }
}
