//! Users (users.md §3).

use cluster_tests::Node;

use crate::{PROLOG, json, refused, users};

const ILLEGAL: &str = "IllegalArgumentException";
const UNKNOWN: &str = "UserNotFoundException";
const EXISTS: &str = "UserAlreadyExistsException";
const CREATE: &str = "Could not create new user";

#[test]
fn a_user_is_created_and_read_in_both_forms() {
    let node = Node::start();
    let client = node.client();
    client.body("POST", "/users", "<user><username>tobias</username><password>s3cret!</password></user>").is(201);
    client.get("/users/tobias").says(&format!("{PROLOG}<user><username>tobias</username><name></name><properties/></user>"));
    client.json().get("/users/tobias").says(r#"{"username":"tobias","name":"","properties":[]}"#);
    let mira = r#"{"username":"MIRA","name":"Mira Holt","email":"mira@mail.example","password":"x","properties":[{"key":"shift","value":"night"},{"key":"a","value":"<&>"}]}"#;
    node.client().body("POST", "/users", mira).is(201);
    let expected = "<user><username>mira</username><name>Mira Holt</name><email>mira@mail.example</email><properties>\
                    <property key=\"a\" value=\"&lt;&amp;&gt;\"/><property key=\"shift\" value=\"night\"/></properties></user>";
    node.client().get("/users/Mira").says(&format!("{PROLOG}{expected}"));
    node.client().get("/users/mira@example.org/").says(&format!("{PROLOG}{expected}"));
}

#[test]
fn older_shapes_of_properties_are_understood() {
    let node = Node::start();
    let shapes = [
        r#"[{"key":"k","value":"v"}]"#,
        r#"{"property":[{"@key":"k","@value":"v"}]}"#,
        r#"{"property":{"@key":"k","@value":"v"}}"#,
        r#"{"@key":"k","@value":"v"}"#,
        r#"{"key":"k","value":"v"}"#,
        r#"[{"key":"k","value":"1"},{"key":"k","value":"v"}]"#,
    ];
    for (n, shape) in shapes.iter().enumerate() {
        let body = format!(r#"{{"username":"u{n}","password":"x","properties":{shape},"unknown":1}}"#);
        node.client().body("POST", "/users", &body).is(201);
        assert_eq!(json(&node, &format!("/users/u{n}")), format!(r#"{{"username":"u{n}","name":"","properties":[{{"key":"k","value":"v"}}]}}"#));
    }
}

#[test]
fn the_refusals_of_creating() {
    let node = Node::start();
    users(&node, &["mira"]);
    let nobody = (400, ILLEGAL, CREATE, "users");
    let no_password = |name| (400, "PasswordIsNull", "Could not create new user, because password is null", name);
    let long = "x".repeat(65);
    let too_long = format!(r#"{{"username":"{long}","password":"x"}}"#);
    let long_name = format!(r#"{{"username":"ok","password":"x","name":"{}"}}"#, "x".repeat(101));
    refused(
        &node,
        &[
            ("POST", "/users", "", nobody),
            ("POST", "/users", "null", nobody),
            ("POST", "/users", "{}", nobody),
            ("POST", "/users", "<user/>", nobody),
            ("POST", "/users", "<user><username/><password>x</password></user>", nobody),
            ("POST", "/users", r#"{"username":"ok"}"#, no_password("ok")),
            ("POST", "/users", r#"{"username":"ok","password":""}"#, no_password("ok")),
            ("POST", "/users", r#"{"username":"a b"}"#, no_password("a b")),
            ("POST", "/users", r#"{"username":"a b","password":"x"}"#, (400, ILLEGAL, CREATE, "a b")),
            ("POST", "/users", r#"{"username":"a@b","password":"x"}"#, (400, ILLEGAL, CREATE, "a@b")),
            ("POST", "/users", r#"{"username":"MIRA","password":"x"}"#, (409, EXISTS, CREATE, "MIRA")),
            ("POST", "/users", r#"{"username":"ok","password":"x","properties":[{"value":"v"}]}"#, (400, ILLEGAL, CREATE, "ok")),
            ("POST", "/users", &too_long, (400, ILLEGAL, CREATE, &long)),
            ("POST", "/users", &long_name, (400, ILLEGAL, CREATE, "ok")),
        ],
    );
    assert_eq!(node.client().get("/users/ok").status, 404);
}

#[test]
fn many_users_are_created_together_or_not_at_all() {
    let node = Node::start();
    let user = |name: &str| format!("<user><username>{name}</username><password>x</password></user>");
    node.client().body("POST", "/users", &format!("<users>{}{}</users>", user("a"), user("b"))).is(201);
    let twice = r#"{"user":[{"username":"c","password":"x"},{"username":"C","password":"x"}]}"#;
    let taken = r#"{"users":[{"username":"c","password":"x"},{"username":"b","password":"x"}]}"#;
    let bad = r#"{"users":[{"username":"c","password":"x"},{"username":"d"}]}"#;
    refused(
        &node,
        &[
            ("POST", "/users", twice, (409, EXISTS, CREATE, "C")),
            ("POST", "/users", taken, (409, EXISTS, CREATE, "b")),
            ("POST", "/users", bad, (400, "PasswordIsNull", "Could not create new user, because password is null", "d")),
            ("POST", "/users", r#"{"users":[]}"#, (400, ILLEGAL, CREATE, "users")),
            ("POST", "/users", "<users/>", (400, ILLEGAL, CREATE, "users")),
        ],
    );
    node.client().body("POST", "/users", r#"{"user":{"username":"e","password":"x"}}"#).is(201);
    let listed = json(&node, "/users");
    let names: Vec<&str> = listed.split("\"username\":\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(names, ["a", "admin", "b", "e"]);
}

#[test]
fn users_are_listed_searched_and_found_by_property() {
    let node = Node::start();
    for (name, properties) in [("mira", r#"[{"key":"shift","value":"night"}]"#), ("miro", r#"[{"key":"shift","value":""}]"#), ("ann", "[]")] {
        let body = format!(r#"{{"username":"{name}","password":"x","properties":{properties}}}"#);
        node.client().body("POST", "/users", &body).is(201);
    }
    let names = |query: &str| {
        let listed = node.client().json().get(&format!("/users{query}")).value();
        let users = listed["users"].as_array().unwrap().clone();
        users.iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(""), ["admin", "ann", "mira", "miro"]);
    assert_eq!(names("?search=MIR"), ["mira", "miro"]);
    assert_eq!(names("?search="), ["admin", "ann", "mira", "miro"]);
    assert_eq!(names("?propertyValue=night"), ["admin", "ann", "mira", "miro"]);
    assert_eq!(names("?propertyKey=shift&search=miro"), ["mira", "miro"]);
    assert_eq!(names("?propertyKey=shift&propertyValue=night"), ["mira"]);
    assert_eq!(names("?propertyKey=shift&propertyValue"), ["miro"]);
    assert_eq!(names("?propertyKey=Shift"), [""; 0]);
    node.client().get("/users?search=zz").says(&format!("{PROLOG}<users/>"));
    node.client().json().get("/users?propertyKey=").says(r#"{"users":[]}"#);
    node.client().get("/users?search=ann").says(&format!("{PROLOG}<users><user><username>ann</username><name></name><properties/></user></users>"));
}

#[test]
fn an_update_sets_what_it_names_and_replaces_properties() {
    let node = Node::start();
    let start = r#"{"username":"mira","password":"x","name":"Mira","email":"m@x","properties":[{"key":"k","value":"v"}]}"#;
    node.client().body("POST", "/users", start).is(201);
    node.client().body("PUT", "/users/mira", "null").is(200);
    node.client().send("PUT", "/users/mira", None).is(200);
    assert!(json(&node, "/users/mira").contains("\"key\":\"k\""));
    node.client().body("PUT", "/users/MIRA", r#"{"username":"mira","name":" "}"#).is(200);
    assert_eq!(json(&node, "/users/mira"), r#"{"username":"mira","name":"","email":"m@x","properties":[]}"#);
    node.client().body("PUT", "/users/mira", "<user><email/><name>M</name><properties><property key=\"a\" value=\"b\"/></properties></user>").is(200);
    assert_eq!(json(&node, "/users/mira"), r#"{"username":"mira","name":"M","properties":[{"key":"a","value":"b"}]}"#);
    refused(
        &node,
        &[
            ("PUT", "/users/nobody", r#"{"name":"x"}"#, (404, UNKNOWN, "Could not get user", "nobody")),
            ("PUT", "/users/nobody", r#"{"password":""}"#, (404, UNKNOWN, "Could not get user", "nobody")),
            ("PUT", "/users/a%20b", "<user/>", (404, UNKNOWN, "Could not get user", "a b")),
            ("PUT", "/users/mira@other.org", "<user/>", (404, UNKNOWN, "Could not get user", "mira@other.org")),
            ("PUT", "/users/Mira", r#"{"password":"","name":"lost"}"#, (400, ILLEGAL, "Could not update user", "Mira")),
        ],
    );
    assert!(json(&node, "/users/mira").contains(r#""name":"M""#));
}

#[test]
fn a_rename_moves_everything() {
    let node = Node::start();
    users(&node, &["mira", "tobias", "lone"]);
    let client = node.client();
    client.body("POST", "/groups", r#"{"name":"Crew","admins":["mira"],"members":["tobias"]}"#).is(201);
    client.body("PUT", "/users/mira/vcard", "<vCard xmlns=\"vcard-temp\"><FN>Mira</FN></vCard>").is(200);
    client.body("POST", "/users/mira/roster", r#"{"jid":"tobias@example.org","nickname":"T","subscriptionType":3}"#).is(201);
    client.body("POST", "/users/mira/roster", r#"{"jid":"lone@example.org"}"#).is(201);
    client.body("POST", "/users/tobias/roster", r#"{"jid":"mira@example.org","nickname":"M","groups":["Pals"],"subscriptionType":1}"#).is(201);
    client.post("/lockouts/mira").is(201);
    client.body("PUT", "/users/MIRA", r#"{"username":"Nora","name":"Nora Holt"}"#).is(200);
    assert_eq!(client.get("/users/mira").status, 404);
    assert_eq!(json(&node, "/users/nora"), r#"{"username":"nora","name":"Nora Holt","properties":[]}"#);
    assert_eq!(json(&node, "/groups/Crew"), r#"{"name":"Crew","admins":["nora@example.org"],"members":["tobias@example.org"],"shared":false}"#);
    assert_eq!(client.get("/users/nora/vcard").text(), "<vCard xmlns=\"vcard-temp\"><FN>Mira</FN></vCard>");
    let tobias = r#"{"rosterItem":[{"jid":"nora@example.org","nickname":"M","subscriptionType":1,"groups":["Pals"]}]}"#;
    assert_eq!(json(&node, "/users/tobias/roster"), tobias);
    assert_eq!(json(&node, "/users/lone/roster"), r#"{"rosterItem":[]}"#);
    let nora = r#"{"rosterItem":[{"jid":"lone@example.org","subscriptionType":0,"groups":[]},{"jid":"tobias@example.org","nickname":"T","subscriptionType":3,"groups":[]}]}"#;
    assert_eq!(json(&node, "/users/nora/roster"), nora);
    refused(
        &node,
        &[
            ("PUT", "/users/mira", r#"{"username":"new"}"#, (404, UNKNOWN, "Could not find user", "mira")),
            ("PUT", "/users/mira", r#"{"username":"a b"}"#, (404, UNKNOWN, "Could not find user", "mira")),
            ("PUT", "/users/nora", r#"{"username":"TOBIAS"}"#, (409, EXISTS, CREATE, "TOBIAS")),
            ("PUT", "/users/nora", r#"{"username":"a b"}"#, (400, ILLEGAL, CREATE, "a b")),
            ("PUT", "/users/nora", "<user><username/></user>", (400, ILLEGAL, CREATE, "")),
        ],
    );
}

#[test]
fn an_administrator_keeps_the_right_through_a_rename_and_a_lockout_too() {
    let node = Node::start();
    users(&node, &["mira"]);
    let admins = |jids: &str| format!(r#"<property key="admin.authorizedJIDs" value="{jids}"/>"#);
    node.client().body("PUT", "/system/properties/admin.authorizedJIDs", &admins("mira@example.org,admin@example.org")).is(200);
    let status = |name: &str, password: &str| node.stranger().basic(name, password).get("/users").status;
    assert_eq!(status("mira", "secret"), 200);
    node.client().body("PUT", "/users/mira", r#"{"username":"nora"}"#).is(200);
    assert_eq!((status("nora", "secret"), status("mira", "secret")), (200, 401));
    node.client().post("/lockouts/nora").is(201);
    node.client().body("PUT", "/users/nora", r#"{"username":"mira","password":"another"}"#).is(200);
    assert_eq!(status("mira", "another"), 401);
    node.client().delete("/lockouts/mira").is(200);
    assert_eq!((status("mira", "another"), status("mira", "secret")), (200, 401));
    node.client().delete("/users/mira").is(200);
    users(&node, &["mira"]);
    assert_eq!(status("mira", "secret"), 401, "the right is gone with the account");
}

#[test]
fn a_deleted_user_leaves_nothing_behind() {
    let node = Node::start();
    users(&node, &["mira", "tobias"]);
    let client = node.client();
    client.body("POST", "/groups", r#"{"name":"Crew","admins":["mira"],"members":["tobias"]}"#).is(201);
    client.body("PUT", "/users/mira/vcard", "<vCard xmlns=\"vcard-temp\"/>").is(200);
    client.body("POST", "/users/tobias/roster", r#"{"jid":"mira@example.org","subscriptionType":3}"#).is(201);
    client.body("POST", "/users/mira/roster", r#"{"jid":"x@elsewhere.org","subscriptionType":3}"#).is(201);
    client.delete("/users/MIRA").is(200);
    refused(&node, &[("DELETE", "/users/mira", "", (404, UNKNOWN, "Could not get user", "mira"))]);
    assert_eq!(json(&node, "/groups/Crew"), r#"{"name":"Crew","admins":[],"members":["tobias@example.org"],"shared":false}"#);
    assert_eq!(json(&node, "/users/tobias/roster"), r#"{"rosterItem":[]}"#);
    users(&node, &["mira"]);
    assert_eq!(json(&node, "/users/mira/roster"), r#"{"rosterItem":[]}"#);
    assert_eq!(json(&node, "/users/mira/groups"), r#"{"groupnames":[]}"#);
    client.get("/users/mira/vcard").is(204);
}

#[test]
fn unknown_users_are_not_found_by_any_method() {
    let node = Node::start();
    refused(
        &node,
        &[
            ("GET", "/users/nobody", "", (404, UNKNOWN, "Could not get user", "nobody")),
            ("GET", "/users/a%20b", "", (404, UNKNOWN, "Could not get user", "a b")),
            ("GET", "/users/admin@other.org", "", (404, UNKNOWN, "Could not get user", "admin@other.org")),
            ("GET", "/users/a%2Fb", "", (404, UNKNOWN, "Could not get user", "a/b")),
            ("DELETE", "/users/Nobody", "", (404, UNKNOWN, "Could not get user", "Nobody")),
        ],
    );
}

#[test]
fn escaped_names_are_reached_through_the_path() {
    let node = Node::start();
    node.client().body("POST", "/users", r#"{"username":"ann\\20lee","password":"x"}"#).is(201);
    assert_eq!(json(&node, "/users/ann%5C20lee"), r#"{"username":"ann\\20lee","name":"","properties":[]}"#);
}
