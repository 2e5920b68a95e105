//! What applying brought about that listeners may want to tell connected clients.

use std::sync::Arc;

use uuid::Uuid;

use crate::base::jid::{BareJid, Jid, Localpart};

use super::rooms::Happening;
use super::rosters::Subscription;
use super::sessions::{Ending, Session};

/// A thing that happened, in log order, for the doors of this node. Events are never stored: a door that missed some reads
/// the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The state at this index is to be kept for comparison with that of other nodes.
    Marked,
    /// An account was created.
    UserCreated(Localpart),
    /// An account was deleted.
    UserDeleted(Localpart),
    /// A property was set or deleted.
    PropertyChanged(String),
    /// People of a shared group came together or parted: each of `joined` now sees, and is seen by, everybody in the group;
    /// each of `left` and everybody who was in it with them no longer do, unless another group or an entry of their own says so.
    SharedGroupChanged {
        /// The group, which may be gone.
        name: Arc<str>,
        /// Who came.
        joined: Vec<BareJid>,
        /// Who went.
        left: Vec<BareJid>,
    },
    /// An entry of a contact list was set; the owner's clients are to be told what it is now.
    RosterPushed {
        /// Whose list.
        owner: Localpart,
        /// Which entry.
        contact: BareJid,
    },
    /// An entry of a contact list was removed; the owner's clients are to be told, and the contact, where a subscription ended.
    ContactRemoved {
        /// Whose list.
        owner: Localpart,
        /// Which entry.
        contact: BareJid,
        /// The subscription that ended.
        had: Subscription,
    },
    /// The vCard of an account was set or removed.
    VcardChanged(Localpart),
    /// A session was opened.
    SessionOpened(Jid),
    /// What a session says about its availability changed.
    PresenceChanged(Jid),
    /// A session ended; the node that holds its connection closes it.
    SessionEnded {
        /// The session as it was.
        session: Arc<Session>,
        /// Why it ended.
        why: Ending,
    },
    /// A text for every bound session.
    Broadcast(Arc<str>),
    /// A node began a life.
    NodeUp {
        /// Which node.
        node: Uuid,
        /// Which life.
        incarnation: u64,
    },
    /// A life of a node ended.
    NodeDown {
        /// Which node.
        node: Uuid,
        /// Which life.
        incarnation: u64,
    },
    /// Something happened in a chat room.
    Room {
        /// The room's JID.
        room: BareJid,
        /// What.
        what: Happening,
    },
}
