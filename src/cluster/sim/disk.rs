//! A host's disk: what is written is readable at once and safe only once it is synced; a crash loses the rest.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Debug;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use openraft::AsyncRuntime;
use openraft::storage::{IOFlushed, LogState, RaftLogReader, RaftLogStorage};
use openraft_rt_sim::SimRuntime;
use tokio::sync::{Notify, oneshot};

use super::chance::Chance;
use super::gate::Gate;
use super::machine::Kept;
use super::types::{Entry, LogId, Types, Vote};

/// How long a sync takes on a good disk, in milliseconds,
const SYNC: std::ops::Range<u64> = 0..3;
/// and on a slow one.
const SLOW: std::ops::Range<u64> = 50..700;

/// What lies on a disk.
#[derive(Clone, Default)]
struct Files {
    vote: Option<Vote>,
    committed: Option<LogId>,
    purged: Option<LogId>,
    log: BTreeMap<u64, Entry>,
    snapshot: Option<Kept>,
}

enum Op {
    Vote(Vote),
    Committed(Option<LogId>),
    Append(Entry),
    Truncate(Option<LogId>),
    Purge(LogId),
    Snapshot(Kept),
}

enum Done {
    Nobody,
    Flushed(IOFlushed<Types>),
    Told(oneshot::Sender<()>),
}

struct Platter {
    synced: Files,
    /// With what is not synced yet.
    seen: Files,
    waiting: VecDeque<(Op, Done)>,
    life: u64,
    slow: bool,
}

/// See the module. Clones are handles to the same one.
#[derive(Clone)]
pub struct Disk {
    platter: Arc<Mutex<Platter>>,
    written: Arc<Notify>,
    chance: Chance,
}

/// The disk as one life of its host sees it: after a crash the old one sees nothing.
#[derive(Clone)]
pub struct LogStore {
    disk: Disk,
    life: u64,
}

impl Files {
    fn apply(&mut self, op: &Op) {
        match op {
            Op::Vote(vote) => self.vote = Some(*vote),
            Op::Committed(committed) => self.committed = *committed,
            Op::Append(entry) => drop(self.log.insert(entry.log_id.index, entry.clone())),
            Op::Truncate(kept) => drop(self.log.split_off(&kept.map_or(0, |id| id.index + 1))),
            Op::Purge(upto) => {
                self.purged = self.purged.max(Some(*upto));
                self.log = self.log.split_off(&(upto.index + 1));
            }
            Op::Snapshot(kept) => self.snapshot = Some(kept.clone()),
        }
    }
}

impl Disk {
    /// An empty one.
    pub fn new(chance: Chance) -> Self {
        let platter = Platter { synced: Files::default(), seen: Files::default(), waiting: VecDeque::new(), life: 0, slow: false };
        Self { platter: Arc::new(Mutex::new(platter)), written: Arc::default(), chance }
    }

    fn platter(&self) -> MutexGuard<'_, Platter> {
        self.platter.lock().unwrap()
    }

    /// Makes it slow, or good again.
    pub fn set_slow(&self, slow: bool) {
        self.platter().slow = slow;
    }

    /// Begins a life of the host; what is written is synced while `running`.
    pub fn begin(&self, running: Gate) -> LogStore {
        let life = self.platter().life;
        let store = LogStore { disk: self.clone(), life };
        drop(SimRuntime::spawn(store.clone().sync_all(running)));
        store
    }

    /// Ends a life of the host. Of what was written last any beginning may have got to the disk.
    pub fn crash(&self) {
        let mut platter = self.platter();
        let Platter { synced, seen, waiting, life, .. } = &mut *platter;
        let got_there = usize::try_from(self.chance.within(0..waiting.len() as u64 + 1)).unwrap();
        waiting.drain(..).take(got_there).for_each(|(op, _)| synced.apply(&op));
        *seen = synced.clone();
        *life += 1;
        self.written.notify_one();
    }
}

fn crashed() -> io::Error {
    io::Error::other("this life is over")
}

