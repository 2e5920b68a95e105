//! Chat rooms (XEP-0045), with their affiliations, occupants and history.

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub mod arbitrary;
mod happening;
mod invite;
mod lists;
mod names;
mod occupants;
mod put;
mod room;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};

use crate::base::jid::{BareJid, Domain, Jid, Localpart, Resource};

use super::affiliations::{Affiliate, Affiliation};
use super::bytes::{self, BadBytes};
use super::{Context, Done, Effect, Event, Facts, Noun, NounId, Question, Refusal, Reply};

pub use happening::{Happening, Removal};
pub use invite::INVITATIONS_MAX;
pub use names::Named;
use names::{Asking, Known};
pub use occupants::{HISTORY_MAX, OCCUPANTS_MAX, ROOMS_PER_SESSION_MAX, SAID_MAX};
pub use put::{Draft, Entry};
use room::Stored;
pub use room::{Address, AllowPm, Occupant, Password, Role, Room, Said, Settings, Subject};

/// How many rooms there can be.
pub const ROOMS_MAX: usize = 1_000_000;
/// How many names of rooms that were destroyed can be kept from being used again.
pub const RETIRED_MAX: usize = 100_000;

/// What can be done to rooms. A service that is not there is always said before a room that is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Creates a room, or replaces everything that its owners decide.
    Put(Box<Draft>),
    /// The same for many, one after another; each succeeds or not for itself.
    PutEach(Vec<Draft>),
    /// Removes a room, whoever is in it.
    Destroy {
        /// Which.
        address: Address,
        /// Whether its name may not be used again.
        retire: bool,
    },
    /// Gives an affiliation to all of these, or to none.
    Affiliate {
        /// With which room.
        address: Address,
        /// What they become.
        affiliation: Affiliation,
        /// Who.
        names: Vec<Named>,
        /// Whether nobody else keeps it.
        replace: bool,
        /// Whether those who did not have it are invited.
        invite: bool,
    },
    /// Takes an affiliation away.
    Disaffiliate {
        /// With which room.
        address: Address,
        /// What they are no more; that they were is a condition.
        affiliation: Affiliation,
        /// Who.
        name: Named,
    },
    /// Invites these, and everybody in those of them that are groups, each once; or nobody.
    Invite {
        /// To which room.
        address: Address,
        /// Whom.
        names: Vec<Named>,
        /// Why, in words.
        reason: Option<String>,
    },
    /// A session comes into a room, or takes another nickname there. A session of this server must be open. The password is
    /// the door's to check.
    Enter {
        /// Which room.
        address: Address,
        /// Who.
        session: Jid,
        /// Their name in the room.
        nick: Resource,
    },
    /// A session leaves a room.
    Leave {
        /// Which room.
        address: Address,
        /// Who.
        session: Jid,
    },
    /// Someone says something.
    Say {
        /// In which room.
        address: Address,
        /// Who.
        session: Jid,
        /// The words.
        body: Box<str>,
        /// How much of what was said stays in the room's history; at most [`HISTORY_MAX`] does.
        keep: u32,
    },
}

impl Command {
    /// What must be known first.
    pub fn questions(&self) -> Vec<Question> {
        match self {
            Self::Put(draft) => Draft::questions([&**draft]),
            Self::PutEach(drafts) => Draft::questions(drafts),
            Self::Affiliate { address, names, invite, .. } => Asking::default().service(&address.service).names(names, *invite).questions(),
            Self::Disaffiliate { address, name, .. } => Asking::default().service(&address.service).names([name], false).questions(),
            Self::Invite { address, names, .. } => Asking::default().service(&address.service).names(names, true).questions(),
            Self::Enter { address, session, .. } => {
                let mut questions = vec![Question::GroupsOf(session.bare.clone()), Question::SessionOpen(session.clone())];
                questions.extend(Asking::default().service(&address.service).questions());
                questions
            }
            Self::Destroy { address, .. } | Self::Leave { address, .. } | Self::Say { address, .. } => {
                Asking::default().service(&address.service).questions()
            }
        }
    }
}

type InService = OrdMap<Localpart, Arc<Room>>;
/// A pair for every room that one of many is linked to; `None` comes before all rooms.
type Links<T> = OrdSet<(T, Option<Address>)>;

