//! What is recorded into. Cheap enough for every request: no lock, no memory taken, a few relaxed atomic additions.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Nothing counted yet.
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Counts so many more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// What was counted.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many bounds a histogram has.
const BOUNDS: usize = 16;

/// Bounds of times, in microseconds.
const TIMES: [u64; BOUNDS] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000];

/// Bounds of numbers.
const NUMBERS: [u64; BOUNDS] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768];

/// How often which values came, by size.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64; BOUNDS],
    /// How many of the recorded unit are one of the unit that is told.
    units: f64,
    /// Values up to each bound and above the one before; the last is for what is above all.
    counts: [Counter; BOUNDS + 1],
    sum: Counter,
}

impl Histogram {
    /// Of times, from 100 µs to 10 s.
    pub const fn of_times() -> Self {
        Self::new(&TIMES, 1_000_000.0)
    }

    /// Of numbers, from 1 to 32,768.
    pub const fn of_numbers() -> Self {
        Self::new(&NUMBERS, 1.0)
    }

    const fn new(bounds: &'static [u64; BOUNDS], units: f64) -> Self {
        Self { bounds, units, counts: [const { Counter::new() }; BOUNDS + 1], sum: Counter::new() }
    }

    /// Records a time.
    pub fn took(&self, time: Duration) {
        self.record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// Records a number, or a time in microseconds.
    pub fn record(&self, value: u64) {
        let at = self.bounds.partition_point(|bound| *bound < value);
        self.counts[at].add(1);
        self.sum.add(value);
    }

    /// Each bound with how many values were up to it; the last is without bound. The values never shrink from one to the next,
    /// also while more are recorded.
    pub fn buckets(&self) -> Vec<(f64, u64)> {
        let bounds = self.bounds.iter().map(|bound| precise(*bound) / self.units).chain([f64::INFINITY]);
        let up_to = self.counts.iter().scan(0, |sum, count| {
            *sum += count.get();
            Some(*sum)
        });
        bounds.zip(up_to).collect()
    }

    /// The sum of all values.
    pub fn sum(&self) -> f64 {
        precise(self.sum.get()) / self.units
    }
}

/// Exact up to 2⁵³, which is as far as the readers of the page count as well.
#[allow(clippy::cast_precision_loss)]
pub fn precise(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_in_every_bucket_that_is_large_enough() {
        let histogram = Histogram::of_numbers();
        for value in [0, 1, 2, 3, 40_000] {
            histogram.record(value);
        }
        let buckets = histogram.buckets();
        assert_eq!(buckets[..3], [(1.0, 2), (2.0, 3), (4.0, 4)]);
        assert_eq!((buckets[15], buckets[16]), ((32_768.0, 4), (f64::INFINITY, 5)));
        assert_eq!(histogram.sum(), 40_006.0);
    }

    #[test]
    fn times_are_told_in_seconds() {
        let histogram = Histogram::of_times();
        histogram.took(Duration::from_micros(100));
        histogram.took(Duration::from_secs(3));
        let buckets = histogram.buckets();
        assert_eq!((buckets[0], buckets[13], buckets[14]), ((0.0001, 1), (2.5, 1), (5.0, 2)));
        assert_eq!(histogram.sum(), 3.0001);
    }
}
