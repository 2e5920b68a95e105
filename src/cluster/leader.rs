//! What only the leader can do to the membership, one thing at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use openraft::ChangeMembers;
use openraft::impls::BasicNode;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::contacts::{Contacts, TWICE};
use super::duties::{VOTERS_KEPT, WELL};
use super::group::{Change, Seat, confirmed};
use super::members::{Listed, Members};
use super::own;
use crate::actors::Views;
use crate::base::ids::process;
use crate::raft::{Address, NodeId};
use crate::state::nodes::{self, Command as Nodes};
use crate::wire::cluster::{JoinRequest, JoinResponse, Joined, join_response};

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
    /// What tells its process from every other one; a node of a release before says nothing of that.
    pub process: Option<Uuid>,
}

impl Applicant {
    /// As it says itself.
    ///
    /// # Errors
    /// An id in the request is none.
    pub fn of(request: JoinRequest) -> Result<Self, uuid::Error> {
        let had = request.cluster.as_deref().map(Uuid::from_slice).transpose()?.map(|cluster| (cluster, request.node));
        let address = Address { uuid: Uuid::from_slice(&request.uuid)?, at: request.address };
        let process = Uuid::from_slice(&request.process).ok();
        Ok(Self { address, had, format: u8::try_from(request.format).unwrap_or(u8::MAX), process })
    }
}

/// Changes the membership. Clones are handles to the same one.
#[derive(Clone)]
pub struct Leader<G = Members> {
    group: G,
    views: Views,
    contacts: Contacts,
    one_at_a_time: Arc<Mutex<()>>,
}

impl<G: Seat> Leader<G> {
    /// For this node's group.
    pub fn new(group: G, views: Views, contacts: Contacts) -> Self {
        Self { group, views, contacts, one_at_a_time: Arc::default() }
    }

    /// Answers a node that asks to be taken in. A refusal is an answer: asking again is of no use.
    ///
    /// # Errors
    /// Not here and now.
    pub async fn answer(&self, request: JoinRequest) -> Result<JoinResponse, Undone> {
        let applicant = Applicant::of(request).map_err(not_now)?;
        let result = match self.take_in(&applicant).await {
            Ok(node) => join_response::Result::Joined(Joined { cluster: self.group.cluster().into_bytes().to_vec().into(), node }),
            Err(Undone::Refused(why)) => join_response::Result::Refused(why),
            Err(undone) => return Err(undone),
        };
        Ok(JoinResponse { result: Some(result) })
    }

    /// Takes a node in as a learner, or notes its new address; the same node gets the same number however often it asks. A
    /// number is the index of a log entry written for it, so none is ever given twice.
    ///
    /// # Errors
    /// It belongs to another cluster, was taken out before, or is too old for what is written here; or not here and now.
    pub async fn take_in(&self, applicant: &Applicant) -> Result<NodeId, Undone> {
        let _turn = self.one_at_a_time.lock().await;
        self.is_settled().await?;
        self.check(applicant)?;
        let known = self.group.listed().into_iter().find(|member| is_it(member, applicant));
        match known {
            Some(member) if member.address.as_ref() == Some(&applicant.address) => Ok(member.id),
            Some(member) => {
                self.is_no_copy(member.id, applicant)?;
                self.note_address(member.id, &applicant.address).await
            }
            None if applicant.had.is_some() => {
                Err(refused("this node has been taken out of the cluster; move its data directory away and let it join anew"))
            }
            None => self.add(applicant).await,
        }
    }

    /// Whether the members known here are those of the cluster, for certain: neither has another node led since nor is a
    /// change of them under way that may come to nothing.
    async fn is_settled(&self) -> Result<(), Undone> {
        let confirmed = self.group.within(PATIENCE, confirmed(&self.group)).await.flatten();
        confirmed.ok_or_else(|| not_now("this node is not sure to lead"))?;
        if self.group.standing().change == Change::None { Ok(()) } else { Err(not_now("the members are changing")) }
    }

