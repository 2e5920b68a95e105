//! Accounts that may not be used.

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;
use crate::base::jid::Localpart;

use super::bytes::{self, BadBytes};
use super::{Answer, Context, Done, Effect, Facts, Noun, NounId, Question, Refusal};

/// What can be done to lockouts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Locks an account from now on, without end, and ends its sessions.
    Lock(Localpart),
    /// Lifts the lock of an account.
    Unlock(Localpart),
}

impl Command {
    /// The account must exist.
    pub fn questions(&self) -> Vec<Question> {
        let (Self::Lock(name) | Self::Unlock(name)) = self;
        vec![Question::UserExists(name.clone())]
    }
}

/// All locked accounts, with the time since when.
#[derive(Clone, Debug, Default)]
pub struct Lockouts {
    since: OrdMap<Localpart, Timestamp>,
}

impl Lockouts {
    /// Whether the account is locked.
    pub fn contains(&self, username: &str) -> bool {
        self.since.contains_key(username)
    }
}

impl Noun for Lockouts {
    const ID: NounId = NounId::Lockouts;
    type Command = Command;

    fn answer(&self, question: &Question) -> Answer {
        match question {
            Question::UserLocked(name) if self.since.contains_key(name) => Answer::Yes,
            _ => Answer::No,
        }
    }

    fn decide(&mut self, cx: &Context, command: Command, facts: &Facts) -> Result<Done, Refusal> {
        let (Command::Lock(name) | Command::Unlock(name)) = &command;
        if !facts.yes(0) {
            return Err(Refusal::UserNotFound(name.to_string()));
        }
        match command {
            Command::Lock(name) => {
                self.since.entry(name.clone()).or_insert(cx.at);
                Ok(Done::with_effect(Effect::UserLocked(name)))
            }
            Command::Unlock(name) => {
                self.since.remove(&name);
                Ok(Done::default())
            }
        }
    }

    fn follow(&mut self, _: &Context, effect: &Effect) -> Done {
        match effect {
            Effect::UserDeleted(name) => {
                self.since.remove(name);
            }
            Effect::UserRenamed { from, to } => {
                if let Some(since) = self.since.remove(from) {
                    self.since.insert(to.clone(), since);
                }
            }
            _ => {}
        }
        Done::default()
    }

    fn records(&self) -> Box<dyn Iterator<Item = Vec<u8>> + Send + '_> {
        Box::new(self.since.iter().map(|entry| bytes::record(&entry)))
    }

    fn restore(&mut self, record: &[u8]) -> Result<(), BadBytes> {
        let (name, since): (Localpart, Timestamp) = bytes::decode(record)?;
        self.since.insert(name, since);
        Ok(())
    }
}
