//! Whole bodies: what is well-formed, what is too much, and how errors tell where.

use super::{json, text, texts, xml};
use crate::rest::entities::*;

fn body(found: &str) -> Message {
    Message { body: text(found) }
}

#[test]
fn malformed_xml_is_refused() {
    for refused in [
        "",
        " ",
        "text",
        "<message>",
        "</message>",
        "<message></body>",
        "<message/><message/>",
        "<message/>text",
        "text<message/>",
        "<message><body>a & b</body></message>",
        "<message><body>&nope;</body></message>",
        "<message><body>&#0;</body></message>",
        "<message><body>&#1;</body></message>",
        "<message><body>\u{1}</body></message>",
        "<message a='1' a='2'/>",
        "<message a=1/>",
        "<message a='1'b='2'/>",
        "<message a='1' b/>",
        "<message p:a='1'/>",
        "<a:b:message xmlns:a='x'/>",
        "<message><a:b:c/></message>",
        "<message><body>]]></body></message>",
        "<message a='<'/>",
        "<1message/>",
        "<message/><![CDATA[x]]>",
        " <?xml version='1.0'?><message/>",
        "<message><!-- -- --></message>",
        "<!DOCTYPE message><message/>",
        "<!DOCTYPE m [<!ENTITY e \"x\">]><message><body>&e;</body></message>",
        "<Message/>",
        "<body/>",
        "<message xmlns='jabber:client'/>",
        "<p:message xmlns:p='x'/>",
        "<p:message/>",
    ] {
        assert!(xml::<Message>(refused).is_err(), "{refused}");
    }
}

#[test]
fn well_formed_xml_is_read_in_every_dress() {
    for taken in [
        "<message><body>hi</body></message>",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<message><body>hi</body></message>\n",
        "<!-- c --><?pi x?><message ><body >hi</body ></message >",
        "<message><body>h<!-- c -->i</body></message>",
        "<message><body><![CDATA[hi]]></body></message>",
        "<message><body>&#104;&#x69;</body></message>",
        "<message><x:body xmlns:x='x'>no</x:body><body>hi</body></message>",
        "<message><body>hi</body><body xmlns='x'>no</body></message>",
        "<message><body a='1'>h<b>no</b>i</body><other/></message>",
        "<message a = '\"' \n b=\"'>\" xml:lang='en'><body>hi</body></message>",
        "\u{FEFF}<message><body>hi</body></message>",
    ] {
        assert_eq!(xml::<Message>(taken), Ok(body("hi")), "{taken}");
    }
    let lines = "<message><body>a\r\nb\rc&#13;&amp;&lt;&gt;&quot;&apos;</body></message>";
    assert_eq!(xml::<Message>(lines), Ok(body("a\nb\nc\r&<>\"'")));
}

#[test]
fn xml_in_other_encodings_is_read_when_it_says_so() {
    let limits = Limits::default();
    let document = "<message><body>é</body></message>";
    let utf16 = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> { std::iter::once(0xFEFF).chain(document.encode_utf16()).flat_map(unit).collect() };
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><message><body>\xE9</body></message>";
    let undeclared = b"<message><body>\xE9</body></message>";
    let unknown = b"<?xml version='1.0' encoding='ebcdic'?><message/>";
    for taken in [utf16(u16::to_be_bytes), utf16(u16::to_le_bytes), latin.to_vec()] {
        assert_eq!(Message::from_xml(&taken, &limits), Ok(body("é")));
    }
    assert!(Message::from_xml(undeclared, &limits).is_err());
    assert!(Message::from_xml(unknown, &limits).is_err());
    assert!(Message::from_xml(b"\xFF\xFE<", &limits).is_err());
}

#[test]
fn malformed_json_is_refused() {
    for refused in [
        "{",
        "}",
        "{\"body\":}",
        "{\"body\" 1}",
        "{\"body\":1,}",
        "{,}",
        "{body:1}",
        "{'body':1}",
        "{}{}",
        "{} x",
        "[]",
        "[{}]",
        "1",
        "\"\"",
        "true",
        "nul",
        "{\"body\":\"a\tb\"}",
        "{\"body\":\"\\x\"}",
        "{\"body\":\"\\uD83D\"}",
        "{\"body\":\"a}",
        "{\"body\":01}",
        "{\"body\":.5}",
        "{\"body\":1.}",
        "{\"body\":1e}",
        "{\"body\":+1}",
        "{\"body\":NaN}",
        "{\"body\":[\"a\"]}",
        "{\"body\":{}}",
        "/* c */{}",
        "{\"body\":1 2}",
        "\u{A0}{}",
    ] {
        assert!(json::<Message>(refused).is_err(), "{refused}");
    }
    assert!(Message::from_json(b"{\"body\":\"\xFF\"}", &Limits::default()).is_err());
}

