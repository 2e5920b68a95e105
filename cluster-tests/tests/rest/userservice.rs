//! The legacy User Service (users.md §9).

use cluster_tests::{Client, Node, Response, node::SECRET};

use crate::{json, users};

const CURRENT: &str = "/plugins/restapi/v1/userservice";
const FORM: &str = "application/x-www-form-urlencoded";

/// Asks with the secret, on the current address, by `GET`.
fn ask(node: &Node, query: &str) -> String {
    answered(&node.stranger().absolute("GET", &format!("{CURRENT}?secret={SECRET}&{query}"), None))
}

#[track_caller]
fn answered(answer: &Response) -> String {
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/xml;charset=utf-8")));
    answer.text().strip_suffix('\n').expect("a line").to_owned()
}

fn error(code: &str) -> String {
    format!("<error>{code}</error>")
}

const OK: &str = "<result>ok</result>";

#[test]
fn three_addresses_and_two_methods() {
    let node = Node::start();
    let stranger = node.stranger();
    let groups = "<result></result>";
    for path in [CURRENT, "/plugins/restapi/userservice", "/plugins/userService/userservice", "/plugins/USERSERVICE/userservice/"] {
        let query = format!("{path}?type=grouplist&secret={SECRET}");
        assert_eq!(answered(&stranger.absolute("GET", &query, None)), groups);
        assert_eq!(answered(&stranger.absolute("POST", &query, None)), groups);
        let form = format!("type=grouplist&secret={SECRET}");
        assert_eq!(answered(&stranger.absolute("POST", path, Some((FORM, form.as_bytes())))), groups);
        assert_eq!(answered(&stranger.absolute("POST", path, Some(("text/plain", form.as_bytes())))), error("RequestNotAuthorised"));
        let head = stranger.absolute("HEAD", &query, None);
        assert_eq!((head.status, head.header("allow")), (405, Some("GET,POST,OPTIONS")));
        assert_eq!(stranger.absolute("PUT", &query, None).status, 405);
        assert_eq!(stranger.absolute("OPTIONS", path, None).status, 200);
    }
    let both = format!("{CURRENT}?secret={SECRET}&type=grouplist");
    assert_eq!(answered(&stranger.absolute("POST", &both, Some((FORM, b"type=add&secret=x")))), groups, "the query wins");
    assert_eq!(stranger.absolute("GET", "/plugins/restapi/v1/users/userservice", None).status, 401);
}

#[test]
fn the_secret_and_nothing_else_lets_in() {
    let node = Node::start();
    let refused = error("RequestNotAuthorised");
    let with = |client: Client, query: &str| answered(&client.absolute("GET", &format!("{CURRENT}?{query}"), None));
    assert_eq!(with(node.stranger(), "type=grouplist"), refused);
    assert_eq!(with(node.stranger(), "type=grouplist&secret="), refused);
    assert_eq!(with(node.stranger(), "type=grouplist&secret=Test-secret-0123"), refused);
    assert_eq!(with(node.client(), "type=grouplist"), refused);
    assert_eq!(with(node.stranger().basic("admin", cluster_tests::node::PASSWORD), "type=grouplist"), refused);
}

#[test]
fn guessing_is_slowed_down_for_all_doors() {
    let node = Node::configured("[throttle]\nper_address = 3\n");
    let guess = || node.stranger().absolute("GET", &format!("{CURRENT}?secret=guess"), None);
    let statuses: Vec<u16> = (0..4).map(|_| guess().status).collect();
    assert_eq!(statuses, [200, 200, 200, 429]);
    assert!(guess().header("retry-after").is_some());
    assert_eq!(node.stranger().basic("admin", "guess").get("/users").status, 429);
    assert_eq!(ask(&node, "type=grouplist"), "<result></result>");
}

#[test]
fn it_can_be_switched_off() {
    let node = Node::configured("[userservice]\nenabled = false\n");
    let ask = |path: &str| node.stranger().absolute("GET", &format!("{path}?type=grouplist&secret={SECRET}"), None);
    let answer = ask(CURRENT);
    assert_eq!((answer.status, answer.text().as_str()), (403, "<error>UserServiceDisabled</error>\n"));
    assert_eq!(answered(&ask("/plugins/restapi/userservice")), error("UserServiceDisabled"));
    assert_eq!(answered(&ask("/plugins/userService/userservice")), error("UserServiceDisabled"));
}

