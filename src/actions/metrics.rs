//! The page of metrics, as Prometheus reads it.

use std::fs;
use std::path::Path;

use crate::state::State;
use crate::telemetry::metrics::{self, Page};

use super::Hearth;

impl Hearth {
    /// Writes everything that is measured behind the doors. Reads files: call it where blocking is allowed.
    pub fn write_metrics(&self, page: &mut Page) {
        metrics::write(page);
        self.write_raft(page);
        self.write_contents(page, &self.local());
        for part in ["log", "snapshots"] {
            page.count("hearth_disk_bytes", &[("part", part)], size(&self.config().data_dir.join(part)));
        }
    }

    fn write_raft(&self, page: &mut Page) {
        let raft = self.parts.gauges.read();
        page.count("hearth_raft_term", &[], raft.term);
        page.count("hearth_raft_is_leader", &[], raft.leads.into());
        page.count("hearth_raft_leader", &[], raft.leader.unwrap_or(0));
        page.number("hearth_raft_voters", raft.voters);
        page.number("hearth_raft_learners", raft.learners);
        page.count("hearth_raft_last_log_index", &[], raft.last_log);
        page.count("hearth_raft_committed_index", &[], raft.committed);
        page.count("hearth_raft_applied_index", &[], raft.applied);
        page.count("hearth_raft_snapshot_index", &[], raft.snapshot);
        page.count("hearth_raft_purged_index", &[], raft.purged);
        for (peer, lag) in raft.lags {
            page.count("hearth_raft_lag_entries", &[("peer", &peer.to_string())], lag);
        }
    }

    fn write_contents(&self, page: &mut Page, state: &State) {
        let me = self.parts.node;
        let is_senior = state.nodes.senior().is_some_and(|senior| senior.node == me);
        page.count("hearth_cluster_in_contact", &[], self.parts.cluster.members().fence().is_open().into());
        page.number("hearth_cluster_members", state.nodes.len());
        page.count("hearth_cluster_is_senior", &[], is_senior.into());
        page.number("hearth_users", state.users.len());
        page.number("hearth_groups", state.groups.len());
        page.number("hearth_rooms", state.rooms.len());
        page.number("hearth_sessions", state.sessions.len());
        page.number("hearth_node_sessions", state.sessions.len_on(me));
    }
}

/// The size of everything in a directory, in bytes. A file that goes away meanwhile counts as nothing.
fn size(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    let of_entry = |entry: fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() => size(&entry.path()),
        found => found.map_or(0, |found| found.len()),
    };
    entries.flatten().map(of_entry).sum()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_as_large_as_all_that_is_in_it() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("a")).unwrap();
        fs::write(dir.path().join("a/b"), [0; 100]).unwrap();
        fs::write(dir.path().join("c"), [0; 11]).unwrap();
        assert_eq!((size(dir.path()), size(&dir.path().join("none"))), (111, 0));
    }
}
