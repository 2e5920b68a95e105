//! openraft's log storage over the writer: the vote, the log, and how far it is committed and purged.
//!
//! What is asked for is in memory at once; what must be durable goes through the writer's one queue, so a vote and an
//! entry can never change places. Of what is durable when, see each method.

mod reader;
mod recover;
mod sweep;
mod tail;

use std::io;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use openraft::storage::{IOFlushed, LogState, RaftLogStorage};

use super::codec;
use super::engine::{LedgerReader, Op, Space};
use super::types::{Entry, LogId, TypeConfig, Vote};
use super::writer::{Callback, Job, Writer};

use self::recover::{META_COMMITTED, META_PURGED, META_VOTE};
pub use self::recover::{META_IDENTITY, META_RECOVERED, Recovered};
use self::sweep::Sweeper;
pub use self::tail::Room;
use self::tail::Tail;

/// The log of this node. Clones are handles to the same log.
#[derive(Clone)]
pub struct LogStore {
    shared: Arc<Shared>,
}

struct Shared {
    log: RwLock<Log>,
    engine: Arc<dyn LedgerReader>,
    writer: Writer,
    sweeper: Sweeper,
}

/// What is known of the log without the disk. The entries present are `first..next`.
struct Log {
    vote: Option<Vote>,
    committed: Option<LogId>,
    purged: Option<LogId>,
    last: Option<LogId>,
    first: u64,
    next: u64,
    tail: Tail,
}

impl LogStore {
    /// The log as it was recovered from the engine that `writer` owns and `engine` reads.
    ///
    /// # Errors
    /// The writer has failed.
    pub async fn open(recovered: Recovered, engine: Arc<dyn LedgerReader>, writer: Writer) -> io::Result<Self> {
        writer.check()?;
        let sweeper = Sweeper::start(writer.clone(), recovered.leftover);
        let shared = Shared { log: RwLock::new(recovered.log), engine, writer, sweeper };
        Ok(Self { shared: Arc::new(shared) })
    }

    fn log(&self) -> RwLockReadGuard<'_, Log> {
        self.shared.log.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn log_mut(&self) -> RwLockWriteGuard<'_, Log> {
        self.shared.log.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn meta(key: u64, value: Bytes) -> Op {
    Op::Put { space: Space::Meta, key, value }
}

impl Log {
    fn push(&mut self, entry: Entry) -> io::Result<()> {
        let index = entry.log_id.index;
        if self.first == self.next && self.purged.is_none() {
            // The first entry of a new log says where it begins.
            self.first = index;
            self.next = index;
        }
        if index != self.next {
            let text = format!("entry {index} would leave a hole after {}", self.next.saturating_sub(1));
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        self.next = index + 1;
        self.last = Some(entry.log_id);
        self.tail.push(entry);
        Ok(())
    }

    /// Forgets the entries after `kept`, and says which went.
    fn truncate(&mut self, kept: Option<LogId>) -> std::ops::Range<u64> {
        let from = kept.map_or(0, |id| id.index + 1).max(self.first);
        let gone = from..self.next.max(from);
        if !gone.is_empty() {
            self.tail.truncate(from);
            self.next = from;
            self.last = if from > self.first { kept } else { self.purged };
        }
        gone
    }

    /// Forgets the entries up to `upto`, and says which went.
    fn purge(&mut self, upto: LogId) -> std::ops::Range<u64> {
        let first = self.first;
        let end = upto.index + 1;
        self.purged = self.purged.max(Some(upto));
        if self.last.is_none_or(|last| last.index <= upto.index) {
            self.last = Some(upto);
        }
        let gone = first..end.min(self.next).max(first);
        self.first = self.first.max(end);
        self.next = self.next.max(end);
        self.tail.drop_before(end);
        gone
    }
}

impl RaftLogStorage<TypeConfig> for LogStore {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> io::Result<LogState<TypeConfig>> {
        let log = self.log();
        Ok(LogState { last_purged_log_id: log.purged, last_log_id: log.last })
    }

    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }

    /// Durable when it returns: a node that forgets a vote can vote twice in one term.
    async fn save_vote(&mut self, vote: &Vote) -> io::Result<()> {
        self.shared.writer.write(vec![meta(META_VOTE, codec::encode_vote(vote)?)]).await?;
        self.log_mut().vote = Some(*vote);
        Ok(())
    }

    /// Rides along with the next sync: losing the newest value only means applying fewer entries at start.
    async fn save_committed(&mut self, committed: Option<LogId>) -> io::Result<()> {
        self.log_mut().committed = committed;
        let op = match committed {
            Some(id) => meta(META_COMMITTED, codec::encode_position(id)?),
            None => Op::Delete { space: Space::Meta, key: META_COMMITTED },
        };
        self.shared.writer.submit(Job { ops: vec![op], ..Job::default() }).await
    }

    async fn read_committed(&mut self) -> io::Result<Option<LogId>> {
        Ok(self.log().committed)
    }

    /// Readable when it returns, durable when `callback` is told so.
    async fn append<I>(&mut self, entries: I, callback: IOFlushed<TypeConfig>) -> io::Result<()>
    where
        I: IntoIterator<Item = Entry> + Send,
        I::IntoIter: Send,
    {
        let mut ops = Vec::new();
        let next = {
            let mut log = self.log_mut();
            for entry in entries {
                let value = codec::encode_entry(&entry)?;
                ops.push(Op::Put { space: Space::Log, key: entry.log_id.index, value });
                log.push(entry)?;
            }
            log.next
        };
        let shared = Arc::clone(&self.shared);
        let written = Box::new(move || shared.log.write().unwrap_or_else(PoisonError::into_inner).tail.written(next));
        let done: Callback = Box::new(move |result| callback.io_completed(result));
        self.shared.writer.submit(Job { ops, durable: true, written: Some(written), done: Some(done) }).await
    }

    /// Durable when it returns: what follows may be the install of a snapshot, whose file is synced apart from the log, and
    /// a crash must not bring the old entries back behind it. Having waited, no earlier append is still to be written.
    async fn truncate_after(&mut self, last_log_id: Option<LogId>) -> io::Result<()> {
        let gone = self.log_mut().truncate(last_log_id);
        if gone.is_empty() {
            return Ok(());
        }
        self.shared.writer.write(vec![Op::DeleteRange { space: Space::Log, keys: gone }]).await
    }

    /// Need not be durable: the mark is on its way before the first deletion, and entries left below it are harmless.
    async fn purge(&mut self, log_id: LogId) -> io::Result<()> {
        let (gone, purged) = {
            let mut log = self.log_mut();
            (log.purge(log_id), log.purged.unwrap_or(log_id))
        };
        let ops = vec![meta(META_PURGED, codec::encode_position(purged)?)];
        self.shared.writer.submit(Job { ops, ..Job::default() }).await?;
        self.shared.sweeper.delete(gone);
        Ok(())
    }
}
