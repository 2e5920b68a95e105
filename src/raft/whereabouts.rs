//! Where other members are reached. The membership says so; but who has moved cannot have that changed while nobody leads, as when
//! most of a cluster comes back elsewhere. So a node that has shown who it is may say where it is, and is believed until the
//! membership says something else or it is not found there. Whoever is dialled has to show who it is, too.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openraft::impls::BasicNode;

use super::address::Address;
use super::types::NodeId;

/// See the module. Clones are handles to the same one.
#[derive(Clone, Debug, Default)]
pub struct Whereabouts {
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    membership: HashMap<NodeId, String>,
    said: HashMap<NodeId, String>,
}

impl Whereabouts {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where this member is reached, if it is one.
    pub fn of(&self, node: NodeId) -> Option<String> {
        let known = self.known();
        known.said.get(&node).or_else(|| known.membership.get(&node)).cloned()
    }

    /// This node, which has shown who it is, says where it is. Nothing is noted of one that is no member.
    pub fn said(&self, node: NodeId, at: &str) {
        let mut known = self.known();
        let Some(listed) = known.membership.get(&node) else { return };
        if listed == at {
            known.said.remove(&node);
        } else if known.said.insert(node, at.to_owned()).as_deref() != Some(at) {
            tracing::info!(node, at, "a member says that it has moved");
        }
    }

    /// It is not found there: the membership is to be believed again.
    pub fn lost(&self, node: NodeId) {
        self.known().said.remove(&node);
    }

    /// What the membership says from now on.
    pub fn listed(&self, members: HashMap<NodeId, String>) {
        let mut known = self.known();
        let Known { membership, said } = &mut *known;
        said.retain(|node, _| members.contains_key(node) && members.get(node) == membership.get(node));
        *membership = members;
    }
}

/// Where the members are according to a membership.
pub fn places<'a>(nodes: impl Iterator<Item = (&'a NodeId, &'a BasicNode)>) -> HashMap<NodeId, String> {
    nodes.filter_map(|(id, node)| Some((*id, Address::of(node)?.at))).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn members(of: &[(NodeId, &str)]) -> HashMap<NodeId, String> {
        of.iter().map(|(node, at)| (*node, (*at).to_owned())).collect()
    }

    #[test]
    fn who_has_moved_is_believed_until_it_is_not_found_there_or_the_membership_changes() {
        let whereabouts = Whereabouts::default();
        whereabouts.said(2, "early:1");
        assert_eq!(whereabouts.of(2), None, "it is no member");
        whereabouts.listed(members(&[(1, "a:1"), (2, "b:1")]));
        assert_eq!(whereabouts.of(2).unwrap(), "b:1");
        whereabouts.said(2, "c:1");
        whereabouts.listed(members(&[(1, "z:1"), (2, "b:1")]));
        assert_eq!((whereabouts.of(1).unwrap().as_str(), whereabouts.of(2).unwrap().as_str()), ("z:1", "c:1"));
        whereabouts.lost(2);
        assert_eq!(whereabouts.of(2).unwrap(), "b:1");
        whereabouts.said(2, "c:1");
        whereabouts.listed(members(&[(1, "z:1"), (2, "d:1")]));
        assert_eq!(whereabouts.of(2).unwrap(), "d:1");
        whereabouts.said(2, "e:1");
        whereabouts.said(2, "d:1");
        assert_eq!(whereabouts.of(2).unwrap(), "d:1");
        whereabouts.said(2, "e:1");
        whereabouts.listed(members(&[(1, "z:1")]));
        assert_eq!(whereabouts.of(2), None);
    }
}
