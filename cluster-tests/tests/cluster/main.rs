//! Several nodes that are one service, and what can happen to them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod alone;
mod chaos;
mod disk;
mod fence;
mod forming;
mod joining;
mod lives;
mod nemesis;
mod operating;
mod power;
mod recovering;
mod refusals;
mod retries;
mod rolling;
mod seniority;
mod serving;
mod soak;
mod witness;

use std::time::Duration;

use cluster_tests::Cluster;
use cluster_tests::rest::served;

/// How long a cluster may take to do what a test waits for.
const PATIENCE: Duration = Duration::from_secs(60);

/// After so many milliseconds without a majority a node of these tests serves nothing.
const FENCE: u64 = 2000;

/// Shorter times than for people, and snapshots often enough that nodes that lag need them.
const CONFIG: &str = "[cluster]\nfence_after_ms = 2000\ndown_after_ms = 3500\ntransfer_after_ms = 4000\n\
                      [store]\nsnapshot_log_entries = 1000\nkept_log_entries = 200\n";

/// [`CONFIG`] where nodes that the machine keeps waiting are to go on serving.
fn calm() -> String {
    CONFIG.replace("fence_after_ms = 2000\ndown_after_ms = 3500", "fence_after_ms = 20000\ndown_after_ms = 40000")
}

/// Writes a property at a node, as soon as it has a majority.
#[track_caller]
fn put(cluster: &Cluster, node: usize, key: &str, value: &str) {
    let body = format!(r#"{{"key":"{key}","value":"{value}"}}"#);
    served(|| cluster.client(node).body("POST", "/system/properties", &body)).is(201);
}

/// Wants a node to read this, as soon as it has a majority.
#[track_caller]
fn reads(cluster: &Cluster, node: usize, key: &str, value: &str) {
    let path = format!("/system/properties/{}", key.replace(' ', "%20"));
    served(|| cluster.client(node).get(&path)).says(&format!(r#"{{"key":"{key}","value":"{value}"}}"#));
}
