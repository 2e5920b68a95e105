//! The pool that hashes passwords, and what it need not hash again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Hashing is slow on purpose; it is kept off the threads that serve, and bounded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hashing {
    /// Threads that hash; 0 is one per processor.
    pub threads: usize,
    /// Hashes that may wait; more are answered 503.
    pub queue: usize,
    /// Credentials whose successful check is remembered, as a keyed digest in memory; 0 hashes for every request.
    pub remembered: usize,
    /// How long a successful check is remembered, in seconds. A changed password is forgotten at once.
    pub remembered_s: u64,
}

impl Default for Hashing {
    fn default() -> Self {
        Self { threads: 0, queue: 1024, remembered: 10_000, remembered_s: 600 }
    }
}

impl Hashing {
    /// The number of threads that [`threads`](Self::threads) means on this machine.
    pub fn pool_threads(&self) -> usize {
        if self.threads == 0 { super::processors() } else { self.threads }
    }

    /// [`remembered_s`](Self::remembered_s) as a span of time.
    pub fn remembered_for(&self) -> Duration {
        Duration::from_secs(self.remembered_s)
    }
}
