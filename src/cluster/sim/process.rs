//! One life of a node: what the rules of this floor see of it, from [`Group`] and [`Seat`].

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use openraft::async_runtime::WatchReceiver;
use openraft::impls::BasicNode;
use openraft::raft::TransferLeaderRequest;
use openraft::{AsyncRuntime, ChangeMembers, ReadPolicy};
use openraft_rt_sim::SimRuntime;
use tokio::sync::watch;
use uuid::Uuid;

use super::gate::Gate;
use super::net::Net;
use super::types::{Raft, now};
use super::witness::Witness;
use crate::actors::Views;
use crate::cluster::contacts::{Contacts, hear};
use crate::cluster::group::{Change, Group, Heir, Lost, Seat, Standing, Unsure, confirmed, heard_on, unsure};
use crate::cluster::members::Listed;
use crate::cluster::own::Own;
use crate::cluster::rounds::Rounds;
use crate::raft::{Address, Heard, NodeId, Payload, Progress, Whereabouts, places};
use crate::wire::cluster::{ContactRequest, JoinRequest, JoinResponse};

/// How long a moment lasts, unless somebody else leads before.
const BREATH: Duration = Duration::from_millis(25);
/// How long the leader may take to ask a majority.
const CONFIRMING: Duration = Duration::from_secs(2);
/// How long an act of the leader may take.
const ACTING: Duration = Duration::from_secs(15);
/// How long it takes to notice that a connection leads nowhere.
const KEEP_ALIVE: Duration = Duration::from_secs(4);
/// The cluster of every simulation.
pub const CLUSTER: Uuid = Uuid::from_u128(0xC105);

/// See the module. Clones are handles to the same one.
#[derive(Clone)]
pub struct Process {
    inner: Arc<Inner>,
}

/// What a process is made of.
pub struct Inner {
    /// Where it runs.
    pub host: usize,
    /// The number of its node.
    pub id: NodeId,
    /// What it says of itself.
    pub own: Own,
    /// Off once it is dead.
    pub alive: Gate,
    /// Off while it is stopped (SIGSTOP).
    pub running: Gate,
    /// Off from when it was stopped until it has looked at the clock again.
    pub aware: Gate,
    /// Off once it has been told to stop (SIGTERM) and is on its way out.
    pub staying: Gate,
    /// Whether it serves.
    pub fence: Gate,
    /// The published state.
    pub views: Views,
    /// How far it is.
    pub progress: Progress,
    /// Whom it has heard of.
    pub contacts: Contacts,
    /// What it guesses about elections.
    pub heard: Heard,
    /// Where it knows the others to be.
    pub whereabouts: Whereabouts,
    /// The life it has announced.
    pub incarnation: watch::Sender<Option<u64>>,
    /// Why it must stop, if the cluster has told it so.
    pub stopped: watch::Sender<Option<String>>,
    /// The network.
    pub net: Net,
    /// Who sees everything.
    pub witness: Witness,
    raft: OnceLock<Raft>,
    rounds: Rounds<Result<u64, Unsure>>,
}

