//! Work that gives way. A node that has been away is caught up by one that serves, and both may share a disk with others: whoever
//! does that work rests in between, so that those who are served meanwhile hardly notice. There is no condition to be awaited:
//! whether the processor or the disk is wanted by others is not to be seen from here, but work takes longer where it is.

use std::thread;
use std::time::{Duration, Instant};

/// No rest is longer.
const LONGEST: Duration = Duration::from_millis(500);

/// Rests after each piece of work, so many times as long as it took.
pub struct Pace {
    times: u32,
    since: Instant,
}

impl Pace {
    /// The first piece begins now.
    pub fn of(times: u32) -> Self {
        Self { times, since: Instant::now() }
    }

    /// A piece is done: rests. The next one begins when this returns. Blocks.
    pub fn rest(&mut self) {
        thread::sleep((self.since.elapsed() * self.times).min(LONGEST));
        self.since = Instant::now();
    }
}
