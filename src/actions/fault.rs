//! Why an action did not happen.

use crate::cluster::Unavailable;
use crate::state::Refusal;
use crate::telemetry::metrics::Bound;

/// Why an action did not happen. Each door gives it its own wire shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The replicated state refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The input cannot be accepted whatever the state.
    #[error("{0}")]
    Invalid(Invalid),
    /// The cluster cannot answer now.
    #[error(transparent)]
    Unavailable(Unavailable),
    /// What an operator asks of the cluster cannot be done now; why.
    #[error("{0}")]
    NotNow(String),
    /// What is asked for makes too large an entry of the log.
    #[error("the request is too large for the log")]
    TooLarge,
    /// A queue of this node is full; come back later.
    #[error("too much is waiting already")]
    Overloaded,
    /// A fault of this node.
    #[error("internal fault: {0}")]
    Internal(String),
}

impl From<Unavailable> for Fault {
    fn from(why: Unavailable) -> Self {
        match why {
            Unavailable::TooLarge => return Self::TooLarge,
            Unavailable::TooSlow => Bound::LogTime.hit(),
            _ => {}
        }
        Self::Unavailable(why)
    }
}

/// What is wrong with an input. The text is the value as it was given, where that may be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Nothing was given where something is needed.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// Not a legal account name.
    #[error("not a legal username: {0}")]
    Username(String),
    /// A password is needed; the text is the account's name.
    #[error("no password for {0}")]
    Password(String),
    /// A property without key or value, or one that is too long; the text is the account's name.
    #[error("bad property of {0}")]
    Property(String),
    /// The same name twice in one request.
    #[error("named twice: {0}")]
    Twice(String),
    /// The mask of a secret value in place of a value; the text is the property's key.
    #[error("the mask of {0} is not its value")]
    Masked(String),
    /// A text is longer than what is kept of it.
    #[error("{what} is longer than {most} characters")]
    TooLong {
        /// Which text.
        what: &'static str,
        /// How many characters are kept.
        most: usize,
        /// Whose.
        of: String,
    },
    /// Not a JID; the text is as given.
    #[error("not a JID: {0}")]
    Jid(String),
    /// Not a legal name of a chat service; the text is as given.
    #[error("not a legal name of a chat service: {0}")]
    ServiceName(String),
    /// Not a legal name of a chat room; the text is as given.
    #[error("not a legal name of a chat room: {0}")]
    RoomName(String),
    /// Not a role in a chat room; the text is as given.
    #[error("not a role: {0}")]
    Role(String),
    /// A group needs a name that is not blank.
    #[error("a group needs a name")]
    GroupName,
    /// Not somebody who can be a member of a group; the text is as given.
    #[error("not a user: {0}")]
    Member(String),
    /// Not somebody who can lead a group; the text is as given.
    #[error("not a user: {0}")]
    Admin(String),
    /// The cluster does not do this, now or later.
    #[error("{0}")]
    Cluster(String),
    /// Not one of the subscriptions of a contact.
    #[error("not a subscription: {0}")]
    Subscription(i64),
}

impl From<Invalid> for Fault {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}
