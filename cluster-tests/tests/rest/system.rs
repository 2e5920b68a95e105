//! Probes, statistics, sessions, broadcast, the security log, the cluster, and the documents (system.md §2.8, §5–§8, §10).

use cluster_tests::{Node, rest::BASE};
use serde_json::Value;

use crate::PROLOG;

#[test]
fn probes_answer_everybody_with_nothing() {
    let node = Node::start();
    let probes = ["liveness", "liveness/deadlock", "liveness/properties", "readiness", "readiness/server", "readiness/cluster", "readiness/plugins"];
    for probe in probes.iter().chain(&["readiness/connections"]) {
        for client in [node.stranger(), node.client(), node.stranger().header("Accept", "image/png")] {
            client.get(&format!("/system/{probe}")).is(200);
            client.get(&format!("/system/{probe}/")).is(200);
            assert_eq!(client.send("HEAD", &format!("/system/{probe}"), None).status, 200);
        }
        assert_eq!(node.stranger().post(&format!("/system/{probe}")).status, 405);
    }
    assert_eq!(node.stranger().get("/system/liveness/nothing").status, 401);
    assert_eq!(node.client().get("/system/liveness/nothing").status, 404);
}

#[test]
fn connections_are_asked_for_by_kind() {
    let node = Node::start();
    let client = node.stranger().json();
    for kind in ["SOCKET_S2S", "SOCKET_C2S", "BOSH_C2S", "WEBADMIN", "COMPONENT", "CONNECTION_MANAGER", "webadmin", ""] {
        for rest in ["", "&encrypted=true", "&encrypted=", "&encrypted=maybe", "&encypted=true"] {
            client.get(&format!("/system/readiness/connections?connectionType={kind}{rest}")).is(200);
        }
    }
    client.get("/system/readiness/connections?connectionType=TELEX").fails(400, "IllegalArgumentException", "Unknown connectionType", "TELEX");
}

