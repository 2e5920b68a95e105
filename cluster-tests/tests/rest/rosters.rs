//! Contact lists (users.md §6).

use cluster_tests::Node;

use crate::{PROLOG, json, refused, users};

const ILLEGAL: &str = "IllegalArgumentException";
const UNKNOWN: &str = "UserNotFoundException";
const CREATE: &str = "Could not create roster item";
const UPDATE: &str = "Could not update the roster";

fn add(node: &Node, body: &str) {
    node.client().body("POST", "/users/mira/roster", body).is(201);
}

fn roster(node: &Node) -> String {
    json(node, "/users/mira/roster")
}

#[test]
fn a_contact_is_added_and_read_in_both_forms() {
    let node = Node::start();
    users(&node, &["mira"]);
    node.client().get("/users/mira/roster").says(&format!("{PROLOG}<roster/>"));
    add(&node, r#"{"jid":"Tobias@example.org/phone","nickname":"Tobi","subscriptionType":"3","groups":["Crew","Crew","A"]}"#);
    add(&node, "<rosterItem><jid>ann@else.org</jid></rosterItem>");
    let tobias = "<rosterItem><jid>tobias@example.org</jid><nickname>Tobi</nickname><subscriptionType>3</subscriptionType><groups><group>Crew</group><group>A</group></groups></rosterItem>";
    let ann = "<rosterItem><jid>ann@else.org</jid><subscriptionType>0</subscriptionType><groups/></rosterItem>";
    node.client().get("/users/MIRA/roster").says(&format!("{PROLOG}<roster>{ann}{tobias}</roster>"));
    let ann = r#"{"jid":"ann@else.org","subscriptionType":0,"groups":[]}"#;
    let tobias = r#"{"jid":"tobias@example.org","nickname":"Tobi","subscriptionType":3,"groups":["Crew","A"]}"#;
    node.client().json().get("/users/mira/roster").says(&format!(r#"{{"rosterItem":[{ann},{tobias}]}}"#));
}

#[test]
fn an_empty_nickname_becomes_the_contacts_own_name() {
    let node = Node::start();
    users(&node, &["mira", "plain"]);
    node.client().body("POST", "/users", r#"{"username":"bob","password":"x","name":"Bob Holt"}"#).is(201);
    add(&node, r#"{"jid":"bob@example.org","nickname":"","subscriptionType":1}"#);
    add(&node, r#"{"jid":"plain@example.org","nickname":"","subscriptionType":3}"#);
    add(&node, r#"{"jid":"x@else.org","nickname":"","subscriptionType":3}"#);
    add(&node, r#"{"jid":"y@else.org","nickname":"","subscriptionType":2}"#);
    let names: Vec<String> = roster(&node).split("\"nickname\":\"").skip(1).filter_map(|rest| rest.split('"').next().map(String::from)).collect();
    assert_eq!(names, ["Bob Holt", "plain", "x@else.org", ""]);
}

#[test]
fn the_refusals_of_adding() {
    let node = Node::start();
    users(&node, &["mira", "ann"]);
    node.client().body("POST", "/groups", r#"{"name":"Team","members":["mira","ann"],"shared":true}"#).is(201);
    add(&node, r#"{"jid":"bob@example.org"}"#);
    let owner = |name| (404, UNKNOWN, "Could not get user roster", name);
    let null = (400, ILLEGAL, "JID is null", "JID");
    let exists = (409, "UserAlreadyExistsException", CREATE, "");
    let long = format!(r#"{{"jid":"c@example.org","nickname":"{}"}}"#, "x".repeat(256));
    refused(
        &node,
        &[
            ("GET", "/users/nobody/roster", "", owner("nobody")),
            ("GET", "/users/a@b/roster", "", owner("a@b")),
            ("POST", "/users/nobody/roster", r#"{"jid":"bob@example.org"}"#, owner("nobody")),
            ("POST", "/users/nobody/roster", "{}", owner("nobody")),
            ("POST", "/users/a@b/roster", r#"{"jid":"bob@example.org"}"#, owner("a@b")),
            ("POST", "/users/mira/roster", "", null),
            ("POST", "/users/mira/roster", "null", null),
            ("POST", "/users/mira/roster", "<rosterItem><nickname>x</nickname></rosterItem>", null),
            ("POST", "/users/mira/roster", r#"{"jid":""}"#, (400, ILLEGAL, CREATE, "")),
            ("POST", "/users/mira/roster", r#"{"jid":"a b@c"}"#, (400, ILLEGAL, CREATE, "a b@c")),
            ("POST", "/users/mira/roster", &long, (400, ILLEGAL, CREATE, "c@example.org")),
            ("POST", "/users/mira/roster", r#"{"jid":"BOB@example.org/x"}"#, exists),
            ("POST", "/users/mira/roster", r#"{"jid":"ann@example.org"}"#, exists),
            ("POST", "/users/mira/roster", r#"{"jid":"c@example.org","groups":["Team"]}"#, (400, "SharedGroupException", CREATE, "")),
            ("POST", "/users/mira/roster", r#"{"jid":"c@example.org","subscriptionType":4}"#, (400, ILLEGAL, CREATE, "")),
            ("POST", "/users/mira/roster", r#"{"jid":"c@example.org","subscriptionType":-1}"#, (400, ILLEGAL, CREATE, "")),
        ],
    );
    let garbage = "<rosterItem><jid>c@example.org</jid><subscriptionType>much</subscriptionType></rosterItem>";
    assert_eq!(node.client().body("POST", "/users/mira/roster", garbage).status, 400);
    assert!(!roster(&node).contains("c@example.org"));
}

#[test]
fn an_update_leaves_what_it_does_not_name_but_the_subscription() {
    let node = Node::start();
    users(&node, &["mira"]);
    add(&node, r#"{"jid":"bob@example.org","nickname":"B","groups":["G"],"subscriptionType":3}"#);
    let cases = [
        ("{}", r#""nickname":"B","subscriptionType":0,"groups":["G"]"#),
        (r#"{"jid":"other@x","nickname":"Bo","subscriptionType":1}"#, r#""nickname":"Bo","subscriptionType":1,"groups":["G"]"#),
        (r#"{"groups":{"group":["H","I"]},"subscriptionType":2}"#, r#""nickname":"Bo","subscriptionType":2,"groups":["H","I"]"#),
        (r#"{"groups":[],"nickname":""}"#, r#""nickname":"","subscriptionType":0,"groups":[]"#),
        ("<rosterItem><nickname/><subscriptionType>3</subscriptionType></rosterItem>", r#""nickname":"bob","subscriptionType":3,"groups":[]"#),
    ];
    for (body, expected) in cases {
        node.client().body("PUT", "/users/mira/roster/BOB@example.org%2Fphone", body).is(200);
        assert_eq!(roster(&node), format!(r#"{{"rosterItem":[{{"jid":"bob@example.org",{expected}}}]}}"#), "{body}");
    }
    node.client().body("PUT", "/users/mira/roster/bob@example.org", r#"{"subscriptionType":-1}"#).is(200);
    assert_eq!(roster(&node), r#"{"rosterItem":[]}"#);
}

#[test]
fn the_refusals_of_changing_and_removing() {
    let node = Node::start();
    users(&node, &["mira", "ann"]);
    node.client().body("POST", "/groups", r#"{"name":"Team","members":["mira","ann"],"shared":true}"#).is(201);
    add(&node, r#"{"jid":"bob@example.org","nickname":"B"}"#);
    let (bob, ann, cyd) = ("/users/mira/roster/bob@example.org", "/users/mira/roster/ann@example.org", "/users/mira/roster/cyd@example.org");
    let user = |name| (404, UNKNOWN, "Could not get user", name);
    let missing = |jid| (404, UNKNOWN, UPDATE, jid);
    let gone = |jid| (404, "RosterItemNotFound", "Roster Item could not deleted", jid);
    refused(
        &node,
        &[
            ("PUT", "/users/nobody/roster/bob@example.org", "{}", user("nobody")),
            ("PUT", "/users/nobody/roster/@", "null", user("nobody")),
            ("PUT", "/users/nobody/roster/b@c", "null", user("nobody")),
            ("PUT", "/users/mira/roster/@", "{}", missing("@")),
            ("PUT", cyd, "{}", missing("cyd@example.org")),
            ("PUT", cyd, "null", missing("cyd@example.org")),
            ("PUT", cyd, r#"{"subscriptionType":9}"#, missing("cyd@example.org")),
            ("PUT", bob, "", (400, ILLEGAL, UPDATE, "bob@example.org")),
            ("PUT", bob, "null", (400, ILLEGAL, UPDATE, "bob@example.org")),
            ("PUT", bob, r#"{"subscriptionType":9,"nickname":"lost"}"#, (400, ILLEGAL, UPDATE, "bob@example.org")),
            ("PUT", ann, r#"{"groups":["Other"]}"#, (400, "SharedGroupException", UPDATE, "ann@example.org")),
            ("PUT", ann, r#"{"subscriptionType":-1}"#, (400, "SharedGroupException", UPDATE, "ann@example.org")),
            ("DELETE", "/users/nobody/roster/bob@example.org", "", user("nobody")),
            ("DELETE", "/users/nobody/roster/@", "", user("nobody")),
            ("DELETE", "/users/mira/roster/@", "", gone("@")),
            ("DELETE", "/users/mira/roster/CYD@example.org", "", gone("cyd@example.org")),
            (
                "DELETE",
                "/users/mira/roster/Ann@example.org",
                "",
                (400, "SharedGroupException", "Could not delete the roster item", "Ann@example.org"),
            ),
        ],
    );
    assert!(roster(&node).contains(r#""nickname":"B""#));
    node.client().delete("/users/mira/roster/Bob@example.org").is(200);
    assert!(!roster(&node).contains("bob"));
    assert_eq!(node.client().get(bob).status, 405);
}

#[test]
fn shared_groups_make_contacts_on_both_sides() {
    let node = Node::start();
    users(&node, &["mira", "ann"]);
    add(&node, r#"{"jid":"ann@example.org","nickname":"A","groups":["Mine"],"subscriptionType":1}"#);
    node.client().body("POST", "/groups", r#"{"name":"Team","admins":["mira"],"members":["ann","x@else.org"],"shared":true}"#).is(201);
    let ann = r#"{"jid":"ann@example.org","nickname":"A","subscriptionType":3,"groups":["Mine"]}"#;
    let x = r#"{"jid":"x@else.org","subscriptionType":3,"groups":[]}"#;
    assert_eq!(roster(&node), format!(r#"{{"rosterItem":[{ann},{x}]}}"#));
    assert_eq!(json(&node, "/users/ann/roster"), format!(r#"{{"rosterItem":[{{"jid":"mira@example.org","subscriptionType":3,"groups":[]}},{x}]}}"#));
    node.client().body("PUT", "/users/mira/roster/x@else.org", r#"{"nickname":"X","groups":["Team","Far"]}"#).is(200);
    assert!(roster(&node).contains(r#"{"jid":"x@else.org","nickname":"X","subscriptionType":3,"groups":["Far"]}"#));
    node.client().body("PUT", "/groups/Team", r#"{"shared":false}"#).is(200);
    let ann = ann.replace(":3", ":1");
    assert_eq!(roster(&node), format!(r#"{{"rosterItem":[{ann},{{"jid":"x@else.org","nickname":"X","subscriptionType":0,"groups":["Far"]}}]}}"#));
    assert_eq!(json(&node, "/users/ann/roster"), r#"{"rosterItem":[]}"#);
}
