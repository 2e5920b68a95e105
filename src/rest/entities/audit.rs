//! The security log (system.md §8).

use super::describe::{entity, list};

entity! {
    /// Something someone did.
    pub struct AuditEntry("log") {
        /// More about it.
        details: Option<String> => element("details"),
        /// A number that rises from entry to entry.
        log_id: i64 => element("logId"),
        /// Where it was done.
        node: Option<String> => element("node"),
        /// What was done.
        summary: Option<String> => element("summary"),
        /// When, in seconds since the epoch.
        timestamp: i64 => element("timestamp"),
        /// Who did it.
        username: Option<String> => element("username"),
    }
    json { log_id, username, timestamp, summary, node, details }
}

list! {
    /// Entries of the security log, newest first.
    pub struct AuditLog("logs") {
        /// The entries.
        logs: Vec<AuditEntry> => bare("logs", "log")
    } of AuditEntry
}
