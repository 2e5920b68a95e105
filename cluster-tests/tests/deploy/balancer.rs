//! The balancer's configuration, in Debian's HAProxy, in front of real nodes. Where there is no HAProxy, these tests say so.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use cluster_tests::cluster::free_address;
use cluster_tests::node::SECRET;
use cluster_tests::{Client, Cluster, Dice, Node, wait_for};

/// How long the balancer may take to serve, and to notice a change.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often that is looked at.
const ROUND: Duration = Duration::from_millis(20);

fn config() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(".deploy/haproxy.cfg")
}

/// The program, if there is one.
fn haproxy() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).chain(["/usr/sbin".into()]).map(|dir| dir.join("haproxy")).find(|file| file.exists());
    if found.is_none() {
        eprintln!("skipped: there is no haproxy here (Debian's package is called haproxy)");
    }
    found
}

/// A running balancer. Killed when dropped.
struct Balancer {
    process: Child,
    address: String,
}

impl Balancer {
    fn start(program: &Path, nodes: [&str; 3]) -> Self {
        let address = free_address();
        let mut command = Command::new(program);
        command.arg("-f").arg(config()).env("HEARTH_LISTEN", &address).env("HEARTH_STATS", free_address());
        for (n, node) in nodes.iter().enumerate() {
            command.env(format!("HEARTH_NODE_{}", n + 1), node);
        }
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { process, address }
    }

    fn client(&self) -> Client {
        Client::new(&self.address).header("Authorization", SECRET).json()
    }

    /// Waits until an answer is as it should be.
    fn until(&self, path: &str, good: impl Fn(u16) -> bool) {
        let since = Instant::now();
        while !self.client().try_absolute("GET", path, None).is_ok_and(|answer| good(answer.status)) {
            assert!(since.elapsed() < PATIENCE, "the balancer does not serve {path}");
            thread::sleep(ROUND);
        }
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_configuration_is_good() {
    let Some(program) = haproxy() else { return };
    let mut command = Command::new(program);
    for n in 1..=3 {
        command.env(format!("HEARTH_NODE_{n}"), "127.0.0.1:9090");
    }
    let output = command.arg("-c").arg("-f").arg(config()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && !said.contains("WARNING") && !said.contains("ALERT"), "{said}");
}

#[test]
fn a_node_that_is_killed_costs_no_read() {
    let Some(program) = haproxy() else { return };
    let mut nodes = [Node::start(), Node::start(), Node::start()].map(Some);
    let addresses = nodes.each_ref().map(|node| node.as_ref().unwrap().address.clone());
    let balancer = Balancer::start(&program, addresses.each_ref().map(String::as_str));
    let users = "/plugins/restapi/v1/users";
    balancer.until(users, |status| status == 200);
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    match balancer.client().try_absolute("GET", users, None) {
                        Ok(answer) if answer.status == 200 => drop(answered.fetch_add(1, Ordering::Relaxed)),
                        other => failed.lock().unwrap().push(format!("{other:?}")),
                    }
                }
            });
        }
        let more = |count: usize| {
            let (since, from) = (Instant::now(), answered.load(Ordering::Relaxed));
            while answered.load(Ordering::Relaxed) < from + count && since.elapsed() < PATIENCE {
                thread::sleep(ROUND);
            }
        };
        more(100);
        for node in &mut nodes[..2] {
            node.take().unwrap().kill();
            more(500);
        }
        stop.store(true, Ordering::Relaxed);
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {} reads failed: {}", failed.len(), answered.load(Ordering::Relaxed) + failed.len(), failed[0]);
    assert!(answered.load(Ordering::Relaxed) >= 1100);
    drop(nodes);
    balancer.until(users, |status| status == 503);
    let refused = balancer.client().absolute("GET", users, None);
    refused.fails(503, "ServiceUnavailableException", "No node can answer now", "");
    assert_eq!(refused.header("retry-after"), Some("1"));
}

