//! Hearth's own page about the cluster, for operators and their tools: `/hearth/v1/cluster`, in JSON.

use actix_web::http::StatusCode;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use crate::cluster::{MemberStatus, Overview};

use super::call::{Answer, Call, general};
use super::error::{ApiError, Result};

/// `GET /hearth/v1/cluster`
pub async fn overview(call: Call) -> Result<Answer> {
    let overview = look(&call).await;
    Ok(answer(&whole(&overview)))
}

/// `GET /hearth/v1/cluster/nodes`
pub async fn nodes(call: Call) -> Result<Answer> {
    let overview = look(&call).await;
    Ok(answer(&members(&overview)))
}

/// `POST /hearth/v1/cluster/transfer`
pub async fn transfer(call: Call) -> Result<Answer> {
    let to = call.query.get("to").map(|to| number(&call, to)).transpose()?;
    let leader = call.hearth.transfer_leadership(&call.caller, to).await.map_err(general)?;
    Ok(answer(&json!({ "leader": leader })))
}

/// `POST /hearth/v1/cluster/drain`
pub async fn drain(call: Call) -> Result<Answer> {
    call.hearth.drain_node(&call.caller).await.map_err(general)?;
    Ok(Answer::Empty(StatusCode::OK))
}

/// `DELETE /hearth/v1/cluster/nodes/{id}`
pub async fn remove(call: Call) -> Result<Answer> {
    let id = number(&call, call.param(0))?;
    call.hearth.remove_node(&call.caller, id).await.map_err(general)?;
    Ok(Answer::Empty(StatusCode::OK))
}

async fn look(call: &Call) -> Overview {
    call.hearth.cluster_overview(call.query.get("checksum") == Some("true")).await
}

fn number(call: &Call, text: &str) -> Result<u64> {
    text.parse().map_err(|_| ApiError::illegal("A node is named by its number", &call.path))
}

fn answer(value: &Value) -> Answer {
    Answer::Body { status: StatusCode::OK, content_type: "application/json", bytes: value.to_string().into() }
}

fn whole(overview: &Overview) -> Value {
    let voters = |voter: bool| overview.members.iter().filter(move |member| member.voter == voter).map(|member| member.id).collect::<Vec<_>>();
    let senior = overview.members.iter().find(|member| member.place == Some(1)).map(|member| member.uuid.to_string());
    json!({
        "clusterId": overview.cluster.to_string(),
        "nodeId": overview.asked,
        "state": overview.role,
        "term": overview.term,
        "leader": overview.leader,
        "voters": voters(true),
        "learners": voters(false),
        "senior": senior,
        "committed": overview.committed,
        "applied": overview.applied,
        "format": overview.format,
        "nodes": members(overview),
    })
}

fn members(overview: &Overview) -> Value {
    overview.members.iter().map(|member| entity(overview.leader, member)).collect()
}

fn entity(leader: Option<u64>, member: &MemberStatus) -> Value {
    let told = member.told.as_ref();
    json!({
        "id": member.id,
        "uuid": member.uuid.to_string(),
        "address": member.address,
        "host": member.host,
        "place": member.place,
        "incarnation": member.incarnation,
        "voter": member.voter,
        "leader": leader == Some(member.id),
        "senior": member.place == Some(1),
        "up": member.place.is_some(),
        "reachable": told.is_some(),
        "draining": told.map(|told| told.draining),
        "lastLog": told.map(|told| told.last_log),
        "applied": told.map(|told| told.applied),
        "lag": told.map(|told| told.lag),
        "version": told.map(|told| &told.version),
        "formats": told.map(|told| told.formats),
        "checksum": told.and_then(|told| told.checksum.as_ref()).map(|(index, sum)| json!({ "index": index, "value": HEXLOWER.encode(sum) })),
    })
}
