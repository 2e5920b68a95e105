//! What is written can be read again, whatever it is; what is read, whatever it is, never panics.

use std::fmt::Debug;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use crate::rest::entities::*;

/// Text that XML can hold.
fn text() -> impl Strategy<Value = String> {
    "[a-z\\t\\n\\r &<>\"'\u{7f}é中\u{1F600}\u{FFFD}]{0,8}"
}

/// Text that XML can hold in an attribute: a tab would be read as a space.
fn attribute() -> impl Strategy<Value = String> {
    "[a-z\\n\\r &<>\"'\u{7f}é中\u{1F600}]{0,8}"
}

fn texts() -> impl Strategy<Value = Option<Vec<String>>> {
    of(vec(text(), 0..3))
}

prop_compose! {
    fn property()(key in of(attribute()), value in of(attribute())) -> Property {
        Property { key, value }
    }
}

prop_compose! {
    fn user()(
        username in of(text()),
        name in of(text()),
        email in of(text()),
        password in of(text()),
        properties in of(vec(property(), 0..3)),
    ) -> User {
        User { username, name, email, password: password.map(Secret::from), properties }
    }
}

prop_compose! {
    fn group()(
        name in of(text()),
        description in of(text()),
        admins in texts(),
        members in texts(),
        shared in of(any::<bool>()),
    ) -> Group {
        Group { name, description, admins, members, shared }
    }
}

prop_compose! {
    fn roster_item()(
        jid in of(text()),
        nickname in of(text()),
        subscription_type in any::<i32>(),
        groups in texts(),
    ) -> RosterItem {
        RosterItem { jid, nickname, subscription_type, groups }
    }
}

prop_compose! {
    fn room()(
        (room_name, subject, allow_pm) in (of(text()), of(text()), of(text())),
        password in of(text()),
        millis in of(0..253_402_300_800_000_i64),
        max_users in any::<i32>(),
        flags in any::<[bool; 3]>(),
        lists in (texts(), texts(), texts()),
    ) -> ChatRoom {
        ChatRoom {
            room_name,
            subject,
            allow_pm,
            password: password.map(Secret::from),
            creation_date: millis.map(Date),
            max_users,
            persistent: flags[0],
            members_only: flags[1],
            moderated: flags[2],
            owners: lists.0,
            broadcast_presence_roles: lists.1,
            outcast_groups: lists.2,
            ..ChatRoom::default()
        }
    }
}

/// Writes, reads and compares, in both formats.
fn comes_back<E: Entity + Readable + PartialEq + Debug>(entity: &E) -> Result<(), TestCaseError> {
    let limits = Limits::default();
    for format in [Format::Xml, Format::Json] {
        let bytes = encode(entity, format);
        let found = E::decode(&bytes, format, &limits);
        prop_assert_eq!(found.as_ref().map(Option::as_ref), Ok(Some(entity)));
    }
    Ok(())
}

fn read_everything(bytes: &[u8]) {
    let limits = Limits::default();
    for format in [Format::Xml, Format::Json] {
        let _ = NewUsers::decode(bytes, format, &limits);
        let _ = Group::decode(bytes, format, &limits);
        let _ = RosterItem::decode(bytes, format, &limits);
        let _ = ChatRooms::decode(bytes, format, &limits);
        let _ = ChatRoom::decode(bytes, format, &limits);
        let _ = AffiliationList::Owners.decode(bytes, format, &limits);
    }
    let _ = vcard::read(bytes, &limits);
}

proptest! {
    #[test]
    fn users_come_back(user in user()) {
        comes_back(&user)?;
    }

    #[test]
    fn lists_come_back(users in vec(user(), 1..4), names in vec(text(), 1..4)) {
        comes_back(&Users { users: Some(users) })?;
        comes_back(&UserGroups { groupnames: Some(names.clone()) })?;
        comes_back(&Owners { owners: Some(names) })?;
    }

    #[test]
    fn groups_come_back(group in group()) {
        comes_back(&group)?;
    }

    #[test]
    fn roster_items_come_back(item in roster_item()) {
        comes_back(&item)?;
    }

    #[test]
    fn rooms_come_back(room in room()) {
        comes_back(&room)?;
        comes_back(&ChatRooms { chat_rooms: Some(vec![room]) })?;
    }

    #[test]
    fn small_entities_come_back(property in property(), body in of(text()), jids in texts(), hidden: bool) {
        comes_back(&property)?;
        comes_back(&Message { body: body.clone() })?;
        comes_back(&Invitation { reason: body.clone() })?;
        comes_back(&Invitations { reason: body.clone(), jids_to_invite: jids })?;
        comes_back(&ChatService { service_name: body, description: None, hidden })?;
    }

    #[test]
    fn any_bytes_are_answered(bytes in vec(any::<u8>(), 0..200)) {
        read_everything(&bytes);
    }

    #[test]
    fn any_markup_is_answered(markup in "(<|>|/|user|users|=|\"|'|&|;|#x?|[0-9]| |!|\\[|\\]|CDATA|--|\\?|xml|é){0,40}") {
        read_everything(markup.as_bytes());
        read_everything(format!("<user>{markup}</user>").as_bytes());
    }

    #[test]
    fn any_json_is_answered(json in "(\\{|\\}|\\[|\\]|:|,|\"|\\\\|u[0-9a-fD]{4}|users?|null|true|-|[0-9]|e|\\.| |é){0,40}") {
        read_everything(json.as_bytes());
        read_everything(format!("{{\"user\":{json}}}").as_bytes());
    }
}
