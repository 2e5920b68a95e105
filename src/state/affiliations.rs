//! Affiliations of users and groups with a chat room (XEP-0045 §5.2). Owned by the rooms noun.

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::base::groupjid;
use crate::base::jid::{BareJid, Domain};

/// How many users and groups one room can know.
pub const AFFILIATES_MAX: usize = 20_000;

/// What someone is to a room for good. Nobody in particular has none of these.
///
/// In the order of precedence where several apply, as when a group has one and the user another (rooms.md §6.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Affiliation {
    /// May do everything, and destroy it.
    Owner,
    /// May ban and decide who may speak.
    Admin,
    /// Banned.
    Outcast,
    /// May enter a room that is for members only.
    Member,
}

impl Affiliation {
    /// All of them, in the order in which the API lists them.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Member, Self::Outcast];

    /// The name of the protocol (XEP-0045 §5.2).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Outcast => "outcast",
        }
    }
}

/// Who has an affiliation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Affiliate {
    /// A user, or a service, by bare JID.
    User(BareJid),
    /// Everybody in the group of this name.
    Group(String),
}

impl Affiliate {
    /// The JID that stands for it in lists (rooms.md §2).
    pub fn jid(&self, domain: &Domain) -> String {
        match self {
            Self::User(jid) => jid.to_string(),
            Self::Group(name) => groupjid::encode(name, domain).to_string(),
        }
    }
}

/// Which affiliation, and how late it was given.
#[derive(Clone, Copy, Debug)]
struct Held {
    affiliation: Affiliation,
    place: u64,
}

/// Everybody's affiliation with one room. Each has at most one; lists are in the order in which it was given.
#[derive(Clone, Debug, Default)]
pub struct Affiliations {
    held: OrdMap<Affiliate, Held>,
    owners: usize,
    next: u64,
}

impl Affiliations {
    /// The affiliation that was given to exactly this user or group.
    pub fn of(&self, affiliate: &Affiliate) -> Option<Affiliation> {
        self.held.get(affiliate).map(|held| held.affiliation)
    }

    /// The affiliation of a user who is in these groups: the first by precedence among its own and theirs.
    pub fn effective<'a>(&self, user: &BareJid, groups: impl IntoIterator<Item = &'a String>) -> Option<Affiliation> {
        let own = self.of(&Affiliate::User(user.clone()));
        let theirs = groups.into_iter().filter_map(|group| self.of(&Affiliate::Group(group.clone())));
        own.into_iter().chain(theirs).min()
    }

    /// Everybody who has this affiliation, in the order in which they were given it.
    pub fn list(&self, affiliation: Affiliation) -> Vec<&Affiliate> {
        let mut listed: Vec<_> = self.held.iter().filter(|(_, held)| held.affiliation == affiliation).collect();
        listed.sort_unstable_by_key(|(_, held)| held.place);
        listed.into_iter().map(|(affiliate, _)| affiliate).collect()
    }

    /// Everybody, in no useful order.
    pub fn affiliates(&self) -> impl Iterator<Item = &Affiliate> {
        self.held.keys()
    }

    /// Everybody with their affiliation, in the order in which it was given.
    pub fn in_order(&self) -> Vec<(&Affiliate, Affiliation)> {
        let mut all: Vec<_> = self.held.iter().collect();
        all.sort_unstable_by_key(|(_, held)| held.place);
        all.into_iter().map(|(affiliate, held)| (affiliate, held.affiliation)).collect()
    }

    /// How many owners there are; a group counts as one.
    pub fn owners(&self) -> usize {
        self.owners
    }

    /// How many users and groups have an affiliation.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether nobody has an affiliation.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Gives an affiliation instead of the one held so far; to give what is held already changes nothing. Answers whether
    /// anything changed.
    pub fn give(&mut self, affiliate: Affiliate, affiliation: Affiliation) -> bool {
        if self.of(&affiliate) == Some(affiliation) {
            return false;
        }
        self.take(&affiliate);
        self.owners += usize::from(affiliation == Affiliation::Owner);
        self.held.insert(affiliate, Held { affiliation, place: self.next });
        self.next += 1;
        true
    }

    /// Takes away whatever is held, and answers what it was.
    pub fn take(&mut self, affiliate: &Affiliate) -> Option<Affiliation> {
        let held = self.held.remove(affiliate)?;
        self.owners -= usize::from(held.affiliation == Affiliation::Owner);
        Some(held.affiliation)
    }

    /// A user or group has another name: what it held moves, in its place. Of two affiliations the first by precedence stays.
    pub fn rename(&mut self, from: &Affiliate, to: Affiliate) {
        let Some(held) = self.held.get(from).copied() else { return };
        self.take(from);
        if self.of(&to).is_some_and(|other| other <= held.affiliation) {
            return;
        }
        self.take(&to);
        self.owners += usize::from(held.affiliation == Affiliation::Owner);
        self.held.insert(to, held);
    }
}

