//! vCards (users.md §7).

use cluster_tests::Node;

use crate::{refused, users};

const VCARD: &str = "<vCard xmlns=\"vcard-temp\">\n <FN>Mira &amp; Høj</FN></vCard>";
const PARSE: &str = "Could not parse the provided data as a vCard";

#[test]
fn a_vcard_comes_back_as_it_was_sent() {
    let node = Node::start();
    users(&node, &["mira"]);
    let client = node.client();
    client.get("/users/mira/vcard").is(204);
    client.body("PUT", "/users/MIRA/vcard", &format!("<?xml version=\"1.0\"?>\n<!-- mine -->{VCARD}\n")).is(200);
    client.get("/users/mira@example.org/vcard").says(VCARD);
    client.body("PUT", "/users/mira/vcard", VCARD).is(200);
    client.send("PUT", "/users/mira/vcard", Some(("text/xml", b"<v:vCard xmlns:v='vcard-temp'/>"))).is(200);
    client.get("/users/mira/vcard").says("<v:vCard xmlns:v='vcard-temp'/>");
    client.send("PUT", "/users/mira/vcard", Some(("", VCARD.as_bytes()))).is(200);
    client.delete("/users/Mira/vcard").is(200);
    client.delete("/users/mira/vcard").is(200);
    client.get("/users/mira/vcard").is(204);
}

#[test]
fn only_xml_is_spoken_here() {
    let node = Node::start();
    users(&node, &["mira"]);
    assert_eq!(node.client().json().get("/users/mira/vcard").status, 406);
    assert_eq!(node.client().body("PUT", "/users/mira/vcard", "{}").status, 415);
    assert_eq!(node.client().send("PUT", "/users/mira/vcard", Some(("text/plain", VCARD.as_bytes()))).status, 415);
}

#[test]
fn the_refusals() {
    let node = Node::start();
    users(&node, &["mira"]);
    let bad = |name| (400, "IllegalArgumentException", PARSE, name);
    let foreign = (400, "UserNotFoundException", "This service cannot be used for non-local users.", "x@else.org");
    let unknown = |name| (404, "UserNotFoundException", "Could not get user", name);
    refused(
        &node,
        &[
            ("PUT", "/users/mira/vcard", "", bad("mira")),
            ("PUT", "/users/MIRA@example.org/vcard", "<vCard", bad("mira")),
            ("PUT", "/users/mira/vcard", "<vCard/>", bad("mira")),
            ("PUT", "/users/mira/vcard", "<card xmlns=\"vcard-temp\"/>", bad("mira")),
            ("PUT", "/users/mira/vcard", "<!DOCTYPE vCard><vCard xmlns=\"vcard-temp\"/>", bad("mira")),
            ("PUT", "/users/nobody/vcard", "<nonsense/>", bad("nobody")),
            ("PUT", "/users/nobody/vcard", VCARD, unknown("nobody")),
            ("PUT", "/users/a%20b/vcard", VCARD, unknown("a b")),
            ("PUT", "/users/a@/vcard", VCARD, unknown("a@")),
            ("PUT", "/users/x@else.org/vcard", "nonsense".get(..0).unwrap_or_default(), foreign),
            ("DELETE", "/users/x@else.org/vcard", "", foreign),
        ],
    );
    node.client().xml().get("/users/x@else.org/vcard").fails(foreign.0, foreign.1, foreign.2, foreign.3);
    for nobody in ["nobody", "a%20b", "a@"] {
        node.client().get(&format!("/users/{nobody}/vcard")).is(204);
        node.client().delete(&format!("/users/{nobody}/vcard")).is(200);
    }
}