#[test]
fn well_formed_json_is_read_in_every_dress() {
    for taken in [
        r#"{"body":"hi"}"#,
        " \r\n\t{ \"body\" : \"hi\" } \n",
        "\u{FEFF}{\"body\":\"hi\"}",
        r#"{"body":"no","body":"hi"}"#,
        r#"{"body":"\u0068i","other":{"body":[1,-2.5e+3,null,{}]}}"#,
    ] {
        assert_eq!(json::<Message>(taken), Ok(body("hi")), "{taken}");
    }
    assert_eq!(json::<Message>(r#"{"body":"\uD83D\uDE00 \" \\ \/"}"#), Ok(body("\u{1F600} \" \\ /")));
    assert_eq!(json::<Message>(r#"{"body":1e400}"#), Ok(body("1e400")));
}

#[test]
fn json_without_a_value_is_a_null_payload() {
    for blank in ["", " \n", "null", " null ", "\u{FEFF}"] {
        assert_eq!(Message::from_json(blank.as_bytes(), &Limits::default()), Ok(None), "{blank:?}");
    }
}

#[test]
fn depth_and_number_of_entries_are_bounded() {
    let limits = Limits { depth: 3, entries: 5 };
    let xml = |body: &str| UserGroups::from_xml(body.as_bytes(), &limits);
    let json = |body: &str| UserGroups::from_json(body.as_bytes(), &limits);
    assert!(xml("<groups><a><b/></a></groups>").is_ok());
    assert!(xml("<groups><a><b><c/></b></a></groups>").is_err());
    assert!(xml("<groups><a/><a/><a/><a/></groups>").is_ok());
    assert!(xml("<groups><a/><a/><a/><a/><a/></groups>").is_err());
    assert!(json(r#"{"a":[[1]]}"#).is_ok());
    assert!(json(r#"{"a":[[[1]]]}"#).is_err());
    assert!(json(r#"{"groupnames":[1,2,3]}"#).is_ok());
    assert!(json(r#"{"groupnames":[1,2,3,4]}"#).is_err());

    let nested = "[".repeat(1_000_000);
    assert!(Message::from_json(nested.as_bytes(), &Limits::default()).is_err());
    let nested = "<a>".repeat(1_000_000);
    assert!(Message::from_xml(nested.as_bytes(), &Limits::default()).is_err());
}

#[test]
fn errors_tell_where_and_which_field_but_not_what() {
    let error = json::<Group>("{\"name\":\"s\",\n \"é\":1, \"shared\":\"hunter2\"}").unwrap_err();
    assert_eq!((error.line, error.column), (2, 18));
    assert_eq!(error.message, "\"shared\" must be true or false");

    let error = xml::<RosterItem>("<rosterItem>\n<subscriptionType>hunter2</subscriptionType></rosterItem>");
    let error = error.unwrap_err();
    assert_eq!((error.line, error.column), (2, 1));
    assert_eq!(error.message, "\"subscriptionType\" must be an integer in range");

    let error = json::<Message>("{\"body\": hunter2}").unwrap_err();
    assert_eq!(error.to_string(), "The body is not well-formed JSON (line 1, column 10)");
    let error = xml::<User>("<group/>").unwrap_err();
    assert_eq!(error.to_string(), "The root element must be \"user\" (line 1, column 1)");
}

#[test]
fn creating_users_takes_one_or_many() {
    let user = |name: &str| User { username: text(name), ..User::default() };
    let many = NewUsers::Many(vec![user("a"), user("b")]);
    assert_eq!(json(r#"{"username":"a"}"#), Ok(NewUsers::One(user("a"))));
    assert_eq!(json(r#"{"users":[{"username":"a"},{"username":"b"}]}"#), Ok(many.clone()));
    assert_eq!(json(r#"{"user":[{"username":"a"},{"username":"b"}]}"#), Ok(many.clone()));
    assert_eq!(json(r#"{"users":{"user":[{"username":"a"},{"username":"b"}]}}"#), Ok(many.clone()));
    assert_eq!(json(r#"{"user":{"username":"a"}}"#), Ok(NewUsers::Many(vec![user("a")])));
    assert_eq!(json(r#"{"users":[]}"#), Ok(NewUsers::Many(vec![])));
    assert_eq!(xml("<user><username>a</username></user>"), Ok(NewUsers::One(user("a"))));
    let two = "<users><user><username>a</username></user><user><username>b</username></user></users>";
    assert_eq!(xml(two), Ok(many));
    assert_eq!(xml("<users/>"), Ok(NewUsers::Many(vec![])));
    assert!(xml::<NewUsers>("<group/>").is_err());
    assert!(json::<NewUsers>("1").is_err());
    assert_eq!(NewUsers::from_json(b"null", &Limits::default()), Ok(None));
}

#[test]
fn updating_a_user_takes_a_list_of_one() {
    let user = User { username: text("a"), ..User::default() };
    assert_eq!(NewUsers::One(user.clone()).single(), Some(user.clone()));
    assert_eq!(NewUsers::Many(vec![user.clone()]).single(), Some(user.clone()));
    assert_eq!(NewUsers::Many(vec![user.clone(), user]).single(), None);
    assert_eq!(NewUsers::Many(vec![]).single(), None);
}

#[test]
fn lists_are_taken_in_every_form_they_ever_had() {
    let members = |json_list: &str| json::<Group>(&format!("{{\"members\":{json_list}}}")).map(|group| group.members);
    assert_eq!(members(r#"["a","b"]"#), Ok(texts(&["a", "b"])));
    assert_eq!(members(r#""a""#), Ok(texts(&["a"])));
    assert_eq!(members(r#"{"member":["a","b"]}"#), Ok(texts(&["a", "b"])));
    assert_eq!(members(r#"{"member":"a"}"#), Ok(texts(&["a"])));
    assert_eq!(members(r#"{"member":null}"#), Ok(texts(&[])));
    assert_eq!(members("{}"), Ok(texts(&[])));
    assert_eq!(members("[]"), Ok(texts(&[])));
    assert_eq!(members("null"), Ok(None));
    assert_eq!(members(r#""""#), Ok(None));
    assert_eq!(members("[1,true,null]"), Ok(texts(&["1", "true", ""])));
    assert!(members(r#"{"owner":"a"}"#).is_err());
    assert!(members(r#"[["a"]]"#).is_err());
    assert!(members(r#"[{"member":"a"}]"#).is_err());
}

#[test]
fn groups_know_the_documented_name_of_shared() {
    let shared = |body: &str| json::<Group>(body).map(|group| group.shared);
    assert_eq!(shared(r#"{"isshared":"true"}"#), Ok(Some(true)));
    assert_eq!(shared(r#"{"isshared":true,"shared":false}"#), Ok(Some(false)));
    assert_eq!(shared(r#"{"shared":2}"#), Ok(Some(true)));
    assert_eq!(shared(r#"{"shared":0}"#), Ok(Some(false)));
    assert!(shared(r#"{"shared":1.5}"#).is_err());
    let shared = |body: &str| xml::<Group>(body).map(|group| group.shared);
    assert_eq!(shared("<group><isshared>1</isshared></group>"), Ok(Some(true)));
    assert_eq!(shared("<group><shared> False </shared></group>"), Ok(Some(false)));
    assert!(shared("<group><shared>maybe</shared></group>").is_err());
}

#[test]
fn affiliation_lists_are_named_by_the_path() {
    let limits = Limits::default();
    let read = |list: AffiliationList, body: &str, format| list.decode(body.as_bytes(), format, &limits);
    let members = AffiliationList::from_segment("member").expect("a list");
    assert_eq!(members, AffiliationList::Members);
    assert_eq!(AffiliationList::from_segment("Members"), None);
    for body in [r#"{"members":["a"]}"#, r#"{"member":"a"}"#, r#"{"members":{"member":["a"]}}"#, r#"["a"]"#] {
        assert_eq!(read(members, body, Format::Json), Ok(texts(&["a"])), "{body}");
    }
    assert_eq!(read(members, "{}", Format::Json), Ok(None));
    assert_eq!(read(members, "", Format::Json), Ok(None));
    assert_eq!(read(members, r#"{"members":[]}"#, Format::Json), Ok(texts(&[])));
    assert_eq!(read(members, "<members/>", Format::Xml), Ok(texts(&[])));
    assert_eq!(read(members, "<members><member>a</member></members>", Format::Xml), Ok(texts(&["a"])));
    assert!(read(members, "<owners><owner>a</owner></owners>", Format::Xml).is_err());

    let lists = [
        (AffiliationList::Owners, "owner"),
        (AffiliationList::Admins, "admin"),
        (AffiliationList::Members, "member"),
        (AffiliationList::Outcasts, "outcast"),
    ];
    for (list, name) in lists {
        assert_eq!(list.singular(), name);
        let json = list.encode(vec!["a@b".to_owned()], Format::Json);
        assert_eq!(json, format!("{{\"{name}s\":[\"a@b\"]}}").into_bytes());
        let xml = list.encode(vec!["a@b".to_owned()], Format::Xml);
        assert_eq!(list.decode(&xml, Format::Xml, &limits), Ok(texts(&["a@b"])));
    }
}

#[test]
fn invitations_are_read_under_either_root() {
    let one = xml::<Invitation>("<mucInvitations><reason>r</reason><jidsToInvite/></mucInvitations>");
    assert_eq!(one, Ok(Invitation { reason: text("r") }));
    let many = xml::<Invitations>("<mucInvitation><jidsToInvite><jid>a</jid></jidsToInvite></mucInvitation>");
    assert_eq!(many, Ok(Invitations { reason: None, jids_to_invite: texts(&["a"]) }));
}
