//! What applying brought about that listeners may want to tell connected clients.

use std::sync::Arc;

use uuid::Uuid;

use crate::base::jid::{Jid, Localpart};

use super::sessions::{Ending, Session};

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
}
