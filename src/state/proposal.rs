//! What a node proposes: a command with everything uncertain already decided.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::base::clock::Timestamp;
use crate::base::jid::Domain;

use super::bytes::{self, BadBytes};
use super::{Question, audit, groups, lockouts, messages, nodes, properties, rooms, rosters, services, sessions, users, vcards};

/// Names one act, so that a retry of it is not a second one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub Uuid);

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// Which act this is.
    pub id: RequestId,
    /// For a request id that a client chose (`Idempotency-Key`): a digest of what it asked for, so that the same key with
    /// another body is told apart. `None` for ids that this cluster made.
    pub fingerprint: Option<[u8; 16]>,
    /// When the proposing node stamped it.
    pub at: Timestamp,
    /// The XMPP domain of the service.
    pub domain: Domain,
    /// What the audit log will say if the command is carried out.
    pub audit: Option<audit::Draft>,
    /// What to do.
    pub command: Command,
}

/// A proposal as it lies in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Logged {
    /// What was proposed.
    pub proposal: Proposal,
    /// The log index that the proposing node had applied when it made the proposal: an entry so far behind it that its id may
    /// have been forgotten is refused rather than perhaps carried out twice. `None` in format 1, which has no such guard.
    pub since: Option<u64>,
}

impl From<Proposal> for Logged {
    fn from(proposal: Proposal) -> Self {
        Self { proposal, since: None }
    }
}

impl Logged {
    /// The bytes that go into the log, in this format.
    ///
    /// # Errors
    /// The format is not known; see also [`bytes::encode`].
    pub fn encode(&self, format: u8) -> Result<Vec<u8>, BadBytes> {
        match format {
            1 => bytes::encode(&self.proposal),
            2 => bytes::encode_as(2, &(&self.proposal, self.since)),
            other => Err(BadBytes::Version(other)),
        }
    }

    /// Reads what [`Logged::encode`] wrote.
    ///
    /// # Errors
    /// The version is unknown, or the bytes are damaged or have a tail.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadBytes> {
        match bytes::split(bytes)? {
            (1, rest) => bytes::whole(rest).map(|proposal: Proposal| proposal.into()),
            (2, rest) => bytes::whole(rest).map(|(proposal, since)| Self { proposal, since }),
            (other, _) => Err(BadBytes::Version(other)),
        }
    }
}

/// A command, by the noun it is for. Variants are only ever appended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// For accounts.
    Users(users::Command),
    /// For disabled accounts.
    Lockouts(lockouts::Command),
    /// For groups.
    Groups(groups::Command),
    /// For contact lists.
    Rosters(rosters::Command),
    /// For vCards.
    Vcards(vcards::Command),
    /// For chat services.
    Services(services::Command),
    /// For chat rooms.
    Rooms(rooms::Command),
    /// For client sessions.
    Sessions(sessions::Command),
    /// For stored messages.
    Messages(messages::Command),
    /// For system properties.
    Properties(properties::Command),
    /// For the members of the cluster.
    Nodes(nodes::Command),
    /// For the audit log.
    Audit(audit::Command),
}

impl Command {
    /// What must be known of other nouns before it can be decided.
    pub fn questions(&self) -> Vec<Question> {
        match self {
            Self::Users(_) | Self::Nodes(_) | Self::Audit(_) => Vec::new(),
            Self::Lockouts(c) => c.questions(),
            Self::Groups(c) => c.questions(),
            Self::Rosters(c) => c.questions(),
            Self::Vcards(c) => c.questions(),
            Self::Services(c) => c.questions(),
            Self::Rooms(c) => c.questions(),
            Self::Sessions(c) => c.questions(),
            Self::Messages(c) => c.questions(),
            Self::Properties(c) => c.questions(),
        }
    }
}
