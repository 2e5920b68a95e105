//! The hosts of a simulation, and what becomes of their processes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use openraft::AsyncRuntime;
use openraft_rt_sim::SimRuntime;
use uuid::Uuid;

use super::chance::Chance;
use super::disk::Disk;
use super::net::Net;
use super::process::Process;
use super::server::{Server, Setup};
use super::witness::Witness;
use crate::cluster::own::Own;
use crate::raft::{Address, FOUNDER, NodeId};
use crate::state::bytes;
use crate::wire::cluster::{JoinRequest, join_response};

/// How long until a node asks again to be taken in.
const PAUSE: Duration = Duration::from_millis(250);
/// How long it waits for an answer.
const JOINING: Duration = Duration::from_secs(20);

/// A host: a disk, and who lives there.
#[derive(Clone)]
pub struct Host {
    /// Its number, in the order in which hosts come.
    pub number: usize,
    /// Its disk.
    pub disk: Disk,
    /// The id of its node.
    pub uuid: Uuid,
    /// The number of its node, once it is taken in.
    pub node: Option<NodeId>,
    /// The newest format it admits to read.
    pub newest: u8,
    /// Whether the cluster will not take it in.
    pub refused: bool,
    /// How often it has started.
    lives: u64,
}

/// See the module. Clones are handles to the same one.
#[derive(Clone)]
pub struct World {
    /// The network.
    pub net: Net,
    /// Who sees everything.
    pub witness: Witness,
    /// What is drawn.
    pub chance: Chance,
    setup: Arc<Setup>,
    hosts: Arc<Mutex<Vec<Host>>>,
    /// One start at a time.
    starting: Arc<tokio::sync::Mutex<()>>,
}

impl World {
    /// Without any host.
    pub fn new(chance: Chance, witness: Witness, setup: Setup) -> Self {
        Self { net: Net::new(chance.fork()), witness, chance, setup: Arc::new(setup), hosts: Arc::default(), starting: Arc::default() }
    }

    /// All hosts.
    pub fn hosts(&self) -> Vec<Host> {
        self.hosts.lock().unwrap().clone()
    }

    fn with<T>(&self, host: usize, act: impl FnOnce(&mut Host) -> T) -> T {
        act(&mut self.hosts.lock().unwrap()[host])
    }

    /// A new host that reads formats up to this one; its node is not taken in yet.
    pub fn add(&self, newest: u8) -> usize {
        let mut hosts = self.hosts.lock().unwrap();
        let number = hosts.len();
        let (disk, uuid) = (Disk::new(self.chance.fork()), self.chance.uuid());
        hosts.push(Host { number, disk, uuid, node: None, newest, refused: false, lives: 0 });
        number
    }

    /// Its node founds the cluster.
    pub async fn found(&self, host: usize) {
        self.give(host, FOUNDER);
        self.start(host).await;
        let address = self.address(&self.hosts()[host]);
        self.net.at(host).unwrap().found(address).await;
    }

    fn give(&self, host: usize, number: NodeId) {
        let Host { uuid, newest, .. } = self.with(host, |host| {
            host.node = Some(number);
            host.clone()
        });
        self.witness.numbered(number, uuid);
        self.witness.reads_only_1(host, newest == 1);
    }

    /// A new address in every third life.
    fn address(&self, host: &Host) -> Address {
        Address { uuid: host.uuid, at: format!("h{}:{}", host.number, host.lives / 3) }
    }

    /// Its node asks the others until it is taken in, and starts. Whether it was: a node that is too old is refused.
    pub async fn join(&self, host: usize) -> bool {
        loop {
            let all = self.net.all();
            if !all.is_empty() {
                let (me, via) = (self.hosts()[host].clone(), Arc::clone(self.chance.pick(&all)));
                match self.ask(&me, via.process.host).await {
                    Some(join_response::Result::Joined(joined)) => {
                        self.give(host, joined.node);
                        self.start(host).await;
                        return true;
                    }
                    Some(join_response::Result::Refused(why)) => {
                        self.witness.note(format!("{host} is refused: {why}"));
                        self.witness.count("refused");
                        self.with(host, |host| host.refused = true);
                        return false;
                    }
                    None => {}
                }
            }
            SimRuntime::sleep(PAUSE).await;
        }
    }

    async fn ask(&self, host: &Host, via: usize) -> Option<join_response::Result> {
        let (uuid, address) = (host.uuid.into_bytes().to_vec().into(), self.address(host).at);
        let request = JoinRequest { uuid, address, format: host.newest.into(), ..JoinRequest::default() };
        let answer = self.net.call_within(JOINING, host.number, via, move |server| server.join(request.clone())).await;
        answer?.ok()?.result
    }

    /// Starts the process of a host that is taken in, unless it runs.
    pub async fn start(&self, host: usize) {
        let _turn = self.starting.lock().await;
        let me = self.hosts()[host].clone();
        let Some(id) = me.node.filter(|_| self.net.at(host).is_none()) else { return };
        self.witness.note(format!("{host} starts"));
        let own = Own { uuid: me.uuid, host: format!("h{host}"), address: None, formats: (bytes::OLDEST, me.newest), draining: Arc::default() };
        let process = Process::new(host, id, own, self.net.clone(), self.witness.clone());
        Server::start(process, &me.disk, &self.setup, self.address(&me).at).await;
        self.with(host, |host| host.lives += 1);
    }

    /// Starts everybody who does not run.
    pub async fn start_all(&self) {
        for host in self.hosts() {
            self.start(host.number).await;
        }
    }

    /// Ends the process of a host with what was not synced.
    pub fn crash(&self, host: usize) {
        if let Some(server) = self.net.hang_up(host) {
            self.witness.count("crashes");
            server.kill(&self.hosts()[host].disk);
        }
    }

    /// Has the process of a host leave, and ends it then.
    pub async fn leave(&self, host: usize) {
        let Some(server) = self.net.at(host) else { return };
        self.witness.note(format!("{host} leaves"));
        self.witness.count("told to leave");
        server.leave().await;
        if self.net.at(host).is_some_and(|other| Arc::ptr_eq(&other, &server)) {
            self.net.hang_up(host);
            server.kill(&self.hosts()[host].disk);
        }
    }

    /// Empties the disk of a host; its node is another one from now on, and not taken in yet.
    pub async fn wipe(&self, host: usize) {
        let _turn = self.starting.lock().await;
        self.crash(host);
        self.witness.note(format!("{host} is wiped"));
        self.witness.reads_only_1(host, false);
        let (disk, uuid) = (Disk::new(self.chance.fork()), self.chance.uuid());
        self.with(host, |host| *host = Host { disk, uuid, node: None, lives: 0, ..host.clone() });
    }

    /// The next life of a host reads formats up to this one.
    pub async fn upgrade(&self, host: usize, newest: u8) {
        self.leave(host).await;
        self.with(host, |host| host.newest = newest);
        self.witness.reads_only_1(host, newest == 1);
        self.start(host).await;
    }
}