/// Writes a property again and again and reads it back, until told to stop; what was not as it should be.
fn write_and_read(client: &Client, key: &str, stop: &AtomicBool, answered: &AtomicUsize) -> Vec<String> {
    let path = format!("/plugins/restapi/v1/system/properties/{key}");
    let body = |value: usize| format!(r#"{{"key":"{key}","value":"{value}"}}"#);
    let mut failed = Vec::new();
    for value in 0.. {
        let text = body(value);
        let json = Some(("application/json", text.as_bytes()));
        let written = match value {
            0 => client.try_absolute("POST", "/plugins/restapi/v1/system/properties", json),
            _ => client.try_absolute("PUT", &path, json),
        };
        let read = client.try_absolute("GET", &path, None);
        let good = written.as_ref().is_ok_and(|answer| answer.status < 300) && read.as_ref().is_ok_and(|answer| answer.text() == text);
        if !good {
            failed.push(format!("{written:?} {read:?}"));
        }
        answered.fetch_add(1, Ordering::Relaxed);
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    failed
}

#[test]
fn restarting_every_node_in_turn_costs_no_request_and_no_write_is_read_late() {
    let Some(program) = haproxy() else { return };
    let mut cluster = Cluster::start(3, "", Dice::new("balancer"));
    let addresses = cluster.addresses();
    let balancer = Balancer::start(&program, [&addresses[0], &addresses[1], &addresses[2]]);
    balancer.until("/plugins/restapi/v1/users", |status| status == 200);
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let failed: Vec<String> = thread::scope(|scope| {
        let (stop, answered, balancer) = (&stop, &answered, &balancer);
        let clients = [0; 4].map(|_| balancer.client());
        let run = |(n, client): (usize, Client)| scope.spawn(move || write_and_read(&client, &format!("key{n}"), stop, answered));
        let running: Vec<_> = clients.into_iter().enumerate().map(run).collect();
        for n in 0..3 {
            let (since, from) = (Instant::now(), answered.load(Ordering::Relaxed));
            while answered.load(Ordering::Relaxed) < from + 50 && since.elapsed() < PATIENCE {
                thread::sleep(ROUND);
            }
            assert!(cluster.stop(n).success());
            cluster.restart(n);
            let ready = || cluster.node(n).stranger().get("/system/readiness").status;
            wait_for("the node is ready", PATIENCE, || (ready() == 200).then_some(()).ok_or_else(String::new));
        }
        stop.store(true, Ordering::Relaxed);
        running.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    assert!(failed.is_empty(), "{} of {} failed: {}", failed.len(), answered.load(Ordering::Relaxed), failed[0]);
    assert!(answered.load(Ordering::Relaxed) >= 150);
}

#[test]
fn the_metrics_of_nodes_are_not_for_clients_of_the_balancer() {
    let Some(program) = haproxy() else { return };
    let node = Node::start();
    let balancer = Balancer::start(&program, [&node.address; 3]);
    balancer.until("/plugins/restapi/v1/users", |status| status == 200);
    assert_eq!(balancer.client().absolute("GET", "/metrics", None).status, 404);
    assert_eq!(node.stranger().absolute("GET", "/metrics", None).status, 200);
}

/// A node that is always ready and does the same with every other request: answers it with a status, or closes the connection.
struct Puppet {
    address: String,
    /// The Idempotency-Key of each request that was no probe; empty where there was none.
    keys: Arc<Mutex<Vec<String>>>,
}

impl Puppet {
    fn start(answer: Option<u16>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let keys = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&keys);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = Arc::clone(&seen);
                thread::spawn(move || play(BufReader::new(stream), answer, &seen));
            }
        });
        Self { address, keys }
    }
}

fn play(mut stream: BufReader<std::net::TcpStream>, answer: Option<u16>, keys: &Mutex<Vec<String>>) -> Option<()> {
    loop {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_ascii_lowercase()),
            }
        }
        let header = |name: &str| head.iter().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
        let mut body = vec![0; header("content-length:").parse().unwrap_or(0)];
        stream.read_exact(&mut body).ok()?;
        let probe = head[0].contains("/system/readiness");
        if !probe {
            keys.lock().unwrap().push(header("idempotency-key:"));
        }
        let status = if probe { 200 } else { answer? };
        stream.get_mut().write_all(format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n").as_bytes()).ok()?;
    }
}

/// The status of a write whose body comes some time after its head.
fn halting(balancer: &Balancer, bad: &Puppet) -> u16 {
    let mut stream = std::net::TcpStream::connect(&balancer.address).unwrap();
    let seen = bad.keys.lock().unwrap().len();
    write!(stream, "POST /plugins/restapi/v1/users HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\n").unwrap();
    // Long enough for the head to be sent on, if it were; it must not be, or what follows could not be sent again.
    for _ in 0..10 {
        thread::sleep(ROUND);
        assert_eq!(bad.keys.lock().unwrap().len(), seen);
    }
    stream.write_all(b"{}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap()
}

#[test]
fn a_write_that_one_node_does_not_answer_is_given_to_another_under_the_same_key() {
    let Some(program) = haproxy() else { return };
    for bad in [Some(503), None] {
        let (bad, good) = (Puppet::start(bad), Puppet::start(Some(201)));
        let balancer = Balancer::start(&program, [&bad.address, &good.address, &bad.address]);
        balancer.until("/plugins/restapi/v1/users", |status| status == 201);
        bad.keys.lock().unwrap().clear();
        good.keys.lock().unwrap().clear();
        for _ in 0..6 {
            assert_eq!(balancer.client().body("POST", "/users", "{}").status, 201);
        }
        assert_eq!(halting(&balancer, &bad), 201);
        assert_eq!(balancer.client().header("Idempotency-Key", "mine").body("PUT", "/users/ann", "{}").status, 201);
        let (tried, done) = (bad.keys.lock().unwrap().clone(), good.keys.lock().unwrap().clone());
        assert_eq!((done.len(), done[7].as_str()), (8, "mine"));
        assert!(!tried.is_empty() && tried.iter().all(|key| done.contains(key)), "{tried:?} {done:?}");
        assert!(done.iter().all(|key| !key.is_empty()) && done.iter().collect::<std::collections::BTreeSet<_>>().len() == 8, "{done:?}");
    }
}
