//! What the readers take and refuse, case by case.
//!
//! `acceptance.txt` holds a body per line, `J` for JSON and `X` for XML, and below it what it reads as,
//! shown as JSON, or `400`. The bodies are those that were tried on the original; a line `was` tells
//! where its answer differed.

use super::{json, xml};
use crate::rest::entities::*;

const CASES: &str = include_str!("acceptance.txt");

#[test]
fn bodies_are_taken_as_they_mean_or_refused() {
    let lines = CASES.lines().filter(|line| !line.starts_with('#') && !line.starts_with("   was"));
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    let mut wrong = Vec::new();
    for case in lines.chunks(2) {
        let [body, expected] = case else { panic!("a body without answer: {case:?}") };
        let found = answer(body);
        if Some(found.as_str()) != expected.strip_prefix("   ") {
            wrong.push(format!("{body}\n   {found}"));
        }
    }
    assert_eq!(lines.len(), 2 * 115, "all cases are there");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn answer(line: &str) -> String {
    let mut words = line.splitn(3, ' ');
    let mut word = || words.next().expect("a format, an entity and a body");
    match (word(), word(), word()) {
        (format, "User", body) => read::<User>(format, body),
        (format, "Users", body) => read::<Users>(format, body),
        (format, "UserGroups", body) => read::<UserGroups>(format, body),
        (format, "Group", body) => read::<Group>(format, body),
        (format, "RosterItem", body) => read::<RosterItem>(format, body),
        (format, "ChatService", body) => read::<ChatService>(format, body),
        (format, "ChatRoom", body) => read::<ChatRoom>(format, body),
        (format, "ChatRooms", body) => read::<ChatRooms>(format, body),
        (format, "Owners", body) => read::<Owners>(format, body),
        (format, "Members", body) => read::<Members>(format, body),
        (format, "Invitations", body) => read::<Invitations>(format, body),
        (format, "Property", body) => read::<Property>(format, body),
        (format, "Message", body) => read::<Message>(format, body),
        other => panic!("unknown entity: {other:?}"),
    }
}

fn read<E: Entity + Readable>(format: &str, body: &str) -> String {
    let found = if format == "X" { xml::<E>(body) } else { json::<E>(body) };
    match found {
        Ok(entity) => String::from_utf8(encode(&entity, Format::Json)).expect("UTF-8"),
        Err(_) => "400".to_owned(),
    }
}
