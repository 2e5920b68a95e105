//! Any node serves, truly: what is acknowledged by one is read from every other at once.

use cluster_tests::{Client, Cluster, Dice};

use crate::{calm, put, reads};

#[test]
fn a_write_at_one_node_is_read_at_every_other_at_once() {
    let cluster = Cluster::start(3, &calm(), Dice::new("serving"));
    for round in 0..30_usize {
        let writer = round % 3;
        let (client, name) = (cluster.client(writer), format!("n{round}"));
        put(&cluster, writer, "same", &round.to_string());
        (0..3).for_each(|node| reads(&cluster, node, "same", &round.to_string()));
        client.body("POST", "/users", &format!(r#"{{"username":"{name}","password":"p"}}"#)).is(201);
        (0..3).for_each(|node| assert_eq!(cluster.client(node).get(&format!("/users/{name}")).status, 200, "round {round}, node {node}"));
        client.body("POST", "/chatrooms", &format!(r#"{{"roomName":"{name}","persistent":true}}"#)).is(201);
        (0..3).for_each(|node| assert_eq!(cluster.client(node).get(&format!("/chatrooms/{name}")).status, 200, "round {round}, node {node}"));
        cluster.client((writer + 1) % 3).delete(&format!("/users/{name}")).is(200);
        (0..3).for_each(|node| assert_eq!(cluster.client(node).get(&format!("/users/{name}")).status, 404, "round {round}, node {node}"));
    }
}

#[test]
fn the_same_key_at_another_node_gets_the_first_answer() {
    let cluster = Cluster::start(3, &calm(), Dice::new("keys"));
    let client = |node: usize| cluster.client(node).header("Idempotency-Key", "once");
    let create = |client: &Client, name: &str| client.body("POST", "/users", &format!(r#"{{"username":"{name}","password":"p"}}"#));
    for node in 0..3 {
        create(&client(node), "mira").is(201);
    }
    assert_eq!(create(&client(1), "other").status, 422);
    create(&cluster.client(2), "mira").fails(409, "UserAlreadyExistsException", "Could not create new user", "mira");
    let log = cluster.client(1).get("/logs/security").value();
    assert_eq!(log["logs"].as_array().unwrap().len(), 1, "{log}");
}

#[test]
fn a_local_read_says_how_far_the_node_is() {
    let cluster = Cluster::start(3, &calm(), Dice::new("local"));
    put(&cluster, 0, "k", "1");
    (0..3).for_each(|node| reads(&cluster, node, "k", "1"));
    for node in 0..3 {
        let by_query = cluster.client(node).get("/system/properties/k?consistency=local");
        let by_header = cluster.client(node).header("X-Hearth-Consistency", "local").get("/system/properties/k");
        for told in [by_query, by_header] {
            assert_eq!(told.status, 200, "{}", told.text());
            let index = told.header("x-hearth-applied").unwrap_or_else(|| panic!("no index in {:?}", told.headers));
            assert!(index.parse::<u64>().unwrap() > 0);
        }
        assert_eq!(cluster.client(node).get("/system/properties/k").header("x-hearth-applied"), None);
    }
}
