//! Told to stop, a node finishes what it has begun.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use cluster_tests::Node;

/// Enough password hashes to keep a request busy for a while.
fn slow(users: usize) -> String {
    let users: Vec<_> = (0..users).map(|i| format!(r#"{{"username":"slow{i}","password":"p{i}"}}"#)).collect();
    format!(r#"{{"users":[{}]}}"#, users.join(","))
}

#[test]
fn requests_under_way_are_finished_and_new_connections_refused() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_on(dir.path());
    let (client, address) = (node.client(), node.address.clone());
    let body = slow(60);
    std::thread::scope(|scope| {
        let under_way = scope.spawn(|| (client.body("POST", "/users", &body), Instant::now()));
        std::thread::sleep(Duration::from_millis(100));
        assert!(!under_way.is_finished(), "the request is too quick to show anything");
        assert!(Command::new("kill").arg(node.pid().to_string()).status().unwrap().success());
        let told = Instant::now();
        while TcpStream::connect(&address).is_ok() {
            assert!(told.elapsed() < Duration::from_secs(5), "it still takes connections");
            std::thread::sleep(Duration::from_millis(5));
        }
        let refused = Instant::now();
        let (answer, answered) = under_way.join().unwrap();
        answer.is(201);
        assert!(refused < answered, "new connections are refused while the old one is served");
        assert!(node.stop().success());
    });
    let since = Instant::now();
    let node = Node::start_on(dir.path());
    assert!(since.elapsed() < Duration::from_secs(10), "a restart is quick");
    assert_eq!(node.client().get("/users/slow59").status, 200);
}

#[test]
fn an_idle_connection_does_not_hold_it_up() {
    let node = Node::start();
    let mut idle = TcpStream::connect(&node.address).unwrap();
    let request = format!("GET /plugins/restapi/v1/users/admin HTTP/1.1\r\nHost: h\r\nAuthorization: {}\r\n\r\n", cluster_tests::node::SECRET);
    idle.write_all(request.as_bytes()).unwrap();
    let mut start = [0; 12];
    idle.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");
    let silent = TcpStream::connect(&node.address).unwrap();
    let since = Instant::now();
    assert!(node.stop().success());
    assert!(since.elapsed() < Duration::from_secs(8), "it took {:?}", since.elapsed());
    drop(silent);
}
