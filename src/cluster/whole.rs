//! A node's part in its cluster, put together.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::contacts::Contacts;
use super::duties::Patience;
use super::group::{Group, Seat, Unsure};
use super::keeper::Keeper;
use super::leader::{Leader, Undone};
use super::leaving::Leaving;
use super::members::Members;
use super::own::{self, Own};
use super::presence::Presence;
use super::relay::Relay;
use super::suspicion::Suspicion;
use crate::actors::{Marked, Views};
use crate::config;
use crate::raft::{Node, NodeId};
use crate::state::bytes as formats;
use crate::state::nodes::Command as Nodes;
use crate::wire::cluster::{RemoveRequest, TransferRequest};

use super::Calls;

/// A node's part in its cluster, or in a group of its own. Clones are handles to the same one.
#[derive(Clone)]
pub struct Cluster {
    pub(super) members: Members,
    pub(super) views: Views,
    pub(super) marked: Marked,
    pub(super) contacts: Contacts,
    pub(super) leader: Leader,
    pub(super) own: Own,
    pub(super) relay: Relay,
    incarnation: watch::Sender<Option<u64>>,
    stopped: watch::Sender<Option<String>>,
    tasks: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Own {
    /// What a node of this identity tells of itself.
    pub fn new(node: &Node, host: String, address: Option<IpAddr>, config: &config::Cluster) -> Self {
        let newest = if config.format == 0 { formats::NEWEST } else { config.format.min(formats::NEWEST) };
        Self { uuid: node.identity().uuid, host, address, formats: (formats::OLDEST, newest), draining: Arc::default() }
    }
}

impl Cluster {
    /// Puts the parts together; nothing runs yet.
    pub fn new(members: Members, views: Views, marked: Marked, own: Own) -> Self {
        let contacts = Contacts::default();
        let leader = Leader::new(members.clone(), views.clone(), contacts.clone());
        let (incarnation, stopped) = (watch::channel(None).0, watch::channel(None).0);
        Self { members, views, marked, contacts, leader, own, relay: Relay::default(), incarnation, stopped, tasks: Arc::default() }
    }

    /// The relay between nodes.
    pub fn relay(&self) -> &Relay {
        &self.relay
    }

    /// Whether this is the life that this node is in.
    pub(super) fn is_in(&self, incarnation: u64) -> bool {
        *self.incarnation.borrow() == Some(incarnation)
    }

    /// The group, for proposing and reading.
    pub fn members(&self) -> &Members {
        &self.members
    }

    /// Starts everything that runs by itself on a node among others. Others reach it at `advertise`.
    pub async fn start(&self, config: &config::Cluster, advertise: String) {
        let milliseconds = Duration::from_millis;
        let remove = (config.remove_after_s > 0).then(|| Duration::from_secs(config.remove_after_s));
        let patience = Patience { down: milliseconds(config.down_after_ms), transfer: milliseconds(config.transfer_after_ms), remove };
        let presence = Presence {
            group: self.members.clone(),
            views: self.views.clone(),
            leader: self.leader.clone(),
            own: self.own.clone(),
            advertise,
            seeds: config.seeds.clone(),
            incarnation: self.incarnation.clone(),
            stopped: self.stopped.clone(),
        };
        let keeper = Keeper {
            group: self.members.clone(),
            views: self.views.clone(),
            contacts: self.contacts.clone(),
            leader: self.leader.clone(),
            own: self.own.clone(),
        };
        let suspicion = Suspicion { group: self.members.clone(), views: self.views.clone() };
        let mut tasks = self.tasks.lock().await;
        tasks.push(tokio::spawn(presence.run(milliseconds(config.fence_after_ms))));
        tasks.push(tokio::spawn(keeper.run(patience)));
        tasks.push(tokio::spawn(suspicion.run()));
    }