impl std::ops::Deref for Process {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl Process {
    /// Begins a life; nothing runs yet.
    pub fn new(host: usize, id: NodeId, own: Own, net: Net, witness: Witness) -> Self {
        let on = || Gate::new(true);
        let inner = Inner {
            host,
            id,
            own,
            alive: on(),
            running: on(),
            aware: on(),
            staying: on(),
            fence: Gate::new(false),
            views: Views::default(),
            progress: Progress::default(),
            contacts: Contacts::default(),
            heard: Heard::default(),
            whereabouts: Whereabouts::default(),
            incarnation: watch::channel(None).0,
            stopped: watch::channel(None).0,
            net,
            witness,
            raft: OnceLock::new(),
            rounds: Rounds::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Its Raft has started.
    pub fn set_raft(&self, raft: Raft) {
        assert!(self.raft.set(raft).is_ok());
    }

    /// Its Raft.
    pub fn raft(&self) -> &Raft {
        self.raft.get().unwrap()
    }

    /// Runs something for as long as the process lives; it begins when the process is not stopped.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let (alive, running) = (self.alive.clone(), self.running.clone());
        drop(SimRuntime::spawn(async move {
            let work = async {
                running.until(true).await;
                work.await;
            };
            tokio::select! {
                biased;
                () = alive.until(false) => {}
                () = work => {}
            }
        }));
    }

    /// The same, until it is told to stop.
    pub fn spawn_while_staying(&self, work: impl Future<Output = ()> + Send + 'static) {
        let staying = self.staying.clone();
        self.spawn(async move {
            tokio::select! {
                biased;
                () = staying.until(false) => {}
                () = work => {}
            }
        });
    }

    /// Stops or continues it.
    pub fn set_running(&self, running: bool) {
        if !running {
            self.aware.set(false);
        }
        self.running.set(running);
    }

    /// Keeps what the membership says of where its members are.
    pub async fn follow(self) {
        let mut metrics = self.raft().server_metrics();
        loop {
            let members = places(metrics.borrow_watched().membership_config.nodes());
            self.whereabouts.listed(members);
            if metrics.changed().await.is_err() {
                return;
            }
        }
    }

    /// Where this node lives, as far as it is known here.
    pub fn host_of(&self, node: NodeId) -> Option<usize> {
        self.net.host_at(node, &self.address_of(node)?.at)
    }

    async fn join_at(&self, host: usize, request: JoinRequest) -> Result<JoinResponse, String> {
        let answer = self.net.call_within(ACTING, self.host, host, move |server| server.join(request.clone())).await;
        answer.ok_or_else(|| "no answer".to_owned())?
    }

    async fn replaced(&self, leader: NodeId) {
        let mut metrics = self.raft().server_metrics();
        while metrics.borrow_watched().current_leader == Some(leader) {
            heard_on(metrics.changed().await).await;
        }
    }

    fn is_only_voter(&self) -> bool {
        self.raft().server_metrics().borrow_watched().membership_config.voter_ids().eq([self.id])
    }

    async fn confirm(raft: Raft) -> Result<u64, Unsure> {
        match raft.get_read_linearizer(ReadPolicy::ReadIndex).await {
            Ok(read) => Ok(read.read_log_id().index()),
            Err(error) => Err(unsure(error)),
        }
    }

    /// Has the leader do something, until it is known that it leads no more or cannot be reached.
    async fn at_leader<T, W, F>(&self, leader: NodeId, limit: Duration, work: W) -> Option<T>
    where
        T: Send + 'static,
        W: Fn(Process) -> F + Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let host = self.host_of(leader)?;
        tokio::select! {
            biased;
            answer = self.net.call_within(limit, self.host, host, move |server| work(server.process.clone())) => answer,
            () = self.replaced(leader) => None,
        }
    }
}

impl Group for Process {
    fn me(&self) -> NodeId {
        self.id
    }

    fn leader(&self) -> Option<NodeId> {
        self.raft().server_metrics().borrow_watched().current_leader
    }

    async fn breath(&self) {
        let (before, mut metrics) = (self.leader(), self.raft().server_metrics());
        let changed = async {
            while metrics.borrow_watched().current_leader == before {
                heard_on(metrics.changed().await).await;
            }
        };
        let _ = SimRuntime::timeout(BREATH, changed).await;
    }

    async fn write(&self, payload: Bytes) -> Result<u64, Unsure> {
        self.witness.proposed(&self.net, &payload);
        match self.raft().client_write(Payload(payload)).await {
            Ok(response) => Ok(response.log_id.index),
            Err(error) => Err(unsure(error)),
        }
    }

    async fn write_at(&self, leader: NodeId, payload: Bytes) -> Result<u64, Unsure> {
        let write = move |process: Process| {
            let payload = payload.clone();
            async move { process.write(payload).await.ok() }
        };
        self.at_leader(leader, KEEP_ALIVE, write).await.flatten().ok_or(Unsure::Retry)
    }

    async fn read_index(&self) -> Result<u64, Unsure> {
        if self.is_only_voter() {
            return Ok(self.applied());
        }
        let raft = self.raft().clone();
        self.rounds.join(move || Self::confirm(raft)).await
    }

    async fn read_index_at(&self, leader: NodeId) -> Result<u64, Unsure> {
        let read = |process: Process| async move { confirmed(&process).await };
        self.at_leader(leader, CONFIRMING, read).await.flatten().ok_or(Unsure::Retry)
    }

    fn applied(&self) -> u64 {
        self.progress.applied()
    }

    async fn reach(&self, index: u64) {
        self.progress.wait(index).await;
    }

    async fn fenced(&self) {
        self.fence.until(false).await;
    }

