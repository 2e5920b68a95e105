//! What Raft does here, in numbers, for whoever watches this node.

use openraft::async_runtime::WatchReceiver;

use crate::raft::{Node, NodeId};
use crate::telemetry::metrics::LEADER_CHANGES;

/// Reads the numbers of a node.
#[derive(Clone)]
pub struct Gauges {
    node: Node,
}

/// The numbers at one moment. Indexes are 0 while there is no such entry.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The current term.
    pub term: u64,
    /// The leader, if one is known.
    pub leader: Option<NodeId>,
    /// Whether it is this node.
    pub leads: bool,
    /// How many vote.
    pub voters: usize,
    /// How many learn.
    pub learners: usize,
    /// Index of the last entry of the log.
    pub last_log: u64,
    /// Index of the last entry that is known to be committed.
    pub committed: u64,
    /// Index of the last entry applied.
    pub applied: u64,
    /// Index of the last entry that the newest snapshot covers.
    pub snapshot: u64,
    /// Index of the last entry that is no longer in the log.
    pub purged: u64,
    /// On the leader: how many entries of its log each other node has not confirmed.
    pub lags: Vec<(NodeId, u64)>,
}

impl Gauges {
    /// Reads from `node`, and counts changes of the leader from now on until the node ends.
    ///
    /// Must be called on a tokio runtime.
    pub fn start(node: Node) -> Self {
        let mut seldom = node.raft().server_metrics();
        tokio::spawn(async move {
            let mut leader = seldom.borrow_watched().current_leader;
            while seldom.changed().await.is_ok() {
                let known = std::mem::replace(&mut leader, seldom.borrow_watched().current_leader);
                LEADER_CHANGES.add(u64::from(known != leader));
            }
        });
        Self { node }
    }

    /// The numbers now. Waits for nothing.
    pub fn read(&self) -> Reading {
        let metrics = self.node.raft().metrics();
        let metrics = metrics.borrow_watched();
        let last_log = metrics.last_log_index.unwrap_or(0);
        let members = metrics.membership_config.membership();
        let lag = |(node, confirmed): (&NodeId, &Option<_>)| (*node, last_log.saturating_sub(index(confirmed)));
        Reading {
            term: metrics.current_term,
            leader: metrics.current_leader,
            leads: metrics.current_leader == Some(metrics.id),
            voters: members.voter_ids().count(),
            learners: members.learner_ids().count(),
            last_log,
            committed: index(&metrics.cluster_committed).max(index(&metrics.local_committed)),
            applied: index(&metrics.last_applied),
            snapshot: index(&metrics.snapshot),
            purged: index(&metrics.purged),
            lags: metrics.replication.iter().flatten().filter(|(node, _)| **node != metrics.id).map(lag).collect(),
        }
    }
}

fn index(id: &Option<crate::raft::LogId>) -> u64 {
    id.map_or(0, |id| id.index)
}
