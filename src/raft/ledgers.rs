//! The ledgers: what only grows and is never held in memory (the audit log, message bodies).
//!
//! Applying an entry yields ledger writes. They wait in the writer's queue while the entry's answer may already go out, so
//! what waits is kept here and laid over what the engine has: whoever was answered finds what was written.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;

use super::engine::{LedgerReader, Op, Order, Space, lay_over};
use super::pace::Pace;
use super::snapshot::LedgerFile;
use super::writer::{Job, Writer};
use crate::state::{Ledger, LedgerPut};

/// How much of what came with a snapshot is written at a time, in bytes,
const BATCH: usize = 256 * 1024;
/// and how many times as long as that took the next is waited with: other nodes may write to the same disk.
const REST: u32 = 1;

/// How many messages are looked at at a time to see whether they came.
const STEP: usize = 128;

/// Writes to ledgers, and reads what has been written or is about to be.
#[derive(Clone)]
pub struct Ledgers {
    engine: Arc<dyn LedgerReader>,
    waiting: Arc<RwLock<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    /// What the engine may not have yet, by place: the write's number and its value, `None` for a deletion.
    values: BTreeMap<(Space, u64), (u64, Option<Bytes>)>,
    next: u64,
}

/// Writes that readers see already and that are to be queued.
#[derive(Debug, Default)]
pub struct Laid {
    number: u64,
    ops: Vec<Op>,
}

/// The space a ledger lives in.
pub fn space_of(ledger: Ledger) -> Space {
    match ledger {
        Ledger::Audit => Space::Audit,
        Ledger::Messages => Space::Messages,
    }
}

impl Ledgers {
    /// Lays the ledgers over what the engine has.
    pub fn new(engine: Arc<dyn LedgerReader>) -> Self {
        Self { engine, waiting: Arc::default() }
    }

    /// Takes in the records that came with a snapshot, beside what is there: as long as the snapshot is not the newest, the state is
    /// one that needs the messages of before, and an id is never used twice. Durable when it returns.
    ///
    /// # Errors
    /// The writer has failed or is stopped, or the records are damaged.
    pub async fn take_in(&self, writer: &Writer, came: LedgerFile) -> io::Result<()> {
        let runtime = tokio::runtime::Handle::current();
        let writer = writer.clone();
        let write = move || {
            let mut ops = Vec::new();
            let (mut pace, mut size) = (Pace::of(REST), 0);
            for record in came.records()? {
                let (space, key, value) = record?;
                size += value.len();
                ops.push(Op::Put { space, key, value });
                if size > BATCH {
                    size = 0;
                    runtime.block_on(writer.write(std::mem::take(&mut ops)))?;
                    pace.rest();
                }
            }
            runtime.block_on(writer.write(ops))
        };
        tokio::task::spawn_blocking(write).await.map_err(io::Error::other)?
    }

    /// Forgets the messages that did not come with a snapshot, once that is the newest. Those that a crash leaves take room until
    /// the next one comes, and nothing else: a message is found by its id, and the state names none of theirs.
    ///
    /// # Errors
    /// The writer has failed or is stopped, or the disk failed.
    pub async fn forget_others(&self, writer: &Writer, came: LedgerFile) -> io::Result<()> {
        let runtime = tokio::runtime::Handle::current();
        let (engine, writer) = (Arc::clone(&self.engine), writer.clone());
        let forget = move || {
            let (mut came, mut pace, mut from) = (Ascending::of(came.messages()?)?, Pace::of(REST), 0);
            loop {
                let found = engine.range(Space::Messages, from..u64::MAX, Order::Ascending, STEP)?;
                let Some((last, _)) = found.last() else { return Ok(()) };
                from = last + 1;
                let mut ops = Vec::new();
                for (key, _) in found {
                    if !came.has(key)? {
                        ops.push(Op::Delete { space: Space::Messages, key });
                    }
                }
                if !ops.is_empty() {
                    runtime.block_on(writer.write(ops))?;
                }
                pace.rest();
            }
        };
        tokio::task::spawn_blocking(forget).await.map_err(io::Error::other)?
    }

