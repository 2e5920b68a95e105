//! A cluster of real processes, with a network between them that can fail.

mod views;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use crate::dice::Dice;
use crate::node::{Launched, Node, SECRET, serve_at};
use crate::proxy::{Network, ip};
use crate::rest::Client;

pub use views::wait_for;

/// What the nodes of every test trust each other by.
pub const CLUSTER_SECRET: &str = "test-cluster-secret-0123";

/// How long a cluster may take to do what it is waited for.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Nodes that form one cluster, running or not. What runs is killed when dropped.
pub struct Cluster {
    /// What lies between the nodes.
    pub network: Network,
    members: Vec<Member>,
    /// The file with the configuration of each. It is written once: a node may be reading it at any time.
    config: PathBuf,
    seeds: String,
    expect: usize,
    dir: TempDir,
}

/// A node of the cluster: what stays of it over its starts, and its process.
struct Member {
    /// Where it listens for other nodes, behind its proxy.
    listens: SocketAddr,
    /// Its proxy.
    advertised: SocketAddr,
    /// Where it serves.
    rest: SocketAddr,
    data: PathBuf,
    process: Process,
    /// What it logged in the lives that have ended.
    past: String,
}

enum Process {
    None,
    Launched(Launched),
    Serving(Node),
}

impl Cluster {
    /// Plans a cluster of so many nodes, all of them its seeds, with this configuration of each. Nothing is started.
    pub fn planned(nodes: usize, config: &str, dice: Dice) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let file = dir.path().join("hearth.toml");
        std::fs::write(&file, config).expect("a configuration file");
        let mut cluster = Self { network: Network::new(dice), members: Vec::new(), config: file, seeds: String::new(), expect: nodes, dir };
        for _ in 0..nodes {
            cluster.add();
        }
        cluster.seeds = cluster.members.iter().map(|member| member.advertised.to_string()).collect::<Vec<_>>().join(",");
        cluster
    }

    /// Starts a cluster of so many nodes and waits until all of them serve and agree.
    pub fn start(nodes: usize, config: &str, dice: Dice) -> Self {
        let mut cluster = Self::planned(nodes, config, dice);
        cluster.start_all();
        cluster
    }

    /// Starts all nodes that do not run, and waits until all of them serve and agree.
    pub fn start_all(&mut self) {
        (0..self.members.len()).for_each(|node| self.launch(node));
        (0..self.members.len()).for_each(|node| self.serving(node));
        self.settled();
    }

    /// Plans one more node and gives its number.
    pub fn add(&mut self) -> usize {
        let node = self.members.len();
        let listens = SocketAddr::new(ip(node), free_port(ip(node)));
        let rest = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), free_port(Ipv4Addr::LOCALHOST.into()));
        let advertised = self.network.add(listens);
        let data = self.dir.path().join(node.to_string());
        self.members.push(Member { listens, advertised, rest, data, process: Process::None, past: String::new() });
        node
    }

    /// The command that starts a node, the same at every start.
    pub fn command(&self, node: usize) -> Command {
        let member = &self.members[node];
        let mut command = serve_at(&member.data, &member.rest.to_string());
        command.arg("--config").arg(&self.config);
        command.args(["--cluster-listen", &member.listens.to_string(), "--cluster-advertise", &member.advertised.to_string()]);
        command.args(["--cluster-seeds", &self.seeds, "--cluster-bootstrap-expect", &self.expect.to_string()]);
        command.env("HEARTH_CLUSTER_SECRET", CLUSTER_SECRET);
        command
    }

    /// Starts a node, unless it runs, and does not wait for it.
    pub fn launch(&mut self, node: usize) {
        if matches!(self.members[node].process, Process::None) {
            let command = self.command(node);
            let member = &mut self.members[node];
            member.process = Process::Launched(Launched::new(command, &member.data));
        }
    }

    /// Waits until a node that was launched serves.
    pub fn serving(&mut self, node: usize) {
        let process = std::mem::replace(&mut self.members[node].process, Process::None);
        self.members[node].process = match process {
            Process::Launched(launched) => Process::Serving(launched.serving()),
            other => other,
        };
    }

    /// Starts a node and waits until it serves.
    pub fn restart(&mut self, node: usize) {
        self.launch(node);
        self.serving(node);
    }

    /// Ends a node at once, as a crash would.
    pub fn kill(&mut self, node: usize) {
        drop(self.take(node));
    }

    /// Tells a serving node to stop, and waits until it has.
    pub fn stop(&mut self, node: usize) -> ExitStatus {
        match std::mem::replace(&mut self.members[node].process, Process::None) {
            Process::Serving(running) => {
                let (status, log) = running.stop_and_tell();
                self.members[node].past.push_str(&log);
                status
            }
            _ => panic!("node {node} does not serve"),
        }
    }

    /// The process of a node, which is one no more; its log stays.
    fn take(&mut self, node: usize) -> Process {
        let log = self.log(node);
        let member = &mut self.members[node];
        member.past = log;
        std::mem::replace(&mut member.process, Process::None)
    }

    /// Stops the time of a node.
    pub fn pause(&self, node: usize) {
        self.node(node).signal("STOP");
    }

    /// Lets the time of a node go on.
    pub fn resume(&self, node: usize) {
        self.node(node).signal("CONT");
    }

    /// Takes away what a node that does not run has stored.
    pub fn wipe(&mut self, node: usize) {
        assert!(!self.runs(node), "node {node} still runs");
        std::fs::remove_dir_all(self.data(node)).expect("a data directory");
    }

    /// Where a node stores what it knows.
    pub fn data(&self, node: usize) -> PathBuf {
        self.members[node].data.clone()
    }

    /// Whether a node has been started and not ended by the test.
    pub fn runs(&self, node: usize) -> bool {
        !matches!(self.members[node].process, Process::None)
    }

    /// A node that serves.
    pub fn node(&self, node: usize) -> &Node {
        match &self.members[node].process {
            Process::Serving(running) => running,
            _ => panic!("node {node} does not serve"),
        }
    }

    /// What a node has logged over all its lives.
    pub fn log(&self, node: usize) -> String {
        let member = &self.members[node];
        let now = match &member.process {
            Process::Serving(running) => running.log(),
            Process::Launched(launched) => launched.log(),
            Process::None => String::new(),
        };
        format!("{}{now}", member.past)
    }

    /// Those that have ended although nobody told them to, with what they logged.
    pub fn fallen(&mut self) -> Vec<(usize, String)> {
        let ended = self.members.iter_mut().enumerate().filter_map(|(node, member)| match &mut member.process {
            Process::Serving(running) => running.ended().map(|status| (node, format!("{status}\n{}", running.log()))),
            _ => None,
        });
        ended.collect()
    }

    /// How many nodes there are, running or not.
    pub fn size(&self) -> usize {
        self.members.len()
    }

    /// Where each node serves, over all its starts.
    pub fn addresses(&self) -> Vec<String> {
        self.members.iter().map(|member| member.rest.to_string()).collect()
    }

    /// Where the others reach a node.
    pub fn advertised(&self, node: usize) -> String {
        self.members[node].advertised.to_string()
    }

    /// The node that creates the cluster.
    pub fn founder(&self) -> usize {
        (0..self.expect).min_by_key(|node| self.advertised(*node)).expect("a cluster has seeds")
    }

    /// A client of a node with the API secret, whether it serves or not.
    pub fn client(&self, node: usize) -> Client {
        Client::new(&self.members[node].rest.to_string()).header("Authorization", SECRET).json()
    }
}

