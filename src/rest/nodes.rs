//! The cluster and its nodes (system.md §10.1–§10.3).

use crate::actions::nodes::Standing;
use crate::state::nodes::Member;

use super::call::{Answer, Call};
use super::entities::{ClusterNode, ClusterNodes, Clustering, Date};
use super::error::{ApiError, Result};

/// `GET /clustering/status`
pub async fn status(call: Call) -> Result<Answer> {
    let state = call.state().await?;
    let status = match call.hearth.standing(&state) {
        Standing::Disabled => "Disabled",
        Standing::StartingUp => "Starting up",
        Standing::SeniorAndOnly => "SENIOR AND ONLY MEMBER",
        Standing::Senior => "Senior member",
        Standing::Junior => "Junior member",
    };
    Ok(call.entity(&Clustering { status: Some(status.to_owned()) }))
}

/// `GET /clustering/nodes`
pub async fn list(call: Call) -> Result<Answer> {
    let state = call.state().await?;
    let members = call.hearth.members(&state);
    let cluster_nodes = members.iter().enumerate().map(|(place, member)| entity(member, place == 0)).collect();
    Ok(call.entity(&ClusterNodes { cluster_nodes }))
}

/// `GET /clustering/nodes/{nodeId}`
pub async fn get(call: Call) -> Result<Answer> {
    let (state, id) = (call.state().await?, call.param(0));
    let members = call.hearth.members(&state);
    let found = members.iter().enumerate().find(|(_, member)| member.node.to_string() == id);
    let unknown = || ApiError::not_found("ClusterNodeNotFoundException", "Could not find a cluster node with this NodeID.", id);
    let (place, member) = found.ok_or_else(unknown)?;
    Ok(call.entity(&entity(member, place == 0)))
}

fn entity(member: &Member, senior_member: bool) -> ClusterNode {
    let host_name = match member.address {
        Some(address) => format!("{} ({address})", member.host),
        None => member.host.clone(),
    };
    ClusterNode { host_name: Some(host_name), joined_time: Some(Date(member.joined.millis())), node_id: Some(member.node.to_string()), senior_member }
}
