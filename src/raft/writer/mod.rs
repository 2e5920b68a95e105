//! The one thread that owns the log engine.
//!
//! Everything that goes to disk is a [`Job`] in one bounded first-in first-out queue. The thread takes what waits, up to a
//! bound, as one atomic batch, syncs once, and completes the jobs in order: while one sync runs, the next batch gathers (group
//! commit). Jobs that need not be durable wait a moment for one that does and ride along: most writes bring three jobs (entry,
//! commit position, ledger), and a batch each would cost more than the sync. Where the engine bounds what may be unsynced, a batch
//! is no larger than that, and what need not be durable is synced once there is so much of it. The first error is final: after it
//! nothing is written any more and every job fails with it, for after a failed sync nobody knows what the disk holds.

mod queue;

use std::io;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Instant;

use tokio::sync::{Mutex, Semaphore, oneshot};

use self::queue::{Entrance, Queue, Queued};
use super::engine::{Batch, LogEngine, Op};
use crate::telemetry::metrics::{Bound, FLUSH_JOBS, FLUSH_TIME};

/// How many jobs may wait.
const QUEUE_JOBS: u32 = 4096;

/// How many bytes may wait.
const QUEUE_BYTES: u32 = 64 * 1024 * 1024;

/// What is called on the writer's thread; it must not block.
pub type Hook = Box<dyn FnOnce() + Send>;

/// What is called on the writer's thread with the job's fate; it must not block.
pub type Callback = Box<dyn FnOnce(io::Result<()>) + Send>;

/// Something to write.
#[derive(Default)]
pub struct Job {
    /// The changes; those of one job are in one batch.
    pub ops: Vec<Op>,
    /// Whether it must be durable before it counts as done. A job that need not rides along with the next that does.
    pub durable: bool,
    /// Called once readers of the engine see the changes; not called after an error.
    pub written: Option<Hook>,
    /// Called in queue order, after the sync if the job is durable.
    pub done: Option<Callback>,
}

/// Puts jobs into the queue.
#[derive(Clone)]
pub struct Writer {
    entrance: Arc<Entrance>,
    room: Arc<Semaphore>,
    broken: Arc<OnceLock<Failure>>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

#[derive(Clone, Debug)]
struct Failure {
    kind: io::ErrorKind,
    text: String,
}

impl Failure {
    fn error(&self) -> io::Error {
        io::Error::new(self.kind, self.text.clone())
    }
}

impl Writer {
    /// Hands the engine to a new thread.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(engine: impl LogEngine) -> io::Result<Self> {
        let entrance = Arc::new(Entrance::default());
        let broken = Arc::new(OnceLock::new());
        let thread = Thread { engine, queue: Arc::clone(&entrance.0), broken: Arc::clone(&broken), unsynced: 0 };
        let handle = std::thread::Builder::new().name("raft-log".to_owned()).spawn(move || thread.run())?;
        let thread = Arc::new(Mutex::new(Some(handle)));
        Ok(Self { entrance, room: Arc::new(Semaphore::new(QUEUE_BYTES as usize)), broken, thread })
    }

    /// Queues a job, waiting for room. An error means it is not queued and its callbacks are never called.
    ///
    /// # Errors
    /// The writer has failed or is stopped.
    pub async fn submit(&self, job: Job) -> io::Result<()> {
        let bytes = job.ops.iter().map(Op::weight).sum();
        // Also the smallest job takes its part of the room, so that there are not too many.
        let permits = u32::try_from(bytes).unwrap_or(QUEUE_BYTES).clamp(QUEUE_BYTES / QUEUE_JOBS, QUEUE_BYTES);
        if self.room.available_permits() < permits as usize {
            Bound::LogQueue.hit();
        }
        let room = Arc::clone(&self.room).acquire_many_owned(permits).await.map_err(|_| self.why_stopped())?;
        self.check()?;
        if self.entrance.0.push(Queued { job, bytes, _room: room }) { Ok(()) } else { Err(self.why_stopped()) }
    }

    /// Writes and waits until it is durable.
    ///
    /// # Errors
    /// The disk failed, now or before.
    pub async fn write(&self, ops: Vec<Op>) -> io::Result<()> {
        self.wait(Job { ops, durable: true, ..Job::default() }).await
    }

