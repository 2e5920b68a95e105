//! Chat rooms (rooms.md §4) and what became of creating many (rooms.md §5.5).

use super::date::Date;
use super::describe::{entity, list, readable};
use super::secret::Secret;

entity! {
    /// A chat room.
    pub struct ChatRoom("chatRoom") {
        /// The localpart of the room's JID.
        room_name: Option<String> => element("roomName"),
        /// The name people read.
        natural_name: Option<String> => element("naturalName"),
        /// What the room is for.
        description: Option<String> => element("description"),
        /// What one must know to enter.
        password: Option<Secret> => element("password"),
        /// What is talked about.
        subject: Option<String> => element("subject"),
        /// When the room was created.
        creation_date: Option<Date> => element("creationDate"),
        /// When its settings last changed.
        modification_date: Option<Date> => element("modificationDate"),
        /// Most occupants at once; 0 is no limit.
        max_users: i32 => element("maxUsers"),
        /// Whether the room outlives its last occupant.
        persistent: bool => element("persistent"),
        /// Whether the room is listed.
        public_room: bool => element("publicRoom"),
        /// Whether users may register with the room.
        registration_enabled: bool => element("registrationEnabled"),
        /// Whether everyone sees the occupants' real JIDs.
        can_anyone_discover_jid: bool => element("canAnyoneDiscoverJID"),
        /// Whether occupants may change the subject.
        can_occupants_change_subject: bool => element("canOccupantsChangeSubject"),
        /// Whether occupants may invite others.
        can_occupants_invite: bool => element("canOccupantsInvite"),
        /// Whether occupants may change their nickname.
        can_change_nickname: bool => element("canChangeNickname"),
        /// Whether what is said is archived.
        log_enabled: bool => element("logEnabled"),
        /// Whether members may only enter under their registered nickname.
        login_restricted_to_nickname: bool => element("loginRestrictedToNickname"),
        /// Whether only members may enter.
        members_only: bool => element("membersOnly"),
        /// Whether only those with voice may speak.
        moderated: bool => element("moderated"),
        /// The roles whose presence is told to all: moderator, participant, visitor.
        broadcast_presence_roles: Option<Vec<String>> =>
            wrapped("broadcastPresenceRoles", "broadcastPresenceRole"),
        /// Owners, as bare JIDs.
        owners: Option<Vec<String>> => wrapped("owners", "owner"),
        /// Admins, as bare JIDs.
        admins: Option<Vec<String>> => wrapped("admins", "admin"),
        /// Members, as bare JIDs.
        members: Option<Vec<String>> => wrapped("members", "member"),
        /// The banned, as bare JIDs.
        outcasts: Option<Vec<String>> => wrapped("outcasts", "outcast"),
        /// Groups whose members are owners, by name.
        owner_groups: Option<Vec<String>> => wrapped("ownerGroups", "ownerGroup"),
        /// Groups whose members are admins, by name.
        admin_groups: Option<Vec<String>> => wrapped("adminGroups", "adminGroup"),
        /// Groups whose members are members, by name.
        member_groups: Option<Vec<String>> => wrapped("memberGroups", "memberGroup"),
        /// Groups whose members are banned, by name.
        outcast_groups: Option<Vec<String>> => wrapped("outcastGroups", "outcastGroup"),
        /// Who may send private messages: anyone, participants, moderators, none.
        allow_pm: Option<String> => element("allowPM"),
    }
}

list! {
    /// Many chat rooms.
    pub struct ChatRooms("chatRooms") {
        /// The rooms.
        chat_rooms: Option<Vec<ChatRoom>> => bare("chatRooms", "chatRoom")
    } of ChatRoom
}

readable!(ChatRoom, ChatRooms);

entity! {
    /// What became of one room.
    pub struct RoomResult("result") {
        /// The room's name; absent if it had none.
        room_name: Option<String> => element("roomName"),
        /// Success or Failure.
        result_type: Option<String> => element("resultType"),
        /// In words.
        message: Option<String> => element("message"),
    }
}

entity! {
    /// What became of each room of many, in the order they were given.
    pub struct RoomResults("results") {
        /// The rooms that are there now.
        success: Vec<RoomResult> => wrapped("success", "result"),
        /// The rooms that could not be made.
        failure: Vec<RoomResult> => wrapped("failure", "result"),
        /// Always empty.
        other: Vec<RoomResult> => wrapped("other", "result"),
    }
}
