//! What an act on one noun means for the others, as data.

use std::sync::Arc;

use uuid::Uuid;

use crate::base::jid::{Domain, Jid, Localpart};

use super::NounId;
use super::NounId::{Groups, Lockouts, Messages, Properties, Rooms, Rosters, Services, Sessions, Users, Vcards};

/// What happened to one noun that others must follow. Carried out within the same log entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// An account is gone; so is everything that belonged to it.
    UserDeleted(Localpart),
    /// An account has a new name; everything that belonged to the old one moves.
    UserRenamed {
        /// The name it had.
        from: Localpart,
        /// The name it has.
        to: Localpart,
    },
    /// An account may not be used any more until unlocked; its sessions end.
    UserLocked(Localpart),
    /// A client's session has ended; whatever it took part in, it does no longer.
    SessionClosed(Jid),
    /// A node, in all its lives up to and including this one, is gone; so are its sessions.
    NodeGone {
        /// Which node.
        node: Uuid,
        /// Its last life that is gone.
        incarnation: u64,
    },
    /// A group is gone, and with it what it had.
    GroupDeleted(String),
    /// A chat service must be there; it is made if it is not.
    ServiceNeeded {
        /// The domain it answers on.
        service: Domain,
        /// Its name as it was given.
        name: String,
    },
    /// A message is on its way to a name of this server, which may have an account.
    MessageSent(Arc<Message>),
    /// A message is on its way to an account of this server, which may be online.
    MessageArrived(Arc<Message>),
    /// A message is for an account of which nobody is online, and waits for it.
    MessageWaits(Arc<Message>),
}

/// A message to a user of this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Whom it is for.
    pub to: Localpart,
    /// The stanza, as it will be delivered.
    pub stanza: String,
}

impl Effect {
    /// The nouns that follow, in the order in which they do.
    pub fn followers(&self) -> &'static [NounId] {
        match self {
            Self::UserDeleted(_) | Self::UserRenamed { .. } => &[Lockouts, Groups, Rosters, Vcards, Rooms, Messages, Properties, Sessions],
            Self::UserLocked(_) | Self::NodeGone { .. } => &[Sessions],
            Self::SessionClosed(_) => &[Rooms],
            Self::GroupDeleted(_) => &[Rooms],
            Self::ServiceNeeded { .. } => &[Services],
            Self::MessageSent(_) => &[Users],
            Self::MessageArrived(_) => &[Sessions],
            Self::MessageWaits(_) => &[Messages],
        }
    }
}
