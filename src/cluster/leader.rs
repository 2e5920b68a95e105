//! What only the leader can do to the membership, one thing at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use openraft::ChangeMembers;
use openraft::async_runtime::WatchReceiver;
use tokio::sync::Mutex;
use tokio::time::timeout;
use uuid::Uuid;

use super::contacts::Contacts;
use super::duties::VOTERS_KEPT;
use super::group::Group;
use super::members::{Listed, Members};
use crate::actors::Views;
use crate::raft::{Address, NodeId};
use crate::state::nodes;

/// How long a change may wait for a majority.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undone {
    /// Never, as it is asked for.
    #[error("{0}")]
    Refused(String),
    /// Not here and now.
    #[error("{0}")]
    NotNow(String),
}

fn not_now(error: impl std::fmt::Display) -> Undone {
    Undone::NotNow(error.to_string())
}

fn refused(why: impl Into<String>) -> Undone {
    Undone::Refused(why.into())
}

/// Who asks to be taken in.
#[derive(Clone, Debug)]
pub struct Applicant {
    /// Its UUID and where it is reached.
    pub address: Address,
    /// The cluster and number it had, if it has data.
    pub had: Option<(Uuid, NodeId)>,
    /// The newest store format it reads.
    pub format: u8,
}

/// Changes the membership. Clones are handles to the same one.
#[derive(Clone)]
pub struct Leader {
    members: Members,
    views: Views,
    contacts: Contacts,
    one_at_a_time: Arc<Mutex<()>>,
}

impl Leader {
    /// For this node's group.
    pub fn new(members: Members, views: Views, contacts: Contacts) -> Self {
        Self { members, views, contacts, one_at_a_time: Arc::default() }
    }

    /// Takes a node in as a learner, or notes its new address; the same node gets the same number however often it asks. A
    /// number is the index of a log entry written for it, so none is ever given twice.
    ///
    /// # Errors
    /// It belongs to another cluster, was taken out before, or is too old for what is written here; or not here and now.
    pub async fn take_in(&self, applicant: &Applicant) -> Result<NodeId, Undone> {
        let _turn = self.one_at_a_time.lock().await;
        self.check(applicant)?;
        let known = self.members.listed().into_iter().find(|member| is_it(member, applicant));
        match known {
            Some(member) if member.address.as_ref() == Some(&applicant.address) => Ok(member.id),
            Some(member) => self.note_address(member.id, &applicant.address).await,
            None if applicant.had.is_some() => {
                Err(refused("this node has been taken out of the cluster; move its data directory away and let it join anew"))
            }
            None => self.add(&applicant.address).await,
        }
    }

    fn check(&self, applicant: &Applicant) -> Result<(), Undone> {
        let cluster = self.members.node().identity().cluster_id;
        if let Some((other, _)) = applicant.had.filter(|(other, _)| *other != cluster) {
            return Err(refused(format!(
                "this node has data of the cluster {other}, not of {cluster}; a data directory belongs to one cluster for ever"
            )));
        }
        let format = self.views.load().nodes.format();
        if applicant.format < format {
            return Err(refused(format!("this node reads store formats up to {}, but the cluster writes {format}", applicant.format)));
        }
        if self.members.listed().len() >= nodes::MEMBERS {
            return Err(refused(format!("the cluster has {} members already", nodes::MEMBERS)));
        }
        Ok(())
    }

    async fn add(&self, address: &Address) -> Result<NodeId, Undone> {
        let raft = self.members.node().raft();
        let number = timeout(PATIENCE, raft.write_blank()).await.map_err(not_now)?.map_err(not_now)?.log_id.index;
        timeout(PATIENCE, raft.add_learner(number, address.node(), false)).await.map_err(not_now)?.map_err(not_now)?;
        tracing::info!(node = number, address = address.at, "a node is taken in");
        Ok(number)
    }

    async fn note_address(&self, id: NodeId, address: &Address) -> Result<NodeId, Undone> {
        self.change(ChangeMembers::SetNodes(BTreeMap::from([(id, address.node())]))).await?;
        tracing::info!(node = id, address = address.at, "a node has a new address");
        Ok(id)
    }

