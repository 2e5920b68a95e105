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
    /// Something has grown as far as it may; the text says what.
    #[error("there are too many {0}")]
    TooMany(String),
    /// No chat service on this domain.
    #[error("no such chat service: {0}")]
    ServiceNotFound(String),
    /// The name of the chat service is taken.
    #[error("chat service exists: {0}")]
    ServiceExists(String),
    /// No such chat room.
    #[error("no such chat room: {0}")]
    RoomNotFound(String),
    /// Who would own the room may not create one, or the name of the room may not be used again.
    #[error("not allowed to create chat room {0}")]
    RoomForbidden(String),
    /// The same entity twice in the affiliations of one room; all such.
    #[error("affiliations given twice: {0:?}")]
    AffiliatesTwice(Vec<String>),
    /// Names neither a user nor a group that is there.
    #[error("not a user and not a group: {0}")]
    NotAnEntity(String),
    /// The room would have no owner.
    #[error("the room would have no owner")]
    LastOwner,
    /// The entity does not have this affiliation.
    #[error("does not have this affiliation: {0}")]
    NotAffiliated(String),
    /// Banned from the room.
    #[error("banned from the room")]
    Banned,
    /// Only members may enter.
    #[error("only members may enter the room")]
    MembersOnly,
    /// The room is full.
    #[error("the room is full")]
    RoomFull,
    /// Another user has the nickname.
    #[error("the nickname is taken: {0}")]
    NicknameTaken(String),
    /// Not in the room.
    #[error("not in the room")]
    NotAnOccupant,
    /// May not speak in the room.
    #[error("not allowed to speak in the room")]
    NoVoice,
    /// So much has happened since it was proposed that it may have been carried out already and forgotten.
    #[error("the request comes too late to be carried out")]
    TooLate,
}
