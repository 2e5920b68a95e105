//! Why a command was refused. A refusal changes nothing and is the same on every node.

use serde::{Deserialize, Serialize};

use crate::base::jid::{BareJid, Localpart};

/// A reason of the domain; each door gives it its own wire shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// The same request id came with another body.
    #[error("the request id was used with another request")]
    RequestMismatch,
    /// No such account.
    #[error("no such user: {0}")]
    UserNotFound(String),
    /// The name is taken; the text is the name as it was asked for.
    #[error("user exists: {0}")]
    UserExists(String),
    /// No such property.
    #[error("no such property: {0}")]
    PropertyNotFound(String),
    /// No such group.
    #[error("no such group: {0}")]
    GroupNotFound(String),
    /// The name of the group is taken.
    #[error("group exists: {0}")]
    GroupExists(String),
    /// The group holds as many people as it may.
    #[error("group is full: {0}")]
    GroupFull(String),
    /// Not in the roster.
    #[error("no such contact: {0}")]
    ContactNotFound(BareJid),
    /// In the roster already, by itself or through a shared group.
    #[error("contact exists: {0}")]
    ContactExists(BareJid),
    /// A shared group does not allow it; the text is its name.
    #[error("shared group: {0}")]
    SharedGroup(String),
    /// The roster holds as many contacts as it may; the text is its owner.
    #[error("roster is full: {0}")]
    RosterFull(Localpart),
    /// As many properties are stored as may be.
    #[error("too many properties")]
    TooManyProperties,
    /// The account may not be used.
    #[error("user is locked out: {0}")]
    UserLocked(String),
    /// The JID is not one that a client of this service can have.
    #[error("not the full JID of a client: {0}")]
    NotASession(String),
    /// There is a session of this JID.
    #[error("session exists: {0}")]
    SessionExists(String),
    /// The session has ended.
    #[error("no such session: {0}")]
    SessionNotFound(String),
    /// The user, or the service, has as many sessions as may be.
    #[error("too many sessions: {0}")]
    TooManySessions(String),
    /// The node does not take part, or not in this life.
    #[error("node is not up: {0}")]
    NodeNotUp(String),
    /// There are as many nodes as may be.
    #[error("too many nodes")]
    TooManyNodes,
}
