//! Three nodes of each, on one machine.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::contenders::Contender;
use crate::node::{Node, serve};
use crate::rest::Client;

/// How long three nodes may take to become a cluster.
const PATIENCE: Duration = Duration::from_secs(120);
/// What the nodes of a run trust each other by.
const CLUSTER_SECRET: &str = "the secret of a benchmark";

/// Three nodes of Hearth.
pub struct Three {
    addresses: Vec<String>,
    config: PathBuf,
    data: Vec<PathBuf>,
    /// The nodes; `None` where one has been killed.
    pub nodes: Vec<Option<Node>>,
}

/// An address that is free for now.
pub fn free() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").to_string()
}

/// Asks again and again until there is an answer.
pub fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(since.elapsed() < PATIENCE, "{what} does not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Three {
    /// Starts them below `room`, with this log engine. Leadership follows the senior quickly.
    pub fn start(room: &Path, engine: &str) -> Self {
        let addresses: Vec<String> = (0..3).map(|_| free()).collect();
        let config = room.join(format!("{engine}.toml"));
        std::fs::write(&config, format!("[store]\nengine = \"{engine}\"\n[cluster]\ntransfer_after_ms = 500\n")).expect("a configuration file");
        let data = (0..3).map(|n| room.join(format!("{engine}-{n}"))).collect();
        let mut three = Self { addresses, config, data, nodes: Vec::new() };
        // Each waits for the others, so they are started side by side.
        three.nodes = std::thread::scope(|scope| {
            let started: Vec<_> = (0..3).map(|n| (three.command(n), &three.data[n])).collect();
            let started: Vec<_> = started.into_iter().map(|(command, data)| scope.spawn(move || Node::spawn(command, data))).collect();
            started.into_iter().map(|node| Some(node.join().expect("it starts"))).collect()
        });
        wait_for("a cluster of three voters", || three.overview().filter(|all| all["voters"].as_array().is_some_and(|voters| voters.len() == 3)));
        three
    }

    fn command(&self, n: usize) -> Command {
        let mut command = serve(&self.data[n]);
        command.args(["--cluster-listen", &self.addresses[n], "--cluster-seeds", &self.addresses.join(","), "--cluster-bootstrap-expect", "3"]);
        command.arg("--config").arg(&self.config).env("HEARTH_CLUSTER_SECRET", CLUSTER_SECRET);
        command
    }

    fn running(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().flatten()
    }

    /// The cluster as the first node that runs sees it.
    pub fn overview(&self) -> Option<Value> {
        let node = self.running().next()?;
        let answer = node.client().absolute("GET", "/hearth/v1/cluster", None);
        (answer.status == 200).then(|| answer.value())
    }

    /// The place among these of the node that leads, and of one that does not.
    pub fn leader_and_follower(&self) -> (usize, usize) {
        let leader = wait_for("a leader", || self.place_of("leader"));
        let follower = (0..3).find(|place| *place != leader && self.nodes[*place].is_some());
        (leader, follower.expect("a node that follows"))
    }

    /// The place among these of the node of which this is true.
    pub fn place_of(&self, what: &str) -> Option<usize> {
        let all = self.overview()?;
        let node = all["nodes"].as_array()?.iter().find(|node| node[what] == true)?;
        let id = node["id"].as_u64()?;
        (0..3).find(|place| self.nodes[*place].as_ref().and_then(own_id) == Some(id))
    }

    /// A client of one of them.
    pub fn client(&self, place: usize) -> Client {
        self.node(place).client()
    }

    /// One that runs.
    pub fn node(&self, place: usize) -> &Node {
        self.nodes[place].as_ref().expect("a node that runs")
    }

    /// Ends one at once.
    pub fn kill(&mut self, place: usize) {
        if let Some(node) = self.nodes[place].take() {
            node.kill();
        }
    }

    /// Starts one again on these cores, and waits until it is up and as far as the others.
    pub fn restart(&mut self, place: usize, cores: &str) {
        self.nodes[place] = Some(Node::spawn(on(cores, &self.command(place)), &self.data[place]));
        wait_for("three nodes that are up", || {
            let all = self.overview()?;
            let up = all["nodes"].as_array()?.iter().filter(|node| node["up"] == true && node["lag"].as_u64().is_some_and(|lag| lag < 100)).count();
            (up == 3).then_some(())
        });
    }
}

/// All cores of this machine, as taskset(1) names them.
pub fn all_cores() -> String {
    format!("0-{}", std::thread::available_parallelism().map_or(1, usize::from) - 1)
}

/// From now on the nodes that run and this program use these cores alone.
pub fn keep_to(cores: &str, three: &Three) {
    for pid in three.running().map(Node::pid).chain([std::process::id()]) {
        let kept = Command::new("taskset").args(["-a", "-c", "-p", cores, &pid.to_string()]).stdout(Stdio::null()).status();
        assert!(kept.is_ok_and(|status| status.success()), "no process is kept to cores {cores}");
    }
}

/// The same command, on these cores.
fn on(cores: &str, command: &Command) -> Command {
    let mut there = Command::new("taskset");
    there.args(["-c", cores]).arg(command.get_program()).args(command.get_args());
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => there.env(key, value),
            None => there.env_remove(key),
        };
    }
    there.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    there
}

fn own_id(node: &Node) -> Option<u64> {
    let answer = node.client().absolute("GET", "/hearth/v1/cluster", None);
    (answer.status == 200).then(|| answer.value()["nodeId"].as_u64())?
}

/// Three nodes of etcd below `room`, one that follows first; `None` where it is not installed.
pub fn etcd(room: &Path) -> Option<Vec<Contender>> {
    let (clients, peers): (Vec<String>, Vec<String>) = ((0..3).map(|_| free()).collect(), (0..3).map(|_| free()).collect());
    let all: Vec<String> = peers.iter().enumerate().map(|(n, at)| format!("n{n}=http://{at}")).collect();
    let mut contenders = Vec::new();
    for n in 0..3 {
        let mut command = Command::new("etcd");
        command.args(["--log-level", "error", "--name", &format!("n{n}"), "--initial-cluster", &all.join(",")]);
        command.arg("--data-dir").arg(room.join(format!("etcd-{n}")));
        for (flag, at) in [
            ("--listen-client-urls", &clients[n]),
            ("--advertise-client-urls", &clients[n]),
            ("--listen-peer-urls", &peers[n]),
            ("--initial-advertise-peer-urls", &peers[n]),
        ] {
            command.args([flag, &format!("http://{at}")]);
        }
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        contenders.push(Contender::of(process, clients[n].clone()));
    }
    let follows = wait_for("etcd's leader", || (0..3).find_map(|n| follows(&clients[n]).filter(|follows| *follows).map(|_| n)));
    contenders.swap(0, follows);
    Some(contenders)
}

/// Whether a node of etcd follows another one; `None` while it has no leader.
fn follows(address: &str) -> Option<bool> {
    let answer = Client::new(address).try_absolute("POST", "/v3/maintenance/status", Some(("application/json", b"{}"))).ok()?;
    let status: Value = serde_json::from_slice(&answer.body).ok()?;
    let leader = status["leader"].as_str().filter(|leader| *leader != "0")?;
    Some(status["header"]["member_id"].as_str() != Some(leader))
}

/// A key or value as etcd's gateway takes it.
pub fn encoded(text: &str) -> String {
    STANDARD.encode(text)
}
