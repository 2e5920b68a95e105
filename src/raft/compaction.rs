//! When a snapshot is due: once the log since the last one outweighs it, so that the cost per write stays flat as the
//! state grows, and a restart never replays more than about half of what it loads.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Notify;

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
    bytes: AtomicU64,
    entries: AtomicU64,
    last_snapshot: AtomicU64,
    asked: AtomicBool,
    due: Notify,
}

/// How much a snapshot covers.
#[derive(Clone, Copy, Debug)]
pub struct Covered {
    bytes: u64,
    entries: u64,
}

impl Load {
    /// Nothing applied yet.
    pub fn new(rule: Rule) -> Self {
        let zero = AtomicU64::default;
        Self { rule, bytes: zero(), entries: zero(), last_snapshot: zero(), asked: AtomicBool::new(false), due: Notify::new() }
    }

    /// Notes applied entries, and wakes whoever takes snapshots if one is due now.
    pub fn applied(&self, entries: u64, bytes: u64) {
        let entries = self.entries.fetch_add(entries, Ordering::Relaxed) + entries;
        let bytes = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if self.rule.is_due(bytes, entries, self.last_snapshot.load(Ordering::Relaxed)) && !self.asked.swap(true, Ordering::AcqRel) {
            self.due.notify_one();
        }
    }

    /// What a snapshot cut now covers.
    pub fn cut(&self) -> Covered {
        Covered { bytes: self.bytes.load(Ordering::Relaxed), entries: self.entries.load(Ordering::Relaxed) }
    }

    /// Notes that a snapshot of `size` bytes has been taken that covers so much.
    pub fn taken(&self, covered: Covered, size: u64) {
        self.bytes.fetch_sub(covered.bytes, Ordering::Relaxed);
        self.entries.fetch_sub(covered.entries, Ordering::Relaxed);
        self.last_snapshot.store(size, Ordering::Relaxed);
        self.asked.store(false, Ordering::Release);
        // What was applied while it was written may already be enough for the next.
        self.applied(0, 0);
    }

    /// Notes that the state is now that of a snapshot of `size` bytes.
    pub fn installed(&self, size: u64) {
        self.taken(self.cut(), size);
    }

    /// Calls `snapshot` whenever one is due, until it answers that there is no point any more.
    pub async fn watch<F: Future<Output = bool>>(&self, mut snapshot: impl FnMut() -> F) {
        loop {
            self.due.notified().await;
            if !snapshot().await {
                return;
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    const RULE: Rule = Rule { floor_bytes: 100, most_entries: 10 };

    fn is_asked(load: &Load) -> bool {
        load.asked.load(Ordering::Acquire)
    }

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
    fn asked_once_until_taken_and_again_for_what_came_meanwhile() {
        let load = Load::new(RULE);
        load.applied(1, 101);
        assert!(is_asked(&load));
        let covered = load.cut();
        load.applied(1, 50);
        load.taken(covered, 10);
        assert!(!is_asked(&load), "50 bytes are not enough");
        load.applied(1, 51);
        assert!(is_asked(&load));
        let covered = load.cut();
        load.applied(1, 200);
        load.taken(covered, 10);
        assert!(is_asked(&load), "200 bytes came while it was written");
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
