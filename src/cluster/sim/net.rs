//! The network: calls of functions that take time, get lost, come twice, or find nobody. Every direction of every link has
//! its own faults.

use std::collections::HashMap;
use std::future::{self, Future};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use openraft::AsyncRuntime;
use openraft_rt_sim::SimRuntime;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::chance::Chance;
use super::server::Server;
use crate::raft::NodeId;

/// How long a message takes, in milliseconds.
const TRAVEL: std::ops::Range<u64> = 0..2;
/// How long it takes on a slow link.
const DETOUR: std::ops::Range<u64> = 5..400;

/// What is wrong with one direction of a link.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Nothing gets there, and nobody is told so.
    pub cut: bool,
    /// One message in so many is lost; 0 is none,
    pub lost: u64,
    /// takes long,
    pub late: u64,
    /// and comes twice.
    pub twice: u64,
}

#[derive(Default)]
struct Wires {
    faults: HashMap<(usize, usize), Faults>,
    /// Who answers at each host.
    servers: HashMap<usize, Arc<Server>>,
    /// Where each node was last.
    homes: HashMap<NodeId, usize>,
}

/// See the module. Clones are handles to the same one.
#[derive(Clone)]
pub struct Net {
    wires: Arc<Mutex<Wires>>,
    chance: Chance,
}

impl Net {
    /// Without faults, and nobody there.
    pub fn new(chance: Chance) -> Self {
        Self { wires: Arc::default(), chance }
    }

    fn wires(&self) -> MutexGuard<'_, Wires> {
        self.wires.lock().unwrap()
    }

    /// From now on this one answers at its host.
    pub fn answer(&self, server: &Arc<Server>) {
        let mut wires = self.wires();
        wires.servers.insert(server.process.host, Arc::clone(server));
        wires.homes.insert(server.process.id, server.process.host);
    }

    /// From now on nobody answers there: connections to the others break.
    pub fn hang_up(&self, host: usize) -> Option<Arc<Server>> {
        let gone = self.wires().servers.remove(&host)?;
        for server in self.all() {
            let (net, node, process) = (self.clone(), gone.process.id, server.process.clone());
            server.process.spawn(async move {
                net.travel(host, process.host).await;
                drop(process.heard.stream_of(node));
            });
        }
        Some(gone)
    }

    /// Whether nobody answers where this node was last. Bound the wait.
    pub async fn is_shut(&self, from: usize, node: NodeId) -> bool {
        let Some(home) = self.wires().homes.get(&node).copied() else { return false };
        self.travel(from, home).await;
        let shut = self.at(home).is_none();
        self.travel(home, from).await;
        shut
    }

    /// Who answers there.
    pub fn at(&self, host: usize) -> Option<Arc<Server>> {
        self.wires().servers.get(&host).cloned()
    }

    /// Everybody who answers, by host.
    pub fn all(&self) -> Vec<Arc<Server>> {
        let mut all: Vec<_> = self.wires().servers.values().cloned().collect();
        all.sort_by_key(|server| server.process.host);
        all
    }

    /// The host at which this node answers, if it is this address that leads there.
    pub fn host_at(&self, node: NodeId, at: &str) -> Option<usize> {
        self.all().iter().find(|server| server.process.id == node && server.advertise == at).map(|server| server.process.host)
    }

    /// The host of this name, whose address may change.
    pub fn host_named(&self, name: &str) -> Option<usize> {
        self.all().iter().find(|server| server.advertise.split(':').next() == Some(name)).map(|server| server.process.host)
    }

    /// Who answers for the node with this id.
    pub fn of(&self, uuid: Uuid) -> Option<Arc<Server>> {
        self.all().into_iter().find(|server| server.process.own.uuid == uuid)
    }

    /// What is wrong with the way from one host to another from now on.
    pub fn set(&self, from: usize, to: usize, faults: Faults) {
        self.wires().faults.insert((from, to), faults);
    }

    /// Nothing is wrong any more.
    pub fn heal(&self) {
        self.wires().faults.clear();
    }

    fn faults(&self, from: usize, to: usize) -> Faults {
        self.wires().faults.get(&(from, to)).copied().unwrap_or_default()
    }

    /// A message on its way; one that is lost never gets there.
    async fn travel(&self, from: usize, to: usize) {
        self.awake(from).await;
        let faults = self.faults(from, to);
        if faults.cut || self.chance.once_in(faults.lost) {
            return future::pending().await;
        }
        let range = if self.chance.once_in(faults.late) { DETOUR } else { TRAVEL };
        SimRuntime::sleep(self.chance.time(range)).await;
        if self.faults(from, to).cut {
            return future::pending().await;
        }
        self.awake(to).await;
    }

    /// A process that is stopped neither sends nor receives.
    async fn awake(&self, host: usize) {
        if let Some(server) = self.at(host) {
            server.process.running.until(true).await;
        }
    }

    /// Has another host do something; `None` if nobody is there or it dies over it. Bound the wait.
    pub async fn call<T, W, F>(&self, from: usize, to: usize, work: W) -> Option<T>
    where
        T: Send + 'static,
        W: Fn(Arc<Server>) -> F + Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let told = {
            let twice = self.chance.once_in(self.faults(from, to).twice);
            self.travel(from, to).await;
            let server = self.at(to)?;
            if twice {
                server.process.spawn(drop_output(work(Arc::clone(&server))));
            }
            let (tell, told) = oneshot::channel();
            let working = work(Arc::clone(&server));
            server.process.spawn(async move { drop(tell.send(working.await)) });
            told
        };
        let answer = told.await.ok()?;
        self.travel(to, from).await;
        Some(answer)
    }

    /// The same, unless it takes longer.
    pub async fn call_within<T, W, F>(&self, limit: Duration, from: usize, to: usize, work: W) -> Option<T>
    where
        T: Send + 'static,
        W: Fn(Arc<Server>) -> F + Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        SimRuntime::timeout(limit, self.call(from, to, work)).await.ok().flatten()
    }
}

async fn drop_output<T>(work: impl Future<Output = T>) {
    drop(work.await);
}