    fn check(&self, applicant: &Applicant) -> Result<(), Undone> {
        let cluster = self.group.cluster();
        if let Some((other, _)) = applicant.had.filter(|(other, _)| *other != cluster) {
            return Err(refused(format!(
                "this node has data of another cluster, {other}, not of {cluster}; a data directory belongs to one cluster alone"
            )));
        }
        self.check_format(applicant)
    }

    /// That no other process is where this member was: one that lives has spoken to the leader, or is the leader.
    fn is_no_copy(&self, member: NodeId, applicant: &Applicant) -> Result<(), Undone> {
        let Some(speaker) = applicant.process else { return Ok(()) };
        if member == self.group.me() && speaker != process() {
            return Err(refused(TWICE));
        }
        if self.contacts.has_another(member, speaker, self.group.now()) {
            return Err(not_now("another process spoke as the same node just now"));
        }
        Ok(())
    }

    fn check_format(&self, applicant: &Applicant) -> Result<(), Undone> {
        let format = self.views.load().nodes.format();
        if applicant.format < format {
            return Err(refused(format!("this node reads store formats up to {}, but the cluster writes {format}", applicant.format)));
        }
        Ok(())
    }

    /// The entry that gives the number is applied here, so everything before it is: if the format has been raised, it shows.
    async fn add(&self, applicant: &Applicant) -> Result<NodeId, Undone> {
        if self.group.listed().len() >= nodes::MEMBERS {
            return Err(refused(format!("the cluster has {} members already", nodes::MEMBERS)));
        }
        let (number, address) = (self.in_time(self.group.write_blank()).await?, &applicant.address);
        self.check_format(applicant)?;
        self.in_time(self.group.add_learner(number, address)).await?;
        tracing::info!(node = number, address = address.at, "a node is taken in");
        Ok(number)
    }

    async fn note_address(&self, id: NodeId, address: &Address) -> Result<NodeId, Undone> {
        self.change(ChangeMembers::SetNodes(BTreeMap::from([(id, address.node())]))).await?;
        tracing::info!(node = id, address = address.at, "a node has a new address");
        Ok(id)
    }

    async fn change(&self, change: ChangeMembers<NodeId, BasicNode>) -> Result<(), Undone> {
        self.in_time(self.group.change(change)).await
    }

    async fn in_time<T: Send>(&self, work: impl Future<Output = Result<T, String>> + Send) -> Result<T, Undone> {
        let done = self.group.within(PATIENCE, work).await;
        done.ok_or_else(|| not_now("the others did not agree in time"))?.map_err(not_now)
    }

    /// Has this format written from now on, unless a member has come meanwhile that may not read it.
    ///
    /// # Errors
    /// Not here and now.
    pub async fn raise(&self, format: u8) -> Result<(), Undone> {
        let _turn = self.one_at_a_time.lock().await;
        let reads = |member: &Listed| self.contacts.of(member.id).is_some_and(|contact| contact.formats.1 >= format);
        if !self.group.listed().iter().all(reads) {
            return Err(not_now("not every member reads it"));
        }
        let payload = own::logged(&self.group, &self.views, Uuid::new_v4(), Nodes::Raise(format), Some(format));
        let payload = payload.map_err(|error| not_now(format!("{error:?}")))?;
        let written = async { self.group.write(payload).await.map(drop).map_err(|error| format!("{error:?}")) };
        self.in_time(written).await
    }

    /// Brings a change that is half way to its end, unless whoever began it is at it.
    ///
    /// # Errors
    /// Not here and now.
    pub async fn finish(&self) -> Result<(), Undone> {
        let Ok(_turn) = self.one_at_a_time.try_lock() else { return Ok(()) };
        if self.group.standing().change != Change::HalfWay {
            return Ok(());
        }
        self.change(ChangeMembers::AddVoterIds(BTreeSet::new())).await?;
        tracing::info!("a change of the members that was left half way is done");
        Ok(())
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
        let voters = self.group.listed().into_iter().filter(|member| member.voter && member.id != old).map(|member| member.id);
        self.change(ChangeMembers::ReplaceAllVoters(voters.chain([new]).collect())).await?;
        tracing::info!(old, new, "a node votes now in place of one that has lost its data");
        Ok(())
    }

