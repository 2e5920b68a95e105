//! Escapes and dates, character by character (system.md §9.4, rooms.md §1.7).

use super::text;
use crate::rest::entities::*;

fn written(value: &str, format: Format) -> String {
    let property = Property { key: None, value: text(value) };
    String::from_utf8(encode(&property, format)).expect("UTF-8")
}

#[test]
fn json_escapes_controls_and_astral_characters_only() {
    let cases = [
        ("a/b \u{8}\u{c}\\", r#"{"value":"a/b \b\f\\"}"#),
        ("\u{0}\u{1}\u{1f}", r#"{"value":"\u0000\u0001\u001F"}"#),
        ("\u{7f}é\u{fffe}", "{\"value\":\"\u{7f}é\u{fffe}\"}"),
        ("\u{1F478}\u{10FFFF}", r#"{"value":"\uD83D\uDC78\uDBFF\uDFFF"}"#),
    ];
    for (value, expected) in cases {
        assert_eq!(written(value, Format::Json), expected);
    }
}

#[test]
fn xml_drops_what_no_document_may_hold() {
    let found = written("a\u{1}b\u{fffe}\u{1F478}", Format::Xml);
    assert!(found.ends_with("<property value=\"ab\u{1F478}\"/>"), "{found}");

    let message = Message { body: text("\u{0}a\u{b}b") };
    let found = String::from_utf8(encode(&message, Format::Xml)).expect("UTF-8");
    assert!(found.ends_with("<body>ab</body></message>"), "{found}");
}

#[test]
fn dates_are_in_utc_and_without_empty_fraction() {
    let cases = [
        (1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
        (1_700_000_000_120, "2023-11-14T22:13:20.120Z"),
        (1_700_000_000_100, "2023-11-14T22:13:20.100Z"),
        (1_700_000_000_000, "2023-11-14T22:13:20Z"),
        (1_720_000_000_000, "2024-07-03T09:46:40Z"),
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        // Measured as 0001-01-03: that calendar changes to the Julian one before 1582.
        (-62_167_219_200_000, "0000-01-01T00:00:00Z"),
    ];
    for (millis, expected) in cases {
        assert_eq!(Date(millis).to_xml().as_deref(), Some(expected));
        assert_eq!(Date::from_xml(expected), Ok(Some(Date(millis))));
        let node = ClusterNode { joined_time: Some(Date(millis)), ..ClusterNode::default() };
        let json = format!("{{\"joinedTime\":{millis},\"seniorMember\":false}}");
        assert_eq!(encode(&node, Format::Json), json.as_bytes());
    }
    assert_eq!(Date(1_700_000_000_000).to_stamp().as_deref(), Some("2023-11-14T22:13:20.000Z"));
}

#[test]
fn a_date_that_xml_cannot_tell_is_left_out() {
    for millis in [i64::MIN, i64::MAX, 253_402_300_800_000, -62_167_219_200_001] {
        assert_eq!(Date(millis).to_xml(), None, "{millis}");
        let node = ClusterNode { joined_time: Some(Date(millis)), ..ClusterNode::default() };
        let xml = String::from_utf8(encode(&node, Format::Xml)).expect("UTF-8");
        assert!(!xml.contains("joinedTime"), "{xml}");
    }
}

#[test]
fn content_types_have_no_parameters() {
    assert_eq!(Format::Xml.content_type(), "application/xml");
    assert_eq!(Format::Json.content_type(), "application/json");
}

#[test]
fn passwords_are_not_in_debug_output() {
    let user = User { password: Some("hunter2".into()), ..User::default() };
    let room = ChatRoom { password: Some("hunter2".into()), ..ChatRoom::default() };
    let shown = format!("{user:?} {room:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("***"), "{shown}");
}

#[test]
fn every_entity_has_a_schema_that_tells_its_fields() {
    let schemas = schemas();
    assert_eq!(schemas.len(), 38);
    let find = |name: &str| {
        let (_, schema) = schemas.iter().find(|(found, _)| *found == name).expect(name);
        serde_json::to_value(schema).expect("a schema")
    };
    let room = find("ChatRoom");
    assert_eq!(room["xml"]["name"], "chatRoom");
    assert_eq!(room["properties"].as_object().map(serde_json::Map::len), Some(29));
    assert_eq!(room["properties"]["owners"]["xml"]["wrapped"], true);
    assert_eq!(room["properties"]["owners"]["items"]["xml"]["name"], "owner");
    assert_eq!(room["properties"]["maxUsers"]["format"], "int32");

    let user = find("User");
    assert_eq!(user["properties"]["password"]["format"], "password");
    assert_eq!(user["properties"]["username"]["description"], "The localpart of the user's JID.");
    assert_eq!(user["properties"]["properties"]["items"]["$ref"], "#/components/schemas/Property");
    assert_eq!(find("Property")["properties"]["key"]["xml"]["attribute"], true);
    assert_eq!(find("SessionsCount")["required"][0], "clusterSessions");
}
