//! Deriving password verifiers: slow on purpose, so on a bounded pool of its own.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot};

use crate::base::ids;
use crate::base::secrets::{Secret, Verifier};
use crate::config::Hashing;
use crate::telemetry::metrics::Bound;

use super::Fault;

/// The most hashes that are answered together. At about a millisecond each, none waits long for the others.
const TOGETHER: usize = 16;

/// Hashes and checks passwords, as many at a time as there are cores.
///
/// Where many wait, several are answered together, so that the changes that follow meet in one batch of the log instead of
/// each coming alone.
#[derive(Clone, Debug)]
pub struct Hasher {
    runtime: Handle,
    threads: usize,
    waiting: Arc<Semaphore>,
    pool: Arc<Mutex<Pool>>,
}

/// Work, and what makes its outcome known.
type Job = Box<dyn FnOnce() -> Answer + Send>;
type Answer = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Pool {
    jobs: VecDeque<Job>,
    /// Threads that have been sent for; each goes when it finds no job.
    threads: usize,
    /// Jobs that a thread is at.
    begun: usize,
    /// Done, and to be answered together with others.
    done: Vec<Answer>,
}

impl Hasher {
    /// A pool on `runtime`.
    pub fn new(runtime: Handle, config: &Hashing) -> Self {
        let threads = config.pool_threads();
        Self { runtime, threads, waiting: Arc::new(Semaphore::new(config.queue)), pool: Arc::default() }
    }

    /// Makes a verifier of `password` with a fresh salt.
    ///
    /// # Errors
    /// [`Fault::Overloaded`] when too many wait; [`Fault::Internal`] without randomness.
    pub async fn derive(&self, password: Secret, iterations: u32) -> Result<Verifier, Fault> {
        let salt = ids::random_salt().map_err(|e| Fault::Internal(e.to_string()))?;
        self.run(move || Verifier::derive(password.expose(), salt, iterations)).await
    }

    /// Whether `password` is the one behind `verifier`.
    ///
    /// # Errors
    /// [`Fault::Overloaded`] when too many wait.
    pub async fn verify(&self, verifier: Verifier, password: Secret) -> Result<bool, Fault> {
        self.run(move || verifier.verify(password.expose())).await
    }

    /// How many passwords are hashed at a time.
    pub fn cores(&self) -> usize {
        self.threads
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        let waiting = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| full())?;
        let (asked, answer) = oneshot::channel();
        let job = move || -> Answer {
            // Nobody waits any more: nothing is worth a core.
            let done = (!asked.is_closed()).then(work);
            Box::new(move || {
                drop(waiting);
                if let Some(done) = done {
                    let _ = asked.send(done);
                }
            })
        };
        if self.offer(Box::new(job)) {
            let pool = Arc::clone(&self.pool);
            drop(self.runtime.spawn_blocking(move || work_off(&pool)));
        }
        answer.await.map_err(|_| Fault::Internal("the pool that hashes was closed".into()))
    }

    /// Leaves a job to the pool; whether another thread has to come for it.
    fn offer(&self, job: Job) -> bool {
        let mut pool = lock(&self.pool);
        pool.jobs.push_back(job);
        let more = pool.threads < self.threads;
        pool.threads += usize::from(more);
        more
    }
}

/// Does what there is to do.
fn work_off(pool: &Mutex<Pool>) {
    loop {
        let job = lock(pool).next();
        let Some(job) = job else { return };
        let answer = job();
        let answers = lock(pool).finish(answer);
        answers.into_iter().for_each(|answer| answer());
        // What comes before and after the hashes of others is quick; it goes first where it waits for a processor.
        std::thread::yield_now();
    }
}

impl Pool {
    /// The next job, or this thread goes.
    fn next(&mut self) -> Option<Job> {
        let job = self.jobs.pop_front();
        if job.is_some() {
            self.begun += 1
        } else {
            self.threads -= 1
        }
        job
    }

    /// Keeps an answer until as much is done as is left to do, so that half of those who ask have their changes written
    /// while the other half is hashed; what is to be answered now.
    fn finish(&mut self, answer: Answer) -> Vec<Answer> {
        self.done.push(answer);
        self.begun -= 1;
        let left = self.jobs.len() + self.begun;
        if self.done.len() >= left.min(TOGETHER) { std::mem::take(&mut self.done) } else { Vec::new() }
    }
}

/// A pool is whole at every step, so a thread that died with it held has not broken it.
fn lock(pool: &Mutex<Pool>) -> MutexGuard<'_, Pool> {
    pool.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("jobs", &self.jobs.len()).field("begun", &self.begun).field("done", &self.done.len()).finish()
    }
}

fn full() -> Fault {
    Bound::Hashing.hit();
    Fault::Overloaded
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    fn hasher(threads: usize, queue: usize) -> Hasher {
        Hasher::new(Handle::current(), &Hashing { threads, queue, ..Hashing::default() })
    }

    #[tokio::test]
    async fn everybody_is_answered_with_what_was_asked() {
        for threads in [1, 2, 5] {
            let hasher = hasher(threads, 100);
            for many in [1, 2, 3, 16, 17, 100] {
                let answers = join_all((0..many).map(|n| hasher.run(move || n))).await;
                assert_eq!(answers.into_iter().collect::<Result<Vec<_>, _>>().unwrap(), (0..many).collect::<Vec<_>>());
            }
        }
    }

    #[tokio::test]
    async fn more_than_may_wait_are_refused_and_the_others_served() {
        let hasher = hasher(1, 2);
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let first = hasher.run(move || wait.recv());
        let (first, second, third) = tokio::join!(first, hasher.run(|| ()), async {
            let refused = hasher.run(|| ()).await;
            go.send(()).unwrap();
            refused
        });
        assert!(first.unwrap().is_ok() && second.is_ok());
        assert!(matches!(third, Err(Fault::Overloaded)), "{third:?}");
        assert!(hasher.run(|| ()).await.is_ok(), "who has been answered waits no more");
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_not_hashed() {
        let hasher = hasher(1, 10);
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let first = hasher.run(move || wait.recv());
        let abandoned = async {
            let mut ran = false;
            let job = hasher.run(|| true);
            tokio::select! { biased; done = job => ran = done.unwrap(), () = std::future::ready(()) => go.send(()).unwrap() }
            ran
        };
        let (_, ran) = tokio::join!(first, abandoned);
        assert!(!ran);
        assert_eq!(hasher.run(|| 1).await.unwrap(), 1);
    }

    #[test]
    fn half_is_answered_while_the_other_half_is_hashed() {
        let nothing = || -> Answer { Box::new(|| ()) };
        let mut pool = Pool { jobs: (0..6).map(|_| -> Job { Box::new(nothing) }).collect(), threads: 2, begun: 0, done: Vec::new() };
        assert!(pool.next().is_some());
        let mut answered = Vec::new();
        for _ in 0..5 {
            assert!(pool.next().is_some());
            answered.push(pool.finish(nothing()).len());
        }
        assert!(pool.next().is_none());
        answered.push(pool.finish(nothing()).len());
        assert_eq!((answered, pool.threads), (vec![0, 0, 3, 0, 2, 1], 1));
    }
}
