//! Which values can be worked with. Bounds are wide: they exclude what cannot work, not what is unwise.

use std::ops::RangeInclusive;

use super::Config;

/// The key, and what is wrong with its value.
type Fault = (&'static str, String);

const SECONDS: RangeInclusive<u64> = 1..=31_536_000;
const COUNT: RangeInclusive<u64> = 1..=100_000_000;
const COUNT_OR_NONE: RangeInclusive<u64> = 0..=100_000_000;
const THREADS: RangeInclusive<u64> = 0..=1024;
const BYTES: RangeInclusive<u64> = 1024..=1 << 30;
const STORE_BYTES: RangeInclusive<u64> = 1 << 20..=1 << 40;
/// Deeper bodies would only cost stack.
const DEPTH: RangeInclusive<u64> = 8..=512;

impl Config {
    pub(super) fn check(&self) -> Result<(), Fault> {
        self.ranges().into_iter().try_for_each(in_range)?;
        self.check_rest()
    }

    /// Every number, by key.
    #[rustfmt::skip]
    fn ranges(&self) -> Vec<(&'static str, u64, RangeInclusive<u64>)> {
        let (limits, throttle, store, hashing) = (&self.limits, &self.throttle, &self.store, &self.hashing);
        vec![
            ("rest.workers", wide(self.rest.workers), THREADS),
            ("limits.body_bytes", wide(limits.body_bytes), BYTES),
            ("limits.bulk_body_bytes", wide(limits.bulk_body_bytes), BYTES),
            ("limits.depth", wide(limits.depth), DEPTH),
            ("limits.list_entries", wide(limits.list_entries), COUNT),
            ("limits.audit_entries", wide(limits.audit_entries), COUNT),
            ("limits.request_timeout_s", limits.request_timeout_s, SECONDS),
            ("limits.idle_s", limits.idle_s, SECONDS),
            ("limits.connections", wide(limits.connections), COUNT),
            ("throttle.window_s", throttle.window_s, SECONDS),
            ("throttle.remembered", wide(throttle.remembered), COUNT),
            ("store.cache_bytes", store.cache_bytes, STORE_BYTES),
            ("store.snapshot_log_bytes", store.snapshot_log_bytes, STORE_BYTES),
            ("store.snapshot_log_entries", store.snapshot_log_entries, COUNT),
            ("store.kept_log_entries", store.kept_log_entries, COUNT_OR_NONE),
            ("hashing.threads", wide(hashing.threads), THREADS),
            ("hashing.queue", wide(hashing.queue), COUNT),
            ("hashing.remembered", wide(hashing.remembered), COUNT_OR_NONE),
            ("hashing.remembered_s", hashing.remembered_s, SECONDS),
        ]
    }

    fn check_rest(&self) -> Result<(), Fault> {
        if self.data_dir.as_os_str().is_empty() {
            return Err(("data_dir", "must not be empty".to_owned()));
        }
        if self.limits.bulk_body_bytes < self.limits.body_bytes {
            return Err(("limits.bulk_body_bytes", "must not be less than limits.body_bytes".to_owned()));
        }
        if let Err(error) = self.log.filter.parse::<tracing_subscriber::EnvFilter>() {
            return Err(("log.filter", error.to_string()));
        }
        match self.proxies.forwarding().trusted.unreadable() {
            [] => Ok(()),
            [entry, ..] => Err(("proxies.trusted", format!("{entry:?} is neither an address nor a range"))),
        }
    }
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn in_range((key, value, range): (&'static str, u64, RangeInclusive<u64>)) -> Result<(), Fault> {
    if range.contains(&value) {
        return Ok(());
    }
    Err((key, format!("must be from {} to {}, not {value}", range.start(), range.end())))
}