/// A port that is free on this address, below those that systems give to outgoing connections, so that it stays free.
/// An address on loopback that nobody else is given, and that is none of those the system chooses itself.
pub fn free_address() -> String {
    let ip = Ipv4Addr::LOCALHOST.into();
    SocketAddr::new(ip, free_port(ip)).to_string()
}

fn free_port(address: IpAddr) -> u16 {
    const FIRST: u16 = 10_000;
    const COUNT: u16 = 20_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Tests are processes of their own: each begins elsewhere.
    let begin = u16::try_from(u64::from(std::process::id()) * 41 % u64::from(COUNT)).expect("below the count");
    let tries = std::iter::repeat_with(|| FIRST + (begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT));
    let mut free = tries.take(usize::from(COUNT)).filter(|port| TcpListener::bind((address, *port)).is_ok());
    free.next().expect("a free port")
}

/// The lines of each log that are shown when a test fails.
const SHOWN: usize = 60;

impl Drop for Cluster {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        for node in 0..self.members.len() {
            let log = self.log(node);
            let lines: Vec<_> = log.lines().collect();
            eprintln!("--- the end of the log of node {node} at {}", self.members[node].listens);
            lines.iter().skip(lines.len().saturating_sub(SHOWN)).for_each(|line| eprintln!("{line}"));
        }
    }
}
