//! Chat services (rooms.md §5.1, §5.2).

use cluster_tests::Node;

use crate::PROLOG;

const CREATE: &str = "Could not create the chat service";

#[test]
fn the_first_service_is_there_from_the_start() {
    let node = Node::start();
    node.client().get("/chatservices").says(&format!(
        "{PROLOG}<chatServices><chatService><serviceName>conference</serviceName><description>Public Chatrooms</description>\
         <hidden>false</hidden></chatService></chatServices>"
    ));
    let json = r#"{"chatService":[{"serviceName":"conference","description":"Public Chatrooms","hidden":false}]}"#;
    node.client().json().get("/chatservices").says(json);
}

#[test]
fn services_are_created_and_listed_by_name() {
    let node = Node::start();
    let client = node.client();
    client.body("POST", "/chatservices", "<chatService><serviceName>Tearooms</serviceName><hidden>true</hidden></chatService>").is(201);
    client.body("POST", "/chatservices", r#"{"serviceName":"bar.example.org","description":"For drinks"}"#).is(201);
    client.body("POST", "/chatservices", r#"{"serviceName":"cafe","description":"  "}"#).is(201);
    client.json().get("/chatservices").says(
        r#"{"chatService":[{"serviceName":"Tearooms","description":"Public Chatrooms","hidden":true},{"serviceName":"bar","description":"For drinks","hidden":false},{"serviceName":"cafe","description":"Public Chatrooms","hidden":false},{"serviceName":"conference","description":"Public Chatrooms","hidden":false}]}"#,
    );
}

#[test]
fn a_name_is_taken_once() {
    let node = Node::start();
    for name in ["conference", "Conference", "conference.example.org"] {
        let body = format!(r#"{{"serviceName":"{name}"}}"#);
        node.client().json().body("POST", "/chatservices", &body).fails(409, "AlreadyExistsException", CREATE, name);
    }
}

#[test]
fn bad_services_are_refused() {
    let node = Node::start();
    for body in [r#"{"description":"x"}"#, r#"{"serviceName":""}"#, r#"{"serviceName":"a b"}"#, "null", "{", "<chatService/>", "<service/>"] {
        assert_eq!(node.client().body("POST", "/chatservices", body).status, 400, "{body}");
    }
    assert_eq!(node.client().post("/chatservices").status, 400);
    assert_eq!(node.client().send("POST", "/chatservices", Some(("text/plain", b"<chatService/>"))).status, 415);
    assert_eq!(node.client().header("Accept", "text/html").get("/chatservices").status, 406);
    assert_eq!(node.client().delete("/chatservices").status, 405);
    assert_eq!(node.client().get("/chatservices/conference").status, 404);
}
