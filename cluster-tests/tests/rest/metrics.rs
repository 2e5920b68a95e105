//! The metrics page.

use std::collections::BTreeSet;
use std::time::Duration;

use cluster_tests::metrics::Scrape;
use cluster_tests::rest::BASE;
use cluster_tests::{Node, wait_for};
use hearth::telemetry::metrics::DESCRIBED;

use super::users;

/// What only the leader of several nodes has.
const OF_MANY: &str = "hearth_raft_lag_entries";

fn requests(page: &Scrape, endpoint: &str, method: &str, status: &str) -> f64 {
    let series = format!("hearth_rest_requests_total{{endpoint=\"{endpoint}\",method=\"{method}\",status=\"{status}\"}}");
    page.value(&series).unwrap_or(0.0)
}

fn bound(page: &Scrape, bound: &str) -> f64 {
    page.value(&format!("hearth_bound_hits_total{{bound=\"{bound}\"}}")).unwrap()
}

#[test]
fn every_metric_is_described_and_every_description_is_of_a_metric() {
    let node = Node::start();
    assert_eq!(node.client().get("/users").status, 200);
    let page = Scrape::of(&node.address);
    let served: BTreeSet<&str> = page.metrics.keys().map(String::as_str).chain([OF_MANY]).collect();
    let described: BTreeSet<&str> = DESCRIBED.iter().map(|described| described.name).collect();
    assert_eq!(served, described);
    for described in DESCRIBED.iter().filter(|described| described.name != OF_MANY) {
        let metric = &page.metrics[described.name];
        assert_eq!((metric.kind.as_str(), metric.help.as_str()), (described.kind, described.meaning));
        for series in &metric.series {
            let labels: Vec<&str> = series.labels.iter().map(|(name, _)| name.as_str()).filter(|name| *name != "le").collect();
            assert_eq!(labels.join(", "), described.labels, "{}", described.name);
        }
    }
}

#[test]
fn requests_are_counted_by_the_template_of_their_path() {
    let node = Node::start();
    let client = node.client();
    users(&node, &["ann"]);
    for path in ["/users/ann", "/users/ann", "/users/nobody-here", "/users/ann/x/y/z"] {
        client.get(path);
    }
    client.send("HEAD", "/users/ann", None);
    client.send("PATCH", "/users/ann", None);
    node.stranger().get("/users/ann");
    client.absolute("GET", "/somewhere/else", None);
    let page = Scrape::of(&node.address);
    let user = format!("{BASE}/users/{{username}}");
    let seen = [("GET", "200"), ("GET", "404"), ("GET", "401"), ("other", "405")].map(|(method, status)| requests(&page, &user, method, status));
    assert_eq!(seen, [3.0, 1.0, 1.0, 1.0]);
    assert_eq!(requests(&page, &format!("{BASE}/users"), "POST", "201"), 1.0);
    assert_eq!(requests(&page, "none", "other", "404"), 2.0);
    let count = page.value(&format!("hearth_rest_request_seconds_count{{endpoint=\"{user}\",method=\"GET\"}}"));
    assert_eq!(count, Some(5.0));
    let text = format!("{page:?}");
    assert!(!text.contains("nobody-here") && !text.contains("somewhere") && !text.contains("PATCH"), "{text}");
}

