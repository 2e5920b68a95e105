//! The seam to the disk: an ordered store of byte records, written in atomic batches by one thread and read from any.
//!
//! An engine knows nothing of Raft. It promises three things: a batch is applied whole or not at all, also across a power
//! loss; after [`LogEngine::sync`] returns `Ok`, every batch written before it survives one; and what it hands out is what
//! was put in, or an error.

mod journal;
mod mark;
mod memory;
mod record;
mod redb;
mod sled;

pub use self::journal::JournalEngine;
pub use self::memory::MemoryDisk;
pub use self::redb::RedbEngine;
pub use self::sled::SledEngine;

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

/// A key space of its own inside the one store, so that all of them share its batches and its sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Space {
    /// Raft log entries by index.
    Log = 1,
    /// A few small records under fixed keys: the vote, the committed and the purged position, the identity. An engine may keep
    /// them in memory, and may refuse more than 4 KiB of them.
    Meta = 2,
    /// The audit ledger.
    Audit = 3,
    /// The message ledger.
    Messages = 4,
}

impl Space {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Log, Self::Meta, Self::Audit, Self::Messages];

    /// Whether keys come one after the other and go from either end, so that an engine may keep neighbours together. Both are
    /// habits, not promises.
    pub fn grows(self) -> bool {
        matches!(self, Self::Log | Self::Audit)
    }

    /// All that grow.
    pub fn growing() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|space| space.grows())
    }
}

/// One change to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Keeps `value` under `key`, replacing what was there.
    Put {
        /// Where.
        space: Space,
        /// Under which key.
        key: u64,
        /// The bytes.
        value: Bytes,
    },
    /// Forgets `key`.
    Delete {
        /// Where.
        space: Space,
        /// Which key.
        key: u64,
    },
    /// Forgets every key of `keys`.
    DeleteRange {
        /// Where.
        space: Space,
        /// Which keys; the end is exclusive.
        keys: Range<u64>,
    },
}

impl Op {
    /// How much it weighs in a batch, in bytes.
    pub fn weight(&self) -> usize {
        match self {
            Self::Put { value, .. } => value.len().saturating_add(RECORD_OVERHEAD),
            Self::Delete { .. } | Self::DeleteRange { .. } => RECORD_OVERHEAD,
        }
    }

    /// About how much an engine writes for it, in bytes. A key that goes costs too: those that it was kept with are written anew.
    pub fn cost(&self) -> usize {
        match self {
            Self::Put { .. } => self.weight(),
            Self::Delete { .. } => DELETION,
            Self::DeleteRange { keys, .. } => {
                usize::try_from(keys.end.saturating_sub(keys.start)).unwrap_or(usize::MAX).max(1).saturating_mul(DELETION)
            }
        }
    }
}

const RECORD_OVERHEAD: usize = 32;

/// What it costs to forget a key, in bytes.
const DELETION: usize = 512;

/// Changes that happen together, in order: a later one sees the earlier ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The changes.
    pub ops: Vec<Op>,
}

/// In which order a range is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Smallest key first.
    Ascending,
    /// Largest key first.
    Descending,
}

/// The store as its only writer sees it. A method that has failed once leaves the store in doubt: the caller must stop
/// using it (a second `fsync` after a failed one proves nothing).
pub trait LogEngine: Send + 'static {
    /// Applies a batch atomically. Readers see it at once; it survives a power loss only after [`LogEngine::sync`].
    ///
    /// # Errors
    /// The disk failed.
    fn write(&mut self, batch: Batch) -> io::Result<()>;

    /// Makes everything written so far durable.
    ///
    /// # Errors
    /// The disk failed.
    fn sync(&mut self) -> io::Result<()>;

    /// [`LogEngine::write`] and [`LogEngine::sync`], for engines that are quicker when they know that both are wanted.
    ///
    /// # Errors
    /// The disk failed.
    fn write_durably(&mut self, batch: Batch) -> io::Result<()> {
        self.write(batch)?;
        self.sync()
    }

    /// How many bytes it may be given at most before it is synced; a batch that has more by itself is synced at once.
    fn most_unsynced(&self) -> usize {
        usize::MAX
    }

    /// A reader for any thread.
    fn reader(&self) -> Arc<dyn LedgerReader>;

    /// Size on disk in bytes.
    ///
    /// # Errors
    /// The disk failed.
    fn size(&self) -> io::Result<u64>;

    /// Releases the store; readers answer with an error from now on.
    fn close(&mut self);
}

impl LogEngine for Box<dyn LogEngine> {
    fn write(&mut self, batch: Batch) -> io::Result<()> {
        (**self).write(batch)
    }

    fn sync(&mut self) -> io::Result<()> {
        (**self).sync()
    }

    fn write_durably(&mut self, batch: Batch) -> io::Result<()> {
        (**self).write_durably(batch)
    }

    fn most_unsynced(&self) -> usize {
        (**self).most_unsynced()
    }

    fn reader(&self) -> Arc<dyn LedgerReader> {
        (**self).reader()
    }

    fn size(&self) -> io::Result<u64> {
        (**self).size()
    }

    fn close(&mut self) {
        (**self).close();
    }
}

/// Reads records from any thread while the writer goes on.
pub trait LedgerReader: Send + Sync {
    /// The record under `key`.
    ///
    /// # Errors
    /// The disk failed or the record is damaged.
    fn get(&self, space: Space, key: u64) -> io::Result<Option<Bytes>>;

    /// The first `limit` records of `keys` (its end is exclusive) in the given order.
    ///
    /// # Errors
    /// The disk failed or a record is damaged.
    fn range(&self, space: Space, keys: Range<u64>, order: Order, limit: usize) -> io::Result<Vec<(u64, Bytes)>>;
}

/// The error for bytes that are not what was written.
pub fn damaged(what: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("damaged store: {what}"))
}

/// What is found where `waiting` lies over `stored`: its values in place of those, and nothing where it has a deletion. `stored`
/// must have so many records more than the `limit` as `waiting` has, or all there are.
pub(super) fn lay_over(stored: Vec<(u64, Bytes)>, waiting: BTreeMap<u64, Option<Bytes>>, order: Order, limit: usize) -> Vec<(u64, Bytes)> {
    if waiting.is_empty() {
        return stored.into_iter().take(limit).collect();
    }
    let mut all: BTreeMap<u64, Option<Bytes>> = stored.into_iter().map(|(key, value)| (key, Some(value))).collect();
    all.extend(waiting);
    in_order(all.into_iter().filter_map(|(key, value)| value.map(|value| (key, value))), order, limit)
}

/// The first `limit` of what is found in ascending order, in this order.
fn in_order<T>(found: impl DoubleEndedIterator<Item = T>, order: Order, limit: usize) -> Vec<T> {
    match order {
        Order::Ascending => found.take(limit).collect(),
        Order::Descending => found.rev().take(limit).collect(),
    }
}

pub(super) fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the store is closed")
}
