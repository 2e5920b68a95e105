//! Client sessions: which are bound where, and how available their users are. A session is a fact of the cluster; the
//! connection behind it belongs to one node, in one life of that node.

mod session;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::ops::Bound;
use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::base::clock::Timestamp;
use crate::base::jid::{Jid, Localpart, Resource};

use super::bytes::{self, BadBytes};
use super::{Answer, Context, Done, Effect, Event, Facts, Noun, NounId, Question, Refusal, Reply};

pub use session::{Ending, Presence, STATUS_MAX, Session, Show};

/// The most sessions one user has at a time.
pub const PER_USER: usize = 100;
/// The most sessions at a time.
pub const SESSIONS: usize = 1_000_000;

/// A session to be opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewSession {
    /// Its full JID, of the service's domain.
    pub jid: Jid,
    /// See [`Session::node`].
    pub node: Uuid,
    /// See [`Session::incarnation`].
    pub incarnation: u64,
    /// See [`Session::address`].
    pub address: Option<IpAddr>,
    /// See [`Session::secure`].
    pub secure: bool,
    /// See [`Session::anonymous`].
    pub anonymous: bool,
    /// Whether an older session of the same JID gives way; else it stands and the new one is refused.
    pub replace: bool,
}

/// What can be done to sessions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Opens a session; the answer is its serial ([`Reply::Number`]).
    Open(NewSession),
    /// Takes in what a client says about its availability.
    Presence {
        /// Whose.
        jid: Jid,
        /// Which of the sessions that had this JID.
        serial: u64,
        /// What it says.
        presence: Presence,
    },
    /// Ends a session since the client is gone. One that has ended already, or another of the same JID, is left alone.
    Close {
        /// Which.
        jid: Jid,
        /// Which of the sessions that had this JID.
        serial: u64,
    },
    /// Ends all sessions of a user for good, available or not; the answer is how many.
    Kick(Localpart),
    /// Takes in when clients last sent something; of sessions that have ended nothing is known.
    Touch(Vec<(Jid, u64, Timestamp)>),
    /// Tells every bound session a text; the answer is how many there are.
    Broadcast(Arc<str>),
}

impl Command {
    /// Only an account that may be used, on a node that takes part, can open a session.
    pub fn questions(&self) -> Vec<Question> {
        let Self::Open(new) = self else { return Vec::new() };
        let mut questions = vec![Question::NodeUp { node: new.node, incarnation: new.incarnation }];
        if let (false, Some(name)) = (new.anonymous, new.jid.bare.localpart()) {
            questions.extend([Question::UserExists(name.clone()), Question::UserLocked(name)]);
        }
        questions
    }
}

type OfUser = OrdMap<Resource, Arc<Session>>;

/// All bound sessions.
#[derive(Clone, Debug, Default)]
pub struct Sessions {
    by_user: OrdMap<Localpart, OfUser>,
    /// How many there are on each node; derived.
    on_node: OrdMap<Uuid, usize>,
}

impl Sessions {
    /// The session of a full JID.
    pub fn get(&self, jid: &Jid) -> Option<&Arc<Session>> {
        self.by_user.get(jid.node()?)?.get(jid.resource.as_ref()?)
    }

    /// The sessions of a user, by resource.
    pub fn of(&self, username: &str) -> impl Iterator<Item = &Arc<Session>> {
        self.by_user.get(username).into_iter().flat_map(OrdMap::values)
    }