/// All rooms.
#[derive(Clone, Debug, Default)]
pub struct Rooms {
    services: OrdMap<Domain, InService>,
    retired: OrdSet<Address>,
    count: usize,
    affiliated: Links<Affiliate>,
    inside: Links<Jid>,
}

/// What a snapshot keeps.
#[derive(Serialize, Deserialize)]
enum Record {
    Room(Address, Box<Stored>),
    Retired(Address),
}

fn linked<T: Ord + Clone>(links: &Links<T>, to: &T) -> Vec<Address> {
    links.range((to.clone(), None)..).take_while(|(other, _)| other == to).filter_map(|(_, address)| address.clone()).collect()
}

impl Rooms {
    /// The room of this name on the service of this domain.
    pub fn get(&self, service: &str, room: &str) -> Option<&Arc<Room>> {
        self.services.get(service)?.get(room)
    }

    /// The rooms of a service after `room`, by name.
    pub fn after(&self, service: &str, room: Option<&Localpart>) -> impl Iterator<Item = (&Localpart, &Arc<Room>)> {
        let from = room.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        self.services.get(service).into_iter().flat_map(move |rooms| rooms.range::<_, Localpart>((from, std::ops::Bound::Unbounded)))
    }

    /// Every room with where it is.
    pub fn iter(&self) -> impl Iterator<Item = (Address, &Arc<Room>)> {
        self.services
            .iter()
            .flat_map(|(service, rooms)| rooms.iter().map(move |(room, found)| (Address { service: service.clone(), room: room.clone() }, found)))
    }

    /// How many rooms there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no room.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The rooms in which this session is.
    pub fn of_session(&self, session: &Jid) -> Vec<Address> {
        linked(&self.inside, session)
    }

    fn at(&self, address: &Address) -> Option<&Arc<Room>> {
        self.get(&address.service, &address.room)
    }

    /// A copy of the room to change, which costs little; or what is missing.
    fn found(&self, known: &Known, address: &Address) -> Result<Room, Refusal> {
        if !known.service(&address.service) {
            return Err(Refusal::ServiceNotFound(address.service.to_string()));
        }
        let room = self.at(address).ok_or_else(|| Refusal::RoomNotFound(address.room.to_string()))?;
        Ok(Room::clone(room))
    }

    fn put_back(&mut self, address: &Address, room: Room) {
        let rooms = self.services.entry(address.service.clone()).or_default();
        self.count += usize::from(rooms.insert(address.room.clone(), Arc::new(room)).is_none());
    }

    /// Takes a room out, with all links to it.
    fn remove(&mut self, address: &Address) -> Option<Arc<Room>> {
        let rooms = self.services.get_mut(&address.service)?;
        let room = rooms.remove(&address.room)?;
        if rooms.is_empty() {
            self.services.remove(&address.service);
        }
        self.count -= 1;
        for affiliate in room.affiliations.affiliates() {
            self.affiliated.remove(&(affiliate.clone(), Some(address.clone())));
        }
        for (session, _) in room.occupants() {
            self.inside.remove(&(session.clone(), Some(address.clone())));
        }
        Some(room)
    }

    fn destroy(&mut self, known: &Known, address: Address, retire: bool) -> Result<Done, Refusal> {
        self.found(known, &address)?;
        if retire && self.retired.len() >= RETIRED_MAX {
            return Err(Refusal::TooMany("retired names of rooms".into()));
        }
        let Some(room) = self.remove(&address) else { return Ok(Done::default()) };
        let occupants = room.occupants().into_iter().map(|(session, occupant)| (session.clone(), Arc::clone(occupant))).collect();
        let done = Done::with_event(event(&address, Happening::Destroyed(occupants)));
        if retire {
            self.retired.insert(address);
        }
        Ok(done)
    }

    fn put_each(&mut self, cx: &Context, drafts: Vec<Draft>, known: &Known) -> Done {
        let mut all = Done::default();
        let mut outcomes = Vec::with_capacity(drafts.len());
        for draft in drafts {
            outcomes.push(self.put(cx, draft, known).map(|done| {
                all.effects.extend(done.effects);
                all.events.extend(done.events);
            }));
        }
        all.reply = Some(Reply::Each(outcomes.into_iter().map(Result::err).collect()));
        all
    }

