//! The state is pure: the same commands give the same bytes on every node.

use super::source::{Source, all, line, words};

/// What the state must not know: other threads and waiting, clocks, randomness, the outside, and order that differs by run.
const IMPURE: &[&str] = &[
    "async",
    "await",
    "thread",
    "tokio",
    "actix",
    "futures_util",
    "SystemTime",
    "Instant",
    "now",
    "getrandom",
    "random_bytes",
    "random_uuid",
    "HashMap",
    "HashSet",
    "RandomState",
    "sled",
    "fs",
    "net",
    "env",
    "process",
    "tracing",
    "f32",
    "f64",
];

/// What a source of the state knows that it must not.
pub fn faults(source: &Source) -> Vec<String> {
    if source.room() != "state" || source.is_test() {
        return Vec::new();
    }
    let shipped = source.shipped();
    // An address is a value like any other; what is behind it is not.
    let is_address = |(at, word): &(usize, &&str)| **word == "net" && shipped[*at..].starts_with("net::IpAddr");
    let found = IMPURE.iter().flat_map(|word| words(&shipped, word).map(move |at| (at, word)));
    found.filter(|found| !is_address(found)).map(|(at, word)| format!("{}:{} knows `{word}`", source.path, line(&shipped, at))).collect()
}

#[test]
fn an_impurity_is_found() {
    let source =
        Source::new("state/users.rs", "use std::collections::HashMap;\nfn f() { Timestamp::now() }\n#[cfg(test)]\nmod tests { use std::fs; }");
    assert_eq!(faults(&source), ["state/users.rs:2 knows `now`", "state/users.rs:1 knows `HashMap`"]);
    assert_eq!(faults(&Source::new("raft/users.rs", "use std::collections::HashMap;")), [""; 0]);
}

#[test]
fn the_state_is_pure() {
    let faults: Vec<String> = all().iter().flat_map(faults).collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
