//! Told to stop, a node finishes what it has begun.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use cluster_tests::node::SECRET;
use cluster_tests::{Node, wait_for};

#[test]
fn requests_under_way_are_finished_and_new_connections_refused() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start_on(dir.path());
    let body = r#"{"username":"late","password":"p"}"#;
    let (begun, rest) = body.split_at(10);
    let mut under_way = TcpStream::connect(&node.address).unwrap();
    let head =
        "POST /plugins/restapi/v1/users HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nConnection: close\r\nExpect: 100-continue\r\n";
    write!(under_way, "{head}Authorization: {SECRET}\r\nContent-Length: {}\r\n\r\n", body.len()).unwrap();
    // The node reads the body.
    let mut goes_on = [0; 25];
    under_way.read_exact(&mut goes_on).unwrap();
    assert_eq!(&goes_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    under_way.write_all(begun.as_bytes()).unwrap();
    node.signal("TERM");
    wait_for("new connections to be refused", Duration::from_secs(60), || match TcpStream::connect(&node.address) {
        Ok(_) => Err("it still takes them".to_owned()),
        Err(_) => Ok(()),
    });
    under_way.write_all(rest.as_bytes()).unwrap();
    let answer = std::io::read_to_string(under_way).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(node.stop().success());
    assert_eq!(Node::start_on(dir.path()).client().get("/users/late").status, 200);
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