    /// Takes writes: readers of this see them from here on. They must be queued with [`Ledgers::queue`], in the same order.
    pub fn lay(&self, puts: Vec<LedgerPut>) -> Laid {
        let mut waiting = self.waiting.write().unwrap_or_else(PoisonError::into_inner);
        let number = waiting.next;
        waiting.next += 1;
        let mut ops = Vec::with_capacity(puts.len());
        for put in puts {
            let (space, key) = (space_of(put.ledger), put.key);
            let value = put.value.map(Bytes::from);
            waiting.values.insert((space, key), (number, value.clone()));
            ops.push(match value {
                Some(value) => Op::Put { space, key, value },
                None => Op::Delete { space, key },
            });
        }
        Laid { number, ops }
    }

    /// Queues what has been laid.
    ///
    /// # Errors
    /// The writer has failed or is stopped.
    pub async fn queue(&self, writer: &Writer, Laid { number, ops }: Laid) -> io::Result<()> {
        if ops.is_empty() {
            return writer.check();
        }
        let places: Vec<_> = ops.iter().filter_map(place_of).collect();
        let waiting = Arc::clone(&self.waiting);
        let written = Box::new(move || lift(&waiting, number, &places));
        writer.submit(Job { ops, durable: false, written: Some(written), done: None }).await
    }

    fn waiting_in(&self, space: Space, keys: &Range<u64>) -> BTreeMap<u64, Option<Bytes>> {
        if keys.is_empty() {
            return BTreeMap::new();
        }
        let waiting = self.waiting.read().unwrap_or_else(PoisonError::into_inner);
        let found = waiting.values.range((space, keys.start)..(space, keys.end));
        found.map(|((_, key), (_, value))| (*key, value.clone())).collect()
    }
}

/// Keys in ascending order, read as far as they have been asked for.
struct Ascending<K> {
    keys: K,
    next: Option<u64>,
}

impl<K: Iterator<Item = io::Result<u64>>> Ascending<K> {
    fn of(mut keys: K) -> io::Result<Self> {
        Ok(Self { next: keys.next().transpose()?, keys })
    }

    /// Whether `key` is among them. Asked for keys that ascend.
    fn has(&mut self, key: u64) -> io::Result<bool> {
        while self.next.is_some_and(|next| next < key) {
            self.next = self.keys.next().transpose()?;
        }
        Ok(self.next == Some(key))
    }
}

/// Takes away what the engine has now, unless it has been written anew meanwhile.
fn lift(waiting: &RwLock<Waiting>, number: u64, places: &[(Space, u64)]) {
    let mut waiting = waiting.write().unwrap_or_else(PoisonError::into_inner);
    for place in places {
        if waiting.values.get(place).is_some_and(|(at, _)| *at == number) {
            waiting.values.remove(place);
        }
    }
}

fn place_of(op: &Op) -> Option<(Space, u64)> {
    match op {
        Op::Put { space, key, .. } | Op::Delete { space, key } => Some((*space, *key)),
        Op::DeleteRange { .. } => None,
    }
}

impl LedgerReader for Ledgers {
    fn get(&self, space: Space, key: u64) -> io::Result<Option<Bytes>> {
        let waiting = {
            let waiting = self.waiting.read().unwrap_or_else(PoisonError::into_inner);
            waiting.values.get(&(space, key)).map(|(_, value)| value.clone())
        };
        waiting.map_or_else(|| self.engine.get(space, key), Ok)
    }

    fn range(&self, space: Space, keys: Range<u64>, order: Order, limit: usize) -> io::Result<Vec<(u64, Bytes)>> {
        // What waits first: it reaches the engine before it leaves here, so nothing falls between the two looks.
        let waiting = self.waiting_in(space, &keys);
        let stored = self.engine.range(space, keys, order, limit.saturating_add(waiting.len()))?;
        Ok(lay_over(stored, waiting, order, limit))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::raft::engine::{LogEngine, MemoryDisk};

    #[test]
    fn a_newer_write_is_seen_until_it_is_written_itself() {
        let engine = MemoryDisk::new().open().unwrap();
        let ledgers = Ledgers::new(engine.reader());
        let put = |value: &str| vec![LedgerPut { ledger: Ledger::Audit, key: 5, value: Some(value.into()) }];
        let older = ledgers.lay(put("older"));
        let newer = ledgers.lay(put("newer"));
        lift(&ledgers.waiting, older.number, &[(Space::Audit, 5)]);
        assert_eq!(ledgers.get(Space::Audit, 5).unwrap(), Some("newer".into()));
        lift(&ledgers.waiting, newer.number, &[(Space::Audit, 5)]);
        assert_eq!(ledgers.get(Space::Audit, 5).unwrap(), None, "the engine has nothing in this test");
    }
}
