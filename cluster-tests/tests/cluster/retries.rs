//! A retry under its key gets the first answer, whatever has happened since, and does nothing.

use cluster_tests::{Client, Node, Response};

/// A request with a key and the status of its answer.
type Step<'a> = (&'a str, &'a str, &'a str, &'a str, u16);

/// Writes that undo each other, each under a key of its own.
const STEPS: &[Step<'static>] = &[
    ("p1", "POST", "/system/properties", r#"{"key":"k","value":"0"}"#, 201),
    ("p2", "PUT", "/system/properties/k", r#"{"key":"k","value":"1"}"#, 200),
    ("p3", "DELETE", "/system/properties/k", "", 200),
    ("p4", "DELETE", "/system/properties/k", "", 404),
    ("u1", "POST", "/users", r#"{"username":"a","password":"p"}"#, 201),
    ("u2", "POST", "/users", r#"{"username":"a","password":"p"}"#, 409),
    ("u3", "PUT", "/users/a", r#"{"username":"a","name":"x"}"#, 200),
    ("u4", "POST", "/lockouts/a", "", 201),
    ("u5", "DELETE", "/lockouts/a", "", 200),
    ("g1", "POST", "/groups", r#"{"name":"g","description":"d"}"#, 201),
    ("g2", "PUT", "/groups/g", r#"{"name":"g","description":"e"}"#, 200),
    ("g3", "POST", "/users/a/groups/g", "", 201),
    ("g4", "DELETE", "/users/a/groups/g", "", 200),
    ("g5", "DELETE", "/groups/g", "", 200),
    ("u6", "DELETE", "/users/a", "", 200),
    ("u7", "DELETE", "/users/a", "", 404),
    ("r1", "POST", "/chatrooms", r#"{"roomName":"r"}"#, 201),
    ("r2", "PUT", "/chatrooms/r", r#"{"roomName":"r","description":"d"}"#, 200),
    ("r3", "POST", "/chatrooms/r/members/b", "", 201),
    ("r4", "DELETE", "/chatrooms/r/members/b", "", 200),
    ("r5", "DELETE", "/chatrooms/r", "", 200),
    ("r6", "DELETE", "/chatrooms/r", "", 404),
];

fn ask(client: &Client, (key, method, path, body, _): &Step<'_>) -> Response {
    let client = client.clone().header("Idempotency-Key", key);
    if body.is_empty() { client.send(method, path, None) } else { client.body(method, path, body) }
}

fn audited(client: &Client) -> usize {
    client.get("/logs/security?limit=1000").value()["logs"].as_array().unwrap().len()
}

#[test]
fn a_retry_gets_the_first_answer_whatever_has_happened_since() {
    let node = Node::start();
    let client = node.client().json();
    let first: Vec<_> = STEPS.iter().map(|step| ask(&client, step)).collect();
    for (step, answer) in STEPS.iter().zip(&first) {
        assert_eq!(answer.status, step.4, "{step:?}: {}", answer.text());
    }
    let before = audited(&client);
    let differ = |(step, answer): &(&Step<'_>, &Response)| {
        let again = ask(&client, step);
        (again.status != answer.status).then(|| format!("{} {} was answered {}, its retry {}", step.1, step.2, answer.status, again.status))
    };
    let differing: Vec<_> = STEPS.iter().zip(&first).filter_map(|both| differ(&both)).collect();
    assert!(differing.is_empty(), "{differing:#?}");
    assert_eq!(audited(&client), before, "a retry did something");
}
