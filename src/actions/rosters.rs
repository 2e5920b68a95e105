//! Contact lists: reading them with what shared groups add, and changing them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::jid::{BareJid, Localpart};
use crate::state::rosters::{Command as Roster, Contact, Subscription};
use crate::state::{Command, Refusal, State};

use super::users::known;
use super::{Caller, Fault, Hearth, Invalid, Saying};

/// Longest JID of a contact kept, in characters (users.md §1.10).
pub const JID_MAX: usize = 1024;
/// Longest nickname and longest name of a roster group kept, in characters.
pub const NICKNAME_MAX: usize = 255;
/// How many roster groups a contact may be in.
pub const GROUPS_MAX: usize = 100;

/// What the wire says for "remove this contact".
pub const REMOVE: i64 = -1;

/// A contact as a client describes it. `None` means that the client said nothing.
#[derive(Clone, Debug, Default)]
pub struct Item {
    /// What the user calls it.
    pub nickname: Option<String>,
    /// The user's own groups it is in.
    pub groups: Option<Vec<String>>,
    /// -1 remove, 0 none, 1 to, 2 from, 3 both.
    pub subscription: i64,
}

/// What happens to that which an update does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unnamed {
    /// It stays.
    Stays,
    /// It is unset.
    Goes,
}

/// A contact as its user sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// What is stored, with the subscription that holds.
    pub contact: Contact,
    /// The shared groups through which the user sees it.
    pub through: Vec<Arc<str>>,
}

/// Everybody whom a user has as a contact, stored or through shared groups, by JID.
pub fn contacts(state: &State, owner: &BareJid) -> BTreeMap<BareJid, Seen> {
    let stored = state.rosters.of(owner.node().unwrap_or_default());
    let seen = |entry: &Arc<Contact>| Seen { contact: Contact::clone(entry), through: Vec::new() };
    let mut contacts: BTreeMap<BareJid, Seen> = stored.map(|(jid, entry)| (jid.clone(), seen(entry))).collect();
    for (jid, through) in state.groups.shared_contacts(owner) {
        let seen = contacts.entry(jid).or_default();
        seen.contact.subscription = Subscription::Both;
        seen.through = through;
    }
    contacts
}

impl Hearth {
    /// The JID of an account of this server.
    pub fn jid(&self, username: &Localpart) -> BareJid {
        BareJid::new(Some(username), self.domain())
    }

    /// Adds a contact to the list of a user; `jid` is the contact's as given.
    ///
    /// # Errors
    /// See users.md §6.2.
    pub async fn add_contact(&self, caller: &Caller, owner: &Localpart, jid: Option<String>, item: Item) -> Result<(), Fault> {
        let (contact, entry) = self.after(new(jid, item), |state| known(state, owner)).await?;
        let saying = said(format!("added roster item for {owner}"), &contact, entry.nickname.as_deref(), &entry.groups);
        self.act(caller, saying, Command::Rosters(Roster::Add { owner: self.jid(owner), contact, entry })).await.map(drop)
    }

    /// Changes a contact; with the subscription [`REMOVE`] removes it. `item` is `None` when the client sent nothing.
    ///
    /// # Errors
    /// See users.md §6.3.
    pub async fn update_contact(
        &self,
        caller: &Caller,
        owner: &Localpart,
        contact: BareJid,
        item: Option<Item>,
        unnamed: Unnamed,
    ) -> Result<(), Fault> {
        let checked = item.ok_or_else(|| Invalid::Missing("roster item").into()).and_then(|item| change(&contact, item));
        let jid = self.jid(owner);
        let there = |state: &State| known(state, owner).and_then(|()| has(state, &jid, &contact));
        let Some((entry, groups)) = self.after(checked, there).await? else { return self.remove_contact(caller, owner, contact).await };
        let saying = said(format!("updated roster item for {owner}"), &contact, entry.nickname.as_deref(), groups.as_deref().unwrap_or_default());
        let Contact { nickname, subscription, .. } = entry;
        let command = Roster::Update { owner: jid, contact, nickname, groups, subscription, replace: unnamed == Unnamed::Goes };
        self.act(caller, saying, Command::Rosters(command)).await.map(drop)
    }

    /// Removes a contact.
    ///
    /// # Errors
    /// See users.md §6.4.
    pub async fn remove_contact(&self, caller: &Caller, owner: &Localpart, contact: BareJid) -> Result<(), Fault> {
        let saying = Saying::with(format!("deleted roster item from {owner}"), format!("roster item:\njid = {contact}"));
        self.act(caller, saying, Command::Rosters(Roster::Remove { owner: self.jid(owner), contact })).await.map(drop)
    }
}

fn has(state: &State, owner: &BareJid, contact: &BareJid) -> Result<(), Refusal> {
    let stored = state.rosters.contact(owner.node().unwrap_or_default(), contact).is_some();
    let shared = || state.groups.shared_of(owner).any(|(_, group)| contact != owner && group.role(contact).is_some());
    if stored || shared() { Ok(()) } else { Err(Refusal::ContactNotFound(contact.clone())) }
}

fn new(jid: Option<String>, item: Item) -> Result<(BareJid, Contact), Fault> {
    let given = jid.ok_or(Invalid::Missing("jid"))?;
    let contact = BareJid::parse(&given).map_err(|_| Invalid::Jid(given.clone()))?;
    if contact.chars().count() > JID_MAX {
        return Err(Invalid::TooLong { what: "jid", most: JID_MAX, of: given }.into());
    }
    match change(&contact, item)? {
        Some((entry, groups)) => Ok((contact, Contact { groups: groups.unwrap_or_default().into(), ..entry })),
        None => Err(Invalid::Subscription(REMOVE).into()),
    }
}

/// A contact apart from its groups, and the groups; `None` to remove it.
type Change = Option<(Contact, Option<Vec<Box<str>>>)>;

fn change(contact: &BareJid, item: Item) -> Result<Change, Fault> {
    let too_long = |what, most| Fault::from(Invalid::TooLong { what, most, of: contact.to_string() });
    let over = |text: &str| text.chars().count() > NICKNAME_MAX;
    let subscription = match item.subscription {
        REMOVE => return Ok(None),
        0 => Subscription::None,
        1 => Subscription::To,
        2 => Subscription::From,
        3 => Subscription::Both,
        other => return Err(Invalid::Subscription(other).into()),
    };
    if item.nickname.as_deref().is_some_and(over) {
        return Err(too_long("nickname", NICKNAME_MAX));
    }
    let groups = item.groups.map(distinct);
    if groups.as_ref().is_some_and(|groups| groups.iter().any(|group| over(group))) {
        return Err(too_long("group", NICKNAME_MAX));
    }
    if groups.as_ref().is_some_and(|groups| groups.len() > GROUPS_MAX) {
        return Err(too_long("groups", GROUPS_MAX));
    }
    Ok(Some((Contact { nickname: item.nickname.map(Into::into), groups: Box::default(), subscription }, groups)))
}

/// Each once, in their order; blank ones are nothing.
fn distinct(groups: Vec<String>) -> Vec<Box<str>> {
    let mut seen = std::collections::BTreeSet::new();
    groups.into_iter().filter(|group| !group.trim().is_empty() && seen.insert(group.clone())).map(Into::into).collect()
}

fn said(summary: String, contact: &BareJid, nickname: Option<&str>, groups: &[Box<str>]) -> Saying {
    let groups = groups.join(", ");
    Saying::with(summary, format!("roster item:\njid = {contact}\nnickname = {}\ngroupList = [{groups}]", nickname.unwrap_or_default()))
}
