//! Who may create rooms, which switches there are, and what the audit log says of it (rooms.md §5.4, Q8; system.md §8.1).

use cluster_tests::{Client, Node, Response};

use crate::users;

const CREATE: &str = "Could not create the channel";

fn set(client: &Client, key: &str, value: &str) {
    let body = format!(r#"{{"key":"{key}","value":"{value}"}}"#);
    client.body("POST", "/system/properties", &body).is(201);
}

fn post(client: &Client, name: &str, owner: &str) -> Response {
    client.body("POST", "/chatrooms", &format!(r#"{{"roomName":"{name}","owners":["{owner}"]}}"#))
}

#[test]
fn creation_can_be_kept_to_some() {
    let node = Node::start();
    let client = node.client();
    users(&node, &["ann"]);
    client.body("POST", "/groups", r#"{"name":"Some","description":"d","members":["fay"]}"#).is(201);
    post(&client, "old", "zoe").is(201);
    set(&client, "xmpp.muc.create.anyone", "true");
    set(&client, "xmpp.muc.create.jid", "bob@example.org, adnmqp8=@example.org/695c6ae413c00446733d926ccadefd8b");
    set(&client, "xmpp.muc.sysadmin.jid", "root@other.example");
    let refused = |owner: &str| {
        post(&client, "Tea", owner).fails(403, "NotAllowedException", CREATE, "tea");
    };
    for owner in ["ann", "zoe@other.example", "bob@other.example", "Some"] {
        refused(owner);
    }
    for (n, owner) in ["bob", "Bob@example.org/desk", "fay", "root@other.example"].into_iter().enumerate() {
        post(&client, &format!("r{n}"), owner).is(201);
    }
    set(&client, "xmpp.muc.create.all-registered", "TRUE");
    post(&client, "tea", "ann").is(201);
    refused_again(&client);
    // What is there may still be changed.
    post(&client, "old", "zoe").is(201);
    client.body("PUT", "/chatrooms/old", r#"{"roomName":"old","owners":["zoe"]}"#).is(200);
}

fn refused_again(client: &Client) {
    let put = client.body("PUT", "/chatrooms/mug", r#"{"roomName":"mug","owners":["zoe"]}"#);
    put.fails(403, "NotAllowedException", "Could not update the channel", "mug");
    let bulk = client.clone().json().body(
        "POST",
        "/chatrooms/bulk",
        r#"{"chatRooms":[{"roomName":"mug","owners":["zoe"]},{"roomName":"jug","owners":["ann"]}]}"#,
    );
    bulk.says(
        r#"{"success":[{"roomName":"jug","resultType":"Success","message":"Room was successfully created"}],"failure":[{"roomName":"mug","resultType":"Failure","message":"Room creation failed due to NotAllowedException: null"}],"other":[]}"#,
    );
}

#[test]
fn names_of_destroyed_rooms_can_be_retired() {
    let node = Node::start();
    let client = node.client();
    set(&client, "xmpp.muc.room.retireOnDeletion", "true");
    post(&client, "tea", "ann").is(201);
    client.delete("/chatrooms/tea").is(200);
    post(&client, "tea", "ann").fails(403, "NotAllowedException", CREATE, "tea");
    client.body("POST", "/chatrooms?servicename=other", r#"{"roomName":"tea"}"#).is(201);
}

#[test]
fn missing_services_need_not_be_created() {
    let node = Node::start();
    let client = node.client();
    set(&client, "plugin.restapi.muc.create-missing-services.enabled", "false");
    for (method, path) in [("POST", "/chatrooms"), ("PUT", "/chatrooms/tea")] {
        let answer = client.body(method, &format!("{path}?servicename=Nowhere"), r#"{"roomName":"tea"}"#);
        answer.fails(404, "MUCServiceNotFoundException", "Chat service does not exist or is not accessible.", "Nowhere");
    }
    post(&client, "tea", "ann").is(201);
    assert_eq!(client.json().get("/chatservices").value()["chatService"].as_array().map(Vec::len), Some(1));
}

#[test]
fn one_key_makes_a_bulk_one_act() {
    let node = Node::start();
    let client = node.client().json().header("Idempotency-Key", "k");
    let body = r#"{"chatRooms":[{"roomName":"tea"},{"roomName":"a b"}]}"#;
    let first = client.body("POST", "/chatrooms/bulk", body);
    node.client().delete("/chatrooms/tea").is(200);
    assert_eq!(client.body("POST", "/chatrooms/bulk", body).text(), first.text());
    assert_eq!(node.client().get("/chatrooms/tea").status, 404);
}

#[test]
fn changes_are_in_the_audit_log() {
    let node = Node::start();
    let client = node.client();
    client.body("POST", "/groups", r#"{"name":"Crew","description":"d"}"#).is(201);
    client.body("POST", "/chatservices", r#"{"serviceName":"chat","description":"For talk"}"#).is(201);
    let room = r#"{"roomName":"tea","subject":"Green?","naturalName":"Tea Room","description":"Leaves","maxUsers":3,"password":"hidden-word","owners":["ann"]}"#;
    client.body("POST", "/chatrooms", room).is(201);
    client.body("PUT", "/chatrooms/tea", room).is(200);
    client.post("/chatrooms/tea/members/bob").is(201);
    client.post("/chatrooms/tea/members/nobody@").fails(400, "IllegalArgumentException", "Unable to parse value as jid: nobody@", "tea");
    client.post("/chatrooms/tea/admins/group/Crew").is(201);
    client.delete("/chatrooms/tea/members/bob").is(200);
    client.delete("/chatrooms/tea/members/bob").fails(409, "NotAllowedException", "Could not delete affiliation", "bob");
    client.body("PUT", "/chatrooms/tea/members", r#"{"members":["cid","dan"]}"#).is(201);
    client.body("POST", "/chatrooms/tea/invite/bob", "{}").is(200);
    assert_eq!(client.body("POST", "/chatrooms/bulk", r#"{"chatRooms":[{"roomName":"a"},{"roomName":"b"}]}"#).status, 200);
    client.delete("/chatrooms/tea").is(200);
    let log = client.json().get("/logs/security");
    assert!(!log.text().contains("hidden-word"));
    let log = log.value();
    let entries = log["logs"].as_array().unwrap();
    let said: Vec<&str> = entries.iter().filter_map(|entry| entry["summary"].as_str()).collect();
    let expected = [
        "destroyed MUC room tea",
        "created or updated 2 MUC rooms",
        "invited to MUC room tea",
        "set MUC affiliation to member for cid, dan in tea",
        "set MUC affiliation to none for bob in tea",
        "set MUC affiliation to admin for members of group Crew in tea",
        "set MUC affiliation to member for bob in tea",
        "updated MUC room tea",
        "created new MUC room tea",
        "created MUC service chat",
        "created new group Crew",
    ];
    assert_eq!(said[..expected.len()], expected);
    let details = |n: usize| entries[n]["details"].as_str().unwrap_or_default();
    let about = "subject = Green?\nroomdesc = Leaves\nroomname = Tea Room\nmaxusers = 3\nvia REST API from 127.0.0.1";
    assert_eq!((details(7), details(8)), (about, about));
    assert_eq!(details(1), "a\nb\nvia REST API from 127.0.0.1");
}
