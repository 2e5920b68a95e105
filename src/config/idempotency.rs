//! How long answers to retried requests are remembered.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The memory of `Idempotency-Key`: a request that comes again within it gets its first answer and is not done again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Idempotency {
    /// How long a key is remembered, in seconds.
    pub retention_s: u64,
    /// The most keys that are remembered; the oldest are forgotten first.
    pub keys: usize,
}

impl Default for Idempotency {
    fn default() -> Self {
        Self { retention_s: 86_400, keys: 100_000 }
    }
}

impl Idempotency {
    /// [`retention_s`](Self::retention_s) as a span of time.
    pub fn retention(&self) -> Duration {
        Duration::from_secs(self.retention_s)
    }
}
