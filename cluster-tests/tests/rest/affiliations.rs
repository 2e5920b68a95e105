//! Affiliations with a chat room (rooms.md §6).

use cluster_tests::{Client, Node, Response};

use crate::PROLOG;

const SOME: &str = "adnmqp8=@example.org/695c6ae413c00446733d926ccadefd8b";
const DELETE: &str = "Could not delete affiliation";

fn start() -> (Node, Client) {
    let node = Node::start();
    let client = node.client();
    client.body("POST", "/groups", r#"{"name":"Some","description":"d","members":["fay"]}"#).is(201);
    client.body("POST", "/chatrooms", r#"{"roomName":"tea","owners":["ann"]}"#).is(201);
    (node, client)
}

fn list(client: &Client, which: &str) -> Vec<String> {
    let value = client.clone().json().get(&format!("/chatrooms/tea/{which}")).value();
    value[which].as_array().unwrap().iter().map(|jid| jid.as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn conflict(answer: &Response, singular: &str) {
    answer.fails(409, "NotAllowedException", &format!("Could not apply modification to list of {singular}"), "tea");
}

#[test]
fn lists_are_read_in_both_formats_and_spellings() {
    let (_node, client) = start();
    for (plural, singular, expected) in
        [("owners", "owner", Some("ann")), ("admins", "admin", None), ("members", "member", None), ("outcasts", "outcast", None)]
    {
        let (xml, json) = match expected {
            Some(name) => {
                (format!("<{plural}><{singular}>{name}@example.org</{singular}></{plural}>"), format!(r#"{{"{plural}":["{name}@example.org"]}}"#))
            }
            None => (format!("<{plural}/>"), format!(r#"{{"{plural}":[]}}"#)),
        };
        for path in [plural, singular] {
            client.clone().xml().get(&format!("/chatrooms/TEA/{path}")).says(&format!("{PROLOG}{xml}"));
            client.clone().json().get(&format!("/chatrooms/tea/{path}")).says(&json);
        }
    }
    assert_eq!(client.header("Accept", "text/html").get("/chatrooms/tea/owners").status, 406);
}

#[test]
fn lists_are_added_to_and_replaced() {
    let (_node, client) = start();
    let body = |method: &str, body: &str| client.body(method, "/chatrooms/tea/members", body);
    body("POST", r#"{"members":["bob","CID@example.org/desk","Some"]}"#).is(201);
    body("POST", r#"{"members":["bob"]}"#).is(201);
    assert_eq!(list(&client, "members"), ["bob@example.org", "cid@example.org", SOME]);
    body("POST", r#"{"member":["dan"]}"#).is(201);
    body("POST", r#"{"members":{"member":"eve"}}"#).is(201);
    body("POST", "<members><member>fay@other.example</member></members>").is(201);
    assert_eq!(list(&client, "members").len(), 6);
    body("PUT", &format!(r#"{{"members":["eve","{SOME}","gus"]}}"#)).is(201);
    assert_eq!(list(&client, "members"), [SOME, "eve@example.org", "gus@example.org"]);
    client.body("PUT", "/chatrooms/tea/admin", "<admins><admin>eve</admin></admins>").is(201);
    assert_eq!(
        (list(&client, "members"), list(&client, "admins")),
        (vec![SOME.to_owned(), "gus@example.org".into()], vec!["eve@example.org".to_owned()])
    );
    body("PUT", "<members/>").is(201);
    assert_eq!(list(&client, "members"), Vec::<String>::new());
}

#[test]
fn the_last_owner_stays() {
    let (_node, client) = start();
    conflict(&client.body("PUT", "/chatrooms/tea/owners", r#"{"owners":[]}"#), "owner");
    conflict(&client.body("PUT", "/chatrooms/tea/owners", "<owners/>"), "owner");
    conflict(&client.body("POST", "/chatrooms/tea/admins", r#"{"admins":["bob","ann"]}"#), "admin");
    conflict(&client.post("/chatrooms/tea/outcasts/ann"), "outcast");
    client.delete("/chatrooms/tea/owners/ann").fails(409, "NotAllowedException", DELETE, "ann");
    assert_eq!((list(&client, "owners"), list(&client, "admins")), (vec!["ann@example.org".to_owned()], vec![]));
    client.body("PUT", "/chatrooms/tea/owners", r#"{"owners":["bob"]}"#).is(201);
    assert_eq!(list(&client, "owners"), ["bob@example.org"]);
}

#[test]
fn one_at_a_time() {
    let (_node, client) = start();
    for (method, path, status) in [
        ("POST", "/members/bob", 201),
        ("POST", "/members/bob", 201),
        ("POST", "/member/Cid@example.org%2Fdesk", 201),
        ("POST", "/members/Some", 201),
        ("POST", "/admins/bob@example.org", 201),
        ("POST", "/outcasts/eve@other.example", 201),
        ("POST", "/members/group", 201),
        ("POST", "/owners/group/Some", 201),
        ("DELETE", "/admins/bob", 200),
        ("DELETE", "/members/group", 200),
        ("DELETE", "/owner/group/Some", 200),
    ] {
        client.send(method, &format!("/chatrooms/tea{path}"), Some(("application/xml", b"<<ignored"))).is(status);
    }
    assert_eq!((list(&client, "members"), list(&client, "admins")), (vec!["cid@example.org".to_owned()], vec![]));
    assert_eq!((list(&client, "owners"), list(&client, "outcasts")), (vec!["ann@example.org".to_owned()], vec!["eve@other.example".to_owned()]));
    let group_jid = SOME.replace('/', "%2F");
    client.post(&format!("/chatrooms/tea/members/{group_jid}")).is(201);
    assert_eq!(list(&client, "members"), ["cid@example.org", SOME]);
    client.delete(&format!("/chatrooms/tea/members/{group_jid}")).is(200);
    assert_eq!(list(&client, "members"), ["cid@example.org"]);
}

#[test]
fn what_is_not_held_is_not_taken() {
    let (_node, client) = start();
    client.post("/chatrooms/tea/members/bob").is(201);
    client.post("/chatrooms/tea/admins/Some").is(201);
    for (path, about) in
        [("admins/bob", "bob"), ("members/nobody", "nobody"), ("outcasts/ann", "ann"), ("admins/fay", "fay"), ("members/group/Some", "Some")]
    {
        client.delete(&format!("/chatrooms/tea/{path}")).fails(409, "NotAllowedException", DELETE, about);
    }
}

#[test]
fn errors_in_their_order() {
    let (_node, client) = start();
    let bad = "Unable to parse value as jid: a b";
    for query in ["", "?servicename=nowhere"] {
        client.post(&format!("/chatrooms/TEA/members/a%20b{query}")).fails(400, "IllegalArgumentException", bad, "tea");
        client.delete(&format!("/chatrooms/tea/members/a%20b{query}")).fails(400, "IllegalArgumentException", bad, "tea");
        let body = client.body("PUT", &format!("/chatrooms/tea/members{query}"), r#"{"members":["bob","a b"]}"#);
        body.fails(400, "IllegalArgumentException", bad, "tea");
    }
    assert_eq!(list(&client, "members"), Vec::<String>::new());
    let nowhere = |answer: Response| {
        answer.fails(404, "MUCServiceNotFoundException", "Chat service does not exist or is not accessible.", "nowhere");
    };
    let no_room = |answer: Response, name: &str| {
        answer.fails(404, "RoomNotFoundException", "Chat room does not exist or is not accessible.", name);
    };
    let body = r#"{"members":["bob"]}"#;
    for method in ["POST", "PUT"] {
        nowhere(client.body(method, "/chatrooms/mug/members?servicename=nowhere", body));
        no_room(client.body(method, "/chatrooms/Mug/members", body), "mug");
        no_room(client.body(method, "/chatrooms/a%20b/members", body), "a b");
    }
    for method in ["POST", "DELETE"] {
        for entry in ["bob", "group/Some"] {
            nowhere(client.send(method, &format!("/chatrooms/mug/members/{entry}?servicename=nowhere"), None));
            no_room(client.send(method, &format!("/chatrooms/Mug/members/{entry}"), None), "mug");
        }
        let unknown = client.send(method, "/chatrooms/tea/members/group/Nobody", None);
        unknown.fails(404, "GroupNotFoundException", "Could not find group", "Nobody");
    }
    for body in ["null", "[1", "{}", "<owners/>", "<members>"] {
        assert_eq!(client.body("PUT", "/chatrooms/tea/members", body).status, 400, "{body}");
    }
    assert_eq!(client.send("PUT", "/chatrooms/tea/members", None).status, 400);
    assert_eq!(client.send("PUT", "/chatrooms/tea/members", Some(("text/plain", b"<members/>"))).status, 415);
    assert_eq!(client.delete("/chatrooms/tea/members").status, 405);
}
