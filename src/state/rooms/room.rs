//! What a room is.

use std::sync::Arc;

use imbl::{OrdMap, Vector};
use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;
use crate::base::jid::{BareJid, Domain, Jid, Localpart, Resource};
use crate::base::secrets::Secret;
use crate::state::affiliations::{Affiliate, Affiliation, Affiliations};

/// Where a room is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address {
    /// The domain of its service.
    pub service: Domain,
    /// Its name there.
    pub room: Localpart,
}

impl Address {
    /// The room's JID.
    pub fn jid(&self) -> BareJid {
        BareJid::new(Some(&self.room), &self.service)
    }
}

/// What one must know to enter. Blank is none.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(Secret);

impl Password {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Secret::new(text))
    }

    /// The text itself, which clients may read (rooms.md Q44).
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Whether `offered` opens the room.
    pub fn matches(&self, offered: &str) -> bool {
        self.expose().trim().is_empty() || self.0.matches(offered)
    }
}

impl PartialEq for Password {
    fn eq(&self, other: &Self) -> bool {
        self.0.matches(other.expose()) || (self.0.is_empty() && other.0.is_empty())
    }
}

impl Eq for Password {}

/// What someone may do while in a room (XEP-0045 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// May silence and remove others.
    Moderator,
    /// May speak.
    Participant,
    /// May listen.
    Visitor,
}

impl Role {
    /// All of them, highest first.
    pub const ALL: [Self; 3] = [Self::Moderator, Self::Participant, Self::Visitor];

    /// The name of the protocol.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Moderator => "moderator",
            Self::Participant => "participant",
            Self::Visitor => "visitor",
        }
    }

    /// The role of this name, exactly.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// Who may send private messages in a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AllowPm {
    /// Everyone.
    #[default]
    Anyone,
    /// Those with voice.
    Participants,
    /// Moderators.
    Moderators,
    /// Nobody.
    None,
}

impl AllowPm {
    /// The name of the protocol.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Participants => "participants",
            Self::Moderators => "moderators",
            Self::None => "none",
        }
    }

    /// The value of this name in any letter case; COMPAT(openfire): what is not known lets everyone (rooms.md Q47).
    pub fn from_name(name: &str) -> Self {
        let known = [Self::Participants, Self::Moderators, Self::None].into_iter();
        known.into_iter().find(|value| value.as_str().eq_ignore_ascii_case(name)).unwrap_or_default()
    }
}

/// What owners decide about a room (rooms.md §4.1). Each change replaces all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Settings {
    /// The name people read.
    pub natural_name: Option<Box<str>>,
    /// What the room is for.
    pub description: Option<Box<str>>,
    /// What one must know to enter.
    pub password: Option<Password>,
    /// Most occupants at once; 0 is no limit.
    pub max_users: u32,
    /// Whether the room outlives its last occupant.
    pub persistent: bool,
    /// Whether the room is listed.
    pub public: bool,
    /// Whether users may register with the room.
    pub registration_enabled: bool,
    /// Whether everyone sees the occupants' real JIDs.
    pub can_anyone_discover_jid: bool,
    /// Whether occupants may change the subject.
    pub can_occupants_change_subject: bool,
    /// Whether occupants may invite others.
    pub can_occupants_invite: bool,
    /// Whether occupants may change their nickname.
    pub can_change_nickname: bool,
    /// Whether what is said is archived.
    pub log_enabled: bool,
    /// Whether members may only enter under their registered nickname.
    pub login_restricted_to_nickname: bool,
    /// Whether only members may enter.
    pub members_only: bool,
    /// Whether only those with voice may speak.
    pub moderated: bool,
    /// The roles whose presence is told to all, as they were listed, none twice.
    pub broadcast: Vec<Role>,
    /// Who may send private messages.
    pub allow_pm: AllowPm,
}

/// What is talked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// In words.
    pub text: Box<str>,
    /// Since when.
    pub at: Timestamp,
}

