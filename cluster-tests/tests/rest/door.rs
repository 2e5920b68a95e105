//! What every request meets before its endpoint (system.md §1, §2).

use cluster_tests::{Client, Node, node, rest::BASE};

#[test]
fn checks_come_in_their_order() {
    let node = Node::start();
    let stranger = node.stranger();
    let path = |path: &str| format!("{BASE}{path}");
    // Credentials come before the route, the route before the method, the method before the types.
    stranger.get("/nope").fails(401, "NotAuthorizedException", "Unauthorized", &path("/nope"));
    stranger.get("/users").fails(401, "NotAuthorizedException", "Unauthorized", &path("/users"));
    let client = node.client();
    client.get("/nope").fails(404, "NotFoundException", "Not Found", &path("/nope"));
    client.send("PATCH", "/users", Some(("text/plain", b"x"))).fails(405, "NotAllowedException", "Method Not Allowed", &path("/users"));
    client.send("POST", "/users", Some(("text/plain", b"x"))).fails(415, "NotSupportedException", "Unsupported Media Type", &path("/users"));
    client.send("POST", "/users", Some(("", b"{}"))).fails(415, "NotSupportedException", "Unsupported Media Type", &path("/users"));
    client.send("POST", "/users", Some(("bogus", b"{}"))).fails(400, "IllegalArgumentException", "Bad Request", &path("/users"));
    client.clone().header("Accept", "text/html").get("/users").fails(406, "NotAcceptableException", "Not Acceptable", &path("/users"));
}

#[test]
fn every_answer_has_the_headers_of_the_api() {
    let node = Node::start();
    for answer in
        [node.client().get("/users"), node.stranger().get("/users"), node.client().get("/nope"), node.stranger().send("OPTIONS", "/users", None)]
    {
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("access-control-allow-headers"), Some("origin, content-type, accept, authorization"));
        assert_eq!(answer.header("access-control-allow-methods"), Some("GET, POST, PUT, DELETE, OPTIONS, HEAD"));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("set-cookie"), None);
    }
}

#[test]
fn options_need_no_credentials_and_tell_the_methods() {
    let node = Node::start();
    let answer = node.stranger().send("OPTIONS", "/users/ann", None);
    answer.is(200);
    assert_eq!(answer.header("allow"), Some("GET,PUT,DELETE,HEAD,OPTIONS"));
    assert_eq!(node.client().send("PATCH", "/users/ann", None).header("allow"), Some("GET,PUT,DELETE,HEAD,OPTIONS"));
    assert_eq!(node.stranger().send("OPTIONS", "/nope", None).status, 404);
}

#[test]
fn head_is_get_without_the_body() {
    let node = Node::start();
    let client = node.client();
    for path in ["/users/admin", "/users/nobody"] {
        let (get, head) = (client.get(path), client.send("HEAD", path, None));
        assert_eq!((get.status, get.header("content-type")), (head.status, head.header("content-type")));
        assert_eq!(head.header("content-length"), Some(get.body.len().to_string().as_str()));
        assert!(head.body.is_empty());
    }
    assert_eq!(client.send("HEAD", "/lockouts/admin", None).status, 405);
}

#[test]
fn administrators_and_holders_of_the_secret_may_call() {
    let node = Node::start();
    let status = |client: Client| client.get("/users").status;
    let with = |value: &str| node.stranger().header("Authorization", value);
    assert_eq!(status(node.client()), 200);
    assert_eq!(status(node.stranger().basic("admin", node::PASSWORD)), 200);
    assert_eq!(status(node.stranger().basic("ADMIN", node::PASSWORD)), 200);
    assert_eq!(status(with("basic YWRtaW46dGVzdC1wYXNzd29yZA==")), 200);
    assert_eq!(status(with("YWRtaW46dGVzdC1wYXNzd29yZA==")), 200);
    for wrong in ["", "Basic", "Basic !", "Basic YWRtaW4=", "Bearer test-secret-0123", " test-secret-012", "TEST-SECRET-0123"] {
        assert_eq!(status(with(wrong)), 401, "{wrong:?}");
    }
    assert_eq!(status(node.stranger().basic("admin", "wrong")), 401);
    assert_eq!(status(node.stranger().basic("nobody", node::PASSWORD)), 401);
    assert_eq!(status(node.client().header("Authorization", node::SECRET)), 401, "two headers are joined");
}

