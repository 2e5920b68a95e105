//! Which values can be worked with. Bounds are wide: they exclude what cannot work, not what is unwise.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use super::Config;

/// The key, and what is wrong with its value.
type Fault = (&'static str, String);

const SECONDS: RangeInclusive<u64> = 1..=31_536_000;
/// Formats of the store there have been.
const FORMATS: u64 = 2;
const MILLISECONDS: RangeInclusive<u64> = 500..=3_600_000;
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
        self.check_cluster()?;
        self.check_rest()
    }

    /// Every number, by key.
    #[rustfmt::skip]
    fn ranges(&self) -> Vec<(&'static str, u64, RangeInclusive<u64>)> {
        let (limits, throttle, store, hashing, cluster) = (&self.limits, &self.throttle, &self.store, &self.hashing, &self.cluster);
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
            ("cluster.bootstrap_expect", wide(cluster.bootstrap_expect), 1..=5),
            ("cluster.down_after_ms", cluster.down_after_ms, MILLISECONDS),
            ("cluster.fence_after_ms", cluster.fence_after_ms, MILLISECONDS),
            ("cluster.transfer_after_ms", cluster.transfer_after_ms, MILLISECONDS),
            ("cluster.remove_after_s", cluster.remove_after_s, COUNT_OR_NONE),
            ("cluster.format", cluster.format.into(), 0..=FORMATS),
            ("hashing.threads", wide(hashing.threads), THREADS),
            ("hashing.queue", wide(hashing.queue), COUNT),
            ("hashing.remembered", wide(hashing.remembered), COUNT_OR_NONE),
            ("hashing.remembered_s", hashing.remembered_s, SECONDS),
        ]
    }

    fn check_cluster(&self) -> Result<(), Fault> {
        let cluster = &self.cluster;
        if cluster.fence_after_ms >= cluster.down_after_ms {
            return Err(("cluster.fence_after_ms", "must be less than cluster.down_after_ms".to_owned()));
        }
        let Some(listen) = cluster.listen else { return Ok(()) };
        let addresses = cluster.advertise.iter().map(|at| ("cluster.advertise", at)).chain(cluster.seeds.iter().map(|at| ("cluster.seeds", at)));
        addresses.into_iter().try_for_each(|(key, at)| is_address(at).map_err(|why| (key, why)))?;
        if cluster.advertise.is_none() && listen.ip().is_unspecified() {
            return Err(("cluster.advertise", format!("is needed: others cannot reach {listen}")));
        }
        let seeds = cluster.sorted_seeds().len();
        if cluster.bootstrap_expect > seeds || cluster.bootstrap_expect * 2 <= seeds {
            return Err(("cluster.bootstrap_expect", format!("must be more than half of the {seeds} seeds, and not more than all")));
        }
        Ok(())
    }

    /// That nothing is missing once everybody has had a say: a file may leave it to the command line of each node where it listens.
    pub(super) fn check_whole(&self) -> Result<(), Fault> {
        let cluster = &self.cluster;
        let is_meant = cluster.advertise.is_some() || !cluster.seeds.is_empty() || cluster.bootstrap_expect > 1;
        if is_meant && cluster.listen.is_none() {
            return Err(("cluster.listen", "is needed for a node of a cluster; without it this one would stand alone".to_owned()));
        }
        Ok(())
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

fn is_address(text: &str) -> Result<(), String> {
    let none = || format!("{text:?} is not host:port");
    let (host, port) = text.rsplit_once(':').ok_or_else(none)?;
    let is_host = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c == '@' || c == '/');
    if !is_host || !port.parse::<u16>().is_ok_and(|port| port > 0) {
        return Err(none());
    }
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    if address.is_ok_and(|address| address.is_unspecified()) { Err(format!("{text:?} is no address that others can reach")) } else { Ok(()) }
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
