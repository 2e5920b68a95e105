//! Reading one user, against a handler that only answers.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Plan;
use super::contenders::bare;
use super::http::request;
use super::load::{Load, interleave};
use super::table::{Table, Target};
use crate::node::{Node, PASSWORD};
use crate::rest::BASE;

const CONNECTIONS: usize = 64;

/// The `Authorization` of the administrator.
pub fn basic() -> String {
    format!("Basic {}", STANDARD.encode(format!("admin:{PASSWORD}")))
}

/// `GET /users/{name}`, as JSON with basic authentication.
fn get() -> Vec<u8> {
    request("GET", &format!("{BASE}/users/ann"), &[("Authorization", &basic()), ("Accept", "application/json")], "")
}

/// See the module.
pub fn measure(plan: &Plan, table: &mut Table) {
    let room = super::room();
    let node = Node::start_on(room.path());
    create(
        &node,
        r#"{"username":"ann","password":"x","name":"Ann Example","email":"ann@example.org","properties":{"property":[{"key":"team","value":"red"},{"key":"site","value":"north"}]}}"#,
    );
    let body = node.client().json().get("/users/ann").text().to_owned();
    let beside = bare(&body);
    let made = get();
    let make = Arc::new(move |_, _| made.clone());
    let hearth = Load::open(node.server(), CONNECTIONS, make.clone());
    let [a, b] = interleave([hearth, Load::open(beside.server(), CONNECTIONS, make)], plan.rounds);
    table.versus("GET of one user, 64 connections", a, ("actix-web alone", b), a.rate / b.rate, Target::AtLeast(0.6));
}

/// Creates a user from JSON.
pub fn create(node: &Node, user: &str) {
    let answer = node.client().body("POST", "/users", user);
    assert_eq!(answer.status, 201, "{}", answer.text());
}
