//! The wire shapes of the REST API, in XML and JSON, exact to the byte.
//!
//! Each entity is described once (see `entity.rs`); the nouns have a file each.

mod date;
mod entity;
mod json;
mod list;
mod place;
mod read;
mod schema;
mod secret;
mod shape;
mod xml;

mod error;
mod properties;
mod users;

pub use date::Date;
pub use entity::{Entity, Format, Readable, encode};
pub use list::{Item, List, ListWriter};
pub use read::{BadBody, Limits};
pub use secret::Secret;

pub use error::ErrorBody;
pub use properties::{Properties, Property};
pub use users::{NewUsers, User, UserGroups, Users};
