//! The REST API over real HTTP, noun by noun: every row of the endpoint and error tables.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod affiliations;
mod door;
mod groups;
mod hostile;
mod invitations;
mod lockouts;
mod memberships;
mod metrics;
mod properties;
mod room_rights;
mod rooms;
mod rosters;
mod services;
mod system;
mod users;
mod userservice;
mod vcards;

/// The start of every XML answer.
pub const PROLOG: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;

/// Requests that are refused: method, path, body (empty for none), and the error with its four parts.
pub type Refusals<'a> = &'a [(&'a str, &'a str, &'a str, (u16, &'a str, &'a str, &'a str))];

/// Sends each of these requests twice, for an answer in XML and in JSON, and wants its error.
#[track_caller]
pub fn refused(node: &cluster_tests::Node, refusals: Refusals) {
    for (method, path, body, (status, exception, message, resource)) in refusals {
        for client in [node.client().xml(), node.client().json()] {
            let answer = if body.is_empty() { client.send(method, path, None) } else { client.body(method, path, body) };
            eprintln!("{method} {path} {body}"); // shown only if the test fails
            answer.fails(*status, exception, message, resource);
        }
    }
}

/// Creates users, whose password is `secret`.
#[track_caller]
pub fn users(node: &cluster_tests::Node, names: &[&str]) {
    let users: Vec<String> = names.iter().map(|name| format!(r#"{{"username":"{name}","password":"secret"}}"#)).collect();
    node.client().body("POST", "/users", &format!(r#"{{"users":[{}]}}"#, users.join(","))).is(201);
}

/// The JSON answer to a `GET`.
#[track_caller]
pub fn json(node: &cluster_tests::Node, path: &str) -> String {
    let answer = node.client().json().get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}
