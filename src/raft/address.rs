//! How a member is called in the membership: its UUID and where it is reached.

use std::fmt;

use openraft::impls::BasicNode;
use uuid::Uuid;

/// Written as `uuid@host:port`; a standalone node has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The node's UUID.
    pub uuid: Uuid,
    /// Where its cluster listener is reached, `host:port`.
    pub at: String,
}

impl Address {
    /// Reads what the membership says of a node; `None` for one that was never in a cluster.
    pub fn of(node: &BasicNode) -> Option<Self> {
        let (uuid, at) = node.addr.split_once('@')?;
        Some(Self { uuid: Uuid::try_parse(uuid).ok()?, at: at.to_owned() })
    }

    /// As the membership keeps it.
    pub fn node(&self) -> BasicNode {
        BasicNode::new(self)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.uuid, self.at)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_as_written() {
        let address = Address { uuid: Uuid::from_u128(9), at: "host:5275".to_owned() };
        assert_eq!(Address::of(&address.node()), Some(address));
        assert_eq!(Address::of(&BasicNode::new("")), None);
    }
}
