//! Changing one list of a room's affiliations (rooms.md §6).

use std::collections::BTreeSet;

use crate::state::affiliations::{AFFILIATES_MAX, Affiliate, Affiliation};
use crate::state::{Context, Done, Refusal};

use super::names::{Known, Named};
use super::room::{Address, Room};
use super::{Rooms, invite};

/// What a list is to become.
pub(super) struct Wish<'a> {
    pub affiliation: Affiliation,
    pub names: &'a [Named],
    pub replace: bool,
    pub invite: bool,
}

impl Rooms {
    pub(super) fn affiliate(&mut self, cx: &Context, known: &Known, address: &Address, wish: Wish<'_>) -> Result<Done, Refusal> {
        let wanted: Vec<Affiliate> = wish.names.iter().map(|name| known.affiliate(name)).collect::<Result<_, _>>()?;
        let mut room = self.found(known, address)?;
        let owners = room.affiliations.owners();
        let mut touched = if wish.replace { leaving(&mut room, wish.affiliation, &wanted) } else { Vec::new() };
        let mut new = Vec::new();
        for who in wanted {
            if room.affiliations.give(who.clone(), wish.affiliation) {
                new.push(who);
            }
        }
        check(&room, owners)?;
        let mut done = Done::default();
        if wish.invite && wish.affiliation != Affiliation::Outcast {
            done = invite::affiliated(cx, address, &room, known, wish.affiliation, new.iter())?;
        }
        touched.extend(new);
        self.settle(address, room, touched, &mut done);
        Ok(done)
    }

    pub(super) fn disaffiliate(&mut self, known: &Known, address: &Address, affiliation: Affiliation, name: &Named) -> Result<Done, Refusal> {
        let who = known.affiliate(name)?;
        let mut room = self.found(known, address)?;
        let owners = room.affiliations.owners();
        if room.affiliations.of(&who) != Some(affiliation) {
            return Err(Refusal::NotAffiliated(affiliation.as_str().into()));
        }
        room.affiliations.take(&who);
        check(&room, owners)?;
        let mut done = Done::default();
        self.settle(address, room, vec![who], &mut done);
        Ok(done)
    }
}

/// Takes the affiliation from all who are not `wanted` any more.
fn leaving(room: &mut Room, affiliation: Affiliation, wanted: &[Affiliate]) -> Vec<Affiliate> {
    let wanted: BTreeSet<&Affiliate> = wanted.iter().collect();
    let gone: Vec<Affiliate> = room.affiliations.list(affiliation).into_iter().filter(|who| !wanted.contains(who)).cloned().collect();
    for who in &gone {
        room.affiliations.take(who);
    }
    gone
}

/// A room that had an owner keeps one.
fn check(room: &Room, owners_before: usize) -> Result<(), Refusal> {
    if owners_before > 0 && room.affiliations.owners() == 0 {
        return Err(Refusal::LastOwner);
    }
    if room.affiliations.len() > AFFILIATES_MAX {
        return Err(Refusal::TooMany("affiliations".into()));
    }
    Ok(())
}
