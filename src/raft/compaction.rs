//! When a snapshot is due: once the log since the last one outweighs it, so that the cost per write stays flat as the
//! state grows, and a restart never replays more than about half of what it loads.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

/// How long after a snapshot has been asked for it is asked for again, unless it has been taken.
const AGAIN: Duration = Duration::from_millis(100);

/// When a snapshot is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Never before the log since the last one has this many bytes.
    pub floor_bytes: u64,
    /// Always once it has this many entries.
    pub most_entries: u64,
}

impl Default for Rule {
    fn default() -> Self {
        Self { floor_bytes: 16 * 1024 * 1024, most_entries: 200_000 }
    }
}

impl Rule {
    /// Whether a snapshot is due, given the log applied since the last one and that one's size.
    pub fn is_due(&self, bytes: u64, entries: u64, last_snapshot: u64) -> bool {
        entries > self.most_entries || bytes > self.floor_bytes.max(last_snapshot / 2)
    }
}

/// What has been applied since the last snapshot: what a restart would have to replay.
#[derive(Debug)]
pub struct Load {
    rule: Rule,
    counts: Mutex<Counts>,
    due: Notify,
    taken: Notify,
}

#[derive(Debug, Default)]
struct Counts {
    /// What has been applied since the start,
    applied: Covered,
    /// and how much of it the last snapshot covers.
    covered: Covered,
    last_snapshot: u64,
}

/// How much a snapshot covers of what has been applied since the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Covered {
    bytes: u64,
    entries: u64,
}

impl Load {
    /// Nothing applied yet.
    pub fn new(rule: Rule) -> Self {
        Self { rule, counts: Mutex::default(), due: Notify::new(), taken: Notify::new() }
    }

    /// Notes applied entries, and wakes whoever takes snapshots if one is due now.
    pub fn applied(&self, entries: u64, bytes: u64) {
        let mut counts = self.counts();
        counts.applied.entries += entries;
        counts.applied.bytes += bytes;
        drop(counts);
        self.wake();
    }

    /// What a snapshot cut now covers.
    pub fn cut(&self) -> Covered {
        self.counts().applied
    }

    /// Notes that a snapshot of `size` bytes has been taken that covers so much. Nothing comes of it where another that covers
    /// more has been installed meanwhile.
    pub fn taken(&self, covered: Covered, size: u64) {
        let mut counts = self.counts();
        if covered.entries >= counts.covered.entries {
            counts.covered = covered;
            counts.last_snapshot = size;
        }
        drop(counts);
        self.taken.notify_one();
        // What was applied while it was written may already be enough for the next.
        self.wake();
    }

    /// Notes that the state is now that of a snapshot of `size` bytes.
    pub fn installed(&self, size: u64) {
        self.taken(self.cut(), size);
    }

    /// Whether a snapshot is due now.
    fn is_due(&self) -> bool {
        let Counts { applied, covered, last_snapshot } = &*self.counts();
        self.rule.is_due(applied.bytes - covered.bytes, applied.entries - covered.entries, *last_snapshot)
    }

    fn wake(&self) {
        if self.is_due() {
            self.due.notify_one();
        }
    }

    /// Calls `snapshot` whenever one is due, until it answers that there is no point any more. As long as one is due it is called
    /// again and again: whoever is asked may still be busy with the last one, and then forgets that it was asked.
    pub async fn watch<F: Future<Output = bool>>(&self, mut snapshot: impl FnMut() -> F) {
        loop {
            self.due.notified().await;
            while self.is_due() {
                if !snapshot().await {
                    return;
                }
                let _ = timeout(AGAIN, self.taken.notified()).await; // either way it may be due
            }
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const RULE: Rule = Rule { floor_bytes: 100, most_entries: 10 };

    #[test]
    fn due_when_the_log_outweighs_floor_and_half_the_snapshot() {
        assert!(!RULE.is_due(100, 0, 0));
        assert!(RULE.is_due(101, 0, 0));
        assert!(!RULE.is_due(500, 0, 1000));
        assert!(RULE.is_due(501, 0, 1000));
        assert!(!RULE.is_due(0, 10, 0));
        assert!(RULE.is_due(0, 11, 0));
    }

    #[test]
    fn due_until_taken_and_again_for_what_came_meanwhile() {
        let load = Load::new(RULE);
        load.applied(1, 101);
        assert!(load.is_due());
        let covered = load.cut();
        load.applied(1, 50);
        load.taken(covered, 10);
        assert!(!load.is_due(), "50 bytes are not enough");
        load.applied(1, 51);
        assert!(load.is_due());
        let covered = load.cut();
        load.applied(1, 200);
        load.taken(covered, 10);
        assert!(load.is_due(), "200 bytes came while it was written");
    }

    #[test]
    fn one_taken_after_another_was_installed_changes_nothing() {
        let load = Load::new(RULE);
        load.applied(9, 90);
        let covered = load.cut();
        load.applied(1, 10);
        load.installed(1000);
        load.taken(covered, 10);
        load.applied(9, 500);
        assert!(!load.is_due());
        load.applied(0, 1);
        assert!(load.is_due());
    }

    /// openraft drops what it is asked while it has not yet noted that the last snapshot is done.
    #[tokio::test]
    async fn as_long_as_one_is_due_it_is_asked_for_again() {
        let load = Load::new(RULE);
        load.applied(11, 0);
        let mut calls = 0;
        let watching = load.watch(|| {
            calls += 1;
            let heard = calls < 3;
            async move { heard }
        });
        timeout(AGAIN * 20, watching).await.unwrap();
        assert_eq!(calls, 3);
    }

    #[tokio::test]
    async fn what_is_due_again_once_taken_is_asked_for_at_once() {
        let load = Load::new(RULE);
        load.applied(11, 0);
        let mut calls = 0;
        let watching = load.watch(|| {
            calls += 1;
            load.taken(load.cut(), 10);
            load.applied(11, 0);
            let heard = calls < 3;
            async move { heard }
        });
        assert_eq!(watching.now_or_never(), Some(()));
    }

    #[tokio::test]
    async fn once_taken_it_is_not_asked_for_again() {
        let load = Load::new(RULE);
        load.applied(11, 0);
        let mut calls = 0;
        let watching = load.watch(|| {
            calls += 1;
            load.taken(load.cut(), 10);
            async { true }
        });
        assert!(timeout(AGAIN * 3, watching).await.is_err());
        assert_eq!(calls, 1);
    }

    #[tokio::test]
    async fn watching_ends_when_there_is_no_point() {
        let load = Load::new(RULE);
        load.applied(11, 0);
        let mut calls = 0;
        load.watch(|| {
            calls += 1;
            async { false }
        })
        .await;
        assert_eq!(calls, 1);
    }
}
