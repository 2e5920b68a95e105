//! What applying brought about that listeners may want to tell connected clients.

use crate::base::jid::{BareJid, Localpart};

use super::rooms::Happening;

/// A thing that happened, in log order, for the doors of this node. Events are never stored: a door that missed some reads
/// the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// An account was created.
    UserCreated(Localpart),
    /// An account was deleted.
    UserDeleted(Localpart),
    /// A property was set or deleted.
    PropertyChanged(String),
    /// Something happened in a chat room.
    Room {
        /// The room's JID.
        room: BareJid,
        /// What.
        what: Happening,
    },
}
