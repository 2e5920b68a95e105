//! What a process has used of the machine, as Linux tells it: unlike rates, it depends little on what else the machine does.

use std::fs;
use std::iter::Sum;
use std::ops::{Add, Sub};

/// Clock ticks per second in `/proc`, the same on every Linux that Rust runs on.
const TICKS: u64 = 100;

/// Used since the process began, or between two moments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time, in microseconds; known to 10 ms.
    pub cpu: u64,
    /// How often a thread went to sleep.
    pub sleeps: u64,
}

impl Usage {
    /// Of the process up to now; nothing where that cannot be known.
    pub fn of(pid: u32) -> Self {
        Self { cpu: cpu(pid).unwrap_or_default(), sleeps: sleeps(pid).unwrap_or_default() }
    }
}

impl Sub for Usage {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self { cpu: self.cpu.saturating_sub(earlier.cpu), sleeps: self.sleeps.saturating_sub(earlier.sleeps) }
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { cpu: self.cpu + other.cpu, sleeps: self.sleeps + other.sleeps }
    }
}

impl Sum for Usage {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Self::add)
    }
}

/// User and system time are the 14th and 15th field; the second is a name in parentheses that may have spaces.
fn cpu(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some((ticks()? + ticks()?) * (1_000_000 / TICKS))
}

fn sleeps(pid: u32) -> Option<u64> {
    let of = |task: fs::DirEntry| {
        let status = fs::read_to_string(task.path().join("status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
        line.trim().parse::<u64>().ok()
    };
    Some(fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten().filter_map(of).sum())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn work_and_sleep_are_seen() {
        let before = Usage::of(std::process::id());
        std::thread::sleep(Duration::from_millis(1));
        let begin = Instant::now();
        while (Usage::of(std::process::id()) - before).cpu == 0 {
            assert!(begin.elapsed() < Duration::from_secs(60));
        }
        assert!((Usage::of(std::process::id()) - before).sleeps > 0);
    }
}
