//! An engine in memory that can lose power: for tests, and for nodes that need not remember.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::{Batch, LedgerReader, LogEngine, Op, Order, Space, closed};

type Records = BTreeMap<(Space, u64), Bytes>;

/// What outlives the engine, as a disk outlives a process.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    durable: Records,
    /// Written, not yet synced.
    unsynced: Vec<Batch>,
    /// What readers see: durable and unsynced together.
    seen: Records,
    /// Engines of an earlier life get errors.
    life: u64,
    open: bool,
    writes: u64,
    syncs: u64,
    fail_write: Option<u64>,
    fail_sync: Option<u64>,
}

impl MemoryDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts an engine on it.
    ///
    /// # Errors
    /// Another engine is using it.
    pub fn open(&self) -> io::Result<MemoryEngine> {
        let mut inner = self.lock();
        if inner.open {
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, "the memory disk is in use"));
        }
        inner.open = true;
        Ok(MemoryEngine { disk: self.clone(), life: inner.life })
    }

    /// Loses power: what was synced stays, and of what was written since, the first `torn` batches do (whole ones, for a
    /// batch is atomic). Engines and readers of before get errors.
    pub fn crash(&self, torn: usize) {
        let mut inner = self.lock();
        let kept = std::mem::take(&mut inner.unsynced);
        for batch in kept.iter().take(torn) {
            apply(&mut inner.durable, batch);
        }
        inner.seen = inner.durable.clone();
        inner.life += 1;
        inner.open = false;
        inner.fail_write = None;
        inner.fail_sync = None;
    }

    /// How many batches are written but not synced.
    pub fn unsynced(&self) -> usize {
        self.lock().unsynced.len()
    }

    /// How many batches have been written in total.
    pub fn writes(&self) -> u64 {
        self.lock().writes
    }

    /// How many syncs have been done in total.
    pub fn syncs(&self) -> u64 {
        self.lock().syncs
    }

    /// Makes the `nth` write from now fail (0 is the next one).
    pub fn fail_write(&self, nth: u64) {
        let mut inner = self.lock();
        inner.fail_write = Some(inner.writes + nth);
    }

    /// Makes the `nth` sync from now fail (0 is the next one).
    pub fn fail_sync(&self, nth: u64) {
        let mut inner = self.lock();
        inner.fail_sync = Some(inner.syncs + nth);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`MemoryDisk`].
#[derive(Debug)]
pub struct MemoryEngine {
    disk: MemoryDisk,
    life: u64,
}

struct MemoryReader {
    disk: MemoryDisk,
    life: u64,
}

impl Inner {
    fn alive(&self, life: u64) -> io::Result<()> {
        if self.life == life && self.open { Ok(()) } else { Err(closed()) }
    }
}

impl LogEngine for MemoryEngine {
    fn write(&mut self, batch: Batch) -> io::Result<()> {
        let mut inner = self.disk.lock();
        inner.alive(self.life)?;
        let nth = inner.writes;
        inner.writes += 1;
        if inner.fail_write == Some(nth) {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "injected: no space left"));
        }
        apply(&mut inner.seen, &batch);
        inner.unsynced.push(batch);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut inner = self.disk.lock();
        inner.alive(self.life)?;
        let nth = inner.syncs;
        inner.syncs += 1;
        if inner.fail_sync == Some(nth) {
            return Err(io::Error::other("injected: sync failed"));
        }
        for batch in std::mem::take(&mut inner.unsynced) {
            apply(&mut inner.durable, &batch);
        }
        Ok(())
    }

    fn reader(&self) -> Arc<dyn LedgerReader> {
        Arc::new(MemoryReader { disk: self.disk.clone(), life: self.life })
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.disk.lock().seen.values().map(|v| v.len() as u64).sum())
    }

    fn close(&mut self) {
        let mut inner = self.disk.lock();
        if inner.life == self.life {
            inner.life += 1;
            inner.open = false;
        }
    }
}

impl Drop for MemoryEngine {
    fn drop(&mut self) {
        self.close();
    }
}

impl LedgerReader for MemoryReader {
    fn get(&self, space: Space, key: u64) -> io::Result<Option<Bytes>> {
        let inner = self.disk.lock();
        inner.alive(self.life)?;
        Ok(inner.seen.get(&(space, key)).cloned())
    }

    fn range(&self, space: Space, keys: Range<u64>, order: Order, limit: usize) -> io::Result<Vec<(u64, Bytes)>> {
        let inner = self.disk.lock();
        inner.alive(self.life)?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let found = inner.seen.range((space, keys.start)..(space, keys.end)).map(|((_, key), value)| (*key, value.clone()));
        Ok(match order {
            Order::Ascending => found.take(limit).collect(),
            Order::Descending => found.rev().take(limit).collect(),
        })
    }
}

fn apply(records: &mut Records, batch: &Batch) {
    for op in &batch.ops {
        match op {
            Op::Put { space, key, value } => {
                records.insert((*space, *key), value.clone());
            }
            Op::Delete { space, key } => {
                records.remove(&(*space, *key));
            }
            Op::DeleteRange { space, keys } if !keys.is_empty() => {
                let gone: Vec<_> = records.range((*space, keys.start)..(*space, keys.end)).map(|(place, _)| *place).collect();
                for place in gone {
                    records.remove(&place);
                }
            }
            Op::DeleteRange { .. } => {}
        }
    }
}
