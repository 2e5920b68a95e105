//! Creating a room and replacing what its owners decide: one rule for both (rooms.md §5.4, §5.7).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;
use crate::state::affiliations::{AFFILIATES_MAX, Affiliate, Affiliation};
use crate::state::{Context, Done, Effect, Question, Refusal};

use super::happening::Happening;
use super::names::{Asking, Known, Named};
use super::room::{Address, Room, Settings, Subject};
use super::{ROOMS_MAX, Rooms, event};

/// A user or group that a room is to have an affiliation with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Which affiliation.
    pub affiliation: Affiliation,
    /// Who.
    pub name: Named,
    /// Whether naming the same one twice is an error, as it is in the lists of users but not in those of groups.
    pub once: bool,
}

/// A room as it is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Where it is.
    pub address: Address,
    /// The name of its service as it was given, should the service have to be made; `None` when it may not be.
    pub service: Option<String>,
    /// Whether its first owner may create rooms.
    pub permitted: bool,
    /// What its owners decide.
    pub settings: Settings,
    /// What is talked about; `None` when nothing is.
    pub subject: Option<Box<str>>,
    /// When it was created; `None` for now, or for what is stored.
    pub created: Option<Timestamp>,
    /// When it last changed; `None` for now.
    pub modified: Option<Timestamp>,
    /// All affiliations: owners, admins, members, outcasts, of each first the users and then the groups. A later one wins.
    pub entries: Vec<Entry>,
    /// Whether those with a new affiliation are invited.
    pub invite: bool,
}

impl Draft {
    pub(super) fn questions<'a>(drafts: impl IntoIterator<Item = &'a Self>) -> Vec<Question> {
        let mut asking = Asking::default();
        for draft in drafts {
            asking = asking.service(&draft.address.service).names(draft.entries.iter().map(|entry| &entry.name), draft.invite);
        }
        let mut questions = asking.questions();
        questions.push(Question::ServicesFull);
        questions
    }

    /// Everybody with their affiliation, in order.
    fn wanted(&self, known: &Known) -> Result<Vec<(Affiliate, Affiliation)>, Refusal> {
        let (mut seen, mut twice) = (BTreeSet::new(), BTreeSet::new());
        let mut wanted = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let affiliate = known.affiliate(&entry.name)?;
            if entry.once && !seen.insert(affiliate.clone()) {
                twice.insert(match &affiliate {
                    Affiliate::User(jid) => jid.to_string(),
                    Affiliate::Group(name) => name.clone(),
                });
            }
            wanted.push((affiliate, entry.affiliation));
        }
        if twice.is_empty() { Ok(wanted) } else { Err(Refusal::AffiliatesTwice(twice.into_iter().collect())) }
    }
}

impl Rooms {
    pub(super) fn put(&mut self, cx: &Context, draft: Draft, known: &Known) -> Result<Done, Refusal> {
        let wanted = draft.wanted(known)?;
        let mut done = Done { effects: service(&draft, known)?.into_iter().collect(), ..Done::default() };
        let (existed, mut room) = self.begin(cx, &draft)?;
        let touched = affiliate(&mut room, wanted)?;
        let Draft { address, settings, subject, created, modified, invite, .. } = draft;
        room.settings = settings;
        room.created = created.unwrap_or(room.created);
        room.modified = modified.unwrap_or(cx.at);
        if invite {
            let first = room.affiliations.list(Affiliation::Owner).first().map(|owner| (*owner).clone());
            let is_new = |who: &Affiliate, was| room.affiliations.of(who) != was && (existed || Some(who) != first.as_ref());
            let new = touched.iter().filter(|(who, was)| is_new(who, **was)).map(|(who, _)| who);
            done.append(invitations(cx, &address, &room, known, new)?);
        }
        if !existed {
            done.events.push(event(&address, Happening::Created));
        }
        if room.subject.as_ref().map(|subject| &subject.text) != subject.as_ref() {
            done.events.push(event(&address, Happening::Subject(subject.as_deref().map(str::to_owned))));
            room.subject = subject.map(|text| Subject { text, at: cx.at });
        }
        self.settle(&address, room, touched.into_keys().collect(), &mut done);
        Ok(done)
    }

    /// Whether the room is there, and the room as it is, or a new one if it may be created.
    fn begin(&self, cx: &Context, draft: &Draft) -> Result<(bool, Room), Refusal> {
        if let Some(room) = self.at(&draft.address) {
            return Ok((true, Room::clone(room)));
        }
        if !draft.permitted || self.retired.contains(&draft.address) {
            return Err(Refusal::RoomForbidden(draft.address.room.to_string()));
        }
        if self.len() >= ROOMS_MAX {
            return Err(Refusal::TooMany("chat rooms".into()));
        }
        Ok((false, Room::new(cx.at)))
    }
}

/// Has the service made if it is missing and may be.
fn service(draft: &Draft, known: &Known) -> Result<Option<Effect>, Refusal> {
    let service = &draft.address.service;
    match &draft.service {
        _ if known.service(service) => Ok(None),
        None => Err(Refusal::ServiceNotFound(service.to_string())),
        Some(_) if known.services_full() => Err(Refusal::TooMany("chat services".into())),
        Some(name) => Ok(Some(Effect::ServiceNeeded { service: service.clone(), name: name.clone() })),
    }
}

/// Makes the affiliations those that are wanted; answers what everybody who is or was affiliated was before.
fn affiliate(room: &mut Room, wanted: Vec<(Affiliate, Affiliation)>) -> Result<BTreeMap<Affiliate, Option<Affiliation>>, Refusal> {
    let mut before: BTreeMap<Affiliate, Option<Affiliation>> =
        room.affiliations.in_order().into_iter().map(|(who, what)| (who.clone(), Some(what))).collect();
    // The last mention counts, so that who is mentioned twice does not lose a place in the list and gain it again.
    let last: BTreeMap<Affiliate, Affiliation> = wanted.iter().cloned().collect();
    for who in before.keys().filter(|who| !last.contains_key(*who)) {
        room.affiliations.take(who);
    }
    for (who, what) in wanted.into_iter().filter(|(who, what)| last.get(who) == Some(what)) {
        before.entry(who.clone()).or_insert(None);
        room.affiliations.give(who, what);
    }
    if room.affiliations.owners() == 0 {
        return Err(Refusal::LastOwner);
    }
    if room.affiliations.len() > AFFILIATES_MAX {
        return Err(Refusal::TooMany("affiliations".into()));
    }
    Ok(before)
}

/// Invitations of those with a new affiliation: admins, owners, members; never outcasts (rooms.md §8.2).
fn invitations<'a>(cx: &Context, address: &Address, room: &Room, known: &Known, new: impl Iterator<Item = &'a Affiliate>) -> Result<Done, Refusal> {
    let new: BTreeSet<&Affiliate> = new.collect();
    let mut done = Done::default();
    for affiliation in [Affiliation::Admin, Affiliation::Owner, Affiliation::Member] {
        let listed = room.affiliations.list(affiliation).into_iter().filter(|who| new.contains(who));
        done.append(super::invite::affiliated(cx, address, room, known, affiliation, listed)?);
    }
    Ok(done)
}
