//! Imports point only downward.

use super::source::{Source, all, line};

/// The floor of a room; `None` for what is no room.
fn floor(room: &str) -> Option<u8> {
    Some(match room {
        "base" | "config" | "telemetry" => 0,
        "state" => 1,
        "actors" | "wire" => 2,
        "raft" => 3,
        "cluster" => 4,
        "actions" => 5,
        "rest" | "userservice" | "xmpp" | "console" => 6,
        "cli" | "node" | "main" | "lib" => 7,
        _ => return None,
    })
}

/// Rooms that must not know each other although they are on one floor: every door is a wire of its own.
const DOORS: u8 = 6;

/// What a source uses that it must not know.
pub fn faults(source: &Source) -> Vec<String> {
    let Some(own) = floor(source.room()) else { return vec![format!("{}: `{}` is on no floor", source.path, source.room())] };
    let forbidden = |room: &str| match floor(room) {
        Some(other) => other > own || (other == own && own == DOORS && room != source.room()),
        None => false,
    };
    let used = absolute(&source.code).into_iter().chain(relative(source));
    used.filter(|(_, room)| forbidden(room)).map(|(at, room)| format!("{}:{} uses {room}", source.path, line(&source.code, at))).collect()
}

/// Rooms named by `crate::…`, groups in braces included.
fn absolute(code: &str) -> Vec<(usize, String)> {
    let paths = ["crate::", "hearth::"].into_iter().flat_map(|root| code.match_indices(root).map(move |(at, _)| (at, at + root.len())));
    paths.flat_map(|(at, from)| heads(&code[from..]).into_iter().map(move |room| (at, room))).collect()
}

/// Rooms reached by climbing with `super::` out of one's own.
fn relative(source: &Source) -> Vec<(usize, String)> {
    let code = &source.code;
    let depth = source.modules().len();
    let mut used = Vec::new();
    let mut from = 0;
    while let Some(at) = code[from..].find("super::").map(|at| from + at) {
        let climbed = code[at..].split("super::").take_while(|part| part.is_empty()).count();
        let after = at + climbed * "super::".len();
        if climbed >= depth {
            used.extend(heads(&code[after..]).into_iter().map(|room| (at, room)));
        }
        from = after;
    }
    used
}

/// The first names of a path or of each path in a group.
fn heads(path: &str) -> Vec<String> {
    let name = |text: &str| text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let mut depth = 0_usize;
    let mut heads = vec![name(group)];
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => heads.push(name(&group[at + 1..])),
            _ => {}
        }
    }
    heads
}

#[test]
fn a_bad_import_is_found() {
    let bad = |path: &str, text: &str| faults(&Source::new(path, text));
    assert_eq!(bad("state/users.rs", "use crate::base::x;\nuse crate::raft::Node;"), ["state/users.rs:2 uses raft"]);
    assert_eq!(bad("state/users.rs", "use crate::{base::{a, b}, actors};"), ["state/users.rs:1 uses actors"]);
    assert_eq!(bad("state/users.rs", "fn f() { super::super::rest::x() }"), ["state/users.rs:1 uses rest"]);
    assert_eq!(bad("state/mod.rs", "use super::actions;"), ["state/mod.rs:1 uses actions"]);
    assert_eq!(bad("rest/users.rs", "use crate::userservice::x;"), ["rest/users.rs:1 uses userservice"]);
    assert_eq!(bad("attic/x.rs", ""), ["attic/x.rs: `attic` is on no floor"]);
    let good = "// use crate::rest;\nuse crate::state::x; use super::users; use crate::{base, config}; fn f() { super::super::base::g() }";
    assert_eq!(bad("actors/owner.rs", good), [""; 0]);
    assert_eq!(bad("node.rs", "use crate::rest::server; use crate::cli;"), [""; 0]);
}

#[test]
fn imports_point_only_downward() {
    let faults: Vec<String> = all().iter().flat_map(faults).collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
