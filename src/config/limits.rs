//! The bounds on what clients may send. What is over a bound is refused with a clear error and changes nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Bounds on requests and connections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The largest request body, in bytes.
    pub body_bytes: usize,
    /// The largest body of a bulk request, in bytes.
    pub bulk_body_bytes: usize,
    /// How deep XML elements or JSON values may be nested.
    pub depth: usize,
    /// The most entries of any one list in a request body, bulk creation included.
    pub list_entries: usize,
    /// The most entries that one read of the audit log returns, whatever `limit` asks for.
    pub audit_entries: usize,
    /// The time for a request from its first byte to the end of its answer's head, in seconds.
    pub request_timeout_s: u64,
    /// How long a connection is kept without a request, in seconds.
    pub idle_s: u64,
    /// The most connections at a time; more wait in the operating system's queue.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 1 << 20,
            bulk_body_bytes: 16 << 20,
            depth: 64,
            list_entries: 10_000,
            audit_entries: 10_000,
            request_timeout_s: 30,
            idle_s: 75,
            connections: 10_000,
        }
    }
}

impl Limits {
    /// [`request_timeout_s`](Self::request_timeout_s) as a span of time.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_s)
    }

    /// [`idle_s`](Self::idle_s) as a span of time.
    pub fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_s)
    }
}
