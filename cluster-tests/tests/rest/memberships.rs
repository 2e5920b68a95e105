//! The groups of a user (users.md §4).

use cluster_tests::Node;

use crate::{PROLOG, json, refused, users};

const ILLEGAL: &str = "IllegalArgumentException";
const ADD: &str = "Could not add user to groups";

#[test]
fn a_user_joins_groups_that_may_be_missing() {
    let node = Node::start();
    users(&node, &["mira"]);
    let client = node.client();
    client.get("/users/mira/groups").says(&format!("{PROLOG}<groups/>"));
    client.body("POST", "/users/MIRA/groups/", "<groups><groupname>Night Shift</groupname><groupname>Drivers</groupname></groups>").is(201);
    client.post("/users/mira/groups/Night%20Shift").is(201);
    client.post("/users/mira@example.org/groups/a%2Fb/").is(201);
    let listed = "<groups><groupname>Drivers</groupname><groupname>Night Shift</groupname><groupname>a/b</groupname></groups>";
    client.get("/users/Mira/groups").says(&format!("{PROLOG}{listed}"));
    assert_eq!(json(&node, "/users/mira@example.org/groups"), r#"{"groupnames":["Drivers","Night Shift","a/b"]}"#);
    let made = r#"{"name":"Drivers","description":"","admins":[],"members":["mira@example.org"],"shared":false}"#;
    assert_eq!(json(&node, "/groups/Drivers"), made);
}

#[test]
fn every_shape_of_the_list_is_understood() {
    let node = Node::start();
    users(&node, &["mira"]);
    let shapes = [
        (r#"{"groupnames":["A","B"]}"#, 2),
        (r#"{"groupname":["A","B"]}"#, 2),
        (r#"{"groupnames":"A"}"#, 1),
        (r#"{"groupname":"A"}"#, 1),
        (r#"{"groupnames":[]}"#, 0),
        ("null", 0),
        ("", 0),
        ("<groups><groupname>A</groupname><other/></groups>", 1),
    ];
    for (shape, count) in shapes {
        let send = |method: &str| match shape {
            "" => node.client().send(method, "/users/mira/groups", None),
            shape => node.client().body(method, "/users/mira/groups", shape),
        };
        send("POST").is(201);
        assert_eq!(json(&node, "/users/mira/groups").matches("\"A\"").count(), usize::from(count > 0), "{shape}");
        assert_eq!(json(&node, "/users/mira/groups").contains("\"B\""), count > 1, "{shape}");
        send("DELETE").is(200);
        assert_eq!(json(&node, "/users/mira/groups"), r#"{"groupnames":[]}"#, "{shape}");
    }
}

#[test]
fn joining_does_not_demote_and_leaving_takes_any_role() {
    let node = Node::start();
    users(&node, &["mira"]);
    node.client().body("POST", "/groups", r#"{"name":"Crew","admins":["mira"]}"#).is(201);
    node.client().post("/users/mira/groups/Crew").is(201);
    assert!(json(&node, "/groups/Crew").contains(r#""admins":["mira@example.org"]"#));
    node.client().delete("/users/mira/groups/Crew").is(200);
    node.client().delete("/users/mira/groups/Crew").is(200);
    assert!(json(&node, "/groups/Crew").contains(r#""admins":[],"members":[]"#));
}

#[test]
fn groups_may_hold_who_does_not_exist() {
    let node = Node::start();
    node.client().post("/users/future/groups/Crew").is(201);
    node.client().post("/users/x@else.org/groups/Crew").is(201);
    assert!(json(&node, "/groups/Crew").contains(r#""members":["future@example.org","x@else.org"]"#));
    node.client().delete("/users/X@else.org/groups/Crew").is(200);
    users(&node, &["future"]);
    assert_eq!(json(&node, "/users/future/groups"), r#"{"groupnames":["Crew"]}"#);
}

#[test]
fn the_refusals() {
    let node = Node::start();
    users(&node, &["mira"]);
    node.client().post("/users/mira/groups/Crew").is(201);
    let nameless = (400, ILLEGAL, "Could not create new group", "groups");
    let unknown = |name| (404, "UserNotFoundException", "Could not get user", name);
    let gone = |name| (404, "GroupNotFoundException", "Could not find group", name);
    let foreign = (400, "GroupNotFoundException", "This service cannot be used for non-local users.", "x@else.org");
    let long = "x".repeat(51);
    let long_path = format!("/users/mira/groups/{long}");
    let remove = |name| (400, ILLEGAL, "Could not remove user from groups", name);
    refused(
        &node,
        &[
            ("GET", "/users/x@else.org/groups", "", foreign),
            ("GET", "/users/nobody/groups", "", unknown("nobody")),
            ("GET", "/users/nobody@example.org/groups", "", unknown("nobody")),
            ("GET", "/users/a@/groups", "", unknown("a@")),
            ("GET", "/users/a%20b/groups", "", unknown("a b")),
            ("POST", "/users/mira/groups", "{}", (400, ILLEGAL, ADD, "mira")),
            ("POST", "/users/mira/groups", "<groups/>", (400, ILLEGAL, ADD, "mira")),
            ("POST", "/users/mira/groups", r#"{"groupnames":["New",""]}"#, nameless),
            ("POST", "/users/mira/groups", r#"{"groupnames":["New"," "]}"#, nameless),
            ("POST", "/users/mira/groups", r#"{"groupnames":["New",null]}"#, nameless),
            ("POST", "/users/mira/groups/%20", "", nameless),
            ("POST", &long_path, "", (400, ILLEGAL, "Could not create new group", &long)),
            ("POST", "/users/a%20b/groups/New", "", (400, ILLEGAL, ADD, "a b")),
            ("POST", "/users/a@/groups", r#"{"groupnames":["New"]}"#, (400, ILLEGAL, ADD, "a@")),
            ("DELETE", "/users/mira/groups", "{}", remove("mira")),
            ("DELETE", "/users/mira/groups", "<groups/>", remove("mira")),
            ("DELETE", "/users/mira/groups", r#"{"groupnames":["Crew","Gone","Lost"]}"#, gone("Gone")),
            ("DELETE", "/users/mira/groups/Gone", "", gone("Gone")),
            ("DELETE", "/users/a%20b/groups/Gone", "", gone("Gone")),
            ("DELETE", "/users/a%20b/groups/Crew", "", remove("a b")),
        ],
    );
    for method in ["POST", "DELETE"] {
        assert_eq!(node.client().send(method, "/users/mira/groups", Some(("application/xml", b" "))).status, 400);
    }
    assert_eq!(json(&node, "/users/mira/groups"), r#"{"groupnames":["Crew"]}"#);
    assert_eq!(json(&node, "/groups"), r#"{"groups":[{"name":"Crew","description":"","shared":false}]}"#);
    assert_eq!(node.client().get("/users/mira/groups/Crew").status, 405);
}