    /// A user or group is gone, or has another name.
    fn rename(&mut self, from: &Affiliate, to: Option<&Affiliate>) -> Done {
        let mut done = Done::default();
        for address in linked(&self.affiliated, from) {
            let Some(mut room) = self.at(&address).map(|room| Room::clone(room)) else { continue };
            match to {
                Some(to) => room.affiliations.rename(from, to.clone()),
                None => {
                    room.affiliations.take(from);
                }
            }
            let touched = std::iter::once(from).chain(to).cloned().collect();
            self.settle(&address, room, touched, &mut done);
        }
        done
    }

    /// Stores a room whose affiliations with `touched` may have changed, and lets that take effect on who is in it.
    fn settle(&mut self, address: &Address, mut room: Room, touched: Vec<Affiliate>, done: &mut Done) {
        for affiliate in touched {
            let held = room.affiliations.of(&affiliate).is_some();
            let link = (affiliate, Some(address.clone()));
            if held {
                self.affiliated.insert(link);
            } else {
                self.affiliated.remove(&link);
            }
        }
        for what in occupants::refresh(&mut room) {
            if let Happening::Removed { session, .. } = &what {
                self.inside.remove(&(session.clone(), Some(address.clone())));
            }
            done.events.push(event(address, what));
        }
        self.put_back(address, room);
    }
}

fn event(address: &Address, what: Happening) -> Event {
    Event::Room { room: address.jid(), what }
}

impl Noun for Rooms {
    const ID: NounId = NounId::Rooms;
    type Command = Command;

    fn decide(&mut self, cx: &Context, command: Command, facts: &Facts) -> Result<Done, Refusal> {
        let known = Known::new(command.questions(), facts);
        match command {
            Command::Put(draft) => self.put(cx, *draft, &known),
            Command::PutEach(drafts) => Ok(self.put_each(cx, drafts, &known)),
            Command::Destroy { address, retire } => self.destroy(&known, address, retire),
            Command::Affiliate { address, affiliation, names, replace, invite } => {
                self.affiliate(cx, &known, &address, lists::Wish { affiliation, names: &names, replace, invite })
            }
            Command::Disaffiliate { address, affiliation, name } => self.disaffiliate(&known, &address, affiliation, &name),
            Command::Invite { address, names, reason } => self.invite(cx, &known, &address, &names, reason.as_deref()),
            // A session that closed meanwhile would never leave.
            Command::Enter { session, .. } if session.bare.local_user(&cx.domain).is_some() && !facts.yes(1) => {
                Err(Refusal::SessionNotFound(session.to_string()))
            }
            Command::Enter { address, session, nick } => self.enter(&known, &address, session, nick, facts.names(0)),
            Command::Leave { address, session } => self.leave(&known, &address, &session),
            Command::Say { address, session, body, keep } => self.say(cx, &known, &address, session, (body, keep)),
        }
    }

    fn follow(&mut self, cx: &Context, effect: &Effect) -> Done {
        let user = |name| Affiliate::User(BareJid::new(Some(name), &cx.domain));
        match effect {
            Effect::UserDeleted(name) => self.rename(&user(name), None),
            Effect::UserRenamed { from, to } => self.rename(&user(from), Some(&user(to))),
            Effect::GroupDeleted(name) => self.rename(&Affiliate::Group(name.clone()), None),
            Effect::SessionClosed(session) => self.close(session),
            _ => Done::default(),
        }
    }

    fn records(&self) -> Box<dyn Iterator<Item = Vec<u8>> + Send + '_> {
        let rooms = self.iter().map(|(address, room)| bytes::record(&Record::Room(address, Box::new(room.to_stored()))));
        Box::new(rooms.chain(self.retired.iter().map(|address| bytes::record(&Record::Retired(address.clone())))))
    }

    fn restore(&mut self, record: &[u8]) -> Result<(), BadBytes> {
        match bytes::decode(record)? {
            Record::Retired(address) => drop(self.retired.insert(address)),
            Record::Room(address, stored) => {
                let room = Room::from(*stored);
                self.affiliated.extend(room.affiliations.affiliates().map(|affiliate| (affiliate.clone(), Some(address.clone()))));
                self.inside.extend(room.occupants().into_iter().map(|(session, _)| (session.clone(), Some(address.clone()))));
                self.put_back(&address, room);
            }
        }
        Ok(())
    }
}
