//! How contact lists change.

use std::sync::Arc;

use imbl::OrdMap;

use crate::base::jid::{BareJid, Localpart};
use crate::state::{Done, Event, Refusal};

use super::{CONTACTS_MAX, Contact, Known, Roster, Rosters, Subscription};

/// How a contact is to change; see [`super::Command::Update`].
pub(super) struct Change {
    pub(super) nickname: Option<Box<str>>,
    pub(super) groups: Option<Vec<Box<str>>>,
    pub(super) subscription: Subscription,
    pub(super) replace: bool,
}

impl Rosters {
    pub(super) fn add(&mut self, owner: Localpart, contact: BareJid, mut entry: Contact, known: &Known) -> Result<Done, Refusal> {
        if !known.through.is_empty() || self.contact(&owner, &contact).is_some() {
            return Err(Refusal::ContactExists(contact));
        }
        if let Some(group) = known.clashing.first() {
            return Err(Refusal::SharedGroup(group.clone()));
        }
        self.check_room(&owner)?;
        entry.nickname = entry.nickname.map(|nickname| named(nickname, entry.subscription, known));
        self.put(owner.clone(), contact.clone(), entry);
        Ok(Done::with_event(Event::RosterPushed { owner, contact }))
    }

    pub(super) fn update(&mut self, owner: Localpart, contact: BareJid, change: Change, known: &Known) -> Result<Done, Refusal> {
        let stored = self.contact(&owner, &contact).map(|entry| Contact::clone(entry));
        if stored.is_none() && known.through.is_empty() {
            return Err(Refusal::ContactNotFound(contact));
        }
        let Change { nickname, groups, subscription, replace } = change;
        let groups = groups.or_else(|| replace.then(Vec::new));
        if let Some(groups) = &groups
            && let Some(dropped) = known.through.iter().find(|shared| !groups.iter().any(|group| **group == ***shared))
        {
            return Err(Refusal::SharedGroup(dropped.clone()));
        }
        if stored.is_none() {
            self.check_room(&owner)?;
        }
        let old = stored.unwrap_or_default();
        let nickname = nickname.map(|nickname| named(nickname, subscription, known));
        let own = |groups: Vec<Box<str>>| groups.into_iter().filter(|group| !known.clashing.iter().any(|shared| **shared == **group)).collect();
        let entry =
            Contact { nickname: nickname.or(if replace { None } else { old.nickname }), groups: groups.map_or(old.groups, own), subscription };
        self.put(owner.clone(), contact.clone(), entry);
        Ok(Done::with_event(Event::RosterPushed { owner, contact }))
    }

    pub(super) fn remove(&mut self, owner_jid: &BareJid, owner: Localpart, contact: BareJid, known: &Known) -> Result<Done, Refusal> {
        if let Some(group) = known.through.first() {
            return Err(Refusal::SharedGroup(group.clone()));
        }
        let Some(entry) = self.take(&owner, &contact) else { return Err(Refusal::ContactNotFound(contact)) };
        let had = entry.subscription;
        let answered = contact.local_user(&owner_jid.to_domain()).and_then(|other| self.end(other, owner_jid, had));
        let mut done = Done::with_event(Event::ContactRemoved { owner, contact, had });
        done.events.extend(answered);
        Ok(done)
    }

    /// What `unsubscribe` and `unsubscribed` do to the list of the local contact who receives them (RFC 6121 §3.2.3, §3.3.3).
    fn end(&mut self, other: Localpart, gone: &BareJid, had: Subscription) -> Option<Event> {
        let entry = self.contact(&other, gone)?;
        let old = entry.subscription;
        let subscription = Subscription::of(old.sees() && !had.is_seen(), old.is_seen() && !had.sees());
        if subscription == old {
            return None;
        }
        let entry = Contact { subscription, ..Contact::clone(entry) };
        self.put(other.clone(), gone.clone(), entry);
        Some(Event::RosterPushed { owner: other, contact: gone.clone() })
    }

    /// An account is gone: so is its list, and its entry in every other.
    pub(super) fn forget(&mut self, name: &Localpart, jid: &BareJid) -> Done {
        let own: Vec<_> = self.of(name).map(|(contact, entry)| (contact.clone(), entry.subscription)).collect();
        let mut done = Done::default();
        for (contact, had) in own {
            self.take(name, &contact);
            if had != Subscription::None {
                done.events.push(Event::ContactRemoved { owner: name.clone(), contact, had });
            }
        }
        for owner in self.owners(jid) {
            self.take(&owner, jid);
            done.events.push(Event::ContactRemoved { owner, contact: jid.clone(), had: Subscription::None });
        }
        done
    }

    /// An account has another name: its list moves, and its entry in every other gets the new JID.
    pub(super) fn rename(&mut self, (from, from_jid): (&Localpart, &BareJid), (to, to_jid): (&Localpart, &BareJid)) -> Done {
        let own: Vec<_> = self.of(from).map(|(contact, _)| contact.clone()).collect();
        for contact in own {
            if let Some(entry) = self.take(from, &contact) {
                self.put(to.clone(), contact, Contact::clone(&entry));
            }
        }
        let mut done = Done::default();
        for owner in self.owners(from_jid) {
            let Some(entry) = self.take(&owner, from_jid) else { continue };
            self.put(owner.clone(), to_jid.clone(), Contact::clone(&entry));
            done.events.push(Event::ContactRemoved { owner: owner.clone(), contact: from_jid.clone(), had: Subscription::None });
            done.events.push(Event::RosterPushed { owner, contact: to_jid.clone() });
        }
        done
    }

    fn check_room(&self, owner: &Localpart) -> Result<(), Refusal> {
        let full = self.by_owner.get(owner).is_some_and(|roster| roster.contacts.len() >= CONTACTS_MAX);
        if full { Err(Refusal::RosterFull(owner.clone())) } else { Ok(()) }
    }

    pub(super) fn put(&mut self, owner: Localpart, contact: BareJid, entry: Contact) {
        let (holders, name) = (&mut self.holders, owner.clone());
        let roster = self.by_owner.entry(owner).or_insert_with(|| Roster { contacts: OrdMap::new(), number: holders.open(&name) });
        if roster.contacts.insert(contact.clone(), Arc::new(entry)).is_none() {
            holders.insert(&contact, roster.number);
        }
    }

    fn take(&mut self, owner: &Localpart, contact: &BareJid) -> Option<Arc<Contact>> {
        let roster = self.by_owner.get_mut(owner)?;
        let entry = roster.contacts.remove(contact)?;
        self.holders.remove(contact, roster.number);
        if roster.contacts.is_empty() {
            self.holders.close(roster.number);
            self.by_owner.remove(owner);
        }
        Some(entry)
    }
}

/// COMPAT(openfire): an empty nickname of a contact whose presence the user sees becomes the contact's own name.
fn named(nickname: Box<str>, subscription: Subscription, known: &Known) -> Box<str> {
    if nickname.is_empty() && subscription.sees() { known.contact_name.clone() } else { nickname }
}