    /// All sessions, by user and resource.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Session>> {
        self.by_user.values().flat_map(OrdMap::values)
    }

    /// The session after `jid` in that order; the first for `None`.
    pub fn after(&self, jid: Option<&Jid>) -> Option<&Arc<Session>> {
        let Some((name, resource)) = jid.and_then(|jid| Some((jid.bare.localpart()?, jid.resource.as_ref()?))) else {
            return self.iter().next();
        };
        let beyond = (Bound::Excluded(resource), Bound::Unbounded);
        let same = self.by_user.get(&name).and_then(|sessions| sessions.range::<_, Resource>(beyond).next());
        let others = || self.by_user.range::<_, Localpart>((Bound::Excluded(&name), Bound::Unbounded)).find_map(|(_, sessions)| sessions.get_min());
        same.map(|(_, session)| session).or_else(|| others().map(|(_, session)| session))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.on_node.values().sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_user.is_empty()
    }

    /// How many there are on a node.
    pub fn len_on(&self, node: Uuid) -> usize {
        self.on_node.get(&node).copied().unwrap_or(0)
    }

    fn open(&mut self, cx: &Context, new: NewSession, facts: &Facts) -> Result<Done, Refusal> {
        let NewSession { jid, node, incarnation, address, secure, anonymous, replace } = new;
        let (Some(name), Some(resource)) = (jid.bare.local_user(&cx.domain), jid.resource.clone()) else {
            return Err(Refusal::NotASession(jid.to_string()));
        };
        if !facts.yes(0) {
            return Err(Refusal::NodeNotUp(node.to_string()));
        }
        if !anonymous && !facts.yes(1) {
            return Err(Refusal::UserNotFound(name.to_string()));
        }
        if !anonymous && facts.yes(2) {
            return Err(Refusal::UserLocked(name.to_string()));
        }
        let of_user = self.by_user.get(&name);
        let old = of_user.and_then(|sessions| sessions.get(&resource)).cloned();
        if old.is_some() && !replace {
            return Err(Refusal::SessionExists(jid.to_string()));
        }
        if old.is_none() && (of_user.map_or(0, OrdMap::len) >= PER_USER || self.len() >= SESSIONS) {
            return Err(Refusal::TooManySessions(name.to_string()));
        }
        let mut done = old.map_or_else(Done::default, |old| self.end([old], Ending::Conflict));
        done.events.push(Event::SessionOpened(jid.clone()));
        done.reply = Some(Reply::Number(cx.index));
        let (opened, active, presence) = (cx.at, cx.at, Presence::default());
        self.put(Session { jid, serial: cx.index, node, incarnation, address, secure, anonymous, opened, active, presence });
        Ok(done)
    }

    /// Adds a session, or replaces one by a newer form of itself.
    fn put(&mut self, session: Session) {
        let (Some(name), Some(resource)) = (session.jid.bare.localpart(), session.jid.resource.clone()) else { return };
        let node = session.node;
        if self.by_user.entry(name).or_default().insert(resource, Arc::new(session)).is_none() {
            *self.on_node.entry(node).or_default() += 1;
        }
    }

    fn remove(&mut self, session: &Session) {
        let (Some(name), Some(resource)) = (session.jid.bare.localpart(), session.jid.resource.as_ref()) else { return };
        let Some(of_user) = self.by_user.get_mut(&name) else { return };
        if of_user.remove(resource).is_none() {
            return;
        }
        if of_user.is_empty() {
            self.by_user.remove(&name);
        }
        match self.on_node.get_mut(&session.node) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(self.on_node.remove(&session.node)),
        }
    }

    fn end(&mut self, sessions: impl IntoIterator<Item = Arc<Session>>, why: Ending) -> Done {
        let mut done = Done::default();
        for session in sessions {
            self.remove(&session);
            done.effects.push(Effect::SessionClosed(session.jid.clone()));
            done.events.push(Event::SessionEnded { session, why });
        }
        done
    }

    fn end_all_of(&mut self, username: &str, why: Ending) -> Done {
        let sessions: Vec<_> = self.of(username).cloned().collect();
        self.end(sessions, why)
    }

    fn end_all_on(&mut self, node: Uuid, incarnation: u64) -> Done {
        if self.len_on(node) == 0 {
            return Done::default();
        }
        let gone = |session: &&Arc<Session>| session.node == node && session.incarnation <= incarnation;
        let sessions: Vec<_> = self.iter().filter(gone).cloned().collect();
        self.end(sessions, Ending::NodeGone)
    }

    /// The session of this JID, if it is the one with this serial.
    fn current(&self, jid: &Jid, serial: u64) -> Option<&Arc<Session>> {
        self.get(jid).filter(|session| session.serial == serial)
    }

    fn presence(&mut self, jid: Jid, serial: u64, presence: Presence) -> Result<Done, Refusal> {
        let Some(session) = self.current(&jid, serial) else { return Err(Refusal::SessionNotFound(jid.to_string())) };
        let session = Session { presence: presence.bounded(), ..Session::clone(session) };
        self.put(session);
        Ok(Done::with_event(Event::PresenceChanged(jid)))
    }

    fn touch(&mut self, jid: &Jid, serial: u64, at: Timestamp) {
        if let Some(session) = self.current(jid, serial).filter(|session| session.active < at) {
            let session = Session { active: at, ..Session::clone(session) };
            self.put(session);
        }
    }
}

