//! Groups of users.

use serde::{Deserialize, Serialize};

use super::bytes::BadBytes;
use super::{Context, Done, Facts, Noun, NounId, Question, Refusal};

/// What can be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {}

impl Command {
    /// What must be known first.
    pub fn questions(&self) -> Vec<Question> {
        match *self {}
    }
}

/// Groups of users.
#[derive(Clone, Debug, Default)]
pub struct Groups {}

impl Noun for Groups {
    const ID: NounId = NounId::Groups;
    type Command = Command;

    fn decide(&mut self, _: &Context, command: Command, _: &Facts) -> Result<Done, Refusal> {
        match command {}
    }

    fn records(&self) -> Box<dyn Iterator<Item = Vec<u8>> + Send + '_> {
        Box::new(std::iter::empty())
    }

    fn restore(&mut self, _: &[u8]) -> Result<(), BadBytes> {
        Err(BadBytes::Damaged("no such record".into()))
    }
}
