//! The queue in front of the writer's thread: first in, first out, and whoever puts something in wakes the thread only where
//! that is of use. A job that need not be durable waits for one that does, and the wake with it: of the jobs of a write all but
//! one are of that kind, and a wake costs more than everything else about them.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::OwnedSemaphorePermit;

use super::Job;

/// How many bytes go into one batch, unless a single job has more.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// How long jobs that need not be durable wait for one that does.
const LINGER: Duration = Duration::from_millis(10);

/// How many bytes of them wait.
const LINGER_BYTES: usize = 256 * 1024;

/// A job with the room it takes.
pub struct Queued {
    pub job: Job,
    pub bytes: usize,
    pub _room: OwnedSemaphorePermit,
}

/// What the thread does while the queue is locked by another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Thread {
    /// It works, and looks at the queue before it sleeps.
    #[default]
    Awake,
    /// It waits for a moment and looks then.
    Dozing,
    /// It waits until it is woken.
    Asleep,
}

#[derive(Default)]
struct Line {
    jobs: VecDeque<Queued>,
    bytes: usize,
    urgent: usize,
    closed: bool,
    thread: Thread,
}

impl Line {
    fn is_due(&self) -> bool {
        self.urgent > 0 || self.bytes >= LINGER_BYTES || self.closed
    }

    /// The next batch: what waits, in its order, as much of it as `most` bytes; or a single job that has more.
    fn take(&mut self, most: usize) -> Vec<Queued> {
        let (mut taken, mut left) = (Vec::new(), most.min(BATCH_BYTES));
        while let Some(next) = self.jobs.front()
            && (taken.is_empty() || next.bytes <= left)
            && let Some(queued) = self.jobs.pop_front()
        {
            left = left.saturating_sub(queued.bytes);
            self.bytes -= queued.bytes;
            self.urgent -= usize::from(queued.job.durable);
            taken.push(queued);
        }
        taken
    }
}

/// See the module. Its bound is the room that each job brings.
#[derive(Default)]
pub struct Queue {
    line: Mutex<Line>,
    come: Condvar,
}

impl Queue {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a job at the end; `false` if the queue is closed.
    pub fn push(&self, queued: Queued) -> bool {
        let mut line = self.line();
        if line.closed {
            return false;
        }
        line.bytes += queued.bytes;
        line.urgent += usize::from(queued.job.durable);
        line.jobs.push_back(queued);
        let wake = match line.thread {
            Thread::Awake => false,
            Thread::Dozing => line.is_due(),
            Thread::Asleep => true,
        };
        self.release(line, wake);
        true
    }

    /// Takes no more; what is in it is still given out.
    pub fn close(&self) {
        let mut line = self.line();
        line.closed = true;
        self.release(line, true);
    }

    /// Waits for the next batch, of as much as `most` bytes unless a single job has more; `None` once the queue is closed and empty.
    pub fn take(&self, most: usize) -> Option<Vec<Queued>> {
        let mut line = self.line();
        let mut until = Instant::now() + LINGER;
        loop {
            if line.is_due() {
                let taken = line.take(most);
                return (!taken.is_empty()).then_some(taken);
            }
            let left = until.saturating_duration_since(Instant::now());
            if !left.is_zero() {
                line.thread = Thread::Dozing;
                line = self.come.wait_timeout(line, left).unwrap_or_else(PoisonError::into_inner).0;
            } else if line.jobs.is_empty() {
                line.thread = Thread::Asleep;
                line = self.come.wait(line).unwrap_or_else(PoisonError::into_inner);
                until = Instant::now() + LINGER;
            } else {
                return Some(line.take(most));
            }
            line.thread = Thread::Awake;
        }
    }

    fn release(&self, mut line: MutexGuard<'_, Line>, wake: bool) {
        if wake {
            // Once is enough: it looks at all that has come.
            line.thread = Thread::Awake;
        }
        drop(line);
        if wake {
            self.come.notify_one();
        }
    }
}

/// The way into a queue, which is closed when nobody is left who could add to it.
#[derive(Default)]
pub struct Entrance(pub std::sync::Arc<Queue>);

impl Drop for Entrance {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use super::*;
    use crate::raft::engine::{Op, Space};

    fn queued(durable: bool, bytes: usize) -> Queued {
        let ops = vec![Op::Delete { space: Space::Log, key: 1 }];
        let _room = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        Queued { job: Job { ops, durable, ..Job::default() }, bytes, _room }
    }

    fn woken_by(thread: Thread, queued: Queued) -> bool {
        let queue = Queue::default();
        queue.line().thread = thread;
        assert!(queue.push(queued));
        let after = queue.line().thread;
        after != thread
    }

    #[test]
    fn only_what_is_urgent_ends_a_doze() {
        assert!(!woken_by(Thread::Dozing, queued(false, 10)));
        assert!(woken_by(Thread::Dozing, queued(true, 10)));
        assert!(woken_by(Thread::Dozing, queued(false, LINGER_BYTES)));
        assert!(woken_by(Thread::Asleep, queued(false, 10)));
    }

    #[test]
    fn order_and_bounds_of_a_batch_are_kept() {
        for (most, bound) in [(usize::MAX, BATCH_BYTES), (1000, 1000)] {
            let queue = Queue::default();
            let size = |n: usize| bound / 2 - 1 + n;
            (0..4).for_each(|n| assert!(queue.push(queued(n == 3, size(n)))));
            assert!(queue.push(queued(true, 2 * bound)));
            let batch = || queue.take(most).map(|batch| batch.iter().map(|queued| queued.bytes).collect());
            let sizes: Vec<Vec<usize>> = std::iter::from_fn(batch).take(4).collect();
            assert_eq!(sizes, [vec![size(0), size(1)], vec![size(2)], vec![size(3)], vec![2 * bound]]);
        }
    }

    #[test]
    fn a_closed_queue_gives_out_what_it_has_and_takes_no_more() {
        let queue = Queue::default();
        queue.push(queued(false, 10));
        queue.close();
        assert!(!queue.push(queued(true, 10)));
        assert_eq!(queue.take(1000).map(|batch| batch.len()), Some(1));
        assert!(queue.take(1000).is_none());
    }

    #[test]
    fn what_is_not_urgent_waits_but_not_for_ever() {
        let queue = Queue::default();
        queue.push(queued(false, 10));
        let begin = Instant::now();
        assert_eq!(queue.take(1000).map(|batch| batch.len()), Some(1));
        assert!(begin.elapsed() >= LINGER);
    }
}