impl Noun for Sessions {
    const ID: NounId = NounId::Sessions;
    type Command = Command;

    fn answer(&self, question: &Question) -> Answer {
        match question {
            Question::SessionOpen(jid) if self.get(jid).is_some() => Answer::Yes,
            _ => Answer::No,
        }
    }

    fn decide(&mut self, cx: &Context, command: Command, facts: &Facts) -> Result<Done, Refusal> {
        match command {
            Command::Open(new) => self.open(cx, new, facts),
            Command::Presence { jid, serial, presence } => self.presence(jid, serial, presence),
            Command::Close { jid, serial } => {
                let session = self.current(&jid, serial).cloned();
                Ok(self.end(session, Ending::Closed))
            }
            Command::Kick(name) => {
                let done = self.end_all_of(&name, Ending::NotAuthorized);
                Ok(Done { reply: Some(Reply::Count(done.effects.len() as u64)), ..done })
            }
            Command::Touch(batch) => {
                batch.into_iter().for_each(|(jid, serial, at)| self.touch(&jid, serial, at));
                Ok(Done::default())
            }
            Command::Broadcast(body) => {
                let reply = Some(Reply::Count(self.len() as u64));
                Ok(Done { reply, ..Done::with_event(Event::Broadcast(body)) })
            }
        }
    }

    fn follow(&mut self, _: &Context, effect: &Effect) -> Done {
        match effect {
            Effect::UserDeleted(name) | Effect::UserLocked(name) | Effect::UserRenamed { from: name, .. } => {
                self.end_all_of(name, Ending::NotAuthorized)
            }
            // Whoever is online gets the message from the event that came with it.
            Effect::MessageArrived(message) if !self.of(&message.to).any(|session| session.presence.available) => {
                Done::with_effect(Effect::MessageWaits(Arc::clone(message)))
            }
            Effect::NodeGone { node, incarnation } => self.end_all_on(*node, *incarnation),
            _ => Done::default(),
        }
    }

    fn records(&self) -> Box<dyn Iterator<Item = Vec<u8>> + Send + '_> {
        Box::new(self.iter().map(|session| bytes::record(session.as_ref())))
    }

    fn restore(&mut self, record: &[u8]) -> Result<(), BadBytes> {
        self.put(bytes::decode(record)?);
        Ok(())
    }
}

/// Commands that collide.
#[cfg(test)]
pub mod arbitrary {
    use proptest::prelude::*;

    use super::*;

    fn jid() -> impl Strategy<Value = Jid> {
        ("ann|bob|cid", "[xy]").prop_filter_map("a JID", |(name, resource)| Jid::parse(&format!("{name}@example.org/{resource}")).ok())
    }

    fn presence() -> impl Strategy<Value = Presence> {
        let show = prop_oneof![Just(Show::Online), Just(Show::Away), Just(Show::Dnd), Just(Show::Unknown)];
        (any::<bool>(), show, proptest::option::of("[a-z]{0,8}"), any::<i8>()).prop_map(|(available, show, status, priority)| Presence {
            available,
            show,
            status: status.map(Into::into),
            priority,
        })
    }

    /// A few users, resources, nodes and serials.
    pub fn command() -> BoxedStrategy<Command> {
        let open = (jid(), 0..2u128, 1..12u64, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
            |(jid, node, incarnation, secure, anonymous, replace)| {
                Command::Open(NewSession { jid, node: Uuid::from_u128(node), incarnation, address: None, secure, anonymous, replace })
            },
        );
        let times = proptest::collection::vec((jid(), 1..20u64, (0..9i64).prop_map(Timestamp)), 0..4);
        prop_oneof![
            6 => open,
            2 => (jid(), 1..20u64, presence()).prop_map(|(jid, serial, presence)| Command::Presence { jid, serial, presence }),
            1 => (jid(), 1..20u64).prop_map(|(jid, serial)| Command::Close { jid, serial }),
            1 => "ann|bob|cid".prop_filter_map("a name", |name| Localpart::parse(&name).ok()).prop_map(Command::Kick),
            1 => times.prop_map(Command::Touch),
            1 => "[a-z]{0,8}".prop_map(|body| Command::Broadcast(body.into())),
        ]
        .boxed()
    }
}
