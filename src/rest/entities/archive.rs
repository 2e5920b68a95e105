//! Messages a user has not read (system.md §10.4).

use super::describe::entity;

entity! {
    /// How many messages came since the user was last online.
    pub struct UnreadMessages("archive") {
        /// The JID as it was asked for.
        jid: Option<String> => element("jid"),
        /// How many.
        count: i32 => element("count"),
    }
}