    /// Writes, when something else is written too or a moment later, and waits until it is.
    ///
    /// # Errors
    /// The disk failed, now or before.
    pub async fn write_lazily(&self, ops: Vec<Op>) -> io::Result<()> {
        self.wait(Job { ops, ..Job::default() }).await
    }

    async fn wait(&self, job: Job) -> io::Result<()> {
        let (tell, told) = oneshot::channel();
        let done: Callback = Box::new(move |result| {
            let _ = tell.send(result); // whoever waited may have given up
        });
        self.submit(Job { done: Some(done), ..job }).await?;
        told.await.map_err(|_| self.why_stopped())?
    }

    /// Waits until everything queued before is durable.
    ///
    /// # Errors
    /// The disk failed, now or before.
    pub async fn barrier(&self) -> io::Result<()> {
        self.write(Vec::new()).await
    }

    /// The error that has stopped the writer, if any.
    ///
    /// # Errors
    /// That error.
    pub fn check(&self) -> io::Result<()> {
        self.broken.get().map_or(Ok(()), |failure| Err(failure.error()))
    }

    /// Writes what waits, syncs, closes the engine, and ends the thread. Later jobs are refused.
    ///
    /// # Errors
    /// The disk failed, now or before.
    pub async fn stop(&self) -> io::Result<()> {
        self.entrance.0.close();
        let handle = self.thread.lock().await.take();
        if let Some(handle) = handle {
            let _ = tokio::task::spawn_blocking(move || handle.join()).await;
        }
        self.room.close();
        self.check()
    }

    fn why_stopped(&self) -> io::Error {
        let stopped = || io::Error::new(io::ErrorKind::NotConnected, "the log writer is stopped");
        self.broken.get().map_or_else(stopped, Failure::error)
    }
}

struct Thread<E> {
    engine: E,
    queue: Arc<Queue>,
    broken: Arc<OnceLock<Failure>>,
    /// How much is written that is not synced, in bytes.
    unsynced: usize,
}

impl<E: LogEngine> Thread<E> {
    fn run(mut self) {
        while let Some(jobs) = self.queue.take(self.engine.most_unsynced().saturating_sub(self.unsynced)) {
            self.commit(jobs);
        }
        self.sync();
        self.engine.close();
    }

    fn commit(&mut self, mut jobs: Vec<Queued>) {
        let durable = jobs.iter().any(|queued| queued.job.durable);
        let ops: Vec<Op> = jobs.iter_mut().flat_map(|queued| std::mem::take(&mut queued.job.ops)).collect();
        let since = Instant::now();
        self.write(ops, durable);
        if self.broken.get().is_none() {
            jobs.iter_mut().filter_map(|queued| queued.job.written.take()).for_each(|hook| hook());
        }
        if durable {
            self.sync();
            FLUSH_TIME.took(since.elapsed());
            FLUSH_JOBS.record(jobs.len() as u64);
        } else if self.unsynced >= self.engine.most_unsynced() {
            self.sync();
        }
        for queued in jobs {
            if let Some(done) = queued.job.done {
                done(self.broken.get().map_or(Ok(()), |failure| Err(failure.error())));
            }
        }
    }

    fn write(&mut self, ops: Vec<Op>, durable: bool) {
        if self.broken.get().is_none() && !ops.is_empty() {
            let cost = ops.iter().map(Op::cost).fold(self.unsynced, usize::saturating_add);
            let batch = Batch { ops };
            let result = if durable { self.engine.write_durably(batch) } else { self.engine.write(batch) };
            self.unsynced = if durable { 0 } else { cost };
            self.keep(result);
        }
    }

    fn sync(&mut self) {
        if self.broken.get().is_none() && self.unsynced > 0 {
            let result = self.engine.sync();
            self.unsynced = 0;
            self.keep(result);
        }
    }

    fn keep(&self, result: io::Result<()>) {
        if let Err(error) = result {
            tracing::error!(%error, "the log disk failed; this node stops");
            let _ = self.broken.set(Failure { kind: error.kind(), text: format!("the log disk failed: {error}") });
        }
    }
}
