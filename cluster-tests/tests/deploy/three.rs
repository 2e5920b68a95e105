//! Three nodes that are one cluster, each always at the same addresses.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cluster_tests::Node;
use cluster_tests::node::{PASSWORD, SECRET, binary};
use tempfile::TempDir;

/// How long a node may take to be ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// Three nodes.
pub struct Three {
    /// The nodes that run.
    pub nodes: [Option<Node>; 3],
    /// Where their APIs are.
    pub rest: [String; 3],
    members: [String; 3],
    data: TempDir,
}

impl Three {
    /// Starts them on new directories, and waits until all are ready.
    pub fn start() -> Self {
        // All are free at once, so all differ.
        let free = [0; 6].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
        let [a, b, c, d, e, f] = free.map(|listener| listener.local_addr().unwrap().to_string());
        let mut three = Self { nodes: [None, None, None], rest: [a, b, c], members: [d, e, f], data: tempfile::tempdir().unwrap() };
        let starting = thread::scope(|scope| {
            let three = &three;
            [0, 1, 2].map(|n| scope.spawn(move || three.spawn(n))).map(|node| Some(node.join().unwrap()))
        });
        three.nodes = starting;
        (0..3).for_each(|n| three.ready(n));
        three
    }

    fn spawn(&self, n: usize) -> Node {
        let data = self.data.path().join(n.to_string());
        let mut command = Command::new(binary());
        command.args(["serve", "--rest-listen", &self.rest[n], "--cluster-listen", &self.members[n]]);
        command.args(["--cluster-bootstrap-expect", "3", "--cluster-seeds", &self.members.join(","), "--data-dir"]).arg(&data);
        command.env("HEARTH_ADMIN_PASSWORD", PASSWORD).env("HEARTH_API_SECRET", SECRET).env("HEARTH_CLUSTER_SECRET", "a-secret-of-enough-length");
        command.env_remove("HEARTH_LOG").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        Node::spawn(command, &data)
    }

    /// Waits until a node is ready.
    fn ready(&self, n: usize) {
        let (since, client) = (Instant::now(), self.nodes[n].as_ref().unwrap().stranger());
        while client.get("/system/readiness").status != 200 {
            assert!(since.elapsed() < PATIENCE, "node {n} does not get ready");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops a node as an operator does, starts it again, and waits until it is ready.
    pub fn restart(&mut self, n: usize) {
        assert!(self.nodes[n].take().unwrap().stop().success());
        self.nodes[n] = Some(self.spawn(n));
        self.ready(n);
    }
}