#[test]
fn properties_switch_it_and_say_from_where() {
    let node = Node::start();
    let set = |key: &str, value: &str| {
        let body = format!("<property key=\"{key}\" value=\"{value}\"/>");
        let path = format!("/system/properties/{key}");
        assert!(node.client().body("PUT", &path, &body).status < 300 || node.client().body("POST", "/system/properties", &body).status < 300);
    };
    set("plugin.userservice.enabled", "false");
    let answer = node.stranger().absolute("GET", &format!("{CURRENT}?type=grouplist&secret={SECRET}"), None);
    assert_eq!((answer.status, answer.text().as_str()), (403, "<error>UserServiceDisabled</error>\n"));
    set("plugin.userservice.enabled", "TRUE");
    assert_eq!(ask(&node, "type=grouplist"), "<result></result>");
    set("plugin.restapi.allowedIPs", "192.0.2.1");
    assert_eq!(ask(&node, "type=grouplist"), error("RequestNotAuthorised"));
}

#[test]
fn what_it_does_is_in_the_audit_log_without_secrets() {
    let node = Node::start();
    assert_eq!(ask(&node, "type=add&username=mira&password=hidden-word&groups=Crew"), OK);
    let wrong = node.stranger().absolute("GET", &format!("{CURRENT}?secret=wrong-word"), None);
    assert_eq!(wrong.status, 200);
    let log = json(&node, "/logs/security");
    for said in ["created new user mira", "added group member to Crew", "Failed User Service login attempt", "via User Service from 127.0.0.1"] {
        assert!(log.contains(said), "{said}: {log}");
    }
    assert!(!log.contains("hidden-word") && !log.contains("wrong-word") && !log.contains(SECRET), "{log}");
}

#[test]
fn what_is_missing_or_unknown_is_illegal() {
    let node = Node::start();
    users(&node, &["mira"]);
    for query in [
        "",
        "type=add",
        "username=mira",
        "type=nonsense&username=mira",
        "type=Delete&username=mira",
        "type=delete&username=",
        "type=delete&username=a%07b",
        "type=add&username=&password=x",
        "type=add&username=new",
        "type=add&username=new&password=",
        "type=update&username=mira&password=",
        "type=add_roster&username=mira",
        "type=add_roster&username=mira&item_jid=",
        "type=add_roster&username=mira&item_jid=@",
        "type=add_roster&username=mira&item_jid=a@b&subscription=4",
        "type=add_roster&username=mira&item_jid=a@b&subscription=",
        "type=add_roster&username=mira&item_jid=a@b&subscription=-1",
        "type=delete_roster&username=mira",
        "type=update&username=mira&groups=%20",
    ] {
        assert_eq!(ask(&node, query), error("IllegalArgumentException"), "{query}");
    }
    for kind in [
        "delete",
        "disable",
        "enable",
        "update",
        "usergrouplist",
        "add_roster&item_jid=a@b",
        "update_roster&item_jid=a@b",
        "delete_roster&item_jid=a@b",
    ] {
        assert_eq!(ask(&node, &format!("username=nobody&type={kind}")), error("UserNotFoundException"), "{kind}");
    }
    assert_eq!(ask(&node, "type=add&username=MIRA&password=x"), error("UserAlreadyExistsException"));
    assert_eq!(node.client().get("/users/new").status, 404);
}

