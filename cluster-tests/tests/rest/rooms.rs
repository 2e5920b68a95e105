//! Chat rooms (rooms.md §4, §5).

use cluster_tests::{Client, Node, Response};

use crate::PROLOG;

const CREATE: &str = "Could not create the channel";
const UPDATE: &str = "Could not update the channel";
const DIFFERENT: &str = "Could not update the channel. The room name is different to the entity room name.";

#[track_caller]
fn no_service(answer: &Response, name: &str) {
    answer.fails(404, "MUCServiceNotFoundException", "Chat service does not exist or is not accessible.", name);
}

#[track_caller]
fn no_room(answer: &Response, name: &str) {
    answer.fails(404, "RoomNotFoundException", "Chat room does not exist or is not accessible.", name);
}

fn post(client: &Client, body: &str) -> Response {
    client.body("POST", "/chatrooms", body)
}

fn room(client: &Client, name: &str) -> serde_json::Value {
    client.clone().json().get(&format!("/chatrooms/{name}")).value()
}

fn names(client: &Client, query: &str) -> Vec<String> {
    let list = client.clone().json().get(&format!("/chatrooms{query}")).value();
    list["chatRooms"].as_array().unwrap().iter().map(|room| room["roomName"].as_str().unwrap().to_owned()).collect()
}

const FULL_JSON: &str = r#"{"roomName":"tea","naturalName":"Tea Room","description":"Leaves & kettles","password":"kettle","subject":"Green?","creationDate":1935648000510,"modificationDate":1935648000000,"maxUsers":12,"persistent":true,"publicRoom":true,"registrationEnabled":true,"canAnyoneDiscoverJID":true,"canOccupantsChangeSubject":true,"canOccupantsInvite":true,"canChangeNickname":true,"logEnabled":true,"loginRestrictedToNickname":true,"membersOnly":true,"moderated":true,"broadcastPresenceRoles":["moderator","visitor"],"owners":["ann@example.org"],"admins":["bob@example.org"],"members":["cid@example.org","dan@example.org"],"outcasts":["eve@example.org"],"ownerGroups":[],"adminGroups":[],"memberGroups":["Brewers"],"outcastGroups":[],"allowPM":"moderators"}"#;

fn full_xml() -> String {
    format!(
        "{PROLOG}<chatRoom><roomName>tea</roomName><naturalName>Tea Room</naturalName><description>Leaves &amp; kettles</description>\
         <password>kettle</password><subject>Green?</subject><creationDate>2031-05-04T08:00:00.510Z</creationDate>\
         <modificationDate>2031-05-04T08:00:00Z</modificationDate><maxUsers>12</maxUsers><persistent>true</persistent>\
         <publicRoom>true</publicRoom><registrationEnabled>true</registrationEnabled><canAnyoneDiscoverJID>true</canAnyoneDiscoverJID>\
         <canOccupantsChangeSubject>true</canOccupantsChangeSubject><canOccupantsInvite>true</canOccupantsInvite>\
         <canChangeNickname>true</canChangeNickname><logEnabled>true</logEnabled><loginRestrictedToNickname>true</loginRestrictedToNickname>\
         <membersOnly>true</membersOnly><moderated>true</moderated><broadcastPresenceRoles>\
         <broadcastPresenceRole>moderator</broadcastPresenceRole><broadcastPresenceRole>visitor</broadcastPresenceRole></broadcastPresenceRoles>\
         <owners><owner>ann@example.org</owner></owners><admins><admin>bob@example.org</admin></admins>\
         <members><member>cid@example.org</member><member>dan@example.org</member></members><outcasts><outcast>eve@example.org</outcast></outcasts>\
         <ownerGroups/><adminGroups/><memberGroups><memberGroup>Brewers</memberGroup></memberGroups><outcastGroups/>\
         <allowPM>moderators</allowPM></chatRoom>"
    )
}

