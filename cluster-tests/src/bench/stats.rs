//! What slices of load come to.

use std::time::Duration;

use super::usage::Usage;

/// One slice: the latency of each request in microseconds, and how long it all took.
#[derive(Clone, Debug)]
pub struct Slice {
    /// One per request.
    pub latencies: Vec<u32>,
    /// From the first request to the last answer.
    pub span: Duration,
    /// What the server used meanwhile.
    pub usage: Usage,
}

/// Several slices together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Median over the slices of requests per second.
    pub rate: f64,
    /// Median latency in microseconds, over all requests.
    pub p50: u32,
    /// 99th percentile.
    pub p99: u32,
    /// Processor time of the server per request, in microseconds.
    pub cpu: f64,
    /// How often a thread of the server went to sleep per request.
    pub sleeps: f64,
}

impl Summary {
    /// Of these slices.
    pub fn of(slices: &[Slice]) -> Self {
        let rates = slices.iter().map(|slice| slice.latencies.len() as f64 / slice.span.as_secs_f64()).collect();
        let mut latencies: Vec<u32> = slices.iter().flat_map(|slice| slice.latencies.iter().copied()).collect();
        latencies.sort_unstable();
        let at = |part: f64| latencies.get((latencies.len() as f64 * part) as usize).copied().unwrap_or_default();
        let used: Usage = slices.iter().map(|slice| slice.usage).sum();
        let each = |all: u64| all as f64 / latencies.len() as f64;
        Self { rate: median(rates), p50: at(0.5), p99: at(0.99), cpu: each(used.cpu), sleeps: each(used.sleeps) }
    }
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_of_medians() {
        let usage = Usage { cpu: 1000, sleeps: 50 };
        let slice = |n: u32, seconds| Slice { latencies: (1..=n).collect(), span: Duration::from_secs(seconds), usage };
        let summary = Summary::of(&[slice(100, 1), slice(100, 2), slice(100, 100)]);
        assert_eq!(summary, Summary { rate: 50.0, p50: 51, p99: 100, cpu: 10.0, sleeps: 0.5 });
    }
}