/// Someone in a room, with one session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupant {
    /// Their name in the room.
    pub nick: Resource,
    /// What they are to the room, by themselves or by a group.
    pub affiliation: Option<Affiliation>,
    /// What they may do.
    pub role: Role,
    /// The groups they were in when they entered.
    pub groups: Box<[String]>,
}

/// Something said in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Who said it, as the room knows them.
    pub nick: Resource,
    /// Who said it really.
    pub from: Jid,
    /// The words.
    pub body: Box<str>,
    /// When.
    pub at: Timestamp,
}

/// A chat room.
#[derive(Clone, Debug)]
pub struct Room {
    /// What its owners decided.
    pub settings: Settings,
    /// What is talked about.
    pub subject: Option<Subject>,
    /// When it was created.
    pub created: Timestamp,
    /// When its settings last changed.
    pub modified: Timestamp,
    /// What users and groups are to it.
    pub affiliations: Affiliations,
    /// What was said lately, oldest first.
    pub history: Vector<Arc<Said>>,
    occupants: OrdMap<Jid, (u64, Arc<Occupant>)>,
    next: u64,
}

/// A room as a snapshot keeps it.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    settings: Settings,
    subject: Option<Subject>,
    created: Timestamp,
    modified: Timestamp,
    affiliations: Vec<(Affiliate, Affiliation)>,
    history: Vec<Arc<Said>>,
    occupants: Vec<(Jid, Arc<Occupant>)>,
}

impl Room {
    /// A room that nobody has entered yet.
    pub fn new(created: Timestamp) -> Self {
        Self {
            settings: Settings::default(),
            subject: None,
            created,
            modified: created,
            affiliations: Affiliations::default(),
            history: Vector::new(),
            occupants: OrdMap::new(),
            next: 0,
        }
    }

    /// Everyone in it, in the order in which they came.
    pub fn occupants(&self) -> Vec<(&Jid, &Arc<Occupant>)> {
        let mut all: Vec<_> = self.occupants.iter().collect();
        all.sort_unstable_by_key(|(_, (place, _))| *place);
        all.into_iter().map(|(session, (_, occupant))| (session, occupant)).collect()
    }

    /// The occupant who is here with this session.
    pub fn occupant(&self, session: &Jid) -> Option<&Arc<Occupant>> {
        self.occupants.get(session).map(|(_, occupant)| occupant)
    }

    /// How many sessions are in it.
    pub fn crowd(&self) -> usize {
        self.occupants.len()
    }

    pub(super) fn seat(&mut self, session: Jid, occupant: Occupant) {
        let place = self.occupants.get(&session).map_or(self.next, |(place, _)| *place);
        self.next = self.next.max(place + 1);
        self.occupants.insert(session, (place, Arc::new(occupant)));
    }

    pub(super) fn unseat(&mut self, session: &Jid) -> Option<Arc<Occupant>> {
        self.occupants.remove(session).map(|(_, occupant)| occupant)
    }

    pub(super) fn to_stored(&self) -> Stored {
        Stored {
            settings: self.settings.clone(),
            subject: self.subject.clone(),
            created: self.created,
            modified: self.modified,
            affiliations: self.affiliations.in_order().into_iter().map(|(who, what)| (who.clone(), what)).collect(),
            history: self.history.iter().cloned().collect(),
            occupants: self.occupants().into_iter().map(|(session, occupant)| (session.clone(), Arc::clone(occupant))).collect(),
        }
    }
}

impl From<Stored> for Room {
    fn from(stored: Stored) -> Self {
        let Stored { settings, subject, created, modified, affiliations, history, occupants } = stored;
        let next = occupants.len() as u64;
        let occupants = occupants.into_iter().zip(0_u64..).map(|((session, occupant), place)| (session, (place, occupant))).collect();
        let (affiliations, history) = (affiliations.into_iter().collect(), history.into_iter().collect());
        Self { settings, subject, created, modified, affiliations, history, occupants, next }
    }
}
