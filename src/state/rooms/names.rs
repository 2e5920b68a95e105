//! Users and groups as clients name them. What depends on which groups there are is decided here.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::base::jid::{BareJid, Domain, Jid};
use crate::state::affiliations::Affiliate;
use crate::state::{Answer, Facts, Question, Refusal};

/// A user or a group as a client named it, understood as far as it can be without knowing the groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Named {
    /// A user or service by JID.
    Jid(Jid),
    /// A group; there must be one of this name.
    Group(String),
    /// If there is a group of exactly this name, that group; else this user; else nothing at all.
    Either(String, Option<BareJid>),
}

impl Named {
    fn group(&self) -> Option<&String> {
        match self {
            Self::Jid(_) => None,
            Self::Group(name) | Self::Either(name, _) => Some(name),
        }
    }
}

/// What a command needs to know of other nouns, each thing asked once.
#[derive(Default)]
pub(super) struct Asking {
    groups: BTreeSet<String>,
    members: BTreeSet<String>,
    services: BTreeSet<Domain>,
}

impl Asking {
    pub(super) fn service(mut self, service: &Domain) -> Self {
        self.services.insert(service.clone());
        self
    }

    /// Which groups there are, and if somebody may be invited, who is in them.
    pub(super) fn names<'a>(mut self, names: impl IntoIterator<Item = &'a Named>, members: bool) -> Self {
        for name in names.into_iter().filter_map(Named::group) {
            self.groups.insert(name.clone());
            if members {
                self.members.insert(name.clone());
            }
        }
        self
    }

    pub(super) fn questions(self) -> Vec<Question> {
        let groups = self.groups.into_iter().map(Question::GroupExists);
        let members = self.members.into_iter().map(Question::GroupPeople);
        let services = self.services.into_iter().map(Question::ServiceExists);
        groups.chain(members).chain(services).collect()
    }
}

/// What is known of other nouns.
#[derive(Debug, Default)]
pub(super) struct Known {
    groups: BTreeSet<String>,
    members: BTreeMap<String, Vec<BareJid>>,
    services: BTreeSet<Domain>,
    full: bool,
}

impl Known {
    pub(super) fn new(questions: Vec<Question>, facts: &Facts) -> Self {
        let mut known = Self::default();
        for (question, answer) in questions.into_iter().zip(&facts.0) {
            match (question, answer) {
                (Question::GroupExists(name), Answer::Yes) => drop(known.groups.insert(name)),
                (Question::GroupPeople(name), Answer::Jids(jids)) => drop(known.members.insert(name, jids.clone())),
                (Question::ServiceExists(service), Answer::Yes) => drop(known.services.insert(service)),
                (Question::ServicesFull, Answer::Yes) => known.full = true,
                _ => {}
            }
        }
        known
    }

    /// Whether the service is there.
    pub(super) fn service(&self, service: &Domain) -> bool {
        self.services.contains(service)
    }

    /// Whether there is no place for another service.
    pub(super) fn services_full(&self) -> bool {
        self.full
    }

    /// What `named` stands for.
    pub(super) fn resolve(&self, named: &Named) -> Result<Resolved, Refusal> {
        match named {
            Named::Jid(jid) => Ok(Resolved::Jid(jid.clone())),
            Named::Group(name) | Named::Either(name, _) if self.groups.contains(name) => Ok(Resolved::Group(name.clone())),
            Named::Group(name) => Err(Refusal::GroupNotFound(name.clone())),
            Named::Either(_, Some(user)) => Ok(Resolved::Jid(user.clone().into())),
            Named::Either(name, None) => Err(Refusal::NotAnEntity(name.clone())),
        }
    }

    /// What `named` stands for in a list of affiliations.
    pub(super) fn affiliate(&self, named: &Named) -> Result<Affiliate, Refusal> {
        Ok(match self.resolve(named)? {
            Resolved::Jid(jid) => Affiliate::User(jid.into_bare()),
            Resolved::Group(name) => Affiliate::Group(name),
        })
    }

    /// The users in a group.
    pub(super) fn members(&self, group: &str) -> &[BareJid] {
        self.members.get(group).map_or(&[], Vec::as_slice)
    }
}

/// What a name stands for.
pub(super) enum Resolved {
    /// A user or service.
    Jid(Jid),
    /// A group.
    Group(String),
}