    async fn within<T: Send>(&self, limit: Duration, work: impl Future<Output = T> + Send) -> Option<T> {
        let done = SimRuntime::timeout(limit, work).await.ok();
        self.running.until(true).await;
        done
    }
}

impl Seat for Process {
    fn cluster(&self) -> Uuid {
        CLUSTER
    }

    fn now(&self) -> Duration {
        now()
    }

    fn set_fence(&self, open: bool) {
        self.aware.set(true);
        if self.fence.set(open) {
            self.witness.fenced(self.host, open);
        }
    }

    fn standing(&self) -> Standing {
        let metrics = self.raft().metrics();
        let metrics = metrics.borrow_watched();
        let joint = metrics.membership_config.membership().get_joint_config().len() > 1;
        Standing {
            leader: metrics.current_leader,
            term: metrics.current_term,
            last_log: metrics.last_log_index.unwrap_or(0),
            change: Change::of(&metrics.membership_config, &metrics.committed_membership_config, joint),
        }
    }

    fn listed(&self) -> Vec<Listed> {
        let metrics = self.raft().server_metrics();
        let membership = metrics.borrow_watched().membership_config.clone();
        let voters: Vec<NodeId> = membership.voter_ids().collect();
        let listed = |(id, node): (&NodeId, &BasicNode)| Listed { id: *id, address: Address::of(node), voter: voters.contains(id) };
        membership.nodes().map(listed).collect()
    }

    fn whereabouts(&self) -> &Whereabouts {
        &self.whereabouts
    }

    fn furthest(&self) -> Option<NodeId> {
        self.listed().into_iter().find(|member| member.voter && member.id != self.id).map(|member| member.id)
    }

    async fn write_blank(&self) -> Result<u64, String> {
        Ok(self.raft().write_blank().await.map_err(|error| error.to_string())?.log_id.index)
    }

    async fn add_learner(&self, id: NodeId, address: &Address) -> Result<(), String> {
        self.raft().add_learner(id, address.node(), false).await.map(drop).map_err(|error| error.to_string())
    }

    async fn change(&self, change: ChangeMembers<NodeId, BasicNode>) -> Result<(), String> {
        self.raft().change_membership(change, false).await.map(drop).map_err(|error| error.to_string())
    }

    async fn transfer(&self, to: NodeId) -> Result<(), String> {
        self.witness.transfer(to);
        self.raft().trigger().transfer_leader(to).await.map_err(|error| error.to_string())
    }

    async fn contact(&self, leader: NodeId, contact: ContactRequest) -> Result<u64, Lost> {
        let from = self.id;
        let heard = move |process: Process| {
            let contact = contact.clone();
            async move { hear(&process, &process.contacts, from, contact).await }
        };
        let answer = self.at_leader(leader, CONFIRMING, heard).await;
        if answer.is_none() {
            self.whereabouts.lost(leader);
        }
        let for_now = |why: &str| Lost::ForNow(why.to_owned());
        answer.ok_or_else(|| for_now("no answer"))??.ok_or_else(|| for_now("not sure to lead"))
    }

    async fn join(&self, member: NodeId, request: JoinRequest) -> Result<JoinResponse, String> {
        let host = self.host_of(member).ok_or("nobody is there")?;
        self.join_at(host, request).await
    }

    async fn join_via(&self, at: &str, request: JoinRequest) -> Result<JoinResponse, String> {
        self.join_at(self.net.host_named(at).ok_or("nobody is there")?, request).await
    }
}

impl Heir for Process {
    fn heard(&self) -> &Heard {
        &self.heard
    }

    async fn is_gone(&self, node: NodeId) -> bool {
        self.within(KEEP_ALIVE, self.net.is_shut(self.host, node)).await == Some(true)
    }

    fn term(&self) -> u64 {
        self.raft().server_metrics().borrow_watched().vote.leader_id.term
    }

    async fn led(&self, condition: impl Fn(Option<NodeId>, u64) -> bool + Send) {
        let mut changes = self.raft().server_metrics();
        while !condition(self.leader(), self.term()) {
            heard_on(changes.changed().await).await;
        }
    }

    async fn stand(&self) {
        self.witness.stands(self.host);
        let vote = self.raft().server_metrics().borrow_watched().vote;
        drop(self.raft().handle_transfer_leader(TransferLeaderRequest::new(vote, self.id, None)).await);
    }
}
