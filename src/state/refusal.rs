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
}