#[test]
fn a_user_who_is_no_administrator_may_not_call() {
    let node = Node::start();
    node.client().body("POST", "/users", r#"{"username":"ann","password":"secret"}"#).is(201);
    assert_eq!(node.stranger().basic("ann", "secret").get("/users").status, 401);
}

#[test]
fn a_changed_password_counts_at_once() {
    let node = Node::start();
    let old = node.stranger().basic("admin", node::PASSWORD);
    assert_eq!(old.get("/users/admin").status, 200);
    old.body("PUT", "/users/admin", r#"{"password":"another"}"#).is(200);
    assert_eq!(old.get("/users/admin").status, 401);
    assert_eq!(node.stranger().basic("admin", "another").get("/users/admin").status, 200);
}

/// What is changed over the API alone can shut it to everybody; whoever can start the process opens it again.
#[test]
fn a_door_that_was_locked_by_mistake_opens_at_a_start() {
    let dir = tempfile::tempdir().unwrap();
    let mistakes = [("plugin.restapi.enabled", "flase"), ("plugin.restapi.httpAuth", "Basic"), ("plugin.restapi.allowedIPs", "10.0.0.1")];
    for (key, value) in mistakes {
        let node = Node::start_on(dir.path());
        node.client().body("POST", "/system/properties", &format!(r#"{{"key":"{key}","value":"{value}"}}"#)).is(201);
        assert!(matches!(node.client().get("/users").status, 401 | 403), "{key} shuts the door");
        assert!(node.stop().success());
        let node = Node::start_on(dir.path());
        assert!(matches!(node.client().get("/users").status, 401 | 403), "{key} is kept");
        assert!(node.stop().success());

        let mut command = node::serve(dir.path());
        command.arg("--restore-access").env("HEARTH_API_SECRET", "found-again-0123");
        let node = Node::spawn(command, dir.path());
        let client = node.stranger().header("Authorization", "found-again-0123");
        assert_eq!(client.get("/users").status, 200);
        assert!(client.get("/logs/security").text().contains("operator"), "it is in the audit log");
        assert!(!node.log().contains("found-again-0123"));
        client
            .body("PUT", "/system/properties/plugin.restapi.secret", &format!(r#"{{"key":"plugin.restapi.secret","value":"{}"}}"#, node::SECRET))
            .is(200);
        assert!(node.stop().success());
    }
    assert_eq!(Node::start_on(dir.path()).client().get("/users").status, 200);
}

#[test]
fn guessing_is_slowed_down() {
    let node = Node::configured("[throttle]\nper_address = 5\nper_name = 3\n");
    let guess = |name: &str| node.stranger().basic(name, "guess").get("/users");
    let known = node.stranger().basic("admin", node::PASSWORD);
    assert_eq!(known.get("/users").status, 200);
    let statuses: Vec<u16> = (0..4).map(|_| guess("admin").status).collect();
    assert_eq!(statuses, [401, 401, 401, 429]);
    assert!(guess("admin").header("retry-after").is_some());
    assert_eq!([guess("b").status, guess("c").status, guess("d").status], [401, 401, 429]);
    // Whoever verified lately is not locked out by others.
    assert_eq!(known.get("/users").status, 200);
    assert_eq!(node.client().get("/users").status, 200);
}

#[test]
fn one_key_is_one_act() {
    let node = Node::start();
    let client = node.client().header("Idempotency-Key", "k1");
    let body = r#"{"username":"ann","password":"secret"}"#;
    client.body("POST", "/users", body).is(201);
    client.body("POST", "/users", body).is(201);
    node.client().body("POST", "/users", body).fails(409, "UserAlreadyExistsException", "Could not create new user", "ann");
    let other = client.body("POST", "/users", r#"{"username":"bob","password":"secret"}"#);
    other.fails(422, "IllegalArgumentException", "The Idempotency-Key was used with another request", "Idempotency-Key");
    assert_eq!(node.client().get("/users/bob").status, 404);
}

#[test]
fn bodies_are_bounded() {
    let node = Node::configured("[limits]\nbody_bytes = 2000\nbulk_body_bytes = 4000\n");
    let client = node.client();
    let user = |length: usize| format!(r#"{{"username":"ann","password":"{}"}}"#, "x".repeat(length));
    assert_eq!(client.body("POST", "/users", &user(5000)).status, 413);
    assert_eq!(client.body("PUT", "/users/admin", &user(3000)).status, 413);
    assert_eq!(client.body("POST", "/users", &user(3000)).status, 201);
}
