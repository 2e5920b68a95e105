//! Invitations to a chat room (rooms.md §7, §8.2), and the messages that wait for users (system.md §10.4).

use cluster_tests::{Client, Node, Response};

use crate::PROLOG;

fn start() -> (Node, Client) {
    let node = Node::start();
    let client = node.client();
    for name in ["ann", "bob", "cid"] {
        client.body("POST", "/users", &format!(r#"{{"username":"{name}","password":"p"}}"#)).is(201);
    }
    client.body("POST", "/groups", r#"{"name":"Brewers","description":"d","members":["bob","cid","ghost"]}"#).is(201);
    client.body("POST", "/chatrooms", r#"{"roomName":"tea","owners":["ann"]}"#).is(201);
    (node, client)
}

#[track_caller]
fn unread(client: &Client, expected: &[(&str, i64)]) {
    for (name, count) in expected {
        let answer = client.clone().json().get(&format!("/archive/messages/unread/{name}@example.org"));
        answer.says(&format!(r#"{{"jid":"{name}@example.org","count":{count}}}"#));
    }
}

#[test]
fn an_invitation_waits_for_a_user_who_is_away() {
    let (_node, client) = start();
    for body in
        [r#"{"reason":"Tea is served"}"#, "{}", "<mucInvitation/>", "<mucInvitation><reason>Tea</reason></mucInvitation>", "<mucInvitations/>"]
    {
        client.body("POST", "/chatrooms/tea/invite/ann", body).is(200);
    }
    client.body("POST", "/chatrooms/tea/invite/ann@example.org%2Fdesk", r#"{"jidsToInvite":["bob"]}"#).is(200);
    client.body("POST", "/chatrooms/tea/invite/zoe@other.example", "{}").is(200);
    client.body("POST", "/chatrooms/tea/invite/ghost", "{}").is(200);
    client.body("POST", "/chatrooms/tea/invite/Brewers", "{}").is(200);
    unread(&client, &[("ann", 6), ("bob", 1), ("cid", 1), ("ghost", 0)]);
}

#[test]
fn many_are_invited_each_once_or_nobody() {
    let (_node, client) = start();
    let invite = |body: &str| client.body("POST", "/chatrooms/tea/invite", body);
    invite(r#"{"reason":"Tea","jidsToInvite":["bob@example.org","bob","Brewers","ann"]}"#).is(200);
    unread(&client, &[("ann", 1), ("bob", 1), ("cid", 1)]);
    invite("<mucInvitations><jidsToInvite><jid>ann</jid></jidsToInvite></mucInvitations>").is(200);
    invite("<mucInvitation><jidsToInvite><jid>ann</jid></jidsToInvite></mucInvitation>").is(200);
    invite(r#"{"jidsToInvite":{"jid":["ann"]}}"#).is(200);
    unread(&client, &[("ann", 4)]);
    let bad = "Unable to parse value as jid: a b";
    invite(r#"{"jidsToInvite":["ann","a b"]}"#).fails(400, "IllegalArgumentException", bad, "tea");
    for body in ["{}", "<mucInvitations/>", r#"{"jidsToInvite":[]}"#] {
        invite(body).is(200);
    }
    unread(&client, &[("ann", 4)]);
}

#[test]
fn errors_in_their_order() {
    let (_node, client) = start();
    let no_service = |answer: Response| {
        answer.fails(404, "MUCServiceNotFoundException", "Chat service does not exist or is not accessible.", "nowhere");
    };
    let no_room = |answer: Response| {
        answer.fails(404, "RoomNotFoundException", "Chat room does not exist or is not accessible.", "mug");
    };
    for (path, body) in [("/invite/ann", "{}"), ("/invite", r#"{"jidsToInvite":["ann"]}"#), ("/invite", "{}")] {
        no_service(client.body("POST", &format!("/chatrooms/mug{path}?servicename=nowhere"), body));
        no_room(client.body("POST", &format!("/chatrooms/Mug{path}"), body));
    }
    for path in ["/invite/a%20b", "/invite/@b", "/invite/a@"] {
        let entry = path.rsplit('/').next().unwrap().replace("%20", " ");
        let message = format!("Unable to parse value as jid: {entry}");
        client.body("POST", &format!("/chatrooms/mug{path}?servicename=nowhere"), "{}").fails(400, "IllegalArgumentException", &message, "mug");
    }
    for path in ["/chatrooms/tea/invite", "/chatrooms/tea/invite/ann"] {
        for body in ["null", "{", "<invitation/>"] {
            assert_eq!(client.body("POST", path, body).status, 400, "{path} {body}");
        }
        assert_eq!(client.post(path).status, 400);
        assert_eq!(client.get(path).status, 405);
        assert_eq!(client.send("POST", path, Some(("text/plain", b"x"))).status, 415);
    }
}

#[test]
fn new_affiliations_invite_when_asked_to() {
    let (_node, client) = start();
    client.post("/chatrooms/tea/members/bob").is(201);
    unread(&client, &[("bob", 0)]);
    client.post("/chatrooms/tea/members/bob?sendInvitations=true").is(201);
    unread(&client, &[("bob", 0)]);
    client.post("/chatrooms/tea/admins/bob?sendInvitations=true").is(201);
    client.post("/chatrooms/tea/outcasts/cid?sendInvitations=true").is(201);
    unread(&client, &[("bob", 1), ("cid", 0)]);
    client.post("/chatrooms/tea/members/group/Brewers?sendInvitations=true").is(201);
    unread(&client, &[("bob", 2), ("cid", 1)]);
    client.body("PUT", "/chatrooms/tea/members?sendInvitations=true", r#"{"members":["cid"]}"#).is(201);
    unread(&client, &[("bob", 2), ("cid", 2)]);
    client.body("POST", "/chatrooms?sendInvitations=true", r#"{"roomName":"mug","owners":["ann","bob"],"members":["cid"]}"#).is(201);
    unread(&client, &[("ann", 0), ("bob", 3), ("cid", 3)]);
    client.body("PUT", "/chatrooms/mug?sendInvitations=true", r#"{"roomName":"mug","owners":["ann","bob"],"admins":["cid"]}"#).is(200);
    unread(&client, &[("ann", 0), ("bob", 3), ("cid", 4)]);
    let bulk = r#"{"chatRooms":[{"roomName":"pot","members":["ann"]}]}"#;
    assert_eq!(client.body("POST", "/chatrooms/bulk?sendInvitations=true", bulk).status, 200);
    unread(&client, &[("ann", 1)]);
}

#[test]
fn what_waits_follows_the_account() {
    let (_node, client) = start();
    client.body("POST", "/chatrooms/tea/invite/ann", "{}").is(200);
    client.body("PUT", "/users/ann", r#"{"username":"zoe"}"#).is(200);
    unread(&client, &[("ann", 0), ("zoe", 1)]);
    client.delete("/users/zoe").is(200);
    client.body("POST", "/users", r#"{"username":"zoe","password":"p"}"#).is(201);
    unread(&client, &[("zoe", 0)]);
}

#[test]
fn what_waits_outlives_the_process() {
    let data = tempfile::tempdir().unwrap();
    let node = Node::start_on(data.path());
    node.client().body("POST", "/chatrooms", r#"{"roomName":"tea"}"#).is(201);
    node.client().body("POST", "/chatrooms/tea/invite/admin", "{}").is(200);
    node.kill();
    let node = Node::start_on(data.path());
    unread(&node.client(), &[("admin", 1)]);
}

#[test]
fn the_count_is_asked_for_by_any_jid() {
    let (_node, client) = start();
    client.body("POST", "/chatrooms/tea/invite/ann", "{}").is(200);
    for (given, count) in
        [("Ann@Example.org", 1), ("ann@example.org%2Fdesk", 1), ("ann@other.example", 0), ("nobody@example.org", 0), ("example.org", 0)]
    {
        let answer = client.clone().xml().get(&format!("/archive/messages/unread/{given}"));
        answer.says(&format!("{PROLOG}<archive><jid>{}</jid><count>{count}</count></archive>", given.replace("%2F", "/")));
    }
    client.get("/archive/messages/unread/a@b@c").fails(400, "IllegalArgumentException", "Illegal JID", "a@b@c");
}
