//! Hostile input over the real listener: a clear 4xx, nothing changed, nothing hanging, nothing growing.
//!
//! Where a request is no HTTP at all, the HTTP layer refuses it before the API sees it: then with a bare 4xx, or by closing.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use cluster_tests::node::SECRET;
use cluster_tests::rest::BASE;
use cluster_tests::{Client, Node, Response};

use crate::PROLOG;

/// How long any refusal may take, the deadlines for slow and idle clients included.
const PATIENCE: Duration = Duration::from_secs(90);

/// Fails the test unless the answer is a refusal as the standard entity.
#[track_caller]
fn refused(what: &str, answer: &Response) {
    assert!((400..500).contains(&answer.status), "{what}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
    let body = String::from_utf8(answer.body.clone()).expect("bodies are UTF-8");
    match answer.header("content-type") {
        Some("application/json") => {
            let keys: Vec<String> = answer.value().as_object().expect("an object").keys().cloned().collect();
            assert!(keys.iter().all(|key| ["resource", "message", "exception"].contains(&key.as_str())), "{what}: {body}");
            assert!(keys.len() >= 2, "{what}: {body}");
        }
        Some("application/xml") => {
            assert!(body.starts_with(&format!("{PROLOG}<error><exception>")) && body.ends_with("</error>"), "{what}: {body}");
        }
        other => panic!("{what}: an error is XML or JSON, not {other:?}: {body}"),
    }
}

/// Fails the test unless the answer refuses: as the entity, or bare where the HTTP layer refused.
#[track_caller]
fn turned_away(what: &str, answer: &Response) {
    if answer.body.is_empty() && answer.header("content-type").is_none() {
        assert!((400..500).contains(&answer.status), "{what}: {}", answer.status);
    } else {
        refused(what, answer);
    }
}

/// Sends bytes and reads until the server closes. Also a reset is an end, as long as it comes in time.
fn exchange(node: &Node, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(&node.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    until_end(&mut stream)
}

fn until_end(stream: &mut TcpStream) -> Vec<u8> {
    let since = Instant::now();
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => answer.extend_from_slice(&piece[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("no end after {:?}: {error}", since.elapsed()),
        }
        assert!(since.elapsed() < PATIENCE, "no end");
    }
    answer
}

/// Statuses of all the answers in a stream of them.
fn statuses(answers: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(answers);
    assert!(!text.to_lowercase().contains("<html"), "{text}");
    text.match_indices("HTTP/1.").filter_map(|(at, _)| text.get(at + 9..at + 12)?.parse().ok()).collect()
}

/// Fails the test unless these bytes are refused with a 4xx or answered by closing.
#[track_caller]
fn no_http(node: &Node, what: &str, bytes: &[u8]) {
    let answer = exchange(node, bytes);
    let found = statuses(&answer);
    assert!(found.iter().all(|status| (400..500).contains(status)), "{what}: {}", String::from_utf8_lossy(&answer));
    assert!(found.len() <= 1, "{what}: {found:?}");
}

/// Fails the test unless the node serves, and knows no more users than it did.
#[track_caller]
fn is_well(node: &Node) {
    let users = node.client().json().get("/users");
    assert_eq!(users.status, 200);
    assert_eq!(users.value()["users"].as_array().expect("a list").len(), 1, "{}", users.text());
}

/// Resident memory of the process, in KiB.
fn resident(node: &Node) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", node.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    line.trim().trim_end_matches("kB").trim().parse().unwrap()
}

/// Every endpoint that reads a body.
const WRITES: &[(&str, &str)] = &[
    ("POST", "/users"),
    ("PUT", "/users/admin"),
    ("POST", "/users/admin/groups"),
    ("DELETE", "/users/admin/groups"),
    ("POST", "/users/admin/roster"),
    ("PUT", "/users/admin/roster/ann@example.org"),
    ("PUT", "/users/admin/vcard"),
    ("POST", "/groups"),
    ("PUT", "/groups/nobody"),
    ("POST", "/chatservices"),
    ("POST", "/chatrooms"),
    ("POST", "/chatrooms/bulk"),
    ("PUT", "/chatrooms/nowhere"),
    ("PUT", "/chatrooms/nowhere/members"),
    ("POST", "/chatrooms/nowhere/members"),
    ("POST", "/chatrooms/nowhere/invite"),
    ("POST", "/chatrooms/nowhere/invite/ann"),
    ("POST", "/system/properties"),
    ("PUT", "/system/properties/no.such"),
    ("POST", "/messages/users"),
];

/// Sends a body to every endpoint that reads one; each must refuse.
fn everywhere(client: &Client, what: &str, kind: &str, body: &[u8]) {
    for (method, path) in WRITES {
        refused(&format!("{method} {path}: {what}"), &client.send(method, path, Some((kind, body))));
    }
}

#[test]
fn truncated_bodies() {
    let node = Node::start();
    let client = node.client();
    let json = r#"{"username":"ann","password":"secret","properties":[{"key":"a","value":"b"}]}"#;
    let xml = r#"<?xml version="1.0"?><user><username>ann</username><password>a&amp;b</password><properties><property key="a" value="b"/></properties></user>"#;
    for end in 0..json.len() {
        refused(&json[..end], &client.send("POST", "/users", Some(("application/json", &json.as_bytes()[..end]))));
    }
    for end in 0..xml.len() {
        refused(&xml[..end], &client.send("POST", "/users", Some(("application/xml", &xml.as_bytes()[..end]))));
    }
    is_well(&node);
}

#[test]
fn deep_bodies() {
    let node = Node::start();
    let client = node.client();
    for depth in [65, 1000, 100_000] {
        let json = [
            "[".repeat(depth),
            "[".repeat(depth) + &"]".repeat(depth),
            r#"{"a":"#.repeat(depth),
            r#"{"a":"#.repeat(depth) + "1" + &"}".repeat(depth),
            format!(r#"{{"username":"ann","password":"x","unknown":{}{}}}"#, "[".repeat(depth), "]".repeat(depth)),
        ];
        for body in &json {
            everywhere(&client, &format!("JSON {depth} deep"), "application/json", body.as_bytes());
        }
        let xml = ["<a>".repeat(depth), format!("<user><username>ann</username>{}{}</user>", "<a>".repeat(depth), "</a>".repeat(depth))];
        for body in &xml {
            everywhere(&client, &format!("XML {depth} deep"), "application/xml", body.as_bytes());
        }
    }
    is_well(&node);
}

#[test]
fn document_types_and_entities() {
    let node = Node::start();
    let client = node.client();
    let laughs: String = (1..10).map(|n| format!(r#"<!ENTITY l{n} "{}">"#, format!("&l{};", n - 1).repeat(10))).collect();
    let bodies = [
        format!(r#"<?xml version="1.0"?><!DOCTYPE user [<!ENTITY l0 "lol">{laughs}]><user><username>&l9;</username></user>"#),
        r#"<!DOCTYPE user SYSTEM "http://127.0.0.1:9/x.dtd"><user><username>ann</username><password>x</password></user>"#.to_owned(),
        r#"<!DOCTYPE user [<!ENTITY x SYSTEM "file:///etc/passwd">]><user><username>ann</username><password>&x;</password></user>"#.to_owned(),
        r#"<!DOCTYPE user [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><user/>"#.to_owned(),
        "<!DOCTYPE user><user><username>ann</username><password>x</password></user>".to_owned(),
        "<user><username>&undefined;</username><password>x</password></user>".to_owned(),
        "<user><username>&#0;</username><password>x</password></user>".to_owned(),
        "<user><username>&#xD800;</username><password>x</password></user>".to_owned(),
        "<user><username>&#x110000;</username><password>x</password></user>".to_owned(),
        "<user><username>&#99999999999999999999;</username><password>x</password></user>".to_owned(),
        "<user><username>ann</username><password>x</password></user><user/>".to_owned(),
        "<user><username>ann</password></username></user>".to_owned(),
        "<x:user xmlns:x='urn:x'><username>ann</username><password>x</password></x:user>".to_owned(),
        "<user a='1' a='2'><username>ann</username><password>x</password></user>".to_owned(),
        r#"<!DOCTYPE vCard [<!ENTITY x "y">]><vCard xmlns="vcard-temp"><FN>&x;</FN></vCard>"#.to_owned(),
        "<?xml version=\"1.0\" encoding=\"utf-7\"?><user><username>ann</username><password>x</password></user>".to_owned(),
    ];
    for body in &bodies {
        everywhere(&client, body, "application/xml", body.as_bytes());
    }
    is_well(&node);
}

#[test]
fn wrong_types() {
    let node = Node::start();
    let client = node.client();
    for body in ["[]", "1", "true", "\"x\"", "[1]", "[null]", "{", "}", "{\"a\"}", "{1:2}", "nul", "{'a':1}", "\u{0}", "[[[[]]]]", "NaN"] {
        for (method, path) in WRITES {
            let answer = client.send(method, path, Some(("application/json", body.as_bytes())));
            // A bare list is taken where a list is meant; then the room does not exist, or the list is empty.
            if answer.status >= 400 || !body.starts_with('[') {
                refused(&format!("{method} {path}: {body}"), &answer);
            }
        }
    }
    let user = |field: &str, value: &str| format!(r#"{{"username":"ann","password":"x","{field}":{value}}}"#);
    for value in ["{}", "[]", "[{}]", "{\"x\":[]}"] {
        for field in ["username", "password", "name", "email"] {
            let body = user(field, value);
            refused(&body, &client.body("POST", "/users", &body));
        }
    }
    for value in ["1", "true", "\"x\"", "[1]", "[[]]", "{\"property\":1}", "{\"property\":[[]]}"] {
        let body = user("properties", value);
        refused(&body, &client.body("POST", "/users", &body));
    }
    for kind in
        ["text/plain", "application/octet-stream", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "bogus", "/", ";", "a/b/c"]
    {
        everywhere(&client, kind, kind, b"{}");
    }
    is_well(&node);
}

#[test]
fn invalid_utf8() {
    let node = Node::start();
    let client = node.client();
    let bad: [&[u8]; 6] = [b"\xff", b"\xc3", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80"];
    for bytes in bad {
        let json = [b"{\"username\":\"", bytes, b"\",\"password\":\"x\"}"].concat();
        everywhere(&client, "JSON", "application/json", &json);
        let xml = [b"<user><username>", bytes, b"</username><password>x</password></user>"].concat();
        everywhere(&client, "XML", "application/xml", &xml);
    }
    // A lone surrogate in an escape is no text either.
    refused("surrogate", &client.body("POST", "/users", r#"{"username":"\ud800","password":"x"}"#));
    for path in ["/users/%FF", "/users/%C0%80", "/users/%ED%A0%80", "/users/%00", "/users/a%00b", "/users/%0d%0ax:%20y"] {
        refused(path, &client.clone().json().get(path));
    }
    let raw = |head: &[u8]| [b"GET ", BASE.as_bytes(), head].concat();
    no_http(&node, "raw bytes in the path", &raw(b"/users/\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    no_http(&node, "raw bytes in credentials", &raw(b"/users HTTP/1.1\r\nHost: x\r\nAuthorization: Basic \xff\xfe\r\nConnection: close\r\n\r\n"));
    no_http(&node, "a zero in a header", &raw(b"/users HTTP/1.1\r\nHost: x\r\nX: a\0b\r\nConnection: close\r\n\r\n"));
    is_well(&node);
}

#[test]
fn huge_bodies() {
    let node = Node::configured("[limits]\nbody_bytes = 100000\nbulk_body_bytes = 200000\nlist_entries = 100\n");
    let client = node.client();
    let user = |field: &str, length: usize| format!(r#"{{"username":"ann","password":"x","{field}":"{}"}}"#, "x".repeat(length));
    assert_eq!(client.body("POST", "/users", &user("name", 300_000)).status, 413);
    refused("announced", &client.body("POST", "/users", &user("name", 300_000)));
    refused("over the length of a name", &client.body("POST", "/users", &user("name", 50_000)));
    refused("a long username", &client.body("POST", "/users", &format!(r#"{{"username":"{}","password":"x"}}"#, "x".repeat(2000))));
    let chunk = format!("{:x}\r\n{}\r\n", 50_000, " ".repeat(50_000)).repeat(10);
    let head = format!("POST {BASE}/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {SECRET}\r\nContent-Type: application/json\r\n");
    let answer = client.raw(format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}0\r\n\r\n").as_bytes(), false).unwrap();
    assert_eq!(answer.status, 413);
    refused("unannounced", &answer);
    let answer = client.raw(format!("{head}Content-Length: 99999999999\r\n\r\n").as_bytes(), false).unwrap();
    assert_eq!(answer.status, 413);
    let users = (0..101).map(|n| format!(r#"{{"username":"u{n}","password":"x"}}"#)).collect::<Vec<_>>().join(",");
    refused("too many entries", &client.body("POST", "/users", &format!(r#"{{"users":[{users}]}}"#)));
    let attributes: String = (0..10_000).map(|n| format!(" a{n}='x'")).collect();
    for (kind, body) in [
        ("application/xml", format!("<user{attributes}><username>ann</username></user>")),
        ("application/xml", format!("<user><username>ann</username>{}</user>", "<x/>".repeat(20_000))),
        ("application/json", format!("{{{}\"username\":\"ann\"}}", "\"a\":1,".repeat(10_000))),
        ("application/json", format!(r#"{{"username":"ann","password":{}}}"#, "\"\\u00".repeat(9000))),
        ("application/json", format!(r#"{{"username":"ann","x":{}}}"#, "9".repeat(90_000))),
    ] {
        refused(&body[..60], &client.send("POST", "/users", Some((kind, body.as_bytes()))));
    }
    is_well(&node);
}

#[test]
fn paths_do_not_reach_around_the_door() {
    let node = Node::start();
    let stranger = node.stranger();
    for path in [
        "/users;/system/liveness",
        "/users;x=/system/liveness",
        "/users;/../system/liveness",
        "/users/;/system/liveness",
        "/users?/system/liveness",
        "/users%3B/system/liveness",
        "/users%3F/system/liveness",
        "/users%2Fsystem%2Fliveness",
        "/system/liveness/../../users",
        "/system/liveness/..;/..;/users",
        "/system/liveness/%2e%2e/%2e%2e/users",
        "/system/liveness%2F..%2F..%2Fusers",
        "/system/liveness/../properties",
        "/system/liveness/..%2fproperties",
        "/system/liveness/./../properties",
        "/system/properties/..%2Fliveness",
        "/system/properties;/system/liveness",
        "/system/properties/;system/readiness",
        "/system/properties/xmpp.domain;/system/liveness",
        "/system/properties/%2e%2e%2fliveness",
        "/system//liveness/properties/x",
        "/system/liveness/x",
        "/system/livenessx",
        "/SYSTEM/LIVENESS",
        "//users",
        "///users",
        "/./users",
        "/users/..",
        "/userservice/../users",
        "/userservice;/../users",
        "/userservice/users",
        "/users;userservice",
        "/users/userservice",
        "/users;/userservice",
        "/users/userservice/groups",
        "/openapi.yaml/../users",
        "/openapi.yaml;/../users",
        "/users/openapi.yaml",
        "/users;/openapi.yaml",
        "/users%00/system/liveness",
        "/users/%00",
        "/users\\..\\system\\liveness",
        "/users%5c..%5csystem%5cliveness",
        "/../v1/users",
        "/../../restapi/v1/users",
        "/../../../plugins/restapi/v1/users",
        "/../docs/../v1/users",
        "/users#/system/liveness",
        "/users/%",
        "/users/%g0",
        "/users/%2",
    ] {
        for method in ["GET", "POST", "PUT", "DELETE", "HEAD"] {
            if let Ok(answer) = stranger.try_absolute(method, &format!("{BASE}{path}"), Some(("application/json", b"{}"))) {
                let found = answer.status;
                assert!([400, 401, 404].contains(&found), "{method} {path}: {found} {}", String::from_utf8_lossy(&answer.body));
                if method != "HEAD" {
                    turned_away(path, &answer);
                }
            }
        }
    }
    for target in [
        "/plugins/restapi/docs/../v1/users",
        "/plugins/restapi/docs/..%2fv1%2fusers",
        "/plugins/restapi/docs;/../v1/users",
        "//plugins/restapi/v1/users",
        "/plugins//restapi/v1/users",
        "/plugins/restapi/v1",
        "/plugins/restapi",
        "/plugins",
        "/",
        "/plugins/restapi/v1x/users",
        "/plugins/restapi/v1%2Fusers",
        "/PLUGINS/RESTAPI/V1/users",
        "/plugins/restapi/docs/..%5c..%5c",
        "/plugins/restapi/docs/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    ] {
        let answer = stranger.absolute("GET", target, None);
        assert!([400, 401, 404].contains(&answer.status), "{target}: {} {}", answer.status, answer.text());
        turned_away(target, &answer);
    }
    is_well(&node);
}

#[test]
fn headers_in_floods() {
    let node = Node::start();
    let with = |headers: &str| {
        let request = format!("GET {BASE}/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {SECRET}\r\n{headers}\r\n");
        statuses(&exchange(&node, request.as_bytes()))
    };
    let many = |count: usize| (0..count).map(|n| format!("X-{n}: y\r\n")).collect::<String>();
    assert_eq!(with(&many(80)), [200]);
    assert_eq!(with(&many(1000)), [431]);
    assert_eq!(with(&many(10_000)), [431]);
    assert_eq!(with(&format!("X: {}\r\n", "y".repeat(60_000))), [200]);
    // The answer may be lost when the connection is reset with bytes unread.
    assert!([vec![431], vec![400], vec![]].contains(&with(&format!("X: {}\r\n", "y".repeat(10 << 20)))));
    assert!([vec![431], vec![400], vec![]].contains(&with(&many(1_000_000))));
    assert_eq!(with(&format!("Accept: {}\r\n", "application/json;q=0.5,".repeat(2000))), [200]);
    assert_eq!(with(&format!("Accept: {}\r\n", "text/x,".repeat(5000))), [406]);
    assert_eq!(with(&format!("Idempotency-Key: {}\r\n", "y".repeat(50_000))), [200], "of no meaning to a read");
    for bad in ["X : y\r\n", ": y\r\n", "X\r\n", " folded\r\n", "X: y\r\n folded\r\n", "X\0: y\r\n", "X: \r\r\n", "Host: other\r\n", "\u{e4}: y\r\n"]
    {
        assert_eq!(with(bad), [400], "{bad:?}");
    }
    let long = format!("GET {BASE}/users/{} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {SECRET}\r\n\r\n", "x".repeat(100_000));
    no_http(&node, "a long target", long.as_bytes());
    let long = format!("{} {BASE}/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "X".repeat(100_000));
    no_http(&node, "a long method", long.as_bytes());
    is_well(&node);
}

#[test]
fn lengths_and_chunks_that_do_not_add_up() {
    let node = Node::start();
    let head = format!("POST {BASE}/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {SECRET}\r\nContent-Type: application/json\r\n");
    let body = r#"{"username":"ann","password":"x"}"#;
    let length = body.len();
    let long = length + 1;
    for rest in [
        format!("Content-Length: {length}\r\nContent-Length: {long}\r\n\r\n{body}"),
        format!("Content-Length: {length}\r\nContent-Length: {length}\r\n\r\n{body}"),
        format!("Content-Length: {length}, {length}\r\n\r\n{body}"),
        format!("Content-Length: +{length}\r\n\r\n{body}"),
        format!("Content-Length: -1\r\n\r\n{body}"),
        format!("Content-Length: 1e3\r\n\r\n{body}"),
        format!("Content-Length: 0x21\r\n\r\n{body}"),
        format!("Content-Length: \r\n\r\n{body}"),
        format!("Content-Length: 99999999999999999999999999\r\n\r\n{body}"),
        format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"),
        format!("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"),
        format!("Transfer-Encoding: gzip, chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"),
        format!("Transfer-Encoding: xchunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"),
        format!("Transfer-Encoding: chunked\r\n\r\nzz\r\n{body}\r\n0\r\n\r\n"),
        format!("Transfer-Encoding: chunked\r\n\r\n-{length:x}\r\n{body}\r\n0\r\n\r\n"),
        format!("Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{body}\r\n0\r\n\r\n"),
        format!("Transfer-Encoding: chunked\r\n\r\n{length:x}\n{body}\r\n0\r\n\r\n"),
        format!("Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}0\r\n\r\n"),
        format!("Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n"),
        format!("Transfer-Encoding: chunked\r\n\r\n{long:x}\r\n{body}\r\n0\r\n\r\n"),
        format!("Content-Length: {long}\r\n\r\n{body}"),
    ] {
        no_http(&node, &rest, format!("{head}{rest}").as_bytes());
        is_well(&node);
    }
}

#[test]
fn what_is_no_http_of_ours() {
    let node = Node::start();
    let whole = format!("Host: x\r\nConnection: close\r\nAuthorization: {SECRET}\r\n\r\n");
    let cases = [
        format!("GET {BASE}/users\r\n\r\n"),
        format!("GET {BASE}/users HTTP/0.9\r\n{whole}"),
        format!("GET {BASE}/users HTTP/2.0\r\n{whole}"),
        format!("GET {BASE}/users HTTP/1.1\r\nConnection: close\r\n\r\n"),
        format!("GET {BASE}/users HTTP/1.1 x\r\n{whole}"),
        format!("GET  {BASE}/users HTTP/1.1\r\n{whole}"),
        format!("get {BASE}/users HTTP/1.1\r\n{whole}"),
        format!("BREW {BASE}/users HTTP/1.1\r\n{whole}"),
        format!("TRACE {BASE}/users HTTP/1.1\r\n{whole}"),
        format!("CONNECT example.org:80 HTTP/1.1\r\n{whole}"),
        format!("CONNECT {BASE}/users HTTP/1.1\r\n{whole}"),
        format!("GET users HTTP/1.1\r\n{whole}"),
        format!("GET * HTTP/1.1\r\n{whole}"),
        format!("OPTIONS * HTTP/1.1\r\n{whole}"),
        format!("GET http:// HTTP/1.1\r\n{whole}"),
        format!("GET example.org:9090 HTTP/1.1\r\n{whole}"),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "\r\n\r\n\r\n".to_owned(),
        "\0\0\0\0".to_owned(),
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}".to_owned(),
        "<?xml version='1.0'?><stream:stream to='example.org' xmlns='jabber:client'>".to_owned(),
    ];
    for bytes in &cases {
        no_http(&node, bytes, bytes.as_bytes());
    }
    // HTTP/1.0 and absolute targets are HTTP.
    let old = format!("GET {BASE}/users HTTP/1.0\r\nAuthorization: {SECRET}\r\n\r\n");
    assert_eq!(statuses(&exchange(&node, old.as_bytes())), [200]);
    let absolute = format!("GET http://elsewhere.example{BASE}/users HTTP/1.1\r\n{whole}");
    assert_eq!(statuses(&exchange(&node, absolute.as_bytes())), [200]);
    let stranger = format!("GET http://elsewhere.example{BASE}/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_eq!(statuses(&exchange(&node, stranger.as_bytes())), [401]);
    is_well(&node);
}

#[test]
fn requests_in_a_row() {
    let node = Node::start();
    let get = |path: &str| format!("GET {BASE}{path} HTTP/1.1\r\nHost: x\r\nAuthorization: {SECRET}\r\n\r\n");
    let row: String = (0..100).map(|n| get(if n % 2 == 0 { "/users/admin" } else { "/users/nobody" })).collect();
    let expected: Vec<u16> = (0..100).map(|n| if n % 2 == 0 { 200 } else { 404 }).collect();
    assert_eq!(statuses(&exchange(&node, row.as_bytes())), expected);
    let broken = format!("{}{}NOT HTTP\r\n\r\n{}", get("/users/admin"), get("/users/nobody"), get("/users/admin"));
    assert_eq!(statuses(&exchange(&node, broken.as_bytes())), [200, 404, 400]);
    // A body that no one reads is not taken for the next request.
    let smuggled = get("/users/admin");
    let carrier =
        format!("GET {BASE}/users/nobody HTTP/1.1\r\nHost: x\r\nAuthorization: {SECRET}\r\nContent-Length: {}\r\n\r\n{smuggled}", smuggled.len());
    assert_eq!(statuses(&exchange(&node, carrier.as_bytes())), [404]);
    is_well(&node);
}

#[test]
fn slow_clients_are_let_go() {
    let node = Node::configured("[limits]\nrequest_timeout_s = 2\nidle_s = 3\n");
    let head = format!("POST {BASE}/users HTTP/1.1\r\nHost: x\r\nAuthorization: {SECRET}\r\nContent-Type: application/json\r\n");
    let first = format!("GET {BASE}/users/admin HTTP/1.1\r\nHost: x\r\nAuthorization: {SECRET}\r\n\r\n");
    let starts = [
        (String::new(), "nothing"),
        (format!("GET {BASE}/users HTT"), "half a line"),
        (format!("GET {BASE}/users HTTP/1.1\r\nHost: x\r\nX: "), "half a head"),
        (format!("{head}Content-Length: 40\r\n\r\n{{\"username\""), "half a body"),
        (format!("{head}Transfer-Encoding: chunked\r\n\r\n5\r\n{{\"a\""), "half a chunk"),
        (format!("{head}Transfer-Encoding: chunked\r\n\r\n5\r\n{{\"a\":\r\n"), "half the chunks"),
        (format!("{first}GET {BASE}/users HTT"), "a request, and half a line"),
    ];
    let streams = starts.map(|(bytes, what)| {
        let mut stream = TcpStream::connect(&node.address).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        (stream, what)
    });
    let since = Instant::now();
    for (mut stream, what) in streams {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let answers = statuses(&until_end(&mut stream));
        let last = if what == "a request, and half a line" { Some(&200) } else { Some(&408) };
        assert_eq!(answers.last(), last, "{what}: {answers:?} after {:?}", since.elapsed());
    }
    // A byte of a next request buys no more time than none.
    let mut stream = TcpStream::connect(&node.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(first.as_bytes()).unwrap();
    let mut answer = [0; 1];
    stream.read_exact(&mut answer).unwrap();
    stream.write_all(b"G").unwrap();
    let rest = [&answer[..], &until_end(&mut stream)].concat();
    assert_eq!(statuses(&rest), [200]);
    // A body that no one asked for is not waited for.
    let mut stream = TcpStream::connect(&node.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let unasked =
        format!("GET {BASE}/users/admin HTTP/1.1\r\nHost: x\r\nAuthorization: {SECRET}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{{\"a\":\r\n");
    stream.write_all(unasked.as_bytes()).unwrap();
    assert_eq!(statuses(&until_end(&mut stream)), [200]);
    is_well(&node);
}

#[test]
fn noise() {
    let node = Node::start();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let request = format!(
        "POST {BASE}/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {SECRET}\r\nContent-Type: application/json\r\nContent-Length: 33\r\n\r\n{{\"username\":\"ann\",\"password\":\"x\""
    );
    for round in 0..400 {
        let mut bytes = request.clone().into_bytes();
        for _ in 0..1 + random() % 8 {
            let at = usize::try_from(random()).unwrap() % bytes.len();
            bytes[at] = random().to_le_bytes()[0];
        }
        let answer = exchange(&node, &bytes);
        assert!(statuses(&answer).iter().all(|status| (400..500).contains(status)), "{round}: {:?}", String::from_utf8_lossy(&bytes));
    }
    is_well(&node);
}

#[test]
fn nothing_grows() {
    let node = Node::start();
    let client = node.client();
    let deep = "[".repeat(500_000);
    let wide = format!("<user><username>ann</username>{}</user>", "<x/>".repeat(150_000));
    let long = format!(r#"{{"username":"{}","password":"x"}}"#, "x".repeat(900_000));
    let round = |n: usize| {
        refused("deep", &client.send("POST", "/users", Some(("application/json", deep.as_bytes()))));
        refused("wide", &client.send("POST", "/users", Some(("application/xml", wide.as_bytes()))));
        refused("long", &client.body("POST", "/users", &long));
        refused("path", &client.get(&format!("/users/{n}-{}", "x".repeat(2000))));
        refused("name", &node.stranger().basic(&format!("{n}-{}", "x".repeat(1000)), "x").get("/users"));
        no_http(&node, "no HTTP", format!("X {n} {}\r\n\r\n", "y".repeat(10_000)).as_bytes());
    };
    (0..8).for_each(round);
    let before = resident(&node);
    (8..48).for_each(round);
    let after = resident(&node);
    assert!(after < before + 24 * 1024, "{before} KiB became {after} KiB");
    is_well(&node);
}