impl LogStore {
    fn platter(&self) -> io::Result<MutexGuard<'_, Platter>> {
        let platter = self.disk.platter();
        if platter.life == self.life { Ok(platter) } else { Err(crashed()) }
    }

    fn write(&self, ops: impl IntoIterator<Item = Op>, done: Done) -> io::Result<()> {
        let mut platter = self.platter()?;
        let mut ops = ops.into_iter().peekable();
        let mut done = Some(done);
        while let Some(op) = ops.next() {
            platter.seen.apply(&op);
            let done = if ops.peek().is_none() { done.take() } else { None };
            platter.waiting.push_back((op, done.unwrap_or(Done::Nobody)));
        }
        if let Some(Done::Flushed(callback)) = done {
            callback.io_completed(Ok(())); // nothing to write
        }
        self.disk.written.notify_one();
        Ok(())
    }

    async fn write_through(&self, op: Op) -> io::Result<()> {
        let (tell, told) = oneshot::channel();
        self.write([op], Done::Told(tell))?;
        told.await.map_err(|_| crashed())
    }

    /// Keeps a snapshot; it is safe when this returns.
    pub async fn keep(&self, kept: Kept) -> io::Result<()> {
        self.write_through(Op::Snapshot(kept)).await
    }

    /// The newest snapshot.
    pub fn kept(&self) -> io::Result<Option<Kept>> {
        Ok(self.platter()?.seen.snapshot.clone())
    }

    /// Group commit: one sync for all that wait, completed in order.
    async fn sync_all(self, running: Gate) {
        loop {
            running.until(true).await;
            let Ok((count, time)) = self.platter().map(|platter| (platter.waiting.len(), self.sync_time(platter.slow))) else { return };
            if count == 0 {
                self.disk.written.notified().await;
                continue;
            }
            SimRuntime::sleep(time).await;
            let Ok(mut platter) = self.platter() else { return };
            let done: Vec<_> = platter.waiting.drain(..count).collect();
            done.iter().for_each(|(op, _)| platter.synced.apply(op));
            drop(platter);
            for (_, done) in done {
                match done {
                    Done::Flushed(callback) => callback.io_completed(Ok(())),
                    Done::Told(tell) => drop(tell.send(())),
                    Done::Nobody => {}
                }
            }
        }
    }

    fn sync_time(&self, slow: bool) -> Duration {
        self.disk.chance.time(if slow { SLOW } else { SYNC })
    }
}

impl RaftLogReader<Types> for LogStore {
    async fn try_get_log_entries<R: RangeBounds<u64> + Clone + Debug + Send>(&mut self, range: R) -> io::Result<Vec<Entry>> {
        let bounds = (range.start_bound().cloned(), range.end_bound().cloned());
        if let (Bound::Included(start), Bound::Excluded(end)) = bounds
            && start >= end
        {
            return Ok(Vec::new());
        }
        Ok(self.platter()?.seen.log.range(bounds).map(|(_, entry)| entry.clone()).collect())
    }

    async fn read_vote(&mut self) -> io::Result<Option<Vote>> {
        Ok(self.platter()?.seen.vote)
    }
}

impl RaftLogStorage<Types> for LogStore {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> io::Result<LogState<Types>> {
        let platter = self.platter()?;
        let last = platter.seen.log.last_key_value().map(|(_, entry)| entry.log_id);
        Ok(LogState { last_purged_log_id: platter.seen.purged, last_log_id: last.or(platter.seen.purged) })
    }

    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> io::Result<()> {
        self.write_through(Op::Vote(*vote)).await
    }

    async fn save_committed(&mut self, committed: Option<LogId>) -> io::Result<()> {
        self.write([Op::Committed(committed)], Done::Nobody)
    }

    async fn read_committed(&mut self) -> io::Result<Option<LogId>> {
        Ok(self.platter()?.seen.committed)
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<Types>) -> io::Result<()>
    where
        I: IntoIterator<Item = Entry> + Send,
        I::IntoIter: Send,
    {
        let entries: Vec<Op> = entries.into_iter().map(Op::Append).collect();
        self.write(entries, Done::Flushed(callback))
    }

    async fn truncate_after(&mut self, kept: Option<LogId>) -> io::Result<()> {
        self.write_through(Op::Truncate(kept)).await
    }

    async fn purge(&mut self, upto: LogId) -> io::Result<()> {
        self.write([Op::Purge(upto)], Done::Nobody)
    }
}
