//! Rosters (users.md §2, §6).

use super::describe::{entity, list, readable};

entity! {
    /// A contact in a roster.
    pub struct RosterItem("rosterItem") {
        /// The contact's bare JID.
        jid: Option<String> => element("jid"),
        /// What the user calls the contact.
        nickname: Option<String> => element("nickname"),
        /// Who sees whose presence: -1 remove, 0 none, 1 to, 2 from, 3 both.
        subscription_type: i32 => element("subscriptionType"),
        /// The roster groups the contact is in.
        groups: Option<Vec<String>> => wrapped("groups", "group"),
    }
}

list! {
    /// A user's contacts.
    pub struct Roster("roster") {
        // COMPAT(openfire): the key is singular in JSON.
        /// The contacts.
        items: Vec<RosterItem> => bare("rosterItem", "rosterItem")
    } of RosterItem
}

readable!(RosterItem);
