//! What need not be done while somebody waits for a sync, on a thread of its own: the ledgers' own store, which takes over the
//! ledger writes of whole segments, and new files.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;

use bytes::Bytes;

use super::files::{self, Spare};
use super::overlay::Overlay;
use crate::raft::engine::{Batch, LedgerReader, LogEngine, Op, RedbEngine, Space, closed, damaged};

/// Where the store says up to which batch it has the ledger writes.
const KEPT: u64 = 1;

/// How many tasks may wait: one of each kind.
const TASKS: usize = 2;

enum Task {
    /// Take over these writes, those of the batches up to this one.
    Keep(Arc<Overlay>, u64),
    /// Make a file of so many bytes.
    Make(PathBuf, u64),
}

/// What has been done.
pub enum Done {
    /// The store has the ledger writes of the batches up to this one, durably.
    Kept(u64),
    /// There is a new file.
    Made(Spare),
}

/// The ledgers' own store.
pub struct Store {
    engine: RedbEngine,
    /// Up to which batch it has the ledger writes.
    pub kept: u64,
}

impl Store {
    /// Opens it in `dir`. Blocks.
    pub fn open(dir: &Path, cache: u64) -> io::Result<Self> {
        let engine = RedbEngine::open(dir, cache)?;
        let kept = match engine.reader().get(Space::Meta, KEPT)? {
            Some(bytes) => <[u8; 8]>::try_from(&bytes[..]).map(u64::from_be_bytes).map_err(damaged)?,
            None => 0,
        };
        Ok(Self { engine, kept })
    }

    /// A reader for any thread.
    pub fn reader(&self) -> Arc<dyn LedgerReader> {
        self.engine.reader()
    }

    fn keep(&mut self, writes: &Overlay, number: u64) -> io::Result<()> {
        let number = Bytes::copy_from_slice(&number.to_be_bytes());
        let number = Op::Put { space: Space::Meta, key: KEPT, value: number };
        self.engine.write_durably(Batch { ops: writes.ops().chain([number]).collect() })
    }
}

/// The thread, as the writer's thread sees it.
pub struct Aside {
    tasks: Option<SyncSender<Task>>,
    done: Receiver<io::Result<Done>>,
    thread: Option<JoinHandle<()>>,
    size: Arc<RwLock<u64>>,
    /// A hand-over is under way.
    pub keeping: bool,
    /// A file is being made.
    pub making: bool,
}

impl Aside {
    /// Gives the store to a new thread.
    pub fn start(store: Store) -> io::Result<Self> {
        let (tasks, todo) = sync_channel(TASKS);
        let (tell, done) = sync_channel(TASKS);
        let size = Arc::new(RwLock::new(store.engine.size()?));
        let shown = Arc::clone(&size);
        let thread = std::thread::Builder::new().name("raft-ledgers".into()).spawn(move || run(store, &todo, &tell, &shown))?;
        Ok(Self { tasks: Some(tasks), done, thread: Some(thread), size, keeping: false, making: false })
    }

    /// Has the store take over these writes, those of the batches up to `number`. One hand-over at a time.
    pub fn keep(&mut self, writes: Arc<Overlay>, number: u64) -> io::Result<()> {
        self.keeping = true;
        self.ask(Task::Keep(writes, number))
    }

    /// Has a file made. One at a time.
    pub fn make(&mut self, path: PathBuf, length: u64) -> io::Result<()> {
        self.making = true;
        self.ask(Task::Make(path, length))
    }

    fn ask(&self, task: Task) -> io::Result<()> {
        self.tasks.as_ref().ok_or_else(closed)?.send(task).map_err(|_| gone())
    }

    /// What has been done meanwhile, if anything; waits for it when told to.
    pub fn next(&mut self, wait: bool) -> io::Result<Option<Done>> {
        let next = if wait { self.done.recv().map_err(|_| TryRecvError::Disconnected) } else { self.done.try_recv() };
        let done = match next {
            Ok(done) => done?,
            Err(TryRecvError::Empty) => return Ok(None),
            Err(TryRecvError::Disconnected) => return Err(gone()),
        };
        match done {
            Done::Kept(_) => self.keeping = false,
            Done::Made(_) => self.making = false,
        }
        Ok(Some(done))
    }

    /// Size of the ledgers' store in bytes.
    pub fn size(&self) -> u64 {
        *self.size.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the thread has ended and its store is closed.
    pub fn stop(&mut self) {
        self.tasks = None;
        // What it may still have to say, so that it is not held up by it.
        while self.done.recv().is_ok() {}
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // it cannot panic without ending the process
        }
    }
}

fn gone() -> io::Error {
    io::Error::other("the ledgers' thread has ended")
}

fn run(mut store: Store, todo: &Receiver<Task>, tell: &SyncSender<io::Result<Done>>, size: &RwLock<u64>) {
    while let Ok(task) = todo.recv() {
        let done = match task {
            Task::Keep(writes, number) => store.keep(&writes, number).map(|()| Done::Kept(number)),
            Task::Make(path, length) => files::make(&path, length).map(Done::Made),
        };
        if let Ok(now) = store.engine.size() {
            *size.write().unwrap_or_else(PoisonError::into_inner) = now;
        }
        if tell.send(done).is_err() {
            return;
        }
    }
}
