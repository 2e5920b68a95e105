//! Groups of users: who is in them, in which role, and whether their people see each other as contacts.
//!
//! A group holds bare JIDs, which need not be users of this server, nor exist.

#[cfg(test)]
pub mod arbitrary;
mod change;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::base::jid::BareJid;

use super::bytes::{self, BadBytes};
use super::pairs::Pairs;
use super::{Answer, Context, Done, Effect, Facts, Noun, NounId, Question, Refusal};

/// How many people a group may hold.
pub const PEOPLE_MAX: usize = 100_000;

/// What somebody is in a group. Who is named in both roles leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Role {
    /// Belongs to it.
    Member,
    /// Belongs to it and leads it.
    Admin,
}

/// A group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// What it is for; `None` when never said.
    pub description: Option<Box<str>>,
    /// Whether its people are in each other's rosters, under the group's name.
    pub shared: bool,
    people: OrdMap<BareJid, Role>,
}

impl Group {
    /// The role of somebody in the group.
    pub fn role(&self, jid: &BareJid) -> Option<Role> {
        self.people.get(jid).copied()
    }

    /// Everybody in the group, by JID.
    pub fn people(&self) -> impl Iterator<Item = &BareJid> {
        self.people.keys()
    }

    /// Everybody with exactly this role, by JID.
    pub fn with(&self, role: Role) -> impl Iterator<Item = &BareJid> {
        self.people.iter().filter(move |(_, has)| **has == role).map(|(jid, _)| jid)
    }
}

/// How a group is to look.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// See [`Group::description`].
    pub description: Option<Box<str>>,
    /// See [`Group::shared`].
    pub shared: bool,
    /// Who leads it. `None`: whoever does now.
    pub admins: Option<Vec<BareJid>>,
    /// Who belongs to it without leading. `None`: whoever does now.
    pub members: Option<Vec<BareJid>>,
}

/// What can be done to groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Creates a group.
    Create {
        /// Its name: any text, compared as it is.
        name: String,
        /// How it looks.
        shape: Shape,
    },
    /// Gives a group another shape.
    Update {
        /// Its name.
        name: String,
        /// How it looks from now on.
        shape: Shape,
    },
    /// Deletes a group.
    Delete(String),
    /// Makes somebody a member of groups, creating those that are missing. An admin stays one.
    Join {
        /// Who.
        jid: BareJid,
        /// Names of the groups.
        groups: Vec<String>,
    },
    /// Takes somebody out of groups, all of which must exist, whatever the role.
    Leave {
        /// Who.
        jid: BareJid,
        /// Names of the groups.
        groups: Vec<String>,
    },
    /// As [`Command::Join`], and takes somebody out of all other groups where they are no more than a member.
    JoinOnly {
        /// Who.
        jid: BareJid,
        /// Names of the groups.
        groups: Vec<String>,
    },
}

impl Command {
    /// Groups are decided alone: their people need not exist.
    pub fn questions(&self) -> Vec<Question> {
        Vec::new()
    }
}

/// A group as stored: name, description, whether it is shared, and who is in it.
type Record = (Arc<str>, Option<Box<str>>, bool, Vec<(BareJid, Role)>);

/// All groups.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    by_name: OrdMap<Arc<str>, Arc<Group>>,
    /// Who is in which groups. Derived from `by_name`.
    of: Pairs<BareJid, Arc<str>>,
}