fn with_group() -> (Node, Client) {
    let node = Node::start();
    let client = node.client();
    client.body("POST", "/groups", r#"{"name":"Brewers","description":"d","members":["fay","cid"]}"#).is(201);
    (node, client)
}

#[test]
fn a_room_reads_back_as_it_was_written_in_both_formats() {
    let (_node, client) = with_group();
    post(&client, FULL_JSON).is(201);
    client.clone().json().get("/chatrooms/tea").says(FULL_JSON);
    client.clone().xml().get("/chatrooms/tea").says(&full_xml());
    client.delete("/chatrooms/tea").is(200);
    post(&client, &full_xml()).is(201);
    client.clone().json().get("/chatrooms/TEA?servicename=CONFERENCE").says(FULL_JSON);
    client.body("PUT", "/chatrooms/tea", &full_xml()).is(200);
    client.clone().json().get("/chatrooms/tea").says(FULL_JSON);
    let expanded = FULL_JSON.replace(r#""dan@example.org"]"#, r#""dan@example.org","fay@example.org"]"#);
    client.clone().json().get("/chatrooms/tea?expandGroups=TRUE").says(&expanded);
    let list = format!("{PROLOG}<chatRooms>{}</chatRooms>", full_xml().strip_prefix(PROLOG).unwrap());
    client.clone().xml().get("/chatrooms").says(&list);
    client.json().get("/chatrooms").says(&format!(r#"{{"chatRooms":[{FULL_JSON}]}}"#));
}

#[test]
fn the_old_notation_of_lists_is_read() {
    let (_node, client) = with_group();
    let old = r#"{"roomName":"tea","naturalName":"Tea","maxUsers":"12","persistent":"true","owners":{"owner":"ann@example.org"},"admins":{"admin":["bob@example.org","cid@example.org"]},"members":null,"outcasts":{},"broadcastPresenceRoles":{"broadcastPresenceRole":["moderator"]},"memberGroups":{"memberGroup":"Brewers"}}"#;
    post(&client, old).is(201);
    let room = room(&client, "tea");
    assert_eq!(room["admins"], serde_json::json!(["bob@example.org", "cid@example.org"]));
    assert_eq!((room["maxUsers"].as_i64(), room["persistent"].as_bool()), (Some(12), Some(true)));
    assert_eq!(room["memberGroups"], serde_json::json!(["Brewers"]));
}

#[test]
fn what_is_left_out_is_nothing() {
    let (_node, client) = with_group();
    post(&client, FULL_JSON).is(201);
    client.body("PUT", "/chatrooms/tea", r#"{"roomName":"TEA"}"#).is(200);
    let mut room = room(&client, "tea");
    assert_eq!(room["creationDate"], 1_935_648_000_510_i64, "the old date stays");
    assert!(room["modificationDate"].as_i64().unwrap() > 1_600_000_000_000);
    let dates = room.as_object_mut().unwrap();
    dates.remove("creationDate");
    dates.remove("modificationDate");
    let bare = r#"{"roomName":"tea","maxUsers":0,"persistent":false,"publicRoom":false,"registrationEnabled":false,"canAnyoneDiscoverJID":false,"canOccupantsChangeSubject":false,"canOccupantsInvite":false,"canChangeNickname":false,"logEnabled":false,"loginRestrictedToNickname":false,"membersOnly":false,"moderated":false,"broadcastPresenceRoles":[],"owners":["admin@example.org"],"admins":[],"members":[],"outcasts":[],"ownerGroups":[],"adminGroups":[],"memberGroups":[],"outcastGroups":[],"allowPM":"anyone"}"#;
    assert_eq!(room, serde_json::from_str::<serde_json::Value>(bare).unwrap());
}

#[test]
fn odd_values_are_read_kindly() {
    let (_node, client) = with_group();
    post(&client, r#"{"roomName":"tea","maxUsers":-5,"allowPM":"JUNK","password":"","unknown":1}"#).is(201);
    let tea = room(&client, "tea");
    assert_eq!((&tea["maxUsers"], &tea["allowPM"], &tea["password"]), (&0.into(), &"anyone".into(), &"".into()));
    let names = r#"{"roomName":"tea","owners":["Ann","ann.example","Brewers"],"admins":["BOB@Example.org/desk"],"members":["adnmqp8=@example.org"],"adminGroups":["cid"]}"#;
    post(&client, names).is(201);
    let tea = room(&client, "tea");
    assert_eq!(tea["owners"], serde_json::json!(["ann@example.org", "ann.example"]));
    assert_eq!(tea["ownerGroups"], serde_json::json!(["Brewers"]));
    assert_eq!(tea["admins"], serde_json::json!(["bob@example.org", "cid@example.org"]));
}

#[test]
fn post_replaces_and_put_creates() {
    let node = Node::start();
    let client = node.client();
    post(&client, r#"{"roomName":"tea","naturalName":"One","owners":["ann"],"members":["bob"]}"#).is(201);
    post(&client, r#"{"roomName":"tea","naturalName":"Two","owners":["bob"]}"#).is(201);
    let tea = room(&client, "tea");
    assert_eq!((&tea["naturalName"], &tea["owners"]), (&"Two".into(), &serde_json::json!(["bob@example.org"])));
    client.body("PUT", "/chatrooms/mug", r#"{"roomName":"mug"}"#).is(200);
    assert_eq!(client.get("/chatrooms/mug").status, 200);
    client.body("PUT", "/chatrooms/bulk", r#"{"roomName":"bulk"}"#).is(200);
    assert_eq!(client.get("/chatrooms/bulk").status, 200);
    client.delete("/chatrooms/bulk").is(200);
    no_room(&client.get("/chatrooms/bulk"), "bulk");
}

#[test]
fn a_missing_service_is_created_unless_that_is_turned_off() {
    let node = Node::start();
    let client = node.client();
    client.body("POST", "/chatrooms?servicename=Chat.example.org", r#"{"roomName":"tea"}"#).is(201);
    client.body("PUT", "/chatrooms/mug?servicename=chat", r#"{"roomName":"mug"}"#).is(200);
    assert_eq!(names(&client, "?servicename=CHAT&type=all"), ["mug", "tea"]);
    let chat = &client.clone().json().get("/chatservices").value()["chatService"][0];
    assert_eq!(chat, &serde_json::json!({"serviceName": "Chat", "description": "Chat", "hidden": false}));
    for body in [r#"{"roomName":"tea"}"#, "<chatRoom><roomName>tea</roomName></chatRoom>"] {
        assert_eq!(client.body("POST", "/chatrooms?servicename=a%20b", body).status, 400);
    }
}

#[test]
fn conflicts() {
    let (_node, client) = with_group();
    let twice = [
        r#"{"roomName":"Tea","owners":["ann","ann@example.org"]}"#,
        r#"{"roomName":"Tea","owners":["ann@example.org"],"members":["ANN@example.org/desk"]}"#,
        r#"{"roomName":"Tea","admins":["admin@example.org"]}"#,
    ];
    for body in twice {
        post(&client.clone().json(), body).fails(409, "NotAllowedException", CREATE, "tea");
        client.body("PUT", "/chatrooms/TEA", body).fails(409, "NotAllowedException", UPDATE, "tea");
    }
    no_room(&client.get("/chatrooms/Tea"), "tea");
    post(&client, r#"{"roomName":"tea","ownerGroups":["Brewers"],"memberGroups":["Brewers"]}"#).is(201);
    assert_eq!(room(&client, "tea")["memberGroups"], serde_json::json!(["Brewers"]));
}

#[test]
fn bad_rooms_are_refused() {
    let node = Node::start();
    let client = node.client();
    let illegal = |answer: Response, message: &str, about: &str| {
        answer.fails(400, "IllegalArgumentException", message, about);
    };
    illegal(post(&client, r#"{"roomName":"Tea","owners":["a b@example.org"]}"#), "Unable to parse value as jid: a b@example.org", "tea");
    illegal(post(&client, r#"{"roomName":"Tea","memberGroups":["a b"]}"#), "Unable to parse value as jid: a b", "tea");
    illegal(post(&client, r#"{"roomName":"Tea","members":[""]}"#), "Unable to parse value as jid: ", "tea");
    let unnamed = "Could not create the channel: roomName is missing";
    illegal(post(&client, "{}"), unnamed, "");
    illegal(post(&client, "<chatRoom/>"), unnamed, "");
    let bad_name = "Could not create the channel: not a legal name of a chat room: a b";
    illegal(post(&client, r#"{"roomName":"a b"}"#), bad_name, "a b");
    illegal(post(&client, "<chatRoom><roomName>a b</roomName></chatRoom>"), bad_name, "a b");
    illegal(post(&client, r#"{"roomName":""}"#), "Could not create the channel: not a legal name of a chat room: ", "");
    let role = "Could not create the channel: not a role: Moderator";
    illegal(post(&client, r#"{"roomName":"Tea","broadcastPresenceRoles":["Moderator"]}"#), role, "tea");
    for body in ["null", "[]", "{", r#"{"roomName":"tea","maxUsers":"x"}"#, r#"{"roomName":"tea","persistent":"yes"}"#, "<room/>", "<chatRoom>"] {
        assert_eq!(post(&client, body).status, 400, "{body}");
    }
    assert_eq!(client.post("/chatrooms").status, 400);
    assert_eq!(client.send("POST", "/chatrooms", Some(("text/plain", b"x"))).status, 415);
    assert_eq!(client.send("POST", "/chatrooms", Some(("application/xml", b""))).status, 400);
    assert_eq!(names(&client, "?type=all"), Vec::<String>::new());
}

#[test]
fn a_room_is_not_renamed() {
    let node = Node::start();
    let client = node.client();
    for (path, body, about) in [
        ("/chatrooms/Tea", r#"{"roomName":"mug"}"#, "tea"),
        ("/chatrooms/Tea", "{}", "tea"),
        ("/chatrooms/tea", "<chatRoom><roomName>a b</roomName></chatRoom>", "tea"),
        ("/chatrooms/a%20b", r#"{"roomName":"a b"}"#, "a b"),
    ] {
        client.body("PUT", path, body).fails(400, "IllegalArgumentException", DIFFERENT, about);
    }
    assert_eq!(client.send("PUT", "/chatrooms/tea", None).status, 400);
}

#[test]
fn what_is_not_there() {
    let node = Node::start();
    let client = node.client();
    let below = ["", "/participants", "/occupants", "/chathistory", "/owners", "/admins", "/members", "/outcasts"];
    for path in below {
        for accept in [client.clone().json(), client.clone().xml()] {
            no_service(&accept.get(&format!("/chatrooms/Tea{path}?servicename=Nowhere")), "Nowhere");
            no_service(&accept.get(&format!("/chatrooms/Tea{path}?servicename=")), "");
            no_room(&accept.get(&format!("/chatrooms/Tea{path}")), "tea");
            no_room(&accept.get(&format!("/chatrooms/a%20b{path}")), "a b");
        }
    }
    no_service(&client.get("/chatrooms?servicename="), "");
    no_service(&client.delete("/chatrooms/tea?servicename=nowhere"), "nowhere");
    no_room(&client.delete("/chatrooms/TEA"), "tea");
    no_room(&client.delete("/chatrooms/a%20b"), "a b");
    assert_eq!(client.send("HEAD", "/chatrooms/tea", None).status, 404);
    for path in ["/chatrooms/tea/member/x/y", "/chatrooms/tea/Members", "/chatrooms/tea/foo", "/chatrooms/tea/foo/ann"] {
        assert_eq!(client.get(path).status, 404, "{path}");
    }
    for (method, path) in [("POST", "/chatrooms/tea"), ("PUT", "/chatrooms"), ("DELETE", "/chatrooms"), ("GET", "/chatrooms/tea/invite")] {
        assert_eq!(client.send(method, path, None).status, 405, "{method} {path}");
    }
    assert_eq!(client.header("Accept", "text/html").get("/chatrooms").status, 406);
}

#[test]
fn rooms_are_listed_by_kind_and_by_what_they_are_called() {
    let node = Node::start();
    let client = node.client();
    client.json().get("/chatrooms").says(r#"{"chatRooms":[]}"#);
    for (name, natural, public) in [("tea", "Green Leaves", true), ("mug", "Tea Cups", true), ("den", "Secret TEA", false), ("zoo", "Cats", true)] {
        let body = format!(r#"{{"roomName":"{name}","naturalName":"{natural}","publicRoom":{public}}}"#);
        post(&node.client(), &body).is(201);
    }
    let client = node.client();
    for (query, expected) in [
        ("", vec!["mug", "tea", "zoo"]),
        ("?type=public", vec!["mug", "tea", "zoo"]),
        ("?type=all", vec!["den", "mug", "tea", "zoo"]),
        ("?type=ALL", vec![]),
        ("?type=", vec![]),
        ("?search=", vec!["mug", "tea", "zoo"]),
        ("?search=TEA", vec!["mug", "tea"]),
        ("?type=all&search=tea", vec!["den", "mug", "tea"]),
        ("?search=n%20l", vec!["tea"]),
        ("?search=nothing", vec![]),
    ] {
        assert_eq!(names(&client, query), expected, "{query}");
    }
}

#[test]
fn thousands_of_rooms_are_listed_whole() {
    let node = Node::start();
    let client = node.client();
    let rooms: Vec<String> = (0..2500).map(|n| format!(r#"{{"roomName":"r{n:04}","publicRoom":{}}}"#, n % 2 == 0)).collect();
    for part in rooms.chunks(500) {
        let answer = client.clone().json().body("POST", "/chatrooms/bulk", &format!(r#"{{"chatRooms":[{}]}}"#, part.join(",")));
        assert_eq!(answer.value()["success"].as_array().map(Vec::len), Some(500));
    }
    let all = names(&client, "?type=all");
    assert_eq!((all.len(), all.is_sorted()), (2500, true));
    assert_eq!(names(&client, "").len(), 1250);
    assert_eq!(client.clone().xml().get("/chatrooms?type=all").text().matches("<chatRoom>").count(), 2500);
}

#[test]
fn a_destroyed_room_is_gone() {
    let node = Node::start();
    let client = node.client();
    post(&client, r#"{"roomName":"tea"}"#).is(201);
    client.delete("/chatrooms/tea").is(200);
    no_room(&client.get("/chatrooms/tea"), "tea");
    post(&client, r#"{"roomName":"tea"}"#).is(201);
}

#[test]
fn nobody_is_in_a_room_yet() {
    let node = Node::start();
    let client = node.client();
    post(&client, r#"{"roomName":"tea"}"#).is(201);
    for (path, xml, json) in [
        ("participants", "<participants/>", r#"{"participants":[]}"#),
        ("occupants", "<occupants/>", r#"{"occupants":[]}"#),
        ("chathistory", "<messages/>", r#"{"message":[]}"#),
    ] {
        client.clone().xml().get(&format!("/chatrooms/tea/{path}")).says(&format!("{PROLOG}{xml}"));
        client.clone().json().get(&format!("/chatrooms/tea/{path}")).says(json);
    }
}

#[test]
fn many_rooms_at_once() {
    let node = Node::start();
    let client = node.client();
    let body = r#"{"chatRooms":[{"roomName":"Tea"},{"roomName":"mug","owners":["a@x.org","b@x.org"],"admins":["a@x.org"],"members":["b@x.org"]},{"roomName":"a b"},{},{"roomName":"pot","broadcastPresenceRoles":["x"]},{"roomName":"tea","naturalName":"Again"},{"roomName":"jug","members":["@x"]}]}"#;
    client.clone().json().body("POST", "/chatrooms/bulk", body).says(
        r#"{"success":[{"roomName":"tea","resultType":"Success","message":"Room was successfully created"},{"roomName":"tea","resultType":"Success","message":"Room was successfully created"}],"failure":[{"roomName":"mug","resultType":"Failure","message":"Room creation failed due to ConflictException: The requested room defines duplicate affiliations for the following entities: a@x.org, b@x.org"},{"roomName":"a b","resultType":"Failure","message":"Room creation failed due to IllegalArgumentException: not a legal name of a chat room: a b"},{"resultType":"Failure","message":"Room creation failed due to IllegalArgumentException: roomName is missing"},{"roomName":"pot","resultType":"Failure","message":"Room creation failed due to IllegalArgumentException: not a role: x"},{"roomName":"jug","resultType":"Failure","message":"Room creation failed due to IllegalArgumentException: Unable to parse value as jid: @x"}],"other":[]}"#,
    );
    assert_eq!(room(&client, "tea")["naturalName"], "Again");
    let answer = client.body("POST", "/chatrooms/bulk", "<chatRooms><chatRoom><roomName>pot</roomName></chatRoom></chatRooms>");
    answer.says(&format!(
        "{PROLOG}<results><success><result><roomName>pot</roomName><resultType>Success</resultType><message>Room was successfully created</message>\
         </result></success><failure/><other/></results>"
    ));
    for body in ["{}", r#"{"chatRooms":[]}"#, r#"{"chatRooms":null}"#, "<chatRooms/>"] {
        client.clone().json().body("POST", "/chatrooms/bulk", body).says(r#"{"success":[],"failure":[],"other":[]}"#);
    }
    assert_eq!(client.body("POST", "/chatrooms/bulk", r#"{"chatRooms":[{"maxUsers":"x"}]}"#).status, 400);
    assert_eq!(client.post("/chatrooms/bulk").status, 400);
    assert_eq!(client.send("OPTIONS", "/chatrooms/bulk", None).header("allow"), Some("GET,PUT,POST,DELETE,HEAD,OPTIONS"));
}

#[test]
fn rooms_outlive_the_process() {
    let data = tempfile::tempdir().unwrap();
    let node = Node::start_on(data.path());
    node.client().body("POST", "/groups", r#"{"name":"Brewers","description":"d"}"#).is(201);
    post(&node.client(), FULL_JSON).is(201);
    node.kill();
    let node = Node::start_on(data.path());
    node.client().json().get("/chatrooms/tea").says(FULL_JSON);
}

#[test]
fn affiliations_follow_accounts_and_groups() {
    let (node, client) = with_group();
    client.body("POST", "/users", r#"{"username":"ann","password":"p"}"#).is(201);
    client.body("POST", "/users", r#"{"username":"bob","password":"p"}"#).is(201);
    post(&client, r#"{"roomName":"tea","owners":["ann"],"members":["bob"],"memberGroups":["Brewers"]}"#).is(201);
    client.body("PUT", "/users/ann", r#"{"username":"zoe"}"#).is(200);
    client.delete("/users/bob").is(200);
    client.delete("/groups/Brewers").is(200);
    let tea = room(&node.client(), "tea");
    assert_eq!(
        (&tea["owners"], &tea["members"], &tea["memberGroups"]),
        (&serde_json::json!(["zoe@example.org"]), &serde_json::json!([]), &serde_json::json!([]))
    );
}
