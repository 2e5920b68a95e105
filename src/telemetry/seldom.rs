//! Lines of the log that a flood of requests would repeat thousands of times a second.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long one line stands for all others like it.
const QUIET: Duration = Duration::from_secs(1);

/// Says whether a line is to be logged: once a second.
#[derive(Debug)]
pub struct Seldom {
    /// Milliseconds from [`Seldom::started`] to the end of the quiet after the last line.
    quiet_until: AtomicU64,
    left_out: AtomicU64,
    started: OnceLock<Instant>,
}

impl Seldom {
    /// No line was logged yet.
    pub const fn new() -> Self {
        Self { quiet_until: AtomicU64::new(0), left_out: AtomicU64::new(0), started: OnceLock::new() }
    }

    /// How many lines were left out before this one; `None` when this one is left out as well.
    pub fn due(&self) -> Option<u64> {
        let elapsed = self.started.get_or_init(Instant::now).elapsed();
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let (now, until) = (millis(elapsed), self.quiet_until.load(Ordering::Relaxed));
        let ours = now >= until && self.quiet_until.compare_exchange(until, millis(elapsed + QUIET), Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if ours {
            return Some(self.left_out.swap(0, Ordering::Relaxed));
        }
        self.left_out.fetch_add(1, Ordering::Relaxed);
        None
    }
}

impl Default for Seldom {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_second_and_what_was_left_out_is_counted() {
        let seldom = Seldom::new();
        let told: Vec<u64> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| (0..1000).filter_map(|_| seldom.due()).collect::<Vec<_>>())).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(told.len() as u64 + told.iter().sum::<u64>() + seldom.left_out.load(Ordering::Relaxed), 4000);
        // More only on a machine that takes more than a second for it.
        assert!(told.len() as u128 <= 1 + seldom.started.get().unwrap().elapsed().as_millis() / QUIET.as_millis());
        seldom.quiet_until.store(0, Ordering::Relaxed);
        let left_out = seldom.left_out.load(Ordering::Relaxed);
        assert_eq!(seldom.due(), Some(left_out));
        seldom.quiet_until.store(u64::MAX, Ordering::Relaxed);
        assert_eq!(seldom.due(), None);
    }
}
