//! The cluster and its nodes (system.md §10.1, §10.2).

use super::date::Date;
use super::describe::{entity, list};

entity! {
    /// A node of the cluster.
    pub struct ClusterNode("clusterNode") {
        /// Name and address.
        host_name: Option<String> => element("hostName"),
        /// When it joined.
        joined_time: Option<Date> => element("joinedTime"),
        /// The node's own id.
        node_id: Option<String> => element("nodeID"),
        /// Whether it is the senior member, which does what only one may do.
        senior_member: bool => element("seniorMember"),
    }
    json { host_name, node_id, joined_time, senior_member }
}

list! {
    /// The nodes of the cluster; none while not clustered.
    pub struct ClusterNodes("clusterNodes") {
        /// The nodes.
        cluster_nodes: Vec<ClusterNode> => bare("clusterNodes", "clusterNode")
    } of ClusterNode
}

entity! {
    /// What the answering node is in the cluster.
    pub struct Clustering("clustering") {
        /// Disabled, Starting up, SENIOR AND ONLY MEMBER, Senior member or Junior member.
        status: Option<String> => element("status"),
    }
}
