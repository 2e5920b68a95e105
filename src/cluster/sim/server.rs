//! What answers at a host: a process with everything of this floor around it.

use std::sync::Arc;
use std::time::Duration;

use openraft::{AsyncRuntime, Config, SnapshotPolicy};
use openraft_rt_sim::SimRuntime;

use super::disk::Disk;
use super::link::Links;
use super::machine::{Machine, Parts};
use super::process::{CLUSTER, Process};
use super::types::Raft;
use crate::cluster::duties::Patience;
use crate::cluster::group::{Group, Seat};
use crate::cluster::keeper::Keeper;
use crate::cluster::leader::{Leader, Undone};
use crate::cluster::leaving::Leaving;
use crate::cluster::presence::Presence;
use crate::cluster::suspicion::Suspicion;
use crate::cluster::{Proposer, Reads};
use crate::config::Store;
use crate::raft::{FOUNDER, NodeId};
use crate::wire::cluster::{JoinRequest, JoinResponse};

/// The names of hosts that nodes ask when they know no other ones.
const SEEDS: [&str; 3] = ["h0", "h1", "h2"];
/// How long an act of the leader may take.
const ACTING: Duration = Duration::from_secs(15);

/// See the module.
pub struct Server {
    /// The process.
    pub process: Process,
    /// Proposes from here.
    pub proposer: Proposer<Process>,
    /// Reads here.
    pub reads: Reads<Process>,
    /// Where others are to reach it.
    pub advertise: String,
    leader: Leader<Process>,
}

/// How the nodes of a simulation are set up, all alike.
#[derive(Clone, Debug)]
pub struct Setup {
    /// How long a contact is good for.
    pub fence_after: Duration,
    /// How patient the leader is.
    pub patience: Patience,
    /// After how many entries a snapshot is taken.
    pub snapshot_after: u64,
    /// How many of the entries it covers are kept.
    pub kept: u64,
}

impl Setup {
    /// As in production, but snapshots are taken when there are so many entries.
    fn raft(&self) -> Config {
        let store = Store { snapshot_log_entries: self.snapshot_after, kept_log_entries: self.kept, ..Store::default() };
        let config = crate::raft::settings(&CLUSTER.to_string(), &store).unwrap();
        Config { snapshot_policy: SnapshotPolicy::LogsSinceLast(self.snapshot_after), ..config }
    }
}

impl Server {
    /// Starts a process on this disk. Others are to reach it at `advertise`.
    pub async fn start(process: Process, disk: &Disk, setup: &Setup, advertise: String) -> Arc<Self> {
        let store = disk.begin(process.running.clone());
        let parts = Parts {
            host: process.host,
            store: store.clone(),
            views: process.views.clone(),
            progress: process.progress.clone(),
            running: process.running.clone(),
            witness: process.witness.clone(),
        };
        let links = Links { net: process.net.clone(), from: process.host, whereabouts: process.whereabouts.clone() };
        let raft = Raft::new(process.id, Arc::new(setup.raft()), links, store, Machine::new(parts)).await.unwrap();
        process.set_raft(raft);
        let (views, contacts) = (process.views.clone(), process.contacts.clone());
        let leader = Leader::new(process.clone(), views.clone(), contacts.clone());
        let presence = Presence {
            group: process.clone(),
            views: views.clone(),
            leader: leader.clone(),
            own: process.own.clone(),
            advertise: advertise.clone(),
            seeds: SEEDS.map(str::to_owned).to_vec(),
            incarnation: process.incarnation.clone(),
            stopped: process.stopped.clone(),
        };
        let keeper = Keeper { group: process.clone(), views: views.clone(), contacts, leader: leader.clone(), own: process.own.clone() };
        let suspicion = Suspicion { group: process.clone(), views: views.clone() };
        process.spawn(process.clone().follow());
        process.spawn_while_staying(presence.run(setup.fence_after));
        process.spawn_while_staying(keeper.run(setup.patience));
        process.spawn_while_staying(suspicion.run());
        let (proposer, reads) = (Proposer::new(process.clone(), views.clone()), Reads::new(process.clone(), views));
        let server = Arc::new(Self { process, proposer, reads, advertise, leader });
        server.process.net.answer(&server);
        server
    }

    /// Founds the cluster, unless it is there.
    pub async fn found(&self, address: crate::raft::Address) {
        let first = std::collections::BTreeMap::from([(FOUNDER, address.node())]);
        let _ = self.process.raft().initialize(first).await; // once
    }

    /// Has the process leave as it does when it is told to stop; it may die over it.
    pub async fn leave(&self) {
        let process = &self.process;
        let (group, views, leader, own) = (process.clone(), process.views.clone(), self.leader.clone(), process.own.clone());
        let leaving = Leaving { group, views, leader, own };
        let left = async {
            process.running.until(true).await;
            leaving.step_aside().await;
            process.staying.set(false);
            let incarnation = *process.incarnation.borrow();
            if let Some(incarnation) = incarnation
                && leaving.say_so(incarnation).await
            {
                process.witness.left_life(process.host, (process.own.uuid, incarnation));
            }
        };
        tokio::select! {
            biased;
            () = process.alive.until(false) => {}
            () = left => {}
        }
    }

    /// Ends the process, with what was not synced.
    pub fn kill(&self, disk: &Disk) {
        self.process.alive.set(false);
        disk.crash();
        let raft = self.process.raft().clone();
        drop(SimRuntime::spawn(async move { drop(raft.shutdown().await) }));
    }

    /// Answers a node that asks to be taken in, as the service does.
    pub async fn join_here(self: Arc<Self>, request: JoinRequest) -> Result<JoinResponse, String> {
        let process = &self.process;
        process.whereabouts().said(request.node, &request.address);
        match process.leader() {
            Some(leader) if leader == process.id => self.leader.answer(request).await.map_err(|undone| undone.to_string()),
            Some(leader) if !request.forwarded => {
                let host = process.host_of(leader).ok_or("nobody is there")?;
                let request = JoinRequest { forwarded: true, ..request };
                let answer = process.net.call_within(ACTING, process.host, host, move |server| server.join(request.clone())).await;
                answer.ok_or("no answer")?
            }
            _ => Err("nobody leads".to_owned()),
        }
    }

    /// The same, without knowing its own size.
    pub fn join(self: Arc<Self>, request: JoinRequest) -> futures_util::future::BoxFuture<'static, Result<JoinResponse, String>> {
        Box::pin(self.join_here(request))
    }

    /// Takes a node out, as the service does at the leader; `None` if this process dies over it.
    pub async fn take_out(&self, node: NodeId) -> Option<Result<(), Undone>> {
        let done = async {
            self.process.running.until(true).await;
            self.leader.take_out(node).await
        };
        tokio::select! {
            biased;
            () = self.process.alive.until(false) => None,
            done = done => Some(done),
        }
    }
}
