//! vCards (XEP-0054), as the client wrote them.

use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::base::jid::Localpart;

use super::bytes::{self, BadBytes};
use super::{Context, Done, Effect, Event, Facts, Noun, NounId, Question, Refusal};

/// What can be done to vCards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Replaces the vCard of an account, which must exist.
    Set {
        /// Whose.
        username: Localpart,
        /// The `vCard` element.
        vcard: Arc<str>,
    },
    /// Removes the vCard of an account, if there is one.
    Delete(Localpart),
}

impl Command {
    /// Only accounts have vCards.
    pub fn questions(&self) -> Vec<Question> {
        match self {
            Self::Set { username, .. } => vec![Question::UserExists(username.clone())],
            Self::Delete(_) => Vec::new(),
        }
    }
}

/// All vCards.
#[derive(Clone, Debug, Default)]
pub struct Vcards {
    by_owner: OrdMap<Localpart, Arc<str>>,
}

impl Vcards {
    /// The vCard of this account.
    pub fn get(&self, username: &str) -> Option<&Arc<str>> {
        self.by_owner.get(username)
    }

    fn remove(&mut self, username: Localpart) -> Done {
        if self.by_owner.remove(&username).is_some() { Done::with_event(Event::VcardChanged(username)) } else { Done::default() }
    }
}

impl Noun for Vcards {
    const ID: NounId = NounId::Vcards;
    type Command = Command;

    fn decide(&mut self, _: &Context, command: Command, facts: &Facts) -> Result<Done, Refusal> {
        match command {
            Command::Set { username, .. } if !facts.yes(0) => Err(Refusal::UserNotFound(username.to_string())),
            Command::Set { username, vcard } => {
                let old = self.by_owner.insert(username.clone(), Arc::clone(&vcard));
                Ok(if old == Some(vcard) { Done::default() } else { Done::with_event(Event::VcardChanged(username)) })
            }
            Command::Delete(username) => Ok(self.remove(username)),
        }
    }

    fn follow(&mut self, _: &Context, effect: &Effect) -> Done {
        match effect {
            Effect::UserDeleted(name) => self.remove(name.clone()),
            Effect::UserRenamed { from, to } => {
                let Some(vcard) = self.by_owner.remove(from) else { return Done::default() };
                self.by_owner.insert(to.clone(), vcard);
                Done::with_event(Event::VcardChanged(to.clone()))
            }
            _ => Done::default(),
        }
    }

    fn records(&self) -> Box<dyn Iterator<Item = Vec<u8>> + Send + '_> {
        Box::new(self.by_owner.iter().map(|entry| bytes::record(&entry)))
    }

    fn restore(&mut self, record: &[u8]) -> Result<(), BadBytes> {
        let (name, vcard): (Localpart, Arc<str>) = bytes::decode(record)?;
        self.by_owner.insert(name, vcard);
        Ok(())
    }
}

/// Random commands, from a few names, so that they meet.
#[cfg(test)]
pub mod arbitrary {
    use proptest::prelude::*;

    use super::*;

    /// Any command.
    pub fn command() -> BoxedStrategy<Command> {
        let username = || prop::sample::select(vec!["ann", "bob", "cyd"]).prop_filter_map("a name", |name| Localpart::parse(name).ok());
        prop_oneof![
            (username(), "[A-C]").prop_map(|(username, fill)| Command::Set { username, vcard: fill.into() }),
            username().prop_map(Command::Delete),
        ]
        .boxed()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::base::clock::Timestamp;
    use crate::base::jid::Domain;
    use crate::state::Answer;

    use super::*;

    fn cx() -> Context {
        Context { index: 1, at: Timestamp::now(), domain: Domain::parse("example.org").unwrap() }
    }

    fn name(text: &str) -> Localpart {
        Localpart::parse(text).unwrap()
    }

    fn set(vcards: &mut Vcards, user: &str, vcard: &str, exists: Answer) -> Result<Done, Refusal> {
        vcards.decide(&cx(), Command::Set { username: name(user), vcard: vcard.into() }, &Facts(vec![exists]))
    }

    fn get<'a>(vcards: &'a Vcards, user: &str) -> Option<&'a str> {
        vcards.get(user).map(AsRef::as_ref)
    }

    #[test]
    fn only_accounts_have_one_and_the_same_again_is_no_event() {
        let mut vcards = Vcards::default();
        assert_eq!(set(&mut vcards, "ann", "A", Answer::No).unwrap_err(), Refusal::UserNotFound("ann".into()));
        assert_eq!(set(&mut vcards, "ann", "A", Answer::Yes).unwrap().events, [Event::VcardChanged(name("ann"))]);
        assert_eq!(set(&mut vcards, "ann", "A", Answer::Yes).unwrap().events, []);
        assert_eq!(get(&vcards, "ann"), Some("A"));
    }

    #[test]
    fn deleting_what_is_not_there_is_fine() {
        let mut vcards = Vcards::default();
        assert_eq!(vcards.decide(&cx(), Command::Delete(name("ann")), &Facts::default()).unwrap().events, []);
    }

    #[test]
    fn a_vcard_follows_its_account() {
        let mut vcards = Vcards::default();
        set(&mut vcards, "ann", "A", Answer::Yes).unwrap();
        vcards.follow(&cx(), &Effect::UserRenamed { from: name("ann"), to: name("anna") });
        assert_eq!((get(&vcards, "ann"), get(&vcards, "anna")), (None, Some("A")));
        vcards.follow(&cx(), &Effect::UserDeleted(name("anna")));
        assert_eq!(vcards.records().count(), 0);
    }
}