#[test]
fn a_change_that_waits_for_a_restart_is_told_until_it_is_made() {
    let node = Node::start();
    let (client, stranger) = (node.client().json(), node.stranger().json());
    client.body("POST", "/system/properties", r#"{"key":"xmpp.domain.alias","value":"x"}"#).is(201);
    stranger.get("/system/liveness/properties").is(200);
    client.body("POST", "/system/properties", r#"{"key":"xmpp.jmx.port","value":"1100"}"#).is(201);
    for probe in ["/system/liveness/properties", "/system/liveness"] {
        let message = "Not live: the change of property xmpp.jmx.port needs a restart";
        stranger.get(probe).fails(503, "ServiceUnavailableException", message, &format!("{BASE}{probe}"));
    }
    stranger.get("/system/liveness/deadlock").is(200);
    client.body("PUT", "/system/properties/xmpp.jmx.port", r#"{"key":"xmpp.jmx.port","value":"1099"}"#).is(200);
    stranger.get("/system/liveness").is(200);
    client.body("POST", "/system/properties", r#"{"key":"xmpp.jmx.port","value":"1100"}"#).is(201);
    let data = tempfile::tempdir().unwrap();
    let first = Node::start_on(data.path());
    first.client().body("POST", "/system/properties", r#"{"key":"xmpp.jmx.port","value":"1100"}"#).is(201);
    assert_eq!(first.stranger().get("/system/liveness").status, 503);
    assert!(first.stop().success());
    Node::start_on(data.path()).stranger().get("/system/liveness").is(200);
}

#[test]
fn nobody_is_connected_and_that_is_told() {
    let node = Node::start();
    let (xml, json) = (node.client().xml(), node.client().json());
    xml.get("/system/statistics/sessions")
        .says(&format!("{PROLOG}<sessions><clusterSessions>0</clusterSessions><localSessions>0</localSessions></sessions>"));
    json.get("/system/statistics/sessions").says(r#"{"localSessions":0,"clusterSessions":0}"#);
    for path in ["/sessions", "/sessions/", "/sessions/admin", "/sessions/nobody", "/sessions/not%20legal"] {
        xml.get(path).says(&format!("{PROLOG}<sessions/>"));
        json.get(path).says(r#"{"sessions":[]}"#);
    }
    for name in ["admin", "nobody", "not%20legal", "admin@elsewhere.org"] {
        json.delete(&format!("/sessions/{name}")).is(200);
    }
    assert_eq!(json.delete("/sessions").status, 405);
    let log = json.get("/logs/security?limit=2").value();
    assert_eq!(log["logs"][0]["summary"], "closed session for address nobody@example.org");
}

#[test]
fn a_broadcast_needs_a_body() {
    let node = Node::start();
    let client = node.client().json();
    let path = "/messages/users";
    client.body("POST", path, r#"{"body":"Maintenance at 22:00"}"#).is(201);
    client.body("POST", path, "<message><body> </body></message>").is(201);
    for body in ["{}", r#"{"body":""}"#, r#"{"body":null}"#, "<message/>", "<message><body></body></message>", "null", ""] {
        client.body("POST", path, body).fails(400, "IllegalArgumentException", "Message content/body is null or empty", "");
    }
    assert_eq!(client.send("POST", path, Some(("", b"{}"))).status, 415);
    let log = client.get("/logs/security?limit=2").value();
    assert_eq!(log["logs"][1]["summary"], "send server message");
    assert_eq!(log["logs"][1]["details"], "jid = all active\nmessage = Maintenance at 22:00\nvia REST API from 127.0.0.1");
}

#[test]
fn the_log_tells_who_did_what() {
    let node = Node::start();
    let (client, admin) = (node.client().json(), node.stranger().json().basic("admin", cluster_tests::node::PASSWORD));
    assert_eq!(client.get("/logs/security").text(), r#"{"logs":[]}"#);
    node.client().xml().get("/logs/security").says(&format!("{PROLOG}<logs/>"));
    client.body("POST", "/system/properties", r#"{"key":"a","value":"1"}"#).is(201);
    admin.body("POST", "/system/properties", r#"{"key":"b","value":"2"}"#).is(201);
    client.body("PUT", "/system/properties/none", r#"{"key":"none","value":"2"}"#);
    let value = client.get("/logs/security").value();
    let logs = value["logs"].as_array().unwrap();
    assert_eq!(logs.len(), 2, "a refusal changes nothing and is not in the log");
    let told = |n: usize| ["logId", "username", "summary", "details"].map(|key| logs[n][key].clone());
    let by = |id: u64, user: &str, key: &str, value: &str| {
        let details = format!("old value = not set\nnew value = '{value}'\nvia REST API from 127.0.0.1");
        [Value::from(id), user.into(), format!("Updated server property {key}").into(), details.into()]
    };
    assert_eq!(told(0), by(2, "admin", "b", "2"));
    assert_eq!(told(1), by(1, "REST API", "a", "1"));
    let ids = |query: &str| {
        let value = client.get(&format!("/logs/security?{query}")).value();
        value["logs"].as_array().unwrap().iter().map(|log| log["logId"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(ids("username=admin"), [2]);
    assert_eq!(ids("username="), [] as [u64; 0]);
    assert_eq!(ids("offset=1"), [1]);
    assert_eq!(ids("offset=%2B1&limit="), [1]);
    assert_eq!(ids("limit=1"), [2]);
    assert_eq!(ids("limit=0"), [] as [u64; 0]);
    assert_eq!(ids("limit=-5"), [] as [u64; 0]);
    let now = logs[1]["timestamp"].as_i64().unwrap();
    assert_eq!(ids(&format!("startTime={now}")), [2, 1]);
    assert_eq!(ids(&format!("startTime={}", now + 3600)), [] as [u64; 0]);
    assert_eq!(ids(&format!("endTime={}", now - 1)), [] as [u64; 0]);
    assert_eq!(ids(&format!("endTime={}", now + 3600)), [2, 1]);
    for query in ["limit=ten", "limit=1.5", "offset=0x1", "startTime=9223372036854775808", "limit=2147483648", "endTime=%201"] {
        let answer = client.get(&format!("/logs/security?{query}"));
        assert_eq!((answer.status, answer.value()["exception"].as_str()), (400, Some("IllegalArgumentException")), "{query}");
    }
}

#[test]
fn a_failed_login_is_in_the_log() {
    let node = Node::start();
    assert_eq!(node.stranger().basic("admin", "wrong").get("/users").status, 401);
    let log = node.client().json().get("/logs/security").value();
    assert_eq!((&log["logs"][0]["username"], &log["logs"][0]["summary"]), (&"admin".into(), &"Failed REST API login attempt".into()));
}

#[test]
fn a_node_alone_is_no_cluster() {
    let node = Node::start();
    let (xml, json) = (node.client().xml(), node.client().json());
    xml.get("/clustering/status").says(&format!("{PROLOG}<clustering><status>Disabled</status></clustering>"));
    json.get("/clustering/status").says(r#"{"status":"Disabled"}"#);
    xml.get("/clustering/nodes").says(&format!("{PROLOG}<clusterNodes/>"));
    json.get("/clustering/nodes").says(r#"{"clusterNodes":[]}"#);
    let message = "Could not find a cluster node with this NodeID.";
    for client in [xml, json] {
        client.get("/clustering/nodes/0b8e7b1e").fails(404, "ClusterNodeNotFoundException", message, "0b8e7b1e");
    }
}

#[test]
fn the_documents_are_there_and_agree() {
    let node = Node::start();
    let yaml = node.stranger().get("/openapi.yaml");
    assert_eq!((yaml.status, yaml.header("content-type")), (200, Some("application/yaml")));
    assert!(yaml.text().contains("\n  \"/restapi/v1/users\":\n") && yaml.text().contains("title: \"Openfire REST API\""));
    assert_eq!(node.stranger().get("/openapi.json").status, 401);
    let json = node.client().get("/openapi.json");
    assert_eq!((json.status, json.header("content-type")), (200, Some("application/json")));
    let document = json.value();
    for (path, item) in document["paths"].as_object().unwrap() {
        assert_eq!(yaml.text().matches(&format!("\n  \"{path}\":\n")).count(), 1);
        let allowed = node.stranger().absolute("OPTIONS", &format!("/plugins{}", path.replace("{affiliation}", "owners")), None);
        for method in item.as_object().unwrap().keys() {
            assert!(allowed.header("allow").unwrap().contains(&method.to_uppercase()), "{method} {path}");
        }
    }
    let closed = Node::configured("[rest]\nopenapi_public = false\ndocs = false\n");
    assert_eq!((closed.stranger().get("/openapi.yaml").status, closed.client().get("/openapi.yaml").status), (401, 200));
    assert_eq!(closed.stranger().absolute("GET", "/plugins/restapi/docs/", None).status, 404);
}

#[test]
fn the_documentation_page_is_served() {
    let node = Node::start();
    let page = |path: &str| node.stranger().absolute("GET", &format!("/plugins/restapi/docs{path}"), None);
    assert_eq!((page("").status, page("").header("location")), (302, Some("/plugins/restapi/docs/")));
    for path in ["/", "/index.html"] {
        assert_eq!(page(path).status, 200);
        assert!(page(path).text().contains("swagger-ui-bundle.js") && !page(path).text().contains("://"));
    }
    assert_eq!(page("/swagger-ui.css").header("content-type"), Some("text/css"));
    assert_eq!(page("/nothing").status, 404);
}

#[test]
fn no_path_talks_its_way_past_authentication() {
    let node = Node::start();
    let tries = [
        "/users;/system/liveness",
        "/users;a=/openapi.yaml",
        "/users/%2e%2e%2fsystem%2fliveness",
        "/users/..%2Fopenapi.yaml",
        "/users?/system/liveness",
        "/system/properties/liveness",
        "/system/properties;/system/readiness",
        "/system/liveness%2F..%2Fproperties",
        "/system/liveness/../properties",
        "/openapi.yaml/../users",
        "/openapi.json",
        "/sessions/restapi%2Fv1%2Fuserservice",
    ];
    for path in tries {
        assert_eq!(node.stranger().get(path).status, 401, "{path}");
    }
    // Matrix parameters are dropped, also from what is open to everybody.
    assert_eq!(node.stranger().get("/system;a=b/liveness;c=d").status, 200);
}
