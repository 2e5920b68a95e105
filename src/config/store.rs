//! The log on disk and its snapshots.

use serde::{Deserialize, Serialize};

/// Which engine keeps the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// The embedded database sled.
    #[default]
    Sled,
    /// The embedded database redb.
    Redb,
    /// Files of our own that are only appended to, with redb beside them for what only grows.
    Journal,
}

impl Engine {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sled, Self::Redb, Self::Journal];
}

/// How the log is kept and when a snapshot takes its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// The engine.
    pub engine: Engine,
    /// Memory for the engine's page cache, in bytes.
    pub cache_bytes: u64,
    /// A snapshot is due when this many bytes of log have gathered since the last one, or more where the last snapshot
    /// is larger: then when the log outweighs it.
    pub snapshot_log_bytes: u64,
    /// A snapshot is due at the latest after this many entries.
    pub snapshot_log_entries: u64,
    /// Entries kept in the log behind a snapshot, for nodes that lag a little.
    pub kept_log_entries: u64,
}

impl Default for Store {
    fn default() -> Self {
        Self { engine: Engine::Sled, cache_bytes: 64 << 20, snapshot_log_bytes: 64 << 20, snapshot_log_entries: 1_000_000, kept_log_entries: 10_000 }
    }
}