impl FromIterator<(Affiliate, Affiliation)> for Affiliations {
    fn from_iter<T: IntoIterator<Item = (Affiliate, Affiliation)>>(entries: T) -> Self {
        let mut all = Self::default();
        for (affiliate, affiliation) in entries {
            all.give(affiliate, affiliation);
        }
        all
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn user(name: &str) -> Affiliate {
        Affiliate::User(BareJid::parse(&format!("{name}@example.org")).unwrap())
    }

    fn names(all: &Affiliations, affiliation: Affiliation) -> Vec<String> {
        let domain = Domain::parse("example.org").unwrap();
        all.list(affiliation).into_iter().map(|affiliate| affiliate.jid(&domain)).collect()
    }

    #[test]
    fn lists_are_in_the_order_of_giving() {
        let mut all = Affiliations::default();
        for name in ["zoe", "ann", "kim"] {
            assert!(all.give(user(name), Affiliation::Member));
        }
        assert!(!all.give(user("zoe"), Affiliation::Member));
        assert_eq!(names(&all, Affiliation::Member), ["zoe@example.org", "ann@example.org", "kim@example.org"]);
        assert!(all.give(user("zoe"), Affiliation::Owner));
        assert_eq!((names(&all, Affiliation::Member).len(), all.owners(), all.len()), (2, 1, 3));
    }

    #[test]
    fn groups_stand_among_the_others_by_their_jid() {
        let all: Affiliations = [(Affiliate::Group("Some".into()), Affiliation::Admin)].into_iter().collect();
        assert_eq!(names(&all, Affiliation::Admin), ["adnmqp8=@example.org/695c6ae413c00446733d926ccadefd8b"]);
    }

    #[test]
    fn a_ban_outweighs_membership_by_group_but_not_ownership() {
        let ann = BareJid::parse("ann@example.org").unwrap();
        let groups = ["Crew".to_owned(), "Spam".to_owned()];
        let with =
            |crew, spam| -> Affiliations { [(Affiliate::Group("Crew".into()), crew), (Affiliate::Group("Spam".into()), spam)].into_iter().collect() };
        assert_eq!(with(Affiliation::Member, Affiliation::Outcast).effective(&ann, &groups), Some(Affiliation::Outcast));
        assert_eq!(with(Affiliation::Owner, Affiliation::Outcast).effective(&ann, &groups), Some(Affiliation::Owner));
        assert_eq!(Affiliations::default().effective(&ann, &groups), None);
    }

    #[test]
    fn a_renamed_user_keeps_place_and_affiliation() {
        let mut all: Affiliations = [("ann", Affiliation::Owner), ("kim", Affiliation::Owner), ("old", Affiliation::Outcast)]
            .map(|(name, affiliation)| (user(name), affiliation))
            .into_iter()
            .collect();
        all.rename(&user("ann"), user("zoe"));
        assert_eq!(names(&all, Affiliation::Owner), ["zoe@example.org", "kim@example.org"]);
        all.rename(&user("kim"), user("old"));
        assert_eq!(names(&all, Affiliation::Owner), ["zoe@example.org", "old@example.org"]);
        assert_eq!((all.owners(), all.len()), (2, 2));
        all.rename(&user("nobody"), user("zoe"));
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn what_was_written_in_order_reads_back_the_same() {
        let mut all: Affiliations = [("b", Affiliation::Owner), ("a", Affiliation::Member)].map(|(n, a)| (user(n), a)).into_iter().collect();
        all.give(user("b"), Affiliation::Admin);
        let again: Affiliations = all.in_order().into_iter().map(|(who, what)| (who.clone(), what)).collect();
        assert_eq!(again.in_order(), all.in_order());
        assert_eq!((again.owners(), again.len()), (0, 2));
    }
}
