//! Bodies: whatever is read can be written in both formats, read again, and is then the same.

use std::fmt::Debug;

use hearth::rest::entities::*;

macro_rules! each {
    ($check:ident($bytes:expr)) => {
        $check::<User>($bytes);
        $check::<Users>($bytes);
        $check::<UserGroups>($bytes);
        $check::<Group>($bytes);
        $check::<RosterItem>($bytes);
        $check::<ChatRoom>($bytes);
        $check::<ChatRooms>($bytes);
        $check::<ChatService>($bytes);
        $check::<Owners>($bytes);
        $check::<Admins>($bytes);
        $check::<Members>($bytes);
        $check::<Outcasts>($bytes);
        $check::<Invitation>($bytes);
        $check::<Invitations>($bytes);
        $check::<Property>($bytes);
        $check::<Message>($bytes);
    };
}

/// XML bodies of every kind.
pub fn xml(bytes: &[u8]) {
    each!(from_xml(bytes));
    let _ = NewUsers::from_xml(bytes, &Limits::default());
}

/// JSON bodies of every kind.
pub fn json(bytes: &[u8]) {
    each!(from_json(bytes));
    let _ = NewUsers::from_json(bytes, &Limits::default());
}

/// vCards: what is kept is a vCard, and stays the same.
pub fn vcard(bytes: &[u8]) {
    if let Ok(text) = hearth::rest::entities::vcard::read(bytes, &Limits::default()) {
        assert!(text.starts_with('<') && text.ends_with('>'));
        assert_eq!(hearth::rest::entities::vcard::read(text.as_bytes(), &Limits::default()), Ok(text));
    }
}

fn from_xml<E: Entity + Readable + Debug>(bytes: &[u8]) {
    if let Ok(read) = E::from_xml(bytes, &Limits::default()) {
        survives(&read);
    }
}

fn from_json<E: Entity + Readable + Debug>(bytes: &[u8]) {
    if let Ok(Some(read)) = E::from_json(bytes, &Limits::default()) {
        survives(&read);
    }
}

/// What the writers write, the readers read; writing it again gives the same bytes. Secrets are not written, characters that a
/// format cannot hold are dropped, and so it is the second writing that counts. A tab is a space once read from an attribute.
fn survives<E: Entity + Readable + Debug>(value: &E) {
    let generous = Limits { depth: 128, entries: 10_000_000 };
    for format in [Format::Xml, Format::Json] {
        let once = encode(value, format);
        let spaces = |bytes: &[u8]| std::str::from_utf8(bytes).expect("UTF-8 is written").replace('\t', " ");
        match E::decode(&once, format, &generous) {
            Ok(Some(again)) => assert_eq!(spaces(&encode(&again, format)), spaces(&once)),
            other => panic!("{other:?} from {}", spaces(&once)),
        }
    }
}
