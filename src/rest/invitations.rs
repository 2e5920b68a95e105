//! Invitations to a chat room (rooms.md §7).

use super::call::{Answer, Call, DONE};
use super::entities::{Invitation, Invitations};
use super::error::{ApiError, Result, map};
use super::rooms::{absent, place, shown};

const INVITE: &str = "Could not invite user";

/// `POST /chatrooms/{roomName}/invite/{jid}`
pub async fn one(call: Call) -> Result<Answer> {
    let Invitation { reason } = call.read()?.ok_or_else(|| ApiError::illegal(INVITE, shown(call.param(0))))?;
    send(&call, vec![call.param(1).to_owned()], reason).await
}

/// `POST /chatrooms/{roomName}/invite`
pub async fn many(call: Call) -> Result<Answer> {
    let Invitations { reason, jids_to_invite } = call.read()?.ok_or_else(|| ApiError::illegal(INVITE, shown(call.param(0))))?;
    send(&call, jids_to_invite.unwrap_or_default(), reason).await
}

async fn send(call: &Call, entries: Vec<String>, reason: Option<String>) -> Result<Answer> {
    let sent = call.hearth.invite(&call.caller, place(call), &entries, reason).await;
    sent.map_err(|fault| map(fault, |fault| absent(call, fault, &shown(call.param(0)))))?;
    Ok(DONE)
}
