use super::*;

#[test]
fn three_addresses_are_served() {
    let cases = [
        ("/plugins/restapi/v1/userservice", Some(Address::Current)),
        ("/plugins/restapi/v1/userservice/", Some(Address::Current)),
        ("/plugins/restapi/userservice", Some(Address::Alias)),
        ("/plugins/userService/userservice", Some(Address::Alias)),
        ("/plugins/USERservice/userservice", Some(Address::Alias)),
        ("/plugins/RESTAPI/userservice", None),
        ("/plugins/restapi/v1/users/userservice", None),
        ("/plugins/restapi/v1/userservice/x", None),
        ("/plugins/restapi/v1/xuserservice", None),
        ("/plugins/userservice", None),
        ("/userservice", None),
    ];
    for (path, expected) in cases {
        assert_eq!(Address::of(path), expected, "{path}");
    }
}

#[test]
fn the_query_comes_before_the_form_and_blanks_belong_to_names() {
    let asked = Parameters::read("type=add&groups=,A,%20B+,,&type=delete&x", b"type=update&name=Ann+L%C3%A9e&bad=%FF%zz");
    assert_eq!(asked.get("type"), Some("add"));
    assert_eq!(asked.get("name"), Some("Ann L\u{e9}e"));
    assert_eq!(asked.get("x"), Some(""));
    assert_eq!(asked.get("bad"), Some("\u{FFFD}%zz"));
    assert_eq!(asked.list("groups"), Some(vec!["A".into(), " B ".into()]));
    assert_eq!(asked.list("nothing"), None);
}

#[test]
fn answers_are_elements_with_escaped_names() {
    assert_eq!(
        Said::groups(["A", "<B> & \u{1}\u{FFFF}C\r"].into_iter()).body,
        "<result><groupname>A</groupname><groupname>&lt;B&gt; &amp; C&#13;</groupname></result>"
    );
    assert_eq!(Said::groups(std::iter::empty()).body, "<result></result>");
    assert_eq!(Said::from(Word::NotAuthorised).body, "<error>RequestNotAuthorised</error>");
}
