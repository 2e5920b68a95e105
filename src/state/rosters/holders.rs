//! An index: who has somebody in the list.

use imbl::{OrdMap, OrdSet};
use sha2::{Digest, Sha256};

use crate::base::jid::{BareJid, Localpart};

/// The number of a list in this index; never used twice.
pub(super) type Number = u64;

/// Stands for a contact: the first half of the SHA-256 of its JID.
type Fingerprint = [u8; 16];

/// In whose lists somebody is.
///
/// Every contact of every user is a pair here, and neighbours have nothing to do with each other. The pairs are plain numbers, so
/// that the nodes of the set, which are copied at nearly every change, hold no pointers whose counts would have to be touched one
/// by one. The numbers depend on what was there before and are not seen outside.
#[derive(Clone, Debug, Default)]
pub(super) struct Holders {
    pairs: OrdSet<(Fingerprint, Number)>,
    names: OrdMap<Number, Localpart>,
    last: Number,
}

impl Holders {
    /// A number for the list of this user.
    pub(super) fn open(&mut self, owner: &Localpart) -> Number {
        self.last += 1;
        self.names.insert(self.last, owner.clone());
        self.last
    }

    /// The list, which is empty, is no more.
    pub(super) fn close(&mut self, list: Number) {
        self.names.remove(&list);
    }

    /// The contact is in the list.
    pub(super) fn insert(&mut self, contact: &BareJid, list: Number) {
        self.pairs.insert((fingerprint(contact), list));
    }

    /// The contact is no longer in the list.
    pub(super) fn remove(&mut self, contact: &BareJid, list: Number) {
        self.pairs.remove(&(fingerprint(contact), list));
    }

    /// In whose lists the contact is, by name.
    pub(super) fn of(&self, contact: &BareJid) -> Vec<Localpart> {
        let of = fingerprint(contact);
        let lists = self.pairs.range((of, Number::MIN)..=(of, Number::MAX));
        let mut owners: Vec<_> = lists.filter_map(|(_, list)| self.names.get(list)).cloned().collect();
        owners.sort_unstable();
        owners
    }
}

fn fingerprint(contact: &BareJid) -> Fingerprint {
    let digest: [u8; 32] = Sha256::digest(contact.as_bytes()).into();
    let mut half = Fingerprint::default();
    half.copy_from_slice(&digest[..size_of::<Fingerprint>()]);
    half
}
