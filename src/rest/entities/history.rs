//! What was said in a room (rooms.md §5).

use super::describe::{entity, list};

entity! {
    /// A message said in a room.
    pub struct RoomMessage("message") {
        /// The room's JID.
        to: Option<String> => element("to"),
        /// The JID in the room of who said it.
        from: Option<String> => element("from"),
        /// Always groupchat.
        kind: Option<String> => element("type"),
        /// What was said.
        body: Option<String> => element("body"),
        /// When, as text: in UTC and with milliseconds in both formats.
        delay_stamp: Option<String> => element("delay_stamp"),
        /// The real JID of who said it.
        delay_from: Option<String> => element("delay_from"),
    }
}

list! {
    /// What was said in a room, oldest first.
    pub struct RoomMessages("messages") {
        // COMPAT(openfire): the key is singular in JSON.
        /// The messages.
        messages: Vec<RoomMessage> => bare("message", "message")
    } of RoomMessage
}
