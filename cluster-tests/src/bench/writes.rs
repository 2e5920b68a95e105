//! Durable writes, against a single etcd through its JSON gateway: both answer once the write is on the disk.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::contenders::etcd;
use super::http::request;
use super::load::{Load, Make, interleave};
use super::reads::{basic, create};
use super::table::{Table, Target};
use super::{Plan, node};
use crate::node::Node;
use crate::rest::BASE;

/// Connections, and how many times etcd's rate is wanted.
const LOADS: [(usize, f64); 3] = [(1, 1.0), (64, 2.0), (256, 2.0)];
/// Accounts that are written to.
const USERS: usize = 256;

/// See the module.
pub fn measure(plan: &Plan, table: &mut Table) {
    let room = super::room();
    for engine in plan.engines() {
        // Each by itself, for what a node does in the background would be paid for by the others.
        let Some(beside) = etcd(&room.path().join(format!("etcd-{engine}"))) else {
            return table.note("Durable writes", "skipped: etcd is not installed");
        };
        let node = node(&room.path().join(engine), engine);
        prepare(&node);
        let mut wave = 0;
        let kinds: [(&str, Kind, Kind); 2] = [("property PUT", property, put), ("roster POST", roster, put_new)];
        for (what, make, make_beside) in kinds {
            for (connections, times) in LOADS {
                wave += 1;
                let loads = [Load::open(node.server(), connections, make(wave)), Load::open(beside.server(), connections, make_beside(wave))];
                let [hearth, etcd] = interleave(loads, plan.rounds);
                let what = format!("{what}, {connections} connections, {engine}");
                table.versus(&what, hearth, ("etcd", etcd), hearth.rate / etcd.rate, Target::AtLeast(times));
            }
        }
    }
}

/// Makes the requests of one kind of write; none of a wave is one of another.
type Kind = fn(u64) -> Make;

/// Makes the accounts, and the properties that are overwritten.
pub fn prepare(node: &Node) {
    let one = |n| format!(r#"{{"username":"w{n}","password":"x"}}"#);
    let all: Vec<String> = (0..USERS).map(one).collect();
    create(node, &format!(r#"{{"users":[{}]}}"#, all.join(",")));
    for n in 0..USERS {
        node.client().body("POST", "/system/properties", &format!(r#"{{"key":"bench.p{n}","value":"none"}}"#));
    }
}

/// A request to the API, as administrator, in JSON.
pub fn json(method: &str, target: &str, body: &str) -> Vec<u8> {
    let headers = [("Authorization", basic()), ("Accept", "application/json".into()), ("Content-Type", "application/json".into())];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    request(method, &format!("{BASE}{target}"), &headers, body)
}

/// Overwrites one property per connection.
pub fn property(_: u64) -> Make {
    Arc::new(|connection, n| {
        let (key, value) = (format!("bench.p{connection}"), format!("value {n}"));
        json("PUT", &format!("/system/properties/{key}"), &format!(r#"{{"key":"{key}","value":"{value}"}}"#))
    })
}

/// Adds a contact to a roster; no contact comes twice in a run.
fn roster(wave: u64) -> Make {
    Arc::new(move |connection, n| {
        let (owner, body) = contact(wave, connection, n);
        json("POST", &format!("/users/{owner}/roster"), &body)
    })
}

/// Whose roster the `n`th contact of a connection is added to, and the contact.
fn contact(wave: u64, connection: usize, n: u64) -> (String, String) {
    let owner = format!("w{}", (connection + n as usize) % USERS);
    (owner, format!(r#"{{"jid":"c{wave}-{connection}-{n}@example.net","nickname":"Contact","subscriptionType":3}}"#))
}

/// The same as [`property`] into etcd: one key per connection is overwritten.
pub fn put(_: u64) -> Make {
    Arc::new(|connection, n| put_at(&format!("bench.p{connection}"), &format!("value {n}")))
}

/// The same as [`roster`] into etcd: a new key comes with each.
fn put_new(wave: u64) -> Make {
    Arc::new(move |connection, n| {
        let (owner, body) = contact(wave, connection, n);
        put_at(&format!("roster/{owner}/c{wave}-{connection}-{n}@example.net"), &body)
    })
}

fn put_at(key: &str, value: &str) -> Vec<u8> {
    let body = format!(r#"{{"key":"{}","value":"{}"}}"#, STANDARD.encode(key), STANDARD.encode(value));
    request("POST", "/v3/kv/put", &[("Content-Type", "application/json")], &body)
}
