//! Who is in a room (rooms.md §5).

use super::describe::{entity, list};

entity! {
    /// Someone in a room, with the address they came from.
    pub struct Occupant("occupant") {
        /// What they are to the room: owner, admin, member, none.
        affiliation: Option<String> => element("affiliation"),
        /// Their JID in the room.
        jid: Option<String> => element("jid"),
        /// What they may do: moderator, participant, visitor.
        role: Option<String> => element("role"),
        /// Their real full JID.
        user_address: Option<String> => element("userAddress"),
    }
    json { jid, user_address, role, affiliation }
}

list! {
    /// Everyone in a room.
    pub struct Occupants("occupants") {
        /// The occupants.
        occupants: Vec<Occupant> => bare("occupants", "occupant")
    } of Occupant
}

entity! {
    /// Someone in a room whose role is participant.
    pub struct Participant("participant") {
        /// What they are to the room: owner, admin, member, none.
        affiliation: Option<String> => element("affiliation"),
        /// Their JID in the room.
        jid: Option<String> => element("jid"),
        /// Always participant.
        role: Option<String> => element("role"),
    }
    json { jid, role, affiliation }
}

list! {
    /// The participants of a room.
    pub struct Participants("participants") {
        /// The participants.
        participants: Vec<Participant> => bare("participants", "participant")
    } of Participant
}
