//! Floor 1: the pure nouns. A command goes in; an outcome and events come out.
//!
//! Nothing here knows async, actors, sockets, disk, clocks or randomness: the same proposals in the same order give the same
//! bytes on every node, for ever. One noun per file, each a [`Noun`]; what one act means for other nouns is said as data
//! ([`Question`] before deciding, [`Effect`] after), and [`Application`] is the one order in which that happens, whether the
//! nouns are plain structs ([`State`]) or live behind mailboxes.

mod application;
pub mod bytes;
mod effect;
mod event;
mod noun;
mod pairs;
mod proposal;
mod question;
mod refusal;
mod whole;

pub mod affiliations;
pub mod audit;
pub mod groups;
pub mod lockouts;
pub mod messages;
pub mod nodes;
pub mod properties;
pub mod requests;
pub mod rooms;
pub mod rosters;
pub mod services;
pub mod sessions;
pub mod users;
pub mod vcards;

pub use application::{Application, Applied, Input, Step};
pub use effect::{Effect, Message};
pub use event::Event;
pub use noun::{Context, Done, Ledger, LedgerPut, Noun, NounId};
pub use proposal::{Command, Logged, Proposal, RequestId};
pub use question::{Answer, Facts, Question};
pub use refusal::Refusal;
pub use whole::State;

use serde::{Deserialize, Serialize};

/// What an accepted command answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// Done; nothing more to say.
    Done,
    /// How many things the command touched.
    Count(u64),
    /// One line per item of a bulk command, in its order: `None` for success, else why it was refused.
    Each(Vec<Option<Refusal>>),
    /// The number by which what came into being is known: the serial of a session, the incarnation of a node.
    Number(u64),
}

/// The answer of the replicated state to one proposal, the same on every node.
pub type Outcome = Result<Reply, Refusal>;

#[cfg(test)]
pub mod tests;