impl Groups {
    /// The group of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<Group>> {
        self.by_name.get(name)
    }

    /// Whether there is a group of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether there is no group.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// All groups by name.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<Group>)> {
        self.by_name.iter()
    }

    /// All groups after `name` in order.
    pub fn after(&self, name: Option<&Arc<str>>) -> impl Iterator<Item = (&Arc<str>, &Arc<Group>)> {
        let from = name.map_or(Bound::Unbounded, Bound::Excluded);
        self.by_name.range::<_, Arc<str>>((from, Bound::Unbounded))
    }

    /// The names of the groups somebody is in, in whatever role, in order.
    pub fn of<'a>(&'a self, jid: &'a BareJid) -> impl Iterator<Item = &'a Arc<str>> + 'a {
        self.of.of(jid)
    }

    /// Those of the groups somebody is in whose people see each other.
    pub fn shared_of<'a>(&'a self, jid: &'a BareJid) -> impl Iterator<Item = (&'a Arc<str>, &'a Arc<Group>)> + 'a {
        self.of(jid).filter_map(|name| self.by_name.get(name).map(|group| (name, group))).filter(|(_, group)| group.shared)
    }

    /// Whom somebody sees because of shared groups, and through which.
    pub fn shared_contacts(&self, jid: &BareJid) -> BTreeMap<BareJid, Vec<Arc<str>>> {
        let mut contacts: BTreeMap<BareJid, Vec<Arc<str>>> = BTreeMap::new();
        for (name, group) in self.shared_of(jid) {
            for contact in group.people().filter(|contact| *contact != jid) {
                contacts.entry(contact.clone()).or_default().push(Arc::clone(name));
            }
        }
        contacts
    }

    fn between(&self, user: &BareJid, contact: &BareJid) -> Vec<String> {
        if user == contact {
            return Vec::new();
        }
        self.shared_of(user).filter(|(_, group)| group.role(contact).is_some()).map(|(name, _)| name.to_string()).collect()
    }

    fn shared_among(&self, names: &[String]) -> Vec<String> {
        names.iter().filter(|name| self.get(name).is_some_and(|group| group.shared)).cloned().collect()
    }
}

impl Noun for Groups {
    const ID: NounId = NounId::Groups;
    type Command = Command;

    fn answer(&self, question: &Question) -> Answer {
        match question {
            Question::GroupExists(name) if self.contains(name) => Answer::Yes,
            Question::GroupPeople(name) => Answer::Jids(self.get(name).map(|group| group.people().cloned().collect()).unwrap_or_default()),
            Question::GroupsOf(jid) => Answer::Names(self.of(jid).map(ToString::to_string).collect()),
            Question::Shared { user, contact, names } => Answer::Shared { through: self.between(user, contact), among: self.shared_among(names) },
            _ => Answer::No,
        }
    }

    fn decide(&mut self, _: &Context, command: Command, _: &Facts) -> Result<Done, Refusal> {
        match command {
            Command::Create { name, shape } => self.create(&name, shape),
            Command::Update { name, shape } => self.update(&name, shape),
            Command::Delete(name) => self.delete(&name),
            Command::Join { jid, groups } => self.join(&jid, &groups),
            Command::Leave { jid, groups } => self.leave(&jid, &groups),
            Command::JoinOnly { jid, groups } => self.join_only(&jid, &groups),
        }
    }

    fn follow(&mut self, cx: &Context, effect: &Effect) -> Done {
        let jid = |name| BareJid::new(Some(name), &cx.domain);
        match effect {
            Effect::UserDeleted(name) => self.forget(&jid(name)),
            Effect::UserRenamed { from, to } => self.rename(&jid(from), &jid(to)),
            _ => Done::default(),
        }
    }

    fn records(&self) -> Box<dyn Iterator<Item = Vec<u8>> + Send + '_> {
        Box::new(self.by_name.iter().map(|(name, group)| {
            let people: Vec<(&BareJid, &Role)> = group.people.iter().collect();
            bytes::record(&(name, &group.description, group.shared, people))
        }))
    }

    fn restore(&mut self, record: &[u8]) -> Result<(), BadBytes> {
        let (name, description, shared, people): Record = bytes::decode(record)?;
        for (jid, _) in &people {
            self.of.insert(jid.clone(), Arc::clone(&name));
        }
        self.by_name.insert(name, Arc::new(Group { description, shared, people: people.into_iter().collect() }));
        Ok(())
    }
}
