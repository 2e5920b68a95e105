//! The cluster as its operators see it.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use openraft::ServerState;
use openraft::async_runtime::WatchReceiver;
use tokio::time::timeout;
use uuid::Uuid;

use super::group::{Group, Seat};
use super::members::Listed;
use super::{Cluster, Unsure, own};
use crate::raft::NodeId;
use crate::state::nodes::Command as Nodes;
use crate::wire::cluster::{StatusRequest, StatusResponse};

/// How long a node may take to tell how it sees itself,
const PATIENCE: Duration = Duration::from_secs(2);
/// and how much longer with a checksum of its state.
const SUMMING: Duration = Duration::from_secs(30);
/// How long an index may take to be marked, and to be applied here.
const MARKING: Duration = Duration::from_secs(5);

/// A member of the cluster.
#[derive(Clone, Debug)]
pub struct MemberStatus {
    /// Its number.
    pub id: NodeId,
    /// Its UUID.
    pub uuid: Uuid,
    /// Where other nodes reach it.
    pub address: Option<String>,
    /// Its host name, while it is up.
    pub host: Option<String>,
    /// Its place in line from 1, while it is up.
    pub place: Option<usize>,
    /// Its life, while it is up.
    pub incarnation: Option<u64>,
    /// Whether it votes.
    pub voter: bool,
    /// What it answered; `None` when it did not.
    pub told: Option<Told>,
}

/// What a node tells of itself.
#[derive(Clone, Debug)]
pub struct Told {
    /// The version of Hearth that it runs.
    pub version: String,
    /// The oldest and the newest store format that it reads and writes.
    pub formats: [u32; 2],
    /// The index of the newest entry of its log.
    pub last_log: u64,
    /// The index of the newest entry that it has applied.
    pub applied: u64,
    /// How many entries it is behind the longest log of all.
    pub lag: u64,
    /// Whether it is about to stop.
    pub draining: bool,
    /// The checksum of its state, and the index that it is of, if it was asked for.
    pub checksum: Option<(u64, Bytes)>,
}

/// The cluster, from the node that was asked.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The cluster's id.
    pub cluster: Uuid,
    /// The node that was asked.
    pub asked: NodeId,
    /// What it is to the others: leader, follower, candidate, learner or stopped.
    pub role: String,
    /// The term it is in.
    pub term: u64,
    /// Whom it takes for the leader.
    pub leader: Option<NodeId>,
    /// The index up to which it knows the log to be committed.
    pub committed: u64,
    /// The index up to which it has applied the log.
    pub applied: u64,
    /// The store format that is written.
    pub format: u8,
    /// Every member, the senior first, who is down last.
    pub members: Vec<MemberStatus>,
}

fn role(state: ServerState) -> &'static str {
    match state {
        ServerState::Leader => "leader",
        ServerState::Follower => "follower",
        ServerState::Candidate => "candidate",
        ServerState::Learner => "learner",
        ServerState::Shutdown => "stopped",
    }
}

impl Cluster {
    /// How this node sees itself. With `checksum_at`, the checksum of its state as it was at that marked index, unless it does
    /// not get there in time or another index has been marked since.
    pub async fn own_status(&self, checksum_at: Option<u64>, limit: Duration) -> StatusResponse {
        let checksum = match checksum_at {
            Some(index) => self.checksum(index, limit).await,
            None => None,
        };
        let metrics = self.members.node().raft().metrics();
        let metrics = metrics.borrow_watched();
        let identity = self.members.node().identity();
        StatusResponse {
            uuid: identity.uuid.into_bytes().to_vec().into(),
            node: identity.node_id,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            oldest_format: self.own.formats.0.into(),
            newest_format: self.own.formats.1.into(),
            term: metrics.current_term,
            role: role(metrics.state).to_owned(),
            leader: metrics.current_leader.unwrap_or(0),
            last_log: metrics.last_log_index.unwrap_or(0),
            committed: metrics.local_committed.map_or(0, |id| id.index),
            applied: self.members.applied(),
            checksum: checksum.map(|sum| sum.to_vec().into()),
            draining: self.own.is_draining(),
        }
    }

