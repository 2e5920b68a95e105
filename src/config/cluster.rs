//! Taking part in a cluster.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How this node takes part in a cluster; without `listen` it is all there is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cluster {
    /// Where other nodes are listened to. This node also dials others from this address of the machine, unless it is that of
    /// all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// Where other nodes reach this one, `host:port`. Absent: where it listens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advertise: Option<String>,
    /// Where nodes are found at first, and when they are not where they were: `host:port` each, the same list on every node. The
    /// first of them in sorted order founds the cluster; any of them takes in others. Absent: this node alone.
    pub seeds: Vec<String>,
    /// How many seeds must be there and have no cluster yet before one is founded: more than half of them.
    pub bootstrap_expect: usize,
    /// A file that holds the cluster's secret; the variable `HEARTH_CLUSTER_SECRET` is asked first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
    /// After how many milliseconds of silence the leader declares a node down and its sessions ended.
    pub down_after_ms: u64,
    /// After how many milliseconds without a majority a node serves nothing but what is asked of it alone; less than
    /// `down_after_ms`, so that nobody is declared down while serving.
    pub fence_after_ms: u64,
    /// How many milliseconds the senior must have been well before leadership is moved to it.
    pub transfer_after_ms: u64,
    /// After how many seconds of silence a node is taken out of the cluster as long as three voters stay; 0 is never.
    pub remove_after_s: u64,
    /// The newest store format this node admits to know; 0 is the newest it does. Hold it back to be able to return to the
    /// release before.
    pub format: u8,
}

impl Default for Cluster {
    fn default() -> Self {
        Self {
            listen: None,
            advertise: None,
            seeds: Vec::new(),
            bootstrap_expect: 1,
            secret_file: None,
            down_after_ms: 5000,
            fence_after_ms: 3000,
            transfer_after_ms: 10_000,
            remove_after_s: 0,
            format: 0,
        }
    }
}

impl Cluster {
    /// Where other nodes reach this one, if it takes part in a cluster.
    pub fn advertised(&self) -> Option<String> {
        self.advertise.clone().or_else(|| self.listen.map(|listen| listen.to_string()))
    }

    /// The seeds in order, without doubles; this node itself where none are set.
    pub fn sorted_seeds(&self) -> Vec<String> {
        let mut seeds = if self.seeds.is_empty() { self.advertised().into_iter().collect() } else { self.seeds.clone() };
        seeds.sort();
        seeds.dedup();
        seeds
    }
}
