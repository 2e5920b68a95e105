//! Accounts: a name, a verifier of its password, and what an administrator keeps about it.

use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;
use crate::base::jid::Localpart;
use crate::base::secrets::Verifier;

use super::bytes::{self, BadBytes};
use super::{Answer, Context, Done, Effect, Event, Facts, Noun, NounId, Question, Refusal};

/// A property of an account: key and value, as given.
pub type Property = (String, String);

/// An account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Display name; `None` when unset.
    pub name: Option<Box<str>>,
    /// Mail address; `None` when unset.
    pub email: Option<Box<str>>,
    /// Verifies the password.
    pub verifier: Verifier,
    /// When the account was created.
    pub created: Timestamp,
    /// When the account last changed.
    pub modified: Timestamp,
    /// Properties by key, sorted, no key twice.
    pub properties: Box<[Property]>,
}

/// An account to be created.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewUser {
    /// Its name.
    pub username: Localpart,
    /// The name as the client wrote it, for the answer.
    pub given: String,
    /// See [`User::name`].
    pub name: Option<Box<str>>,
    /// See [`User::email`].
    pub email: Option<Box<str>>,
    /// See [`User::verifier`].
    pub verifier: Verifier,
    /// Properties; a repeated key counts once, with its last value.
    pub properties: Vec<Property>,
}

/// What is to be set on an account; `None` leaves a part as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    /// A new password.
    pub verifier: Option<Verifier>,
    /// A new display name; the inner `None` unsets it.
    pub name: Option<Option<Box<str>>>,
    /// A new mail address; the inner `None` unsets it.
    pub email: Option<Option<Box<str>>>,
    /// All properties from now on.
    pub properties: Option<Vec<Property>>,
}

/// What can be done to accounts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Creates all of them, or none.
    Create(Vec<NewUser>),
    /// Changes an account.
    Update {
        /// Which.
        username: Localpart,
        /// How.
        changes: Changes,
    },
    /// Gives an account another name, and with it everything that belongs to it; then changes it.
    Rename {
        /// The name it has.
        from: Localpart,
        /// The name it will have.
        to: Localpart,
        /// The new name as the client wrote it, for the answer.
        given: String,
        /// What else changes.
        changes: Changes,
    },
    /// Deletes an account and everything that belongs to it.
    Delete(Localpart),
}

/// All accounts.
#[derive(Clone, Debug, Default)]
pub struct Users {
    by_name: OrdMap<Localpart, Arc<User>>,
}

impl Users {
    /// The account of this name.
    pub fn get(&self, username: &str) -> Option<&Arc<User>> {
        self.by_name.get(username)
    }

    /// Whether there is an account of this name.
    pub fn contains(&self, username: &str) -> bool {
        self.by_name.contains_key(username)
    }

    /// How many accounts there are.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether there is no account.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// All accounts by name.
    pub fn iter(&self) -> impl Iterator<Item = (&Localpart, &Arc<User>)> {
        self.by_name.iter()
    }

    /// All accounts after `name` in order.
    pub fn after(&self, name: Option<&Localpart>) -> impl Iterator<Item = (&Localpart, &Arc<User>)> {
        let from = name.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        self.by_name.range::<_, Localpart>((from, std::ops::Bound::Unbounded))
    }

    fn create(&mut self, cx: &Context, new: Vec<NewUser>) -> Result<Done, Refusal> {
        if let Some(taken) = new.iter().find(|user| self.by_name.contains_key(&user.username)) {
            return Err(Refusal::UserExists(taken.given.clone()));
        }
        let mut done = Done::default();
        for user in new {
            let NewUser { username, name, email, verifier, properties, .. } = user;
            let properties = sorted(properties);
            let account = User { name, email, verifier, created: cx.at, modified: cx.at, properties };
            self.by_name.insert(username.clone(), Arc::new(account));
            done.events.push(Event::UserCreated(username));
        }
        Ok(done)
    }

    fn changed(&self, cx: &Context, username: &Localpart, changes: Changes) -> Result<User, Refusal> {
        let found = self.by_name.get(username).ok_or_else(|| Refusal::UserNotFound(username.to_string()))?;
        let mut user = User::clone(found);
        user.modified = cx.at;
        user.verifier = changes.verifier.unwrap_or(user.verifier);
        user.name = changes.name.unwrap_or(user.name);
        user.email = changes.email.unwrap_or(user.email);
        user.properties = changes.properties.map_or(user.properties, sorted);
        Ok(user)
    }

    fn rename(&mut self, cx: &Context, from: Localpart, to: Localpart, given: String, changes: Changes) -> Result<Done, Refusal> {
        let user = self.changed(cx, &from, changes)?;
        if self.by_name.contains_key(&to) {
            return Err(Refusal::UserExists(given));
        }
        self.by_name.remove(&from);
        self.by_name.insert(to.clone(), Arc::new(user));
        Ok(Done::with_effect(Effect::UserRenamed { from, to }))
    }

    fn delete(&mut self, username: Localpart) -> Result<Done, Refusal> {
        self.by_name.remove(&username).ok_or_else(|| Refusal::UserNotFound(username.to_string()))?;
        let events = vec![Event::UserDeleted(username.clone())];
        Ok(Done { effects: vec![Effect::UserDeleted(username)], events, ..Done::default() })
    }
}

/// Sorted by key; of a repeated key the last value stays.
fn sorted(properties: Vec<Property>) -> Box<[Property]> {
    let by_key: std::collections::BTreeMap<String, String> = properties.into_iter().collect();
    by_key.into_iter().collect()
}

impl Noun for Users {
    const ID: NounId = NounId::Users;
    type Command = Command;

    fn answer(&self, question: &Question) -> Answer {
        match question {
            Question::UserExists(name) if self.by_name.contains_key(name) => Answer::Yes,
            Question::UserName(name) => Answer::Text(self.get(name).and_then(|user| user.name.as_deref().map(str::to_owned))),
            _ => Answer::No,
        }
    }

    fn decide(&mut self, cx: &Context, command: Command, _: &Facts) -> Result<Done, Refusal> {
        match command {
            Command::Create(new) => self.create(cx, new),
            Command::Update { username, changes } => {
                let user = self.changed(cx, &username, changes)?;
                self.by_name.insert(username, Arc::new(user));
                Ok(Done::default())
            }
            Command::Rename { from, to, given, changes } => self.rename(cx, from, to, given, changes),
            Command::Delete(username) => self.delete(username),
        }
    }

    fn follow(&mut self, _: &Context, effect: &Effect) -> Done {
        match effect {
            Effect::MessageSent(message) if self.by_name.contains_key(&message.to) => Done::with_effect(Effect::MessageArrived(Arc::clone(message))),
            _ => Done::default(),
        }
    }

    fn records(&self) -> Box<dyn Iterator<Item = Vec<u8>> + Send + '_> {
        Box::new(self.by_name.iter().map(|(name, user)| bytes::record(&(name, user.as_ref()))))
    }

    fn restore(&mut self, record: &[u8]) -> Result<(), BadBytes> {
        let (name, user): (Localpart, User) = bytes::decode(record)?;
        self.by_name.insert(name, Arc::new(user));
        Ok(())
    }
}
