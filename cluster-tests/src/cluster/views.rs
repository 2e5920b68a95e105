//! A cluster as its nodes tell of it, and waiting for what they should tell.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Cluster, PATIENCE};
use crate::rest::BASE;

/// How long a node may take to say what it knows: it asks the others first, who may be dead.
const QUICK: Duration = Duration::from_secs(5);

/// How many members vote at most.
const MOST_VOTERS: usize = 5;

/// How often a condition is looked at that is waited for.
const LOOK: Duration = Duration::from_millis(50);

impl Cluster {
    /// What a node says of the cluster, or why it says nothing.
    ///
    /// # Errors
    /// It does not answer soon, or not with 200.
    pub fn status(&self, node: usize) -> Result<Value, String> {
        let answer = self.client(node).patience(QUICK).try_absolute("GET", "/hearth/v1/cluster", None);
        match answer {
            Ok(answer) if answer.status == 200 => Ok(answer.value()),
            Ok(answer) => Err(format!("node {node} answers {}: {}", answer.status, answer.text())),
            Err(error) => Err(format!("node {node}: {error}")),
        }
    }

    /// The node that all of these say is the leader.
    ///
    /// # Errors
    /// They name none, or different ones.
    pub fn leader(&self, asked: &[usize]) -> Result<usize, String> {
        let told = asked.iter().map(|node| self.status(*node)).collect::<Result<Vec<_>, _>>()?;
        let first = &told[0]["leader"];
        if first.is_null() || told.iter().any(|status| status["leader"] != *first) {
            return Err(format!("leaders {:?}", told.iter().map(|status| &status["leader"]).collect::<Vec<_>>()));
        }
        let nodes = told[0]["nodes"].as_array().ok_or("no nodes")?;
        let found = nodes.iter().find(|node| node["id"] == *first).ok_or_else(|| format!("no node {first} in {nodes:?}"))?;
        self.number(found).ok_or_else(|| format!("{found} is none of the nodes of this test"))
    }

    /// Which node of this test an entry of a status means.
    pub fn number(&self, entry: &Value) -> Option<usize> {
        let address = entry["address"].as_str()?;
        (0..self.members.len()).find(|node| self.advertised(*node) == address)
    }

    /// Waits until all running nodes have the same state: a checksum at one index.
    pub fn same_state(&self) {
        let asked = (0..self.members.len()).find(|node| self.runs(*node)).expect("a node runs");
        wait_for("equal checksums", PATIENCE, || {
            let answer = self.client(asked).absolute("GET", "/hearth/v1/cluster?checksum=true", None);
            let sums: Vec<_> = answer.value()["nodes"].as_array().into_iter().flatten().map(|node| node["checksum"].clone()).collect();
            let told: Vec<_> = sums.iter().filter(|sum| !sum.is_null()).collect();
            assert!(told.windows(2).all(|two| two[0] == two[1]), "states differ: {}", answer.text());
            if told.len() == self.running().len() { Ok(()) } else { Err(answer.text()) }
        });
    }

    /// The nodes that run.
    pub fn running(&self) -> Vec<usize> {
        (0..self.members.len()).filter(|node| self.runs(*node)).collect()
    }

    /// Waits until all running nodes agree: on one leader, on who is a member and up, and on the last entry applied.
    pub fn settled(&self) {
        let running = self.running();
        wait_for("the running nodes to agree", PATIENCE, || self.agreed(&running));
    }

    /// A node that was away for so short a time that nobody noticed is up in its old life before it serves in its new one.
    fn is_ready(&self, node: usize) -> Result<(), String> {
        let answer = self.client(node).patience(QUICK).try_absolute("GET", &format!("{BASE}/system/readiness"), None);
        match answer {
            Ok(answer) if answer.status == 200 => Ok(()),
            Ok(answer) => Err(format!("node {node} is not ready: {}", answer.text())),
            Err(error) => Err(format!("node {node}: {error}")),
        }
    }

    /// As [`Cluster::settled`], once, of these nodes.
    ///
    /// # Errors
    /// What they do not agree on.
    pub fn agreed(&self, nodes: &[usize]) -> Result<(), String> {
        let told = nodes.iter().map(|node| self.status(*node)).collect::<Result<Vec<_>, _>>()?;
        nodes.iter().try_for_each(|node| self.is_ready(*node))?;
        for field in ["clusterId", "leader", "voters", "learners", "senior", "applied"] {
            let values: Vec<_> = told.iter().map(|status| &status[field]).collect();
            if values.iter().any(|value| *value != values[0] || (field != "learners" && value.is_null())) {
                return Err(format!("{field} of {nodes:?} is {values:?}"));
            }
        }
        let count = |status: &Value, kind: &str| status[kind].as_array().map_or(0, Vec::len);
        let up = |status: &Value| status["nodes"].as_array().map_or(0, |all| all.iter().filter(|node| node["up"] == true).count());
        let (voters, all) = (count(&told[0], "voters"), count(&told[0], "voters") + count(&told[0], "learners"));
        let whole = voters == all.min(MOST_VOTERS) && told.iter().all(|status| up(status) == nodes.len());
        if whole && all >= nodes.len() { Ok(()) } else { Err(format!("{voters} voters of {all} members, not all up: {}", told[0])) }
    }
}

/// Waits until a probe gives something, and says what was waited for, and what the probe said last, if that takes too long.
#[track_caller]
pub fn wait_for<T>(what: &str, within: Duration, mut probe: impl FnMut() -> Result<T, String>) -> T {
    let since = Instant::now();
    loop {
        match probe() {
            Ok(found) => return found,
            Err(seen) if since.elapsed() > within => panic!("waited {within:?} for {what}; last: {seen}"),
            Err(_) => std::thread::sleep(LOOK),
        }
    }
}
