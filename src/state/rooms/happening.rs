//! What happens in a room, for the doors that tell its occupants (rooms.md §8).

use std::sync::Arc;

use crate::base::jid::{Jid, Resource};
use crate::state::affiliations::Affiliation;

use super::room::{Occupant, Password, Role, Said};

/// Why an occupant is in a room no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// They left, or their session ended.
    Left,
    /// They were banned (status 301).
    Banned,
    /// They are no member any more, and the room is for members only (status 321).
    NoMember,
    /// The room has become one for members only (status 322).
    MembersOnly,
}

/// Something that happened in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It was created.
    Created,
    /// It is gone; these were in it.
    Destroyed(Vec<(Jid, Arc<Occupant>)>),
    /// Something else is talked about; `None` when nothing is.
    Subject(Option<String>),
    /// Someone came in.
    Entered(Jid, Arc<Occupant>),
    /// Someone went.
    Removed {
        /// With which session they were here.
        session: Jid,
        /// Their name in the room.
        nick: Resource,
        /// What they are to the room now.
        affiliation: Option<Affiliation>,
        /// Why.
        why: Removal,
    },
    /// Someone is something else to the room than before.
    Changed {
        /// With which session they are here.
        session: Jid,
        /// Their name in the room.
        nick: Resource,
        /// What they are to the room now.
        affiliation: Option<Affiliation>,
        /// What they may do now.
        role: Role,
    },
    /// Something was said.
    Said(Arc<Said>),
    /// The room invites someone.
    Invited {
        /// Whom.
        to: Jid,
        /// Why, in words.
        reason: Option<String>,
        /// What they must know to enter.
        password: Option<Password>,
    },
}
