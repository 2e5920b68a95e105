//! Why a command was refused. A refusal changes nothing and is the same on every node.

use serde::{Deserialize, Serialize};

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
