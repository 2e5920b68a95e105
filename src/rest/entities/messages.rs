//! Messages to everyone (system.md §7).

use super::describe::{entity, readable};

entity! {
    /// A message to all users who are connected.
    pub struct Message("message") {
        /// The text, taken as it is.
        body: Option<String> => element("body"),
    }
}

readable!(Message);
