//! What every noun is: a sub-state with one writer.

use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;
use crate::base::jid::Domain;

use super::bytes::BadBytes;
use super::{Answer, Effect, Event, Facts, Question, Refusal, Reply};

/// The name of a noun; the number is what stored bytes use and never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum NounId {
    /// Accounts.
    Users = 1,
    /// Disabled accounts.
    Lockouts = 2,
    /// Groups of users.
    Groups = 3,
    /// Contact lists.
    Rosters = 4,
    /// vCards (XEP-0054).
    Vcards = 5,
    /// Chat services (XEP-0045).
    Services = 6,
    /// Chat rooms with their affiliations, occupants and history (XEP-0045).
    Rooms = 7,
    /// Client sessions.
    Sessions = 8,
    /// Messages waiting for their recipient.
    Messages = 9,
    /// System properties.
    Properties = 10,
    /// The security audit log.
    Audit = 11,
    /// The members of the cluster.
    Nodes = 12,
    /// Outcomes remembered by request id.
    Requests = 13,
}

/// What every part of one application knows about it: decided before the log, the same on every node.
#[derive(Clone, Debug)]
pub struct Context {
    /// Log index of the entry.
    pub index: u64,
    /// When the proposing node stamped the proposal.
    pub at: Timestamp,
    /// The XMPP domain of the service.
    pub domain: Domain,
}

/// A sub-state with one writer. Pure: the same calls give the same state on every node.
pub trait Noun: Clone + Default + Send + Sync + 'static {
    /// Its name.
    const ID: NounId;
    /// What it can be told to do.
    type Command: Send + 'static;

    /// Answers another noun's question about facts of this one.
    fn answer(&self, question: &Question) -> Answer {
        let _ = question;
        Answer::No
    }

    /// Carries out `command` given the answers to the questions it asked.
    ///
    /// # Errors
    /// A [`Refusal`]; then nothing has changed.
    fn decide(&mut self, cx: &Context, command: Self::Command, facts: &Facts) -> Result<Done, Refusal>;

    /// Takes over what an act on another noun means for this one. Cannot refuse.
    fn follow(&mut self, cx: &Context, effect: &Effect) -> Done {
        let _ = (cx, effect);
        Done::default()
    }

    /// All of it as records in canonical order: equal states give equal records. Used for snapshots and checksums.
    fn records(&self) -> Box<dyn Iterator<Item = Vec<u8>> + Send + '_>;

    /// Takes back one record written by [`Noun::records`].
    ///
    /// # Errors
    /// The bytes are not such a record.
    fn restore(&mut self, record: &[u8]) -> Result<(), BadBytes>;
}

/// What carrying out a command brought about.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// The answer, where it is more than "done".
    pub reply: Option<Reply>,
    /// What it means for other nouns.
    pub effects: Vec<Effect>,
    /// What listeners on this node may want to tell their clients.
    pub events: Vec<Event>,
    /// What only grows and is kept on disk.
    pub ledger: Vec<LedgerPut>,
    /// What the audit entry is to say besides what its draft says: what only the state knew.
    pub note: Option<String>,
}

impl Done {
    /// Done, with this effect on other nouns.
    pub fn with_effect(effect: Effect) -> Self {
        Self { effects: vec![effect], ..Self::default() }
    }

    /// Done, with this event for listeners.
    pub fn with_event(event: Event) -> Self {
        Self { events: vec![event], ..Self::default() }
    }

    /// Adds what another act brought about; its answer is dropped.
    pub fn append(&mut self, more: Self) {
        self.effects.extend(more.effects);
        self.events.extend(more.events);
        self.ledger.extend(more.ledger);
    }
}

/// A store on disk of what only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ledger {
    /// Entries of the security audit log, by entry id.
    Audit,
    /// Bodies of stored messages, by message id.
    Messages,
}

/// One idempotent write to a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerPut {
    /// Which ledger.
    pub ledger: Ledger,
    /// Its key.
    pub key: u64,
    /// The bytes to keep, or `None` to forget the key.
    pub value: Option<Vec<u8>>,
}
