//! Reading the log: the newest entries from memory, older ones from the engine.

use std::fmt::Debug;
use std::io;
use std::ops::{Bound, Range, RangeBounds};
use std::sync::Arc;

use futures_util::{Stream, TryStreamExt, stream};
use openraft::storage::RaftLogReader;

use super::LogStore;
use super::tail::weight;
use crate::raft::codec;
use crate::raft::engine::{LedgerReader, Order, Space, damaged};
use crate::raft::types::{Entry, TypeConfig, Vote};

/// How many entries are read from the engine at a time.
const STEP: usize = 256;

/// How much one limited read returns, in bytes.
const BUDGET: usize = 4 * 1024 * 1024;

/// What a read starts with.
struct Plan {
    /// What must come from the engine.
    older: Range<u64>,
    /// What came from memory.
    newer: Vec<Entry>,
}

impl LogStore {
    fn plan(&self, range: &Range<u64>, budget: usize) -> Plan {
        let log = self.log();
        let from = range.start.max(log.first);
        let to = range.end.min(log.next);
        if from >= to {
            return Plan { older: 0..0, newer: Vec::new() };
        }
        let split = log.tail.start().clamp(from, to);
        Plan { older: from..split, newer: if split < to { log.tail.get(split..to, budget) } else { Vec::new() } }
    }

    /// The entries of `range` until they weigh more than `budget` bytes; at least one if there is any.
    async fn read(&self, range: Range<u64>, budget: usize) -> io::Result<Vec<Entry>> {
        loop {
            let Plan { older, newer } = self.plan(&range, budget);
            if older.is_empty() {
                return Ok(newer);
            }
            let engine = Arc::clone(&self.shared.engine);
            let wanted = older.clone();
            let read = tokio::task::spawn_blocking(move || read_engine(&*engine, wanted, budget)).await.map_err(io::Error::other)??;
            match read {
                Read::All(mut entries, left) => {
                    let newer = newer.into_iter().scan(left, |left, entry| {
                        let weight = weight(&entry);
                        let fits = weight <= *left;
                        *left = left.saturating_sub(weight);
                        fits.then_some(entry)
                    });
                    entries.extend(newer);
                    return Ok(entries);
                }
                Read::Budget(entries) => return Ok(entries),
                Read::Hole(at) if self.still_has(&older) => return Err(damaged(format_args!("log entry {at} is missing"))),
                // Purged or truncated while it was read.
                Read::Hole(_) => {}
            }
        }
    }

    fn still_has(&self, range: &Range<u64>) -> bool {
        let log = self.log();
        log.first <= range.start && range.end <= log.next
    }
}

enum Read {
    /// All of them, and what is left of the budget.
    All(Vec<Entry>, usize),
    /// The first of them, as many as the budget allows.
    Budget(Vec<Entry>),
    /// One is missing.
    Hole(u64),
}

fn read_engine(engine: &dyn LedgerReader, range: Range<u64>, budget: usize) -> io::Result<Read> {
    let mut entries = Vec::new();
    let mut left = budget;
    let mut at = range.start;
    while at < range.end {
        let records = engine.range(Space::Log, at..range.end, Order::Ascending, STEP)?;
        if records.is_empty() {
            return Ok(Read::Hole(at));
        }
        for (index, bytes) in records {
            if index != at {
                return Ok(Read::Hole(at));
            }
            let entry = codec::decode_entry(index, &bytes)?;
            let weight = weight(&entry);
            if weight > left && !entries.is_empty() {
                return Ok(Read::Budget(entries));
            }
            left = left.saturating_sub(weight);
            entries.push(entry);
            at += 1;
        }
    }
    Ok(Read::All(entries, left))
}

fn indexes(range: &impl RangeBounds<u64>) -> Range<u64> {
    let start = match range.start_bound() {
        Bound::Included(at) => *at,
        Bound::Excluded(at) => at.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(at) => at.saturating_add(1),
        Bound::Excluded(at) => *at,
        Bound::Unbounded => u64::MAX,
    };
    start..end
}

impl RaftLogReader<TypeConfig> for LogStore {
    async fn try_get_log_entries<RB: RangeBounds<u64> + Clone + Debug + Send>(&mut self, range: RB) -> io::Result<Vec<Entry>> {
        self.read(indexes(&range), usize::MAX).await
    }

    async fn read_vote(&mut self) -> io::Result<Option<Vote>> {
        Ok(self.log().vote)
    }

    async fn limited_get_log_entries(&mut self, start: u64, end: u64) -> io::Result<Vec<Entry>> {
        self.read(start..end, BUDGET).await
    }

    /// In portions, so that applying a long log does not hold all of it in memory.
    async fn entries_stream<RB>(&mut self, range: RB) -> impl Stream<Item = io::Result<Entry>> + Send
    where
        RB: RangeBounds<u64> + Clone + Debug + Send,
    {
        let portions = stream::try_unfold((self.clone(), indexes(&range)), |(store, range)| async move {
            let entries = store.read(range.clone(), BUDGET).await?;
            let Some(last) = entries.last() else {
                return Ok::<_, io::Error>(None);
            };
            let rest = last.log_id.index.saturating_add(1)..range.end;
            Ok(Some((stream::iter(entries.into_iter().map(Ok)), (store, rest))))
        });
        Box::pin(portions.try_flatten())
    }
}