    /// Takes a node out for good. That there is no such node is said only where it is certain: whoever asks again because the
    /// first answer was lost will wipe its disk.
    ///
    /// # Errors
    /// There is no such node, or it is this leader; or not here and now, also because too few voters would be left that answer:
    /// the change itself needs a majority of those.
    pub async fn take_out(&self, id: NodeId) -> Result<(), Undone> {
        let _turn = self.one_at_a_time.lock().await;
        self.is_settled().await?;
        let listed = self.group.listed();
        let member = listed.iter().find(|member| member.id == id).ok_or_else(|| refused(format!("there is no node {id}")))?;
        if id == self.group.me() {
            return Err(refused("the leader does not take itself out; hand leadership over first"));
        }
        if member.voter {
            self.would_go_on_without(id).await?;
        }
        let change = if member.voter { ChangeMembers::RemoveVoters(BTreeSet::from([id])) } else { ChangeMembers::RemoveNodes(BTreeSet::from([id])) };
        self.change(change).await?;
        self.contacts.keep(&self.group.listed().iter().map(|member| member.id).collect::<Vec<_>>());
        let voters = self.group.listed().iter().filter(|member| member.voter).count();
        tracing::info!(node = id, voters, few = voters < VOTERS_KEPT, "a node is taken out");
        Ok(())
    }

    /// Whether a majority of the other voters answers. One that has begun to lead just now waits a moment for them.
    async fn would_go_on_without(&self, id: NodeId) -> Result<(), Undone> {
        let enough = async {
            while self.silent_without(id).is_err() {
                self.group.breath().await;
            }
        };
        let _ = self.group.within(WELL, enough).await;
        let silent = |silent| not_now(format!("without node {id} the voters that answer would be no majority; silent: {silent:?}"));
        self.silent_without(id).map_err(silent)
    }

    /// The voters but `id` that were not heard of lately, if the others of them are no majority of them.
    fn silent_without(&self, id: NodeId) -> Result<(), Vec<NodeId>> {
        let (me, now) = (self.group.me(), self.group.now());
        let answers = |voter: &NodeId| *voter == me || self.contacts.of(*voter).is_some_and(|contact| now.saturating_sub(contact.at) <= WELL);
        let voters = self.group.listed().into_iter().filter(|member| member.voter && member.id != id).map(|member| member.id);
        let (well, silent): (Vec<NodeId>, Vec<NodeId>) = voters.partition(answers);
        if well.len() > silent.len() { Ok(()) } else { Err(silent) }
    }

    /// Hands leadership to this voter, or to the one that is furthest, and waits until somebody else leads.
    ///
    /// # Errors
    /// There is no such voter; or it did not come about.
    pub async fn hand_over(&self, to: Option<NodeId>) -> Result<NodeId, Undone> {
        let me = self.group.me();
        let to = to.or_else(|| self.group.furthest()).ok_or_else(|| refused("there is no other voter that is well"))?;
        if to == me {
            return Ok(me);
        }
        if !self.group.listed().iter().any(|member| member.id == to && member.voter) {
            return Err(refused(format!("node {to} does not vote")));
        }
        self.group.transfer(to).await.map_err(not_now)?;
        let leader = self.group.within(PATIENCE / 2, self.replaced()).await.ok_or_else(|| not_now("nobody else leads yet"))?;
        tracing::info!(to, leader, "leadership is handed over");
        Ok(leader)
    }

    /// Who leads, once it is another node.
    async fn replaced(&self) -> NodeId {
        loop {
            match self.group.leader() {
                Some(leader) if leader != self.group.me() => return leader,
                _ => self.group.breath().await,
            }
        }
    }
}

/// The same UUID; or the same number, for a node that was never in a cluster with others.
fn is_it(member: &Listed, applicant: &Applicant) -> bool {
    match &member.address {
        Some(address) => address.uuid == applicant.address.uuid,
        None => applicant.had.is_some_and(|(_, id)| id == member.id),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
