//! Contact lists (users.md §6).

use actix_web::http::StatusCode;

use crate::actions::rosters::{Item, Seen, Unnamed, contacts};
use crate::actions::{Fault, Invalid};
use crate::base::jid::BareJid;
use crate::state::Refusal;
use crate::state::rosters::Subscription;

use super::call::{Answer, CREATED, Call, DONE};
use super::entities::{Roster, RosterItem};
use super::error::{ApiError, Result, map};
use super::users::{local, not_found, unknown};

const CREATE: &str = "Could not create roster item";
const UPDATE: &str = "Could not update the roster";

/// `GET /users/{username}/roster`
pub async fn get(call: Call) -> Result<Answer> {
    let state = call.state().await?;
    let name = local(&call, 0, unknown_owner)?;
    if !state.users.contains(&name) {
        return Err(unknown_owner(call.param(0)));
    }
    let items = contacts(&state, &call.hearth.jid(&name)).into_iter().map(entity).collect();
    Ok(call.entity(&Roster { items }))
}

/// `POST /users/{username}/roster`
pub async fn create(call: Call) -> Result<Answer> {
    let name = local(&call, 0, unknown_owner)?;
    let given = call.read::<RosterItem>()?.unwrap_or_default();
    let own = |fault: &Fault| match fault {
        Fault::Refused(Refusal::UserNotFound(_)) => Some(unknown_owner(call.param(0))),
        Fault::Invalid(Invalid::Missing(_)) => Some(ApiError::illegal("JID is null", "JID")),
        Fault::Invalid(Invalid::Jid(jid) | Invalid::TooLong { of: jid, .. }) => Some(ApiError::illegal(CREATE, jid)),
        // COMPAT(openfire): these three do not say what they are about (Q39).
        Fault::Invalid(Invalid::Subscription(_)) => Some(ApiError::illegal(CREATE, "")),
        Fault::Refused(Refusal::ContactExists(_)) => Some(ApiError::conflict("UserAlreadyExistsException", CREATE, "")),
        Fault::Refused(Refusal::SharedGroup(_)) => Some(shared(CREATE, "")),
        fault => full(fault),
    };
    let (jid, item) = described(given);
    call.hearth.add_contact(&call.caller, &name, jid, item).await.map_err(|fault| map(fault, own))?;
    Ok(CREATED)
}

/// `PUT /users/{username}/roster/{rosterJid}`
pub async fn update(call: Call) -> Result<Answer> {
    let name = local(&call, 0, unknown)?;
    let given = call.read::<RosterItem>()?;
    let contact = contact(&call, || ApiError::not_found("UserNotFoundException", UPDATE, call.param(1))).await?;
    let own = |fault: &Fault| match fault {
        Fault::Refused(Refusal::ContactNotFound(_)) => Some(ApiError::not_found("UserNotFoundException", UPDATE, call.param(1))),
        Fault::Refused(Refusal::SharedGroup(_)) => Some(shared(UPDATE, call.param(1))),
        Fault::Invalid(_) => Some(ApiError::illegal(UPDATE, call.param(1))),
        fault => not_found(fault, call.param(0)).or_else(|| full(fault)),
    };
    let item = given.map(|given| described(given).1);
    call.hearth.update_contact(&call.caller, &name, contact, item, Unnamed::Stays).await.map_err(|fault| map(fault, own))?;
    Ok(DONE)
}

/// `DELETE /users/{username}/roster/{rosterJid}`
pub async fn delete(call: Call) -> Result<Answer> {
    let name = local(&call, 0, unknown)?;
    let absent = |jid: &str| ApiError::not_found("RosterItemNotFound", "Roster Item could not deleted", jid);
    let contact = contact(&call, || absent(call.param(1))).await?;
    let own = |fault: &Fault| match fault {
        Fault::Refused(Refusal::SharedGroup(_)) => Some(shared("Could not delete the roster item", call.param(1))),
        Fault::Refused(Refusal::ContactNotFound(jid)) => Some(absent(jid)),
        fault => not_found(fault, call.param(0)),
    };
    call.hearth.remove_contact(&call.caller, &name, contact).await.map_err(|fault| map(fault, own))?;
    Ok(DONE)
}

/// The contact that a path names. What is no JID is in nobody's list, but the user is looked for first.
async fn contact(call: &Call, absent: impl FnOnce() -> ApiError) -> Result<BareJid> {
    if let Ok(jid) = BareJid::parse(call.param(1)) {
        return Ok(jid);
    }
    let state = call.state().await?;
    let name = local(call, 0, unknown)?;
    Err(if state.users.contains(&name) { absent() } else { unknown(call.param(0)) })
}

fn unknown_owner(given: &str) -> ApiError {
    ApiError::not_found("UserNotFoundException", "Could not get user roster", given)
}

fn shared(message: &'static str, resource: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "SharedGroupException", message, resource)
}

fn full(fault: &Fault) -> Option<ApiError> {
    match fault {
        Fault::Refused(Refusal::RosterFull(owner)) => {
            Some(ApiError::conflict("NotAllowedException", "The roster holds as many contacts as it may", &**owner))
        }
        _ => None,
    }
}

fn described(given: RosterItem) -> (Option<String>, Item) {
    let RosterItem { jid, nickname, subscription_type, groups } = given;
    (jid, Item { nickname, groups, subscription: subscription_type.into() })
}

fn entity((jid, Seen { contact, .. }): (BareJid, Seen)) -> RosterItem {
    let subscription_type = match contact.subscription {
        Subscription::None => 0,
        Subscription::To => 1,
        Subscription::From => 2,
        Subscription::Both => 3,
    };
    RosterItem {
        jid: Some(jid.to_string()),
        nickname: contact.nickname.map(Into::into),
        subscription_type,
        groups: Some(contact.groups.into_iter().map(Into::into).collect()),
    }
}
