//! Reading while the writer goes on.

use std::io;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;

use super::index::Index;
use crate::raft::engine::{LedgerReader, Order, Space, closed, in_order, lay_over};

/// The index as writer and readers share it; `None` once the engine is closed.
#[derive(Clone)]
pub struct Shared(Arc<RwLock<Option<Index>>>);

/// The index while nobody changes it.
pub struct Seen<'a>(RwLockReadGuard<'a, Option<Index>>);

impl Seen<'_> {
    /// The index.
    ///
    /// # Errors
    /// The engine is closed.
    pub fn index(&self) -> io::Result<&Index> {
        self.0.as_ref().ok_or_else(closed)
    }
}

impl Shared {
    /// Shares an index.
    pub fn new(index: Index) -> Self {
        Self(Arc::new(RwLock::new(Some(index))))
    }

    /// To read.
    pub fn see(&self) -> Seen<'_> {
        Seen(self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn lock(&self) -> RwLockWriteGuard<'_, Option<Index>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// To change.
    ///
    /// # Errors
    /// The engine is closed, or what `change` says.
    pub fn change<T>(&self, change: impl FnOnce(&mut Index) -> io::Result<T>) -> io::Result<T> {
        self.lock().as_mut().ok_or_else(closed).and_then(change)
    }

    /// Takes it from the readers.
    pub fn close(&self) {
        *self.lock() = None;
    }
}

/// Reads the journal and the ledgers' store.
pub struct JournalReader {
    /// The index.
    pub shared: Shared,
    /// The ledgers' store.
    pub ledgers: Arc<dyn LedgerReader>,
}

impl LedgerReader for JournalReader {
    fn get(&self, space: Space, key: u64) -> io::Result<Option<Bytes>> {
        let found = self.range(space, key..key.saturating_add(1), Order::Ascending, 1)?;
        Ok(found.into_iter().next().map(|(_, value)| value))
    }

    fn range(&self, space: Space, keys: Range<u64>, order: Order, limit: usize) -> io::Result<Vec<(u64, Bytes)>> {
        if keys.is_empty() {
            self.shared.see().index()?;
            return Ok(Vec::new());
        }
        match space {
            Space::Log => self.logs(keys, order, limit),
            Space::Meta => Ok(in_order(self.shared.see().index()?.metas(keys), order, limit)),
            Space::Audit | Space::Messages => self.ledgers(space, keys, order, limit),
        }
    }
}

impl JournalReader {
    fn logs(&self, keys: Range<u64>, order: Order, limit: usize) -> io::Result<Vec<(u64, Bytes)>> {
        let lying = in_order(self.shared.see().index()?.logs(keys), order, limit);
        lying.into_iter().map(|(key, lying)| Ok((key, lying?.read()?))).collect()
    }

    fn ledgers(&self, space: Space, keys: Range<u64>, order: Order, limit: usize) -> io::Result<Vec<(u64, Bytes)>> {
        // What waits first: it reaches the store before it leaves the index, so nothing falls between the two looks.
        let (waiting, mut left) = {
            let seen = self.shared.see();
            (seen.index()?.waiting(space, &keys), seen.index()?.left(space, keys))
        };
        if order == Order::Descending {
            left.reverse();
        }
        let wanted = limit.saturating_add(waiting.len());
        let mut stored = Vec::new();
        for piece in left {
            stored.extend(self.ledgers.range(space, piece, order, wanted - stored.len())?);
        }
        Ok(lay_over(stored, waiting, order, limit))
    }
}