    /// Announces this life of a node that is all there is, and raises the format to the newest it knows.
    ///
    /// # Errors
    /// The log cannot be written.
    pub async fn announce_alone(&self) -> Result<(), Unsure> {
        if self.views.load().nodes.format() < self.own.formats.1 {
            self.write(Nodes::Raise(self.own.formats.1), Some(self.own.formats.1)).await?;
        }
        let incarnation = self.write(self.own.up(), None).await?;
        self.incarnation.send_replace(Some(incarnation));
        // Of a cluster that this node was recovered from.
        let state = self.views.load_full();
        for gone in state.nodes.iter().filter(|member| member.node != self.own.uuid) {
            self.write(Nodes::Down { node: gone.node, incarnation: gone.incarnation }, None).await?;
        }
        Ok(())
    }

    async fn write(&self, command: Nodes, format: Option<u8>) -> Result<u64, Unsure> {
        let payload = own::logged(&self.members, &self.views, Uuid::new_v4(), command, format)?;
        self.members.write(payload).await
    }

    /// Whether this life of this node is in the state.
    pub fn is_up(&self) -> bool {
        self.incarnation.borrow().is_some_and(|incarnation| self.views.load().nodes.is_up(self.own.uuid, incarnation))
    }

    /// Waits until the cluster has taken this node out, and says so.
    pub async fn stopped(&self) -> String {
        let mut stopped = self.stopped.subscribe();
        // The sender lives as long as `self`.
        stopped.wait_for(Option::is_some).await.ok().and_then(|why| why.clone()).unwrap_or_default()
    }

    /// Hands leadership to this voter, or to the one that is furthest; the new leader. Asked of the leader, wherever it is.
    ///
    /// # Errors
    /// See [`Undone`].
    pub async fn hand_over(&self, to: Option<NodeId>, forwarded: bool) -> Result<NodeId, Undone> {
        let Some(leader) = self.elsewhere(forwarded)? else { return self.leader.hand_over(to).await };
        let request = TransferRequest { to: to.unwrap_or(0), forwarded: true };
        let (calls, at) = self.way(leader)?;
        let answer = calls.transfer(leader, &at, request).await.map_err(|status| Undone::NotNow(status.message().to_owned()))?;
        answer.refused.map_or(Ok(answer.to), |why| Err(Undone::Refused(why)))
    }

    /// Takes a node out of the cluster for good. Asked of the leader, wherever it is.
    ///
    /// # Errors
    /// See [`Undone`].
    pub async fn take_out(&self, node: NodeId, forwarded: bool) -> Result<(), Undone> {
        let Some(leader) = self.elsewhere(forwarded)? else { return self.leader.take_out(node).await };
        let (calls, at) = self.way(leader)?;
        let answer = calls.remove(leader, &at, RemoveRequest { node, forwarded: true }).await;
        let answer = answer.map_err(|status| Undone::NotNow(status.message().to_owned()))?;
        answer.refused.map_or(Ok(()), |why| Err(Undone::Refused(why)))
    }

    /// The leader, if it is another node.
    fn elsewhere(&self, forwarded: bool) -> Result<Option<NodeId>, Undone> {
        match self.members.leader() {
            Some(leader) if leader == self.members.me() => Ok(None),
            Some(leader) if !forwarded => Ok(Some(leader)),
            _ => Err(Undone::NotNow("nobody is known to lead".to_owned())),
        }
    }

    fn way(&self, leader: NodeId) -> Result<(&Calls, crate::raft::Address), Undone> {
        let not_now = || Undone::NotNow("the leader cannot be reached".to_owned());
        Ok((self.members.calls().map_err(|_| not_now())?, self.members.address_of(leader).ok_or_else(not_now)?))
    }

    fn leaving(&self) -> Leaving {
        Leaving { group: self.members.clone(), views: self.views.clone(), leader: self.leader.clone(), own: self.own.clone() }
    }

    /// Gives up leadership, if this node leads and another voter is well, and does not get it back because it is the senior.
    pub async fn step_aside(&self) {
        self.leaving().step_aside().await;
    }

    /// Stops everything that runs by itself, and says in the log that this life is over.
    pub async fn leave(&self) {
        for task in self.tasks.lock().await.drain(..) {
            task.abort();
        }
        let incarnation = *self.incarnation.borrow();
        if let Some(incarnation) = incarnation {
            self.leaving().say_so(incarnation).await;
        }
    }
}
