//! Contact lists (RFC 6121 §2): whom a user knows, under which name, and who sees whose presence.
//!
//! Contacts that exist only because of shared groups are not stored here: the groups noun derives them when asked.

#[cfg(test)]
pub mod arbitrary;
mod change;
mod holders;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::base::jid::{BareJid, Localpart};

use super::bytes::{self, BadBytes};
use super::{Context, Done, Effect, Facts, Noun, NounId, Question, Refusal};

use holders::{Holders, Number};

/// How many contacts a roster may hold.
pub const CONTACTS_MAX: usize = 10_000;

/// Who sees whose presence (RFC 6121 §2.1.2.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Subscription {
    /// Neither sees the other.
    #[default]
    None,
    /// The user sees the contact.
    To,
    /// The contact sees the user.
    From,
    /// Both see each other.
    Both,
}

impl Subscription {
    /// Whether the user sees the contact.
    pub fn sees(self) -> bool {
        matches!(self, Self::To | Self::Both)
    }

    /// Whether the contact sees the user.
    pub fn is_seen(self) -> bool {
        matches!(self, Self::From | Self::Both)
    }

    /// The subscription of which these two are true.
    pub fn of(sees: bool, is_seen: bool) -> Self {
        match (sees, is_seen) {
            (false, false) => Self::None,
            (true, false) => Self::To,
            (false, true) => Self::From,
            (true, true) => Self::Both,
        }
    }
}

/// A contact.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// What the user calls it; `None` when never said.
    pub nickname: Option<Box<str>>,
    /// The user's own groups it is in, in the user's order.
    pub groups: Box<[Box<str>]>,
    /// Who sees whose presence.
    pub subscription: Subscription,
}

/// What can be done to contact lists. The owner is an account of this server, by JID.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Adds a contact.
    Add {
        /// Whose list.
        owner: BareJid,
        /// Whom.
        contact: BareJid,
        /// As what. An empty nickname with a subscription to the contact stands for its own name.
        entry: Contact,
    },
    /// Changes a contact, be it stored or there through a shared group.
    Update {
        /// Whose list.
        owner: BareJid,
        /// Whom.
        contact: BareJid,
        /// Another nickname, as in [`Command::Add`]; `None` leaves it.
        nickname: Option<Box<str>>,
        /// Other groups; names of shared groups are left out. `None` leaves them.
        groups: Option<Vec<Box<str>>>,
        /// Who sees whose presence from now on.
        subscription: Subscription,
        /// Whether what is not given is unset instead of left.
        replace: bool,
    },
    /// Removes a contact. Whom a local contact sees ends on its side too.
    Remove {
        /// Whose list.
        owner: BareJid,
        /// Whom.
        contact: BareJid,
    },
}

impl Command {
    fn parties(&self) -> (&BareJid, &BareJid) {
        let (Self::Add { owner, contact, .. } | Self::Update { owner, contact, .. } | Self::Remove { owner, contact }) = self;
        (owner, contact)
    }

    fn groups(&self) -> Vec<String> {
        match self {
            Self::Add { entry, .. } => entry.groups.iter().map(|group| group.to_string()).collect(),
            Self::Update { groups: Some(groups), .. } => groups.iter().map(|group| group.to_string()).collect(),
            Self::Update { .. } | Self::Remove { .. } => Vec::new(),
        }
    }

    /// The owner must exist; shared groups have a say; the contact's own name may become the nickname.
    pub fn questions(&self) -> Vec<Question> {
        let (owner, contact) = self.parties();
        let mut questions = vec![Question::Shared { user: owner.clone(), contact: contact.clone(), names: self.groups() }];
        questions.extend(owner.localpart().map(Question::UserExists));
        questions.extend(contact.local_user(&owner.to_domain()).map(Question::UserName));
        questions
    }
}

/// What the other nouns answered to [`Command::questions`].
struct Known<'a> {
    /// Through which shared groups the owner sees the contact.
    through: &'a [String],
    /// Which of the groups given are shared ones.
    clashing: &'a [String],
    owner_exists: bool,
    /// What the contact itself is called: a user of this server by its display name or else its username, others by JID.
    contact_name: Box<str>,
}

impl<'a> Known<'a> {
    fn from(facts: &'a Facts, owner: &BareJid, contact: &BareJid) -> Self {
        let local = contact.local_user(&owner.to_domain());
        let name = facts.text(2).or(local.as_deref()).unwrap_or(contact);
        let (through, clashing) = facts.shared(0);
        Self { through, clashing, owner_exists: facts.yes(1), contact_name: name.into() }
    }
}

/// The contact list of one user.
#[derive(Clone, Debug)]
struct Roster {
    contacts: OrdMap<BareJid, Arc<Contact>>,
    /// In the index.
    number: Number,
}

/// All contact lists.
#[derive(Clone, Debug, Default)]
pub struct Rosters {
    by_owner: OrdMap<Localpart, Roster>,
    /// In whose lists somebody is. Derived from `by_owner`.
    holders: Holders,
}

impl Rosters {
    /// The stored contacts of a user, by JID.
    pub fn of(&self, owner: &str) -> impl Iterator<Item = (&BareJid, &Arc<Contact>)> {
        self.by_owner.get(owner).into_iter().flat_map(|roster| roster.contacts.iter())
    }

    /// One stored contact of a user.
    pub fn contact(&self, owner: &str, contact: &BareJid) -> Option<&Arc<Contact>> {
        self.by_owner.get(owner)?.contacts.get(contact)
    }

    /// Who has somebody in the list, by name.
    pub fn owners(&self, contact: &BareJid) -> Vec<Localpart> {
        self.holders.of(contact)
    }
}

impl Noun for Rosters {
    const ID: NounId = NounId::Rosters;
    type Command = Command;

    fn decide(&mut self, _: &Context, command: Command, facts: &Facts) -> Result<Done, Refusal> {
        let (owner, contact) = command.parties();
        let known = Known::from(facts, owner, contact);
        let Some(name) = owner.localpart().filter(|_| known.owner_exists) else {
            return Err(Refusal::UserNotFound(owner.node().unwrap_or(owner).to_owned()));
        };
        match command {
            Command::Add { contact, entry, .. } => self.add(name, contact, entry, &known),
            Command::Update { contact, nickname, groups, subscription, replace, .. } => {
                let change = change::Change { nickname, groups, subscription, replace };
                self.update(name, contact, change, &known)
            }
            Command::Remove { owner, contact } => self.remove(&owner, name, contact, &known),
        }
    }

    fn follow(&mut self, cx: &Context, effect: &Effect) -> Done {
        match effect {
            Effect::UserDeleted(name) => self.forget(name, &BareJid::new(Some(name), &cx.domain)),
            Effect::UserRenamed { from, to } => {
                let jid = |name| BareJid::new(Some(name), &cx.domain);
                self.rename((from, &jid(from)), (to, &jid(to)))
            }
            _ => Done::default(),
        }
    }

    fn records(&self) -> Box<dyn Iterator<Item = Vec<u8>> + Send + '_> {
        let one = |owner: &Localpart, contact: &BareJid, entry: &Contact| bytes::record(&(owner, contact, entry));
        Box::new(self.by_owner.iter().flat_map(move |(owner, roster)| roster.contacts.iter().map(move |(contact, entry)| one(owner, contact, entry))))
    }

    fn restore(&mut self, record: &[u8]) -> Result<(), BadBytes> {
        let (owner, contact, entry): (Localpart, BareJid, Contact) = bytes::decode(record)?;
        self.put(owner, contact, entry);
        Ok(())
    }
}
