//! The wire shapes of the REST API, in XML and JSON, exact to the byte.
//!
//! Each entity is described once (see `describe.rs`); the nouns have a file each.

use utoipa::openapi::{RefOr, Schema};

mod date;
mod describe;
mod entity;
mod json;
mod list;
mod place;
mod read;
mod schema;
mod secret;
mod shape;
mod streaming;
mod xml;

mod affiliations;
mod archive;
mod audit;
mod error;
mod groups;
mod history;
mod invitations;
mod messages;
mod nodes;
mod occupants;
mod properties;
mod rooms;
mod rosters;
mod services;
mod sessions;
mod users;
pub mod vcard;

#[cfg(test)]
mod tests;

pub use date::Date;
pub use entity::{Entity, Format, Readable, encode};
pub use list::Item;
pub use read::{BadBody, Limits};
pub use secret::Secret;
pub use streaming::{List, ListWriter};

pub use affiliations::{Admins, AffiliationList, Members, Outcasts, Owners};
pub use archive::UnreadMessages;
pub use audit::{AuditEntry, AuditLog};
pub use error::ErrorBody;
pub use groups::{Group, Groups};
pub use history::{RoomMessage, RoomMessages};
pub use invitations::{Invitation, Invitations};
pub use messages::Message;
pub use nodes::{ClusterNode, ClusterNodes, Clustering};
pub use occupants::{Occupant, Occupants, Participant, Participants};
pub use properties::{Properties, Property};
pub use rooms::{ChatRoom, ChatRooms, RoomResult, RoomResults};
pub use rosters::{Roster, RosterItem};
pub use services::{ChatService, ChatServices};
pub use sessions::{Session, Sessions, SessionsCount};
pub use users::{NewUsers, User, UserGroups, Users};

/// The schemas of all entities, by name, for the OpenAPI document.
pub fn schemas() -> Vec<(&'static str, RefOr<Schema>)> {
    macro_rules! of {
        ($($entity:ty),+ $(,)?) => { vec![$((<$entity>::NAME, <$entity>::schema())),+] };
    }
    of![
        Admins,
        AuditEntry,
        AuditLog,
        ChatRoom,
        ChatRooms,
        ChatService,
        ChatServices,
        ClusterNode,
        ClusterNodes,
        Clustering,
        ErrorBody,
        Group,
        Groups,
        Invitation,
        Invitations,
        Members,
        Message,
        Occupant,
        Occupants,
        Outcasts,
        Owners,
        Participant,
        Participants,
        Properties,
        Property,
        RoomMessage,
        RoomMessages,
        RoomResult,
        RoomResults,
        Roster,
        RosterItem,
        Session,
        Sessions,
        SessionsCount,
        UnreadMessages,
        User,
        UserGroups,
        Users,
    ]
}