    async fn change(&self, change: ChangeMembers<NodeId, openraft::impls::BasicNode>) -> Result<(), Undone> {
        let changed = timeout(PATIENCE, self.members.node().raft().change_membership(change, false)).await;
        changed.map_err(not_now)?.map_err(not_now).map(drop)
    }

    /// Lets a learner vote.
    ///
    /// # Errors
    /// Not here and now.
    pub async fn promote(&self, id: NodeId) -> Result<(), Undone> {
        let _turn = self.one_at_a_time.lock().await;
        self.change(ChangeMembers::AddVoterIds(BTreeSet::from([id]))).await?;
        tracing::info!(node = id, "a node votes now");
        Ok(())
    }

    /// Lets a learner vote in place of another node, which is taken out, in one change.
    ///
    /// # Errors
    /// Not here and now.
    pub async fn replace(&self, old: NodeId, new: NodeId) -> Result<(), Undone> {
        let _turn = self.one_at_a_time.lock().await;
        let voters = self.members.listed().into_iter().filter(|member| member.voter && member.id != old).map(|member| member.id);
        self.change(ChangeMembers::ReplaceAllVoters(voters.chain([new]).collect())).await?;
        tracing::info!(old, new, "a node votes now in place of one that has lost its data");
        Ok(())
    }

    /// Takes a node out for good.
    ///
    /// # Errors
    /// There is no such node, or it is the last voter or this leader; or not here and now.
    pub async fn take_out(&self, id: NodeId) -> Result<(), Undone> {
        let _turn = self.one_at_a_time.lock().await;
        let listed = self.members.listed();
        let member = listed.iter().find(|member| member.id == id).ok_or_else(|| refused(format!("there is no node {id}")))?;
        if id == self.members.me() {
            return Err(refused("the leader does not take itself out; hand leadership over first"));
        }
        let change = if member.voter { ChangeMembers::RemoveVoters(BTreeSet::from([id])) } else { ChangeMembers::RemoveNodes(BTreeSet::from([id])) };
        self.change(change).await?;
        self.contacts.keep(&self.members.listed().iter().map(|member| member.id).collect::<Vec<_>>());
        let voters = self.members.listed().iter().filter(|member| member.voter).count();
        tracing::info!(node = id, voters, few = voters < VOTERS_KEPT, "a node is taken out");
        Ok(())
    }

    /// Hands leadership to this voter, or to the one that is furthest, and waits until somebody else leads.
    ///
    /// # Errors
    /// There is no such voter; or it did not come about.
    pub async fn hand_over(&self, to: Option<NodeId>) -> Result<NodeId, Undone> {
        let me = self.members.me();
        let to = to.or_else(|| self.furthest()).ok_or_else(|| refused("there is no other voter that is well"))?;
        if to == me {
            return Ok(me);
        }
        if !self.members.listed().iter().any(|member| member.id == to && member.voter) {
            return Err(refused(format!("node {to} does not vote")));
        }
        let raft = self.members.node().raft();
        raft.trigger().transfer_leader(to).await.map_err(not_now)?;
        let wait = raft.wait(Some(PATIENCE / 2));
        let replaced = wait.metrics(|metrics| metrics.current_leader.is_some_and(|leader| leader != me), "another leader");
        let leader = replaced.await.map_err(not_now)?.current_leader;
        tracing::info!(to, leader, "leadership is handed over");
        Ok(leader.unwrap_or(to))
    }

    /// The voter beside this node that has more of the log than any other.
    fn furthest(&self) -> Option<NodeId> {
        let metrics = self.members.node().raft().metrics();
        let metrics = metrics.borrow_watched();
        let replication = metrics.replication.as_ref()?;
        let has = |id: NodeId| replication.get(&id).copied().flatten().map(|at| at.index);
        metrics.membership_config.voter_ids().filter(|id| *id != self.members.me()).max_by_key(|id| has(*id))
    }
}

/// The same UUID; or the same number, for a node that was never in a cluster with others.
fn is_it(member: &Listed, applicant: &Applicant) -> bool {
    match &member.address {
        Some(address) => address.uuid == applicant.address.uuid,
        None => applicant.had.is_some_and(|(_, id)| id == member.id),
    }
}
