//! System properties (system.md §4).

use cluster_tests::{Node, node::SECRET, rest::Client};

use crate::PROLOG;

const PATH: &str = "/system/properties";
const UNKNOWN: (u16, &str, &str) = (404, "PropertyNotFoundException", "Could not find property");

fn unknown(client: &Client, method: &str, key: &str) {
    let (status, exception, message) = UNKNOWN;
    client.send(method, &format!("{PATH}/{key}"), None).fails(status, exception, message, key);
}

fn json(key: &str, value: &str) -> String {
    format!(r#"{{"key":"{key}","value":"{value}"}}"#)
}

#[test]
fn a_property_is_made_read_changed_and_deleted() {
    let node = Node::start();
    let (xml, client) = (node.client().xml(), node.client().json());
    unknown(&client, "GET", "lamp.color");
    client.body("POST", PATH, r#"<property key="lamp.color" value="amber"/>"#).is(201);
    client.get("/system/properties/lamp.color").says(r#"{"key":"lamp.color","value":"amber"}"#);
    xml.get("/system/properties/lamp.color").says(&format!(r#"{PROLOG}<property key="lamp.color" value="amber"/>"#));
    // Never a conflict, and scalars become text.
    client.body("POST", PATH, r#"{"key":"lamp.color","value":12.50}"#).is(201);
    client.get("/system/properties/lamp.color").says(&json("lamp.color", "12.50"));
    client.body("PUT", "/system/properties/lamp.color", r#"{"@key":"lamp.color","@value":"red"}"#).is(200);
    client.get("/system/properties/lamp.color").says(&json("lamp.color", "red"));
    client.body("PUT", "/system/properties/lamp.color", &json("lamp.color", "")).is(200);
    xml.get("/system/properties/lamp.color").says(&format!(r#"{PROLOG}<property key="lamp.color" value=""/>"#));
    client.delete("/system/properties/lamp.color").is(200);
    unknown(&client, "GET", "lamp.color");
    unknown(&client, "DELETE", "lamp.color");
    unknown(&client, "GET", "LAMP.color");
}

#[test]
fn keys_are_stored_without_a_dot_at_the_end_and_without_space_around() {
    let node = Node::start();
    let client = node.client().json();
    for (given, stored) in [("dot.", "dot"), (" space ", "space"), ("..", "."), (" . ", ".")] {
        client.body("POST", PATH, &json(given, "1")).is(201);
        client.get(&format!("{PATH}/{}", stored.replace(' ', "%20"))).says(&json(stored, "1"));
    }
    // Names are opaque, whatever they look like.
    for key in ["x.jsp", "a..b", "a/b", "50%", "\u{e9}"] {
        client.body("POST", PATH, &json(key, "1")).is(201);
        let escaped: String = key.bytes().map(|byte| format!("%{byte:02X}")).collect();
        client.get(&format!("{PATH}/{escaped}")).says(&json(key, "1"));
    }
}

#[test]
fn deletion_takes_what_is_below() {
    let node = Node::start();
    let client = node.client().json();
    for key in ["t", "t.a", "t.a.b", "tt", "u.a"] {
        client.body("POST", PATH, &json(key, "1")).is(201);
    }
    unknown(&client, "DELETE", "u");
    client.delete("/system/properties/t").is(200);
    for key in ["t", "t.a", "t.a.b"] {
        unknown(&client, "GET", key);
    }
    client.get("/system/properties/tt").says(&json("tt", "1"));
    client.get("/system/properties/u.a").says(&json("u.a", "1"));
    let log = client.get("/logs/security?limit=1").value();
    assert_eq!(log["logs"][0]["summary"], "deleted server property t");
    let details = log["logs"][0]["details"].as_str().unwrap();
    assert!(details.starts_with("also deleted: t.a, t.a.b\n") && details.ends_with("via REST API from 127.0.0.1"), "{details}");
}

#[test]
fn an_update_is_checked_in_order() {
    let node = Node::start();
    let client = node.client().json();
    let mismatch = "Path property name and entity property name doesn't match";
    client.body("POST", PATH, &json("here", "1")).is(201);
    let put = |path: &str, body: &str| client.body("PUT", &format!("{PATH}/{path}"), body);
    // What does not exist comes first, and is about the key of the body.
    put("none", &json("none", "1")).fails(404, "PropertyNotFoundException", "Could not find property for update", "none");
    put("none", &json("here", "1")).fails(404, "PropertyNotFoundException", "Could not find property for update", "here");
    let unnamed = put("none", r#"{"value":"1"}"#);
    assert_eq!(
        (unnamed.status, unnamed.text().as_str()),
        (404, r#"{"message":"Could not find property for update","exception":"PropertyNotFoundException"}"#)
    );
    put("here", &json("there", "1")).fails(400, "IllegalArgumentException", mismatch, "here");
    put("here", &json("Here", "1")).fails(400, "IllegalArgumentException", mismatch, "here");
    put("here", r#"{"value":"1"}"#).fails(400, "IllegalArgumentException", mismatch, "here");
    put("here", "").fails(400, "IllegalArgumentException", mismatch, "here");
    put("here", "null").fails(400, "IllegalArgumentException", mismatch, "here");
    put("here", r#"{"key":"here"}"#).fails(400, "IllegalArgumentException", "Property value is missing", "here");
    client.get("/system/properties/here").says(&json("here", "1"));
}

#[test]
fn what_cannot_be_stored_is_refused() {
    let node = Node::start();
    let client = node.client().json();
    let long = |n: usize| "x".repeat(n);
    for body in [r#"{"value":"1"}"#, r#"{"key":"","value":"1"}"#, r#"{"key":".","value":"1"}"#, "{}", "null", ""] {
        client.body("POST", PATH, body).fails(400, "IllegalArgumentException", "Property key is missing", "");
    }
    client.body("POST", PATH, r#"{"key":"k"}"#).fails(400, "IllegalArgumentException", "Property value is missing", "k");
    client.body("POST", PATH, &json("k", &long(16_384))).is(201);
    client.body("POST", PATH, &json("k", &long(16_385))).fails(
        400,
        "IllegalArgumentException",
        "The property value is longer than 16384 characters",
        "k",
    );
    client.body("POST", PATH, &json(&long(255), "v")).is(201);
    client.body("POST", PATH, &json(&long(256), "v")).fails(
        400,
        "IllegalArgumentException",
        "The property key is longer than 255 characters",
        &long(256),
    );
    for (kind, body) in [("application/json", "{"), ("application/json", "[1]"), ("application/xml", "<property"), ("application/xml", "<wrong/>")] {
        assert_eq!(client.send("POST", PATH, Some((kind, body.as_bytes()))).status, 400, "{body}");
    }
}

#[test]
fn the_listing_shows_what_counts_in_order() {
    let node = Node::start();
    let (xml, client) = (node.client().xml(), node.client().json());
    client.body("POST", PATH, &json("Zed", "1")).is(201);
    client.body("POST", PATH, &json("xmpp.client.idle", "nonsense")).is(201);
    let listing = client.get(PATH).value();
    let properties = listing["property"].as_array().unwrap();
    assert!(properties.len() > 270);
    let keys: Vec<Vec<u16>> = properties.iter().map(|property| property["key"].as_str().unwrap().encode_utf16().collect()).collect();
    assert!(keys.is_sorted());
    let value = |key: &str| properties.iter().find(|property| property["key"] == key).map(|property| property["value"].clone());
    assert_eq!(value("Zed").unwrap(), "1");
    assert_eq!(value("xmpp.client.idle").unwrap(), "360000");
    assert_eq!(value("xmpp.domain").unwrap(), "example.org");
    assert_eq!(value("plugin.restapi.enabled").unwrap(), "true");
    assert!(value("sasl.realm").unwrap().is_null());
    assert_eq!(value("plugin.restapi.httpAuth"), None);
    assert!(xml.get(PATH).text().contains(r#"<property key="sasl.realm"/>"#));
    assert!(xml.get(PATH).text().starts_with(&format!(r#"{PROLOG}<properties><property key="Zed" value="1"/>"#)));
    // Registered properties can be read and updated before they are stored, but not deleted.
    client.get("/system/properties/sasl.realm").says(r#"{"key":"sasl.realm"}"#);
    client.get("/system/properties/xmpp.auth.anonymous").says(&json("xmpp.auth.anonymous", "false"));
    unknown(&client, "DELETE", "xmpp.auth.anonymous");
    client.body("PUT", "/system/properties/xmpp.auth.anonymous", &json("xmpp.auth.anonymous", "TRUE")).is(200);
    client.get("/system/properties/xmpp.auth.anonymous").says(&json("xmpp.auth.anonymous", "true"));
    client.delete("/system/properties/xmpp.auth.anonymous").is(200);
    client.get("/system/properties/xmpp.auth.anonymous").says(&json("xmpp.auth.anonymous", "false"));
}

#[test]
fn secrets_are_masked_and_the_mask_is_no_secret() {
    let node = Node::start();
    let client = node.client().json();
    client.get("/system/properties/plugin.restapi.secret").says(&json("plugin.restapi.secret", "***"));
    let listed = client.get(PATH).text();
    assert!(listed.contains(r#"{"key":"plugin.restapi.secret","value":"***"}"#) && !listed.contains(SECRET));
    let refusal = "the mask of plugin.restapi.secret is not its value";
    client.body("POST", PATH, &json("plugin.restapi.secret", "***")).fails(400, "IllegalArgumentException", refusal, "plugin.restapi.secret");
    client.body("POST", PATH, &json("lamp", "***")).is(201);
    client.body("POST", PATH, &json("mail.smtp.Password", "hunter2")).is(201);
    client.get("/system/properties/mail.smtp.Password").says(&json("mail.smtp.Password", "***"));
    assert!(!client.get("/logs/security").text().contains("hunter2"));
    let clear = Node::configured("[rest]\nmask_secrets = false\n");
    clear.client().json().get("/system/properties/plugin.restapi.secret").says(&json("plugin.restapi.secret", SECRET));
}

#[test]
fn the_secret_is_never_empty() {
    let node = Node::start();
    let (client, admin) = (node.client().json(), node.stranger().json().basic("admin", cluster_tests::node::PASSWORD));
    client.body("POST", PATH, &json("plugin.restapi.secret", "other-secret")).is(201);
    assert_eq!(client.get(PATH).status, 401);
    let other = node.stranger().header("Authorization", "other-secret");
    other.delete("/system/properties/plugin.restapi.secret").is(200);
    for offered in ["other-secret", "", " ", "***"] {
        assert_eq!(node.stranger().header("Authorization", offered).get(PATH).status, 401, "{offered:?}");
    }
    admin.get("/system/properties/plugin.restapi.secret").says(&json("plugin.restapi.secret", "***"));
    admin.body("PUT", "/system/properties/plugin.restapi.secret", &json("plugin.restapi.secret", "")).is(200);
    admin.get("/system/properties/plugin.restapi.secret").says(&json("plugin.restapi.secret", "***"));
    assert_eq!(node.stranger().header("Authorization", "").get(PATH).status, 401);
}

#[test]
fn dynamic_properties_act_at_once() {
    let node = Node::start();
    let (client, admin) = (node.client().json(), node.stranger().json().basic("admin", cluster_tests::node::PASSWORD));
    let set = |key: &str, value: &str| assert_eq!(admin.body("POST", PATH, &json(key, value)).status, 201, "{key}");
    set("plugin.restapi.httpAuth", "basic");
    assert_eq!((client.get(PATH).status, admin.get(PATH).status), (401, 200));
    set("plugin.restapi.allowedIPs", "127.0.0.0/8");
    assert_eq!(admin.get(PATH).status, 200);
    set("plugin.restapi.enabled", "false");
    assert_eq!((admin.get(PATH).status, node.stranger().get("/system/liveness").status), (403, 200));
}

#[test]
fn no_value_deletes_where_it_is_so_configured() {
    let node = Node::configured("[rest]\nnull_property_deletes = true\n");
    let client = node.client().json();
    client.body("POST", PATH, &json("t", "1")).is(201);
    client.body("POST", PATH, &json("t.a", "1")).is(201);
    client.body("PUT", "/system/properties/t.a", r#"{"key":"t.a","value":null}"#).is(200);
    unknown(&client, "GET", "t.a");
    client.body("POST", PATH, r#"{"key":"t"}"#).is(201);
    unknown(&client, "GET", "t");
    client.body("POST", PATH, r#"{"key":"t"}"#).is(201);
}
