//! Invitations, sent by the room itself (rooms.md §7, §8.1).

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::jid::Jid;
use crate::base::stanza;
use crate::state::affiliations::{Affiliate, Affiliation};
use crate::state::{Context, Done, Effect, Message, Refusal};

use super::happening::Happening;
use super::names::{Known, Named, Resolved};
use super::room::{Address, Password, Room};
use super::{Rooms, event};

/// How many can be invited at once, groups counted by their members.
pub const INVITATIONS_MAX: usize = 10_000;

impl Rooms {
    pub(super) fn invite(&self, cx: &Context, known: &Known, address: &Address, names: &[Named], reason: Option<&str>) -> Result<Done, Refusal> {
        let mut to = BTreeSet::new();
        for name in names {
            match known.resolve(name)? {
                Resolved::Jid(jid) => drop(to.insert(jid)),
                Resolved::Group(group) => to.extend(known.members(&group).iter().cloned().map(Jid::from)),
            }
        }
        let room = self.found(known, address)?;
        invitations(cx, address, &room, to, reason)
    }
}

/// Invites everybody of `listed`, who all have this affiliation, saying so.
pub(super) fn affiliated<'a>(
    cx: &Context,
    address: &Address,
    room: &Room,
    known: &Known,
    affiliation: Affiliation,
    listed: impl Iterator<Item = &'a Affiliate>,
) -> Result<Done, Refusal> {
    let mut to = Vec::new();
    for affiliate in listed {
        match affiliate {
            Affiliate::User(jid) => to.push(Jid::from(jid.clone())),
            Affiliate::Group(group) => to.extend(known.members(group).iter().cloned().map(Jid::from)),
        }
    }
    let reason = format!("You are {} of room {}", affiliation.as_str(), address.room);
    invitations(cx, address, room, to, Some(&reason))
}

fn invitations(cx: &Context, address: &Address, room: &Room, to: impl IntoIterator<Item = Jid>, reason: Option<&str>) -> Result<Done, Refusal> {
    let mut done = Done::default();
    let reason = reason.filter(|reason| !reason.is_empty());
    let password = room.settings.password.as_ref().filter(|password| !password.expose().trim().is_empty());
    for to in to {
        if done.events.len() >= INVITATIONS_MAX {
            return Err(Refusal::TooMany("invitations".into()));
        }
        if let Some(user) = to.bare.local_user(&cx.domain) {
            let stanza = stanza::invitation(&address.jid(), &to, reason, password.map(Password::expose));
            done.effects.push(Effect::MessageSent(Arc::new(Message { to: user, stanza })));
        }
        let what = Happening::Invited { to, reason: reason.map(str::to_owned), password: password.cloned() };
        done.events.push(event(address, what));
    }
    Ok(done)
}
