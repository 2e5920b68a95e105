//! A list written item by item is the same bytes as the whole list at once.

use super::text;
use crate::rest::entities::*;

fn streamed<L: List>(items: &[L::Item], format: Format) -> Vec<u8> {
    let mut writer = ListWriter::<L>::new(format);
    let mut bytes: Vec<u8> = items.iter().flat_map(|item| writer.item(item)).collect();
    bytes.extend(writer.finish());
    bytes
}

#[test]
fn users_stream_to_the_same_bytes() {
    for length in [0, 1, 2, 7] {
        let user = |n: usize| User { username: Some(format!("user{n}")), ..User::default() };
        let users: Vec<User> = (0..length).map(user).collect();
        let whole = Users { users: Some(users.clone()) };
        for format in [Format::Xml, Format::Json] {
            assert_eq!(streamed::<Users>(&users, format), encode(&whole, format), "{length}");
        }
    }
}

#[test]
fn strings_and_singular_keys_stream_too() {
    let names = vec!["r&d".to_owned(), String::new()];
    let whole = UserGroups { groupnames: Some(names.clone()) };
    let room = ChatRoom { room_name: text("den"), ..ChatRoom::default() };
    let rooms = ChatRooms { chat_rooms: Some(vec![room.clone()]) };
    let property = Property { key: text("k"), value: None };
    let properties = Properties { property: vec![property.clone()] };
    for format in [Format::Xml, Format::Json] {
        assert_eq!(streamed::<UserGroups>(&names, format), encode(&whole, format));
        assert_eq!(streamed::<ChatRooms>(std::slice::from_ref(&room), format), encode(&rooms, format));
        assert_eq!(streamed::<Properties>(std::slice::from_ref(&property), format), encode(&properties, format));
    }
}