#[test]
fn the_numbers_are_those_of_the_node() {
    let node = Node::start();
    // What took how long is noted after the answer, and so is how far the log is.
    let entries = |page: &Scrape| page.value("hearth_apply_entries_sum").unwrap();
    let index = |page: &Scrape, what: &str| page.value(&format!("hearth_raft_{what}_index")).unwrap();
    let indexes = ["last_log", "committed", "applied"];
    let quiet = || {
        wait_for("all that was written to be applied and noted", Duration::from_secs(60), || {
            let page = Scrape::of(&node.address);
            // The first index is 0.
            let is_quiet = indexes.iter().all(|what| index(&page, what) + 1.0 == entries(&page));
            if is_quiet { Ok(page) } else { Err(format!("{page:?}")) }
        })
    };
    let before = quiet();
    users(&node, &["ann", "bob"]);
    node.client().body("POST", "/groups", r#"{"name":"friends","description":""}"#).is(201);
    let after = quiet();
    let grown = |series: &str| after.value(series).unwrap() - before.value(series).unwrap();
    assert_eq!((grown("hearth_users"), grown("hearth_groups"), grown("hearth_rooms")), (2.0, 1.0, 0.0));
    for what in indexes {
        assert_eq!(index(&after, what) - index(&before, what), 2.0, "{what}");
    }
    assert!(grown("hearth_log_flush_seconds_count") >= 2.0 && grown("hearth_apply_seconds_count") >= 1.0);
    for (series, value) in [
        ("hearth_raft_is_leader", 1.0),
        ("hearth_raft_leader", 1.0),
        ("hearth_raft_voters", 1.0),
        ("hearth_raft_learners", 0.0),
        ("hearth_cluster_members", 1.0),
        ("hearth_cluster_is_senior", 1.0),
        ("hearth_cluster_in_contact", 1.0),
        ("hearth_sessions", 0.0),
    ] {
        assert_eq!(after.value(series), Some(value), "{series}");
    }
    assert!(after.value("hearth_disk_bytes{part=\"log\"}").unwrap() > 1000.0);
    assert!(after.value("process_resident_memory_bytes").unwrap() > 1e6);
}

#[test]
fn bounds_are_counted_when_they_are_hit() {
    let node = Node::configured("[throttle]\nper_address = 2\n[limits]\nbody_bytes = 1024\n[rest]\nworkers = 1\n");
    let client = node.client();
    let large = format!(r#"{{"username":"{}"}}"#, "x".repeat(2000));
    assert_eq!(client.body("PUT", "/users/ann", &large).status, 413);
    let guessed: Vec<u16> = (0..4).map(|_| node.stranger().header("Authorization", "guess").get("/users").status).collect();
    assert_eq!(guessed, [401, 401, 429, 429]);
    let page = Scrape::of(&node.address);
    assert_eq!((bound(&page, "body"), bound(&page, "logins"), bound(&page, "hashing")), (1.0, 2.0, 0.0));
}

#[test]
fn the_last_place_for_a_connection_is_counted() {
    let node = Node::configured("[limits]\nconnections = 2\n[rest]\nworkers = 1\n");
    let first = std::net::TcpStream::connect(&node.address).unwrap();
    let page = Scrape::of(&node.address);
    assert_eq!((page.value("hearth_rest_connections"), bound(&page, "connections")), (Some(2.0), 1.0));
    drop(first);
}

#[test]
fn the_page_is_for_addresses_that_may_call_the_api() {
    let node = Node::start();
    let page = |method: &str| node.stranger().json().absolute(method, "/metrics", None);
    assert_eq!([page("GET").status, page("HEAD").status, page("POST").status], [200, 200, 405]);
    assert_eq!(page("POST").header("allow"), Some("GET,HEAD"));
    node.client().body("POST", "/system/properties", r#"{"key":"plugin.restapi.allowedIPs","value":"192.0.2.1"}"#).is(201);
    page("GET").fails(401, "NotAuthorizedException", "Unauthorized", "/metrics");
}

#[test]
fn the_page_can_be_switched_off() {
    let node = Node::configured("[metrics]\nenabled = false\nlisten = \"127.0.0.1:0\"\n");
    assert_eq!(node.stranger().absolute("GET", "/metrics", None).status, 404);
    assert!(!node.log().contains("serving metrics"));
}

#[test]
fn the_page_can_have_a_listener_of_its_own() {
    let node = Node::configured("[metrics]\nlisten = \"127.0.0.1:0\"\n");
    let log = node.log();
    let (_, behind) = log.split_once("serving metrics at http://").unwrap();
    let address = behind.split('/').next().unwrap();
    assert_eq!(Scrape::of(address).value("hearth_users"), Some(1.0));
    assert_eq!(node.stranger().absolute("GET", "/metrics", None).status, 404);
    let other = cluster_tests::rest::Client::new(address);
    assert_eq!(
        [other.absolute("GET", "/", None).status, other.get("/users").status, other.absolute("POST", "/metrics", None).status],
        [404, 404, 405]
    );
    assert!(node.stop().success());
}
