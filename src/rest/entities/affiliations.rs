//! Lists of a room's affiliates (rooms.md §6).

use super::describe::{list, readable};
use super::entity::{Format, Readable, encode};
use super::read::{BadBody, Limits};

list! {
    /// Owners of a room.
    pub struct Owners("owners") {
        /// Bare JIDs of users, full JIDs of groups.
        owners: Option<Vec<String>> => bare("owners", "owner")
    } of String
}

list! {
    /// Admins of a room.
    pub struct Admins("admins") {
        /// Bare JIDs of users, full JIDs of groups.
        admins: Option<Vec<String>> => bare("admins", "admin")
    } of String
}

list! {
    /// Members of a room.
    pub struct Members("members") {
        /// Bare JIDs of users, full JIDs of groups.
        members: Option<Vec<String>> => bare("members", "member")
    } of String
}

list! {
    /// The banned of a room.
    pub struct Outcasts("outcasts") {
        /// Bare JIDs of users, full JIDs of groups.
        outcasts: Option<Vec<String>> => bare("outcasts", "outcast")
    } of String
}

readable!(Owners, Admins, Members, Outcasts);

/// Which of the four lists a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AffiliationList {
    /// `owners`
    Owners,
    /// `admins`
    Admins,
    /// `members`
    Members,
    /// `outcasts`
    Outcasts,
}

impl AffiliationList {
    /// The list that a path segment names; COMPAT(openfire): the documentation also shows the singular.
    pub fn from_segment(segment: &str) -> Option<Self> {
        match segment {
            "owners" | "owner" => Some(Self::Owners),
            "admins" | "admin" => Some(Self::Admins),
            "members" | "member" => Some(Self::Members),
            "outcasts" | "outcast" => Some(Self::Outcasts),
            _ => None,
        }
    }

    /// The affiliation in the singular, as in error messages.
    pub const fn singular(self) -> &'static str {
        match self {
            Self::Owners => "owner",
            Self::Admins => "admin",
            Self::Members => "member",
            Self::Outcasts => "outcast",
        }
    }

    /// The bytes of this list.
    pub fn encode(self, jids: Vec<String>, format: Format) -> Vec<u8> {
        match self {
            Self::Owners => encode(&Owners { owners: Some(jids) }, format),
            Self::Admins => encode(&Admins { admins: Some(jids) }, format),
            Self::Members => encode(&Members { members: Some(jids) }, format),
            Self::Outcasts => encode(&Outcasts { outcasts: Some(jids) }, format),
        }
    }

    /// Reads this list. `None` if JSON holds none; in XML a list without items is an empty one.
    pub fn decode(self, bytes: &[u8], format: Format, limits: &Limits) -> Result<Option<Vec<String>>, BadBody> {
        let jids = match self {
            Self::Owners => Owners::decode(bytes, format, limits)?.and_then(|list| list.owners),
            Self::Admins => Admins::decode(bytes, format, limits)?.and_then(|list| list.admins),
            Self::Members => Members::decode(bytes, format, limits)?.and_then(|list| list.members),
            Self::Outcasts => Outcasts::decode(bytes, format, limits)?.and_then(|list| list.outcasts),
        };
        Ok(match format {
            Format::Xml => Some(jids.unwrap_or_default()),
            Format::Json => jids,
        })
    }
}
