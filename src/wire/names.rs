//! What a certificate says its holder is.

use std::fmt;

use uuid::Uuid;

/// What every holder of the cluster's secret may call itself.
const MEMBER: &str = "member.hearth";

/// Which node of which cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeName {
    /// The cluster.
    pub cluster: Uuid,
    /// Its number there.
    pub node: u64,
}

impl NodeName {
    /// Reads what [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (node, cluster) = text.strip_suffix(".hearth")?.strip_prefix('n')?.split_once('.')?;
        Some(Self { cluster: Uuid::try_parse(cluster).ok()?, node: node.parse().ok()? })
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}.{}.hearth", self.node, self.cluster.simple())
    }
}

/// Whom one expects at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// Anyone who knows the secret: for seeds, of which nothing else is known.
    Member,
    /// This node and no other, whatever answers at its address.
    Node(NodeName),
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member => f.write_str(MEMBER),
            Self::Node(name) => name.fmt(f),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_back_as_written() {
        let name = NodeName { cluster: Uuid::from_u128(77), node: 7 };
        assert_eq!(NodeName::parse(&name.to_string()), Some(name));
        for other in [MEMBER, "n.x.hearth", "n7.hearth", "7.00000000000000000000000000000000.hearth"] {
            assert_eq!(NodeName::parse(other), None, "{other}");
        }
    }
}
