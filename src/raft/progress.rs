//! How far this node has applied the log, for those who wait for it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// The index up to which everything is applied and published. Clones are handles to the same one.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    applied: AtomicU64,
    /// By the index that is waited for. As many as requests are under way, which the doors bound.
    waiting: Mutex<BTreeMap<(u64, u64), oneshot::Sender<()>>>,
    number: AtomicU64,
}

impl Inner {
    fn waiting(&self) -> MutexGuard<'_, BTreeMap<(u64, u64), oneshot::Sender<()>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets a wait that is given up.
struct Place<'a> {
    inner: &'a Inner,
    key: (u64, u64),
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.inner.waiting().remove(&self.key);
    }
}

impl Progress {
    /// The index that is applied.
    pub fn applied(&self) -> u64 {
        self.inner.applied.load(Ordering::Acquire)
    }

    /// Notes that everything up to `index` is applied and published, and wakes who waited for it.
    pub fn reached(&self, index: u64) {
        self.inner.applied.fetch_max(index, Ordering::AcqRel);
        let reached = {
            let mut waiting = self.inner.waiting();
            let later = waiting.split_off(&(index.saturating_add(1), 0));
            std::mem::replace(&mut *waiting, later)
        };
        for (_, tell) in reached {
            let _ = tell.send(()); // given up at this very moment
        }
    }

    /// Waits until everything up to `index` is applied and published. Bound the wait: the log may never get there.
    pub async fn wait(&self, index: u64) {
        if self.applied() >= index {
            return;
        }
        let (tell, told) = oneshot::channel();
        let key = (index, self.inner.number.fetch_add(1, Ordering::Relaxed));
        let place = Place { inner: &self.inner, key };
        self.inner.waiting().insert(key, tell);
        // Reached before it was noted that someone waits: nobody else would tell.
        if self.applied() < index {
            let _ = told.await;
        }
        drop(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn whoever_waits_is_woken_by_their_index_and_no_earlier_one() {
        let progress = Progress::default();
        progress.reached(5);
        progress.wait(5).await;
        let (mut six, mut eight) = (Box::pin(progress.wait(6)), Box::pin(progress.wait(8)));
        assert!((&mut six).now_or_never().is_none() && (&mut eight).now_or_never().is_none());
        progress.reached(7);
        assert!((&mut six).now_or_never().is_some() && (&mut eight).now_or_never().is_none());
        progress.reached(6);
        assert_eq!(progress.applied(), 7);
        drop(eight);
        assert!(progress.inner.waiting().is_empty(), "a wait that is given up is forgotten");
    }
}
