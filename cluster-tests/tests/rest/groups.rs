//! Groups (users.md §8).

use cluster_tests::Node;

use crate::{PROLOG, json, refused, users};

const ILLEGAL: &str = "IllegalArgumentException";
const UNKNOWN: &str = "GroupNotFoundException";
const CREATE: &str = "Could not create new group";
const UPDATE: &str = "Could not update new group";

#[test]
fn a_group_is_created_and_read_in_both_forms() {
    let node = Node::start();
    let client = node.client();
    client
        .body(
            "POST",
            "/groups",
            "<group><name>Night Shift</name><description>22-06</description><admins><admin>mira</admin></admins>\
             <members><member>tobias@example.org/x</member><member>MIRA</member><member>z@else.org</member></members><shared>true</shared></group>",
        )
        .is(201);
    let people = "<admins><admin>mira@example.org</admin></admins><members><member>tobias@example.org</member><member>z@else.org</member></members>";
    client
        .get("/groups/Night%20Shift")
        .says(&format!("{PROLOG}<group><name>Night Shift</name><description>22-06</description>{people}<shared>true</shared></group>"));
    let mira = r#""admins":["mira@example.org"],"members":["tobias@example.org","z@else.org"]"#;
    client.json().get("/groups/Night%20Shift").says(&format!(r#"{{"name":"Night Shift","description":"22-06",{mira},"shared":true}}"#));
}

#[test]
fn the_least_is_a_name() {
    let node = Node::start();
    node.client().get("/groups").says(&format!("{PROLOG}<groups/>"));
    node.client().json().get("/groups").says(r#"{"groups":[]}"#);
    node.client().body("POST", "/groups", "<group><name>B</name></group>").is(201);
    node.client().body("POST", "/groups", r#"{"name":"A","description":"","isshared":"TRUE","members":{"member":"ann"},"admins":null}"#).is(201);
    node.client().get("/groups/B").says(&format!("{PROLOG}<group><name>B</name><admins/><members/><shared>false</shared></group>"));
    assert_eq!(json(&node, "/groups/A"), r#"{"name":"A","description":"","admins":[],"members":["ann@example.org"],"shared":true}"#);
    assert_eq!(json(&node, "/groups"), r#"{"groups":[{"name":"A","description":"","shared":true},{"name":"B","shared":false}]}"#);
    node.client().get("/groups").says(&format!(
        "{PROLOG}<groups><group><name>A</name><description></description><shared>true</shared></group><group><name>B</name><shared>false</shared></group></groups>"
    ));
}

#[test]
fn the_refusals_of_creating() {
    let node = Node::start();
    node.client().body("POST", "/groups", r#"{"name":"Crew"}"#).is(201);
    let nameless = (400, ILLEGAL, CREATE, "groups");
    let long = "x".repeat(51);
    let too_long = format!(r#"{{"name":"{long}"}}"#);
    let long_description = format!(r#"{{"name":"New","description":"{}"}}"#, "x".repeat(256));
    let member = |value: &str| format!("Cannot parse a member value as a JID: {value}");
    let long_member = format!("{}@x", "x".repeat(99));
    let long_body = format!(r#"{{"name":"New","members":["{long_member}"]}}"#);
    refused(
        &node,
        &[
            ("POST", "/groups", "", nameless),
            ("POST", "/groups", "null", nameless),
            ("POST", "/groups", "{}", nameless),
            ("POST", "/groups", "<group/>", nameless),
            ("POST", "/groups", "<group><name/></group>", nameless),
            ("POST", "/groups", r#"{"name":" \t"}"#, nameless),
            ("POST", "/groups", &too_long, (400, ILLEGAL, CREATE, &long)),
            ("POST", "/groups", &long_description, (400, ILLEGAL, CREATE, "New")),
            ("POST", "/groups", r#"{"name":"New","members":["a b"],"admins":["@"]}"#, (400, ILLEGAL, &member("a b"), "New")),
            ("POST", "/groups", r#"{"name":"New","members":[""]}"#, (400, ILLEGAL, &member(""), "New")),
            ("POST", "/groups", r#"{"name":"New","members":[null]}"#, (400, ILLEGAL, &member(""), "New")),
            ("POST", "/groups", &long_body, (400, ILLEGAL, &member(&long_member), "New")),
            (
                "POST",
                "/groups",
                "<group><name>New</name><admins><admin/></admins></group>",
                (400, ILLEGAL, "Cannot parse a admin value as a JID: ", "New"),
            ),
            ("POST", "/groups", r#"{"name":"Crew","members":["a b"]}"#, (400, ILLEGAL, &member("a b"), "Crew")),
            ("POST", "/groups", r#"{"name":"Crew"}"#, (409, "GroupAlreadyExistsException", "Could not create a group", "Crew")),
        ],
    );
    assert_eq!(node.client().body("POST", "/groups", r#"{"name":"New","shared":"perhaps"}"#).status, 400);
    assert_eq!(node.client().get("/groups/New").status, 404);
}

#[test]
fn an_update_replaces_what_is_given() {
    let node = Node::start();
    let client = node.client();
    let start = r#"{"name":"Crew","description":"d","admins":["ann"],"members":["bob"],"shared":true}"#;
    let cases = [
        (r#"{"name":"Crew"}"#, r#""admins":["ann@example.org"],"members":["bob@example.org"],"shared":false"#),
        (r#"{"shared":1}"#, r#""admins":["ann@example.org"],"members":["bob@example.org"],"shared":true"#),
        (r#"{"admins":[]}"#, r#""admins":[],"members":["bob@example.org"],"shared":false"#),
        (r#"{"admins":[],"members":["ann"]}"#, r#""admins":[],"members":["ann@example.org"],"shared":false"#),
        (r#"{"admins":["bob"],"members":["bob","cyd"]}"#, r#""admins":["bob@example.org"],"members":["cyd@example.org"],"shared":false"#),
        ("<group><members/></group>", r#""admins":["ann@example.org"],"members":[],"shared":false"#),
    ];
    for (body, expected) in cases {
        client.body("POST", "/groups", start).is(201);
        for _ in 0..2 {
            client.body("PUT", "/groups/Crew", body).is(200);
            assert_eq!(json(&node, "/groups/Crew"), format!(r#"{{"name":"Crew",{expected}}}"#), "{body}");
        }
        client.delete("/groups/Crew").is(200);
    }
}

#[test]
fn the_refusals_of_changing() {
    let node = Node::start();
    node.client().body("POST", "/groups", r#"{"name":"Crew","description":"kept"}"#).is(201);
    let nameless = (400, ILLEGAL, UPDATE, "groups");
    let other = "Could not update the group. The group name is different to the payload group name.";
    refused(
        &node,
        &[
            ("PUT", "/groups/Crew", "", nameless),
            ("PUT", "/groups/Crew", "null", nameless),
            ("PUT", "/groups/Crew", r#"{"name":""}"#, nameless),
            ("PUT", "/groups/Crew", r#"{"name":"crew"}"#, (400, ILLEGAL, other, "Crew != crew")),
            ("PUT", "/groups/Gone", "<group><name>Gone</name></group>", (404, UNKNOWN, "Could not find group", "Gone")),
            ("PUT", "/groups/Gone", r#"{"members":["a b"]}"#, (404, UNKNOWN, "Could not find group", "Gone")),
            ("PUT", "/groups/Crew", r#"{"members":["a b"]}"#, (400, ILLEGAL, "Cannot parse a member value as a JID: a b", "Crew")),
            ("PUT", "/groups/Crew", r#"{"admins":["a@"]}"#, (400, ILLEGAL, "Cannot parse a admin value as a JID: a@", "Crew")),
            ("GET", "/groups/Gone", "", (404, UNKNOWN, "Could not find group", "Gone")),
            ("GET", "/groups/crew", "", (404, UNKNOWN, "Could not find group", "crew")),
            ("DELETE", "/groups/Gone", "", (404, UNKNOWN, "Could not find group", "Gone")),
        ],
    );
    assert_eq!(node.client().body("PUT", "/groups/Crew", r#"{"shared":"no"}"#).status, 400);
    assert!(json(&node, "/groups/Crew").contains("kept"));
}

#[test]
fn a_deleted_group_leaves_its_users() {
    let node = Node::start();
    users(&node, &["ann", "bob"]);
    node.client().body("POST", "/groups", r#"{"name":"A/B %","members":["ann","bob"],"shared":true}"#).is(201);
    assert!(json(&node, "/users/ann/roster").contains("bob@example.org"));
    node.client().delete("/groups/A%2FB%20%25").is(200);
    assert_eq!(json(&node, "/users/ann/roster"), r#"{"rosterItem":[]}"#);
    assert_eq!(json(&node, "/users/ann/groups"), r#"{"groupnames":[]}"#);
    assert_eq!(json(&node, "/groups"), r#"{"groups":[]}"#);
}

#[test]
fn many_groups_are_listed_in_pieces() {
    let node = Node::start();
    let names: Vec<String> = (0..1500).map(|n| format!("group {n:04}")).collect();
    for some in names.chunks(500) {
        let body = format!(r#"{{"groupnames":["{}"]}}"#, some.join("\",\""));
        node.client().body("POST", "/users/ann/groups", &body).is(201);
    }
    let listed = node.client().json().get("/groups").value();
    let listed: Vec<_> = listed["groups"].as_array().unwrap().iter().map(|group| group["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(listed, names);
    assert_eq!(node.client().xml().get("/groups").text().matches("<group>").count(), 1500);
}

#[test]
fn changes_are_in_the_audit_log() {
    let node = Node::start();
    users(&node, &["mira"]);
    let client = node.client();
    client.body("POST", "/groups", r#"{"name":"Crew","description":"d","members":["ann"]}"#).is(201);
    client.body("PUT", "/groups/Crew", "{}").is(200);
    client.post("/users/mira/groups/Crew").is(201);
    client.delete("/users/mira/groups/Crew").is(200);
    client.delete("/groups/Crew").is(200);
    client.delete("/groups/Crew").fails(404, UNKNOWN, "Could not find group", "Crew");
    client.body("POST", "/users/mira/roster", r#"{"jid":"a@b"}"#).is(201);
    client.body("PUT", "/users/mira/roster/a@b", "{}").is(200);
    client.delete("/users/mira/roster/a@b").is(200);
    client.body("PUT", "/users/mira/vcard", "<vCard xmlns=\"vcard-temp\"/>").is(200);
    let log = client.json().get("/logs/security").value();
    let said: Vec<_> = log["logs"].as_array().unwrap().iter().map(|entry| entry["summary"].as_str().unwrap().to_owned()).collect();
    let expected = [
        "edited user mira",
        "deleted roster item from mira",
        "updated roster item for mira",
        "added roster item for mira",
        "deleted group Crew",
        "updated group membership for Crew",
        "added group member to Crew",
        "edited group Crew",
        "created new group Crew",
        "created new user mira",
    ];
    assert_eq!(said[..expected.len()], expected);
    let created = log["logs"].as_array().unwrap().iter().find(|entry| entry["summary"] == "created new group Crew").unwrap();
    assert_eq!(created["username"], "REST API");
    assert_eq!(created["details"], "description = d\nshared = false, admins = , members = ann@example.org\nvia REST API from 127.0.0.1");
}
