//! Hearth's own page about the cluster, for operators and their tools: `/hearth/v1/cluster`, in JSON.

use actix_web::http::StatusCode;
use serde_json::{Value, json};

use crate::cluster::{MemberStatus, Overview};
use crate::wire::cluster::StatusResponse;

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
    let (own, voters) = (&overview.own, |voter: bool| {
        let those = overview.members.iter().filter(move |member| member.voter == voter);
        those.map(|member| member.id).collect::<Vec<_>>()
    });
    let senior = overview.members.iter().find(|member| member.place == Some(1)).map(|member| member.uuid.to_string());
    json!({
        "clusterId": overview.cluster.to_string(),
        "nodeId": overview.asked,
        "state": own.role,
        "term": own.term,
        "leader": leader(overview),
        "voters": voters(true),
        "learners": voters(false),
        "senior": senior,
        "committed": own.committed,
        "applied": own.applied,
        "format": overview.format,
        "nodes": members(overview),
    })
}

fn leader(overview: &Overview) -> Option<u64> {
    Some(overview.own.leader).filter(|leader| *leader > 0)
}

fn members(overview: &Overview) -> Value {
    let own = |member: &MemberStatus| member.own.clone();
    let last = overview.members.iter().filter_map(own).map(|own| own.last_log).max().unwrap_or(0);
    overview.members.iter().map(|member| entity(overview, member, last)).collect()
}

fn entity(overview: &Overview, member: &MemberStatus, last: u64) -> Value {
    let own = member.own.as_ref();
    let of = |read: fn(&StatusResponse) -> u64| own.map(read);
    json!({
        "id": member.id,
        "uuid": member.uuid.to_string(),
        "address": member.address,
        "host": member.host,
        "place": member.place,
        "incarnation": member.incarnation,
        "voter": member.voter,
        "leader": leader(overview) == Some(member.id),
        "senior": member.place == Some(1),
        "up": member.place.is_some(),
        "reachable": own.is_some(),
        "lastLog": of(|own| own.last_log),
        "applied": of(|own| own.applied),
        "lag": own.map(|own| last.saturating_sub(own.applied)),
        "version": own.map(|own| own.version.clone()),
        "formats": own.map(|own| [own.oldest_format, own.newest_format]),
        "checksum": checksum(overview, own),
    })
}

fn checksum(overview: &Overview, own: Option<&StatusResponse>) -> Option<Value> {
    let sum = own?.checksum.as_ref()?;
    Some(json!({ "index": overview.marked?, "value": data_encoding::HEXLOWER.encode(sum) }))
}