#[test]
fn a_user_is_added_updated_locked_and_deleted() {
    let node = Node::start();
    assert_eq!(ask(&node, "type=add&username=%20Ann+Lee%20&password=pw&name=Ann&email=a@x&groups=Drivers,,Night%20Shift,"), OK);
    assert_eq!(json(&node, "/users/ann%5C20lee"), r#"{"username":"ann\\20lee","name":"Ann","email":"a@x","properties":[]}"#);
    assert_eq!(
        ask(&node, "type=usergrouplist&username=ann%20lee"),
        "<result><groupname>Drivers</groupname><groupname>Night Shift</groupname></result>"
    );
    assert_eq!(
        json(&node, "/groups/Drivers"),
        r#"{"name":"Drivers","description":"","admins":[],"members":["ann\\20lee@example.org"],"shared":false}"#
    );
    node.client().body("PUT", "/users/ann%5C20lee", r#"{"properties":[{"key":"k","value":"v"}]}"#).is(200);
    assert_eq!(ask(&node, "type=update&username=Ann%20Lee&name=&groups=Drivers,%3CNew%26%3E"), OK);
    assert_eq!(json(&node, "/users/ann%5C20lee"), r#"{"username":"ann\\20lee","name":"","email":"a@x","properties":[{"key":"k","value":"v"}]}"#);
    assert_eq!(
        ask(&node, "type=usergrouplist&username=ann%20lee"),
        "<result><groupname>&lt;New&amp;&gt;</groupname><groupname>Drivers</groupname></result>"
    );
    assert_eq!(ask(&node, "type=update&username=Ann%20Lee&email=b@x"), OK);
    assert_eq!(
        ask(&node, "type=grouplist"),
        "<result><groupname>&lt;New&amp;&gt;</groupname><groupname>Drivers</groupname><groupname>Night Shift</groupname></result>"
    );
    assert_eq!(ask(&node, "type=update&username=Ann%20Lee&groups="), OK);
    assert_eq!(ask(&node, "type=usergrouplist&username=ann%20lee"), "<result></result>");
    assert_eq!(ask(&node, "type=delete&username=ann%20lee"), OK);
    assert_eq!(ask(&node, "type=delete&username=ann%20lee"), error("UserNotFoundException"));
    let admin = node.stranger().basic("admin", cluster_tests::node::PASSWORD);
    assert_eq!(ask(&node, "type=disable&username=admin"), OK);
    assert_eq!(admin.get("/users").status, 401);
    assert_eq!(ask(&node, "type=enable&username=admin"), OK);
    assert_eq!(admin.get("/users").status, 200);
    assert_eq!(ask(&node, "type=update&username=admin&password=another"), OK);
    assert_eq!(node.stranger().basic("admin", "another").get("/users").status, 200);
}

#[test]
fn groups_of_a_user_are_made_equal_but_admins_stay() {
    let node = Node::start();
    users(&node, &["mira"]);
    node.client().body("POST", "/groups", r#"{"name":"Led","admins":["mira"]}"#).is(201);
    node.client().body("POST", "/groups", r#"{"name":"Old","members":["mira"]}"#).is(201);
    assert_eq!(ask(&node, "type=update&username=mira&groups=New"), OK);
    assert_eq!(json(&node, "/users/mira/groups"), r#"{"groupnames":["Led","New"]}"#);
    assert_eq!(ask(&node, "type=update&username=mira&groups=Led"), OK);
    assert!(json(&node, "/groups/Led").contains(r#""admins":["mira@example.org"]"#));
}

#[test]
fn contacts_are_added_replaced_and_removed() {
    let node = Node::start();
    users(&node, &["mira", "ann"]);
    node.client().body("POST", "/groups", r#"{"name":"Team","members":["mira","ann"],"shared":true}"#).is(201);
    let roster = |query: &str| ask(&node, &format!("username=mira&{query}"));
    let has = |item: &str| assert!(json(&node, "/users/mira/roster").contains(item), "{}", json(&node, "/users/mira/roster"));
    assert_eq!(roster("type=add_roster&item_jid=Bob@example.org&name=B&subscription=3&groups=G,H"), OK);
    has(r#"{"jid":"bob@example.org","nickname":"B","subscriptionType":3,"groups":["G","H"]}"#);
    assert_eq!(roster("type=add_roster&item_jid=bob@example.org"), error("UserAlreadyExistsException"));
    assert_eq!(roster("type=add_roster&item_jid=c@d&groups=Team"), error("SharedGroupException"));
    assert_eq!(roster("type=update_roster&item_jid=bob@example.org"), OK);
    has(r#"{"jid":"bob@example.org","subscriptionType":0,"groups":[]}"#);
    assert_eq!(roster("type=update_roster&item_jid=c@d"), error("UserNotFoundException"));
    assert_eq!(roster("type=update_roster&item_jid=ann@example.org"), error("SharedGroupException"));
    assert_eq!(roster("type=delete_roster&item_jid=ann@example.org"), error("SharedGroupException"));
    assert_eq!(roster("type=update_roster&item_jid=bob@example.org&subscription=-1"), OK);
    assert!(!json(&node, "/users/mira/roster").contains("bob"));
    assert_eq!(roster("type=delete_roster&item_jid=bob@example.org"), OK);
}
