//! Facts of other nouns that a command needs before it can be decided.

use uuid::Uuid;

use crate::base::jid::{BareJid, Domain, Jid, Localpart};

use super::NounId;

/// A question one noun asks another before deciding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Does this account exist? `Yes` or `No`.
    UserExists(Localpart),
    /// What is this account's display name? `Text`.
    UserName(Localpart),
    /// Does this group exist? `Yes` or `No`.
    GroupExists(String),
    /// Who is in this group, in whatever role? `Jids`; none for a group that does not exist.
    GroupPeople(String),
    /// Through which shared groups does the user see the contact, and which of some names are those of shared groups? `Shared`.
    Shared {
        /// Who looks.
        user: BareJid,
        /// Who is seen.
        contact: BareJid,
        /// The names.
        names: Vec<String>,
    },
    /// Is this account locked? `Yes` or `No`.
    UserLocked(Localpart),
    /// Does this node take part, in this life? `Yes` or `No`.
    NodeUp {
        /// Which node.
        node: Uuid,
        /// Which life.
        incarnation: u64,
    },
    /// Which groups is this user in? `Names`, sorted.
    GroupsOf(BareJid),
    /// Is there a chat service on this domain? `Yes` or `No`.
    ServiceExists(Domain),
    /// Are there as many chat services as there can be? `Yes` or `No`.
    ServicesFull,
    /// Is there a session of this full JID? `Yes` or `No`.
    SessionOpen(Jid),
}

impl Question {
    /// Whose fact it is.
    pub fn of(&self) -> NounId {
        match self {
            Self::UserExists(_) | Self::UserName(_) => NounId::Users,
            Self::GroupExists(_) | Self::GroupPeople(_) | Self::GroupsOf(_) | Self::Shared { .. } => NounId::Groups,
            Self::UserLocked(_) => NounId::Lockouts,
            Self::NodeUp { .. } => NounId::Nodes,
            Self::ServiceExists(_) | Self::ServicesFull => NounId::Services,
            Self::SessionOpen(_) => NounId::Sessions,
        }
    }
}

/// An answer to a [`Question`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// A value, or none.
    Text(Option<String>),
    /// Names, in order.
    Names(Vec<String>),
    /// Bare JIDs, in order.
    Jids(Vec<BareJid>),
    /// Names of shared groups, in order.
    Shared {
        /// Those through which one sees the other.
        through: Vec<String>,
        /// Those that were among the names.
        among: Vec<String>,
    },
}

/// The answers to the questions of one command, in their order.
#[derive(Clone, Debug, Default)]
pub struct Facts(pub Vec<Answer>);

impl Facts {
    /// Whether the `n`th question was answered with yes.
    pub fn yes(&self, n: usize) -> bool {
        matches!(self.0.get(n), Some(Answer::Yes))
    }

    /// The names that answered the `n`th question.
    pub fn names(&self, n: usize) -> &[String] {
        match self.0.get(n) {
            Some(Answer::Names(names)) => names,
            _ => &[],
        }
    }

    /// The shared groups that answered the `n`th question: those through which one sees the other, and those among the names.
    pub fn shared(&self, n: usize) -> (&[String], &[String]) {
        match self.0.get(n) {
            Some(Answer::Shared { through, among }) => (through, among),
            _ => (&[], &[]),
        }
    }

    /// The text that answered the `n`th question.
    pub fn text(&self, n: usize) -> Option<&str> {
        match self.0.get(n) {
            Some(Answer::Text(text)) => text.as_deref(),
            _ => None,
        }
    }

    /// The JIDs that answered the `n`th question.
    pub fn jids(&self, n: usize) -> &[BareJid] {
        match self.0.get(n) {
            Some(Answer::Jids(jids)) => jids,
            _ => &[],
        }
    }
}
