//! Invitations to a room (rooms.md §7).
//!
//! COMPAT(openfire): the documentation uses the root element of one for the other; both take both.

use super::describe::{entity, readable};

entity! {
    /// An invitation of whom the path names.
    pub struct Invitation("mucInvitation", "mucInvitations") {
        /// Why, in words.
        reason: Option<String> => element("reason"),
    }
}

entity! {
    /// An invitation of many.
    pub struct Invitations("mucInvitations", "mucInvitation") {
        /// Why, in words.
        reason: Option<String> => element("reason"),
        /// JIDs, names of local users, or names of groups.
        jids_to_invite: Option<Vec<String>> => wrapped("jidsToInvite", "jid"),
    }
}

readable!(Invitation, Invitations);
