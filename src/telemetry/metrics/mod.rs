#![doc = include_str!("metrics.md")]

mod instruments;
mod page;
mod process;

pub use instruments::{Counter, Histogram};
pub use page::{CONTENT_TYPE, DESCRIBED, Described, Page};
pub use process::niceness;

/// Time to write and sync one batch of the log.
pub static FLUSH_TIME: Histogram = Histogram::of_times();
/// Jobs in one synced batch of the log.
pub static FLUSH_JOBS: Histogram = Histogram::of_numbers();
/// Time to apply and publish one batch of entries.
pub static APPLY_TIME: Histogram = Histogram::of_times();
/// Entries in one batch that is applied.
pub static APPLY_ENTRIES: Histogram = Histogram::of_numbers();
/// Time to write one snapshot.
pub static SNAPSHOT_TIME: Histogram = Histogram::of_times();
/// How often there was another leader, or none any more.
pub static LEADER_CHANGES: Counter = Counter::new();

static BOUND_HITS: [Counter; Bound::ALL.len()] = [const { Counter::new() }; Bound::ALL.len()];

/// What is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Connections to the REST listener.
    Connections,
    /// The size of a request body.
    Body,
    /// Failed logins of late.
    Logins,
    /// Passwords that wait to be hashed.
    Hashing,
    /// The time to answer a request.
    RequestTime,
    /// The time that the log may take for a proposal or a read.
    LogTime,
    /// Jobs and bytes that wait for the disk.
    LogQueue,
}

impl Bound {
    const ALL: [Self; 7] = [Self::Connections, Self::Body, Self::Logins, Self::Hashing, Self::RequestTime, Self::LogTime, Self::LogQueue];

    /// Notes that it was hit.
    pub fn hit(self) {
        BOUND_HITS[self as usize].add(1);
    }

    /// How often it was hit.
    pub fn hits(self) -> u64 {
        BOUND_HITS[self as usize].get()
    }

    fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Body => "body",
            Self::Logins => "logins",
            Self::Hashing => "hashing",
            Self::RequestTime => "request_time",
            Self::LogTime => "log_time",
            Self::LogQueue => "log_queue",
        }
    }
}

/// Writes what was recorded here, and what the process is.
pub fn write(page: &mut Page) {
    page.value("hearth_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
    for bound in Bound::ALL {
        page.count("hearth_bound_hits_total", &[("bound", bound.name())], bound.hits());
    }
    page.count("hearth_raft_leader_changes_total", &[], LEADER_CHANGES.get());
    page.histogram("hearth_log_flush_seconds", &[], &FLUSH_TIME);
    page.histogram("hearth_log_flush_jobs", &[], &FLUSH_JOBS);
    page.histogram("hearth_apply_seconds", &[], &APPLY_TIME);
    page.histogram("hearth_apply_entries", &[], &APPLY_ENTRIES);
    page.histogram("hearth_snapshot_seconds", &[], &SNAPSHOT_TIME);
    process::write(page);
}