    async fn checksum(&self, index: u64, limit: Duration) -> Option<[u8; 32]> {
        timeout(limit, self.members.reach(index)).await.ok()?;
        let state = self.marked.load_full().filter(|state| state.index == index)?;
        tokio::task::spawn_blocking(move || state.checksum()).await.ok()
    }

    /// The cluster as its members see themselves; with `checksums` of the state of every node at one index.
    pub async fn overview(&self, checksums: bool) -> Overview {
        let marked = if checksums { timeout(MARKING, self.mark()).await.ok().and_then(Result::ok) } else { None };
        let limit = if marked.is_some() { PATIENCE + SUMMING } else { PATIENCE };
        let mut asked: FuturesOrdered<_> = self.members.listed().into_iter().map(|member| self.ask(member, marked, limit)).collect();
        let mut answers = Vec::new();
        while let Some(answer) = asked.next().await {
            answers.push(answer);
        }
        let last = answers.iter().filter_map(|(_, own)| own.as_ref()).map(|own| own.last_log).max().unwrap_or(0);
        let mut members: Vec<_> = answers.into_iter().map(|(listed, own)| self.member(listed, own.map(|own| told(own, last, marked)))).collect();
        members.sort_by_key(|member| member.incarnation.unwrap_or(u64::MAX));
        let identity = self.members.node().identity();
        let StatusResponse { role, term, leader, committed, applied, .. } = self.own_status(None, limit).await;
        let (leader, format) = (Some(leader).filter(|leader| *leader > 0), self.views.load().nodes.format());
        Overview { cluster: identity.cluster_id, asked: identity.node_id, role, term, leader, committed, applied, format, members }
    }

    /// Marks an index; its state is kept by every node until the next one is marked.
    async fn mark(&self) -> Result<u64, Unsure> {
        if self.views.load().nodes.format() < 2 {
            return Err(Unsure::Retry); // format 1 knows no marks
        }
        let payload = own::logged(&self.members, &self.views, Uuid::new_v4(), Nodes::Mark, None)?;
        self.members.write_anywhere(payload).await
    }

    async fn ask(&self, listed: Listed, checksum_at: Option<u64>, limit: Duration) -> (Listed, Option<StatusResponse>) {
        let own = if listed.id == self.members.me() {
            Some(self.own_status(checksum_at, MARKING).await)
        } else {
            match (self.members.calls(), self.members.address_of(listed.id)) {
                (Ok(calls), Some(address)) => calls.status(listed.id, &address, StatusRequest { checksum_at }, limit).await.ok(),
                _ => None,
            }
        };
        (listed, own)
    }

    fn member(&self, Listed { id, address, voter }: Listed, told: Option<Told>) -> MemberStatus {
        let uuid = address.as_ref().map_or(self.own.uuid, |address| address.uuid);
        let nodes = &self.views.load().nodes;
        let up = nodes.iter().enumerate().find(|(_, member)| member.node == uuid);
        MemberStatus {
            id,
            uuid,
            address: address.map(|address| address.at),
            host: up.map(|(_, member)| member.host.clone()),
            place: up.map(|(place, _)| place + 1),
            incarnation: up.map(|(_, member)| member.incarnation),
            voter,
            told,
        }
    }
}

/// An answer, where `last` is the newest index of all logs and checksums are of the state at `marked`.
fn told(own: StatusResponse, last: u64, marked: Option<u64>) -> Told {
    Told {
        version: own.version,
        formats: [own.oldest_format, own.newest_format],
        last_log: own.last_log,
        applied: own.applied,
        lag: last.saturating_sub(own.applied),
        draining: own.draining,
        checksum: marked.zip(own.checksum),
    }
}
