//! Client sessions.

use serde::{Deserialize, Serialize};

use super::bytes::BadBytes;
use super::{Context, Done, Effect, Facts, Noun, NounId, Question, Refusal};

/// What can be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {}

impl Command {
    /// What must be known first.
    pub fn questions(&self) -> Vec<Question> {
        match *self {}
    }
}

/// Client sessions.
#[derive(Clone, Debug, Default)]
pub struct Sessions {}

impl Noun for Sessions {
    const ID: NounId = NounId::Sessions;
    type Command = Command;

    fn decide(&mut self, _: &Context, command: Command, _: &Facts) -> Result<Done, Refusal> {
        match command {}
    }

    fn follow(&mut self, _: &Context, effect: &Effect) -> Done {
        match effect {
            // Nobody can be online yet.
            Effect::MessageArrived(message) => Done::with_effect(Effect::MessageWaits(std::sync::Arc::clone(message))),
            _ => Done::default(),
        }
    }

    fn records(&self) -> Box<dyn Iterator<Item = Vec<u8>> + Send + '_> {
        Box::new(std::iter::empty())
    }

    fn restore(&mut self, _: &[u8]) -> Result<(), BadBytes> {
        Err(BadBytes::Damaged("no such record".into()))
    }
}
