//! vCards are checked, not changed.

use crate::rest::entities::{Limits, vcard};

fn read(document: &str) -> Option<String> {
    vcard::read(document.as_bytes(), &Limits::default()).ok()
}

#[test]
fn a_vcard_is_kept_as_sent() {
    let card = "<vCard xmlns=\"vcard-temp\">\n  <FN a='1'>Mira &amp; Höl&#116;</FN><PHOTO/>\r\n</vCard>";
    let prefixed = "<v:vCard xmlns:v='vcard-temp'><v:FN>x</v:FN></v:vCard>";
    for kept in [card, prefixed, "<vCard xmlns='vcard-temp'/>"] {
        assert_eq!(read(kept).as_deref(), Some(kept));
        let declared = format!("<?xml version='1.0' encoding='utf-8'?>\n<!-- c -->{kept}\n<!-- c -->");
        assert_eq!(read(&declared).as_deref(), Some(kept));
    }
}

#[test]
fn other_documents_are_refused() {
    for refused in [
        "",
        "  ",
        "vCard",
        "<vCard/>",
        "<vcard xmlns='vcard-temp'/>",
        "<vCard xmlns='vcard'/>",
        "<other xmlns='vcard-temp'/>",
        "<vCard xmlns='vcard-temp'>",
        "<vCard xmlns='vcard-temp'/><x/>",
        "<vCard xmlns='vcard-temp'><a></b></vCard>",
        "<!DOCTYPE vCard><vCard xmlns='vcard-temp'/>",
        "<vCard xmlns='vcard-temp'><p:a/></vCard>",
        "<?xml version='1.0' encoding='koi8-r'?><vCard xmlns='vcard-temp'/>",
    ] {
        assert_eq!(read(refused), None, "{refused}");
    }
    let deep = format!("<vCard xmlns='vcard-temp'>{}{}</vCard>", "<a>".repeat(40), "</a>".repeat(40));
    assert_eq!(read(&deep), None);
}
