//! Who is in a room, and what they say (XEP-0045 §7).

use std::sync::Arc;

use crate::base::jid::{Jid, Resource};
use crate::state::affiliations::Affiliation;
use crate::state::{Context, Done, Refusal};

use super::happening::{Happening, Removal};
use super::names::Known;
use super::room::{Address, Occupant, Role, Room, Said};
use super::{Rooms, event};

/// How many sessions can be in one room, whatever its settings say.
pub const OCCUPANTS_MAX: usize = 10_000;
/// In how many rooms one session can be.
pub const ROOMS_PER_SESSION_MAX: usize = 1_000;
/// How many messages a room's history holds at most.
pub const HISTORY_MAX: usize = 100;
/// How large something said can be, in bytes.
pub const SAID_MAX: usize = 32 * 1024;

/// What someone with this affiliation may do in the room; `None` when they may not be in it.
fn role(affiliation: Option<Affiliation>, room: &Room) -> Option<Role> {
    match affiliation {
        Some(Affiliation::Owner | Affiliation::Admin) => Some(Role::Moderator),
        Some(Affiliation::Member) => Some(Role::Participant),
        Some(Affiliation::Outcast) => None,
        None if room.settings.members_only => None,
        None if room.settings.moderated => Some(Role::Visitor),
        None => Some(Role::Participant),
    }
}

/// Lets changed affiliations and settings take effect on who is in the room; answers what that came to.
pub(super) fn refresh(room: &mut Room) -> Vec<Happening> {
    let mut happened = Vec::new();
    let present: Vec<(Jid, Arc<Occupant>)> = room.occupants().into_iter().map(|(jid, occupant)| (jid.clone(), Arc::clone(occupant))).collect();
    for (session, occupant) in present {
        let affiliation = room.affiliations.effective(&session.bare, &*occupant.groups);
        let nick = occupant.nick.clone();
        match role(affiliation, room) {
            None => {
                room.unseat(&session);
                let why = match (affiliation, occupant.affiliation) {
                    (Some(_), _) => Removal::Banned,
                    (None, Some(_)) => Removal::NoMember,
                    (None, None) => Removal::MembersOnly,
                };
                happened.push(Happening::Removed { session, nick, affiliation, why });
            }
            Some(role) if affiliation != occupant.affiliation => {
                room.seat(session.clone(), Occupant { affiliation, role, ..Occupant::clone(&occupant) });
                happened.push(Happening::Changed { session, nick, affiliation, role });
            }
            Some(_) => {}
        }
    }
    happened
}

/// Whether there is a place for one more.
fn has_room(room: &Room, affiliation: Option<Affiliation>) -> bool {
    let crowd = room.crowd();
    let privileged = matches!(affiliation, Some(Affiliation::Owner | Affiliation::Admin));
    let limit = room.settings.max_users as usize;
    crowd < OCCUPANTS_MAX && (limit == 0 || privileged || crowd < limit)
}

impl Rooms {
    pub(super) fn enter(&mut self, known: &Known, address: &Address, session: Jid, nick: Resource, groups: &[String]) -> Result<Done, Refusal> {
        let mut room = self.found(known, address)?;
        let affiliation = room.affiliations.effective(&session.bare, groups);
        let role = role(affiliation, &room).ok_or(if affiliation.is_some() { Refusal::Banned } else { Refusal::MembersOnly })?;
        if room.occupants().into_iter().any(|(other, occupant)| occupant.nick == nick && other.bare != session.bare) {
            return Err(Refusal::NicknameTaken(nick.to_string()));
        }
        if room.occupant(&session).is_none() {
            if !has_room(&room, affiliation) {
                return Err(Refusal::RoomFull);
            }
            if self.of_session(&session).len() >= ROOMS_PER_SESSION_MAX {
                return Err(Refusal::TooMany("rooms of one session".into()));
            }
        }
        let occupant = Occupant { nick, affiliation, role, groups: groups.into() };
        room.seat(session.clone(), occupant.clone());
        self.inside.insert((session.clone(), Some(address.clone())));
        self.put_back(address, room);
        Ok(Done::with_event(event(address, Happening::Entered(session, Arc::new(occupant)))))
    }

    pub(super) fn leave(&mut self, known: &Known, address: &Address, session: &Jid) -> Result<Done, Refusal> {
        let room = self.found(known, address)?;
        room.occupant(session).ok_or(Refusal::NotAnOccupant)?;
        let mut done = Done::default();
        self.go(address, room, session, &mut done);
        Ok(done)
    }

    /// A session is over: it leaves every room.
    pub(super) fn close(&mut self, session: &Jid) -> Done {
        let mut done = Done::default();
        for address in self.of_session(session) {
            if let Some(room) = self.at(&address).map(|room| Room::clone(room)) {
                self.go(&address, room, session, &mut done);
            }
        }
        done
    }

    /// Takes a session out of a room; the last one takes the room along unless it is persistent.
    fn go(&mut self, address: &Address, mut room: Room, session: &Jid, done: &mut Done) {
        self.inside.remove(&(session.clone(), Some(address.clone())));
        if let Some(occupant) = room.unseat(session) {
            let (nick, affiliation) = (occupant.nick.clone(), occupant.affiliation);
            done.events.push(event(address, Happening::Removed { session: session.clone(), nick, affiliation, why: Removal::Left }));
        }
        let over = room.crowd() == 0 && !room.settings.persistent;
        self.put_back(address, room);
        if over {
            self.remove(address);
            done.events.push(event(address, Happening::Destroyed(Vec::new())));
        }
    }

    pub(super) fn say(&mut self, cx: &Context, known: &Known, address: &Address, from: Jid, (body, keep): (Box<str>, u32)) -> Result<Done, Refusal> {
        let mut room = self.found(known, address)?;
        let occupant = room.occupant(&from).ok_or(Refusal::NotAnOccupant)?;
        if occupant.role == Role::Visitor && room.settings.moderated {
            return Err(Refusal::NoVoice);
        }
        if body.len() > SAID_MAX {
            return Err(Refusal::TooMany("bytes in one message".into()));
        }
        let said = Arc::new(Said { nick: occupant.nick.clone(), from, body, at: cx.at });
        // A blank message is passed on, but history does not hold it (rooms.md §5.9).
        if !said.body.trim().is_empty() {
            room.history.push_back(Arc::clone(&said));
        }
        let keep = (keep as usize).min(HISTORY_MAX);
        while room.history.len() > keep {
            room.history.pop_front();
        }
        self.put_back(address, room);
        Ok(Done::with_event(event(address, Happening::Said(said))))
    }
}
