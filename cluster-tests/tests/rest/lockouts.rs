//! Lockouts (users.md §5).

use cluster_tests::Node;

use crate::{refused, users};

#[test]
fn a_locked_account_cannot_log_in_until_it_is_unlocked() {
    let node = Node::start();
    let admin = node.stranger().basic("admin", cluster_tests::node::PASSWORD);
    assert_eq!(admin.get("/users").status, 200);
    let client = node.client();
    client.post("/lockouts/ADMIN").is(201);
    client.post("/lockouts/admin").is(201);
    assert_eq!(admin.get("/users").status, 401);
    client.delete("/lockouts/Admin").is(200);
    client.delete("/lockouts/admin").is(200);
    assert_eq!(admin.get("/users").status, 200);
}

#[test]
fn a_lock_does_not_outlive_its_account_and_moves_with_it() {
    let node = Node::start();
    let client = node.client();
    let admin = node.stranger().basic("admin", cluster_tests::node::PASSWORD);
    client.post("/lockouts/admin").is(201);
    client.body("PUT", "/users/admin", r#"{"username":"boss"}"#).is(200);
    client.body("POST", "/users", &format!(r#"{{"username":"admin","password":"{}"}}"#, cluster_tests::node::PASSWORD)).is(201);
    assert_eq!(admin.get("/users").status, 200);
    client.post("/lockouts/admin").is(201);
    client.delete("/users/admin").is(200);
    client.body("POST", "/users", &format!(r#"{{"username":"admin","password":"{}"}}"#, cluster_tests::node::PASSWORD)).is(201);
    assert_eq!(admin.get("/users").status, 200);
}

#[test]
fn only_accounts_are_locked() {
    let node = Node::start();
    users(&node, &["mira"]);
    let unknown = |name| (404, "UserNotFoundException", "Could not get user", name);
    refused(
        &node,
        &[
            ("POST", "/lockouts/nobody", "", unknown("nobody")),
            ("DELETE", "/lockouts/nobody", "", unknown("nobody")),
            ("POST", "/lockouts/a%20b", "", unknown("a b")),
            ("DELETE", "/lockouts/mira@other.org", "", unknown("mira@other.org")),
        ],
    );
    let answer = node.client().get("/lockouts/mira");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST,DELETE,OPTIONS")));
    // A body and its type are nobody's business here.
    node.client().send("POST", "/lockouts/mira", Some(("text/plain", b"<"))).is(201);
}
