//! How failed logins are slowed down.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Failed logins are counted in a window of time; over the bound, further tries are answered 429 without a look at
/// the password. A successful login is never counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Throttle {
    /// The length of the window, in seconds.
    pub window_s: u64,
    /// Failures allowed in a window from one address; 0 is no bound.
    pub per_address: u32,
    /// Failures allowed in a window for one name; 0 is no bound.
    pub per_name: u32,
    /// The most addresses and names that are remembered; the oldest are forgotten first.
    pub remembered: usize,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { window_s: 60, per_address: 100, per_name: 30, remembered: 100_000 }
    }
}

impl Throttle {
    /// [`window_s`](Self::window_s) as a span of time.
    pub fn window(&self) -> Duration {
        Duration::from_secs(self.window_s)
    }
}
