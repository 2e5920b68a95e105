//! Affiliations with a chat room (rooms.md §6).

use crate::actions::Fault;
use crate::actions::rooms::Giving;
use crate::state::Refusal;
use crate::state::affiliations::Affiliation;

use super::call::{Answer, CREATED, Call, DONE};
use super::entities::AffiliationList;
use super::error::{ApiError, Result, map};
use super::rooms::{absent, place, room, shown};

const NOT_ALLOWED: &str = "NotAllowedException";
const DELETE: &str = "Could not delete affiliation";

/// The list that the path names; the router lets no other through.
fn list_of(call: &Call) -> Result<AffiliationList> {
    let found = AffiliationList::from_segment(call.param(1));
    found.ok_or_else(|| ApiError::plain(actix_web::http::StatusCode::NOT_FOUND, &call.path))
}

const fn affiliation(list: AffiliationList) -> Affiliation {
    match list {
        AffiliationList::Owners => Affiliation::Owner,
        AffiliationList::Admins => Affiliation::Admin,
        AffiliationList::Members => Affiliation::Member,
        AffiliationList::Outcasts => Affiliation::Outcast,
    }
}

fn giving(call: &Call, list: AffiliationList, replace: bool) -> Giving {
    Giving { affiliation: affiliation(list), replace, invite: call.query.flag("sendInvitations") }
}

/// The answers of rooms.md §6.2.
fn refused(call: &Call, fault: &Fault, list: AffiliationList) -> Option<ApiError> {
    let about = shown(call.param(0));
    match fault {
        Fault::Refused(Refusal::LastOwner | Refusal::TooMany(_)) => {
            Some(ApiError::conflict(NOT_ALLOWED, format!("Could not apply modification to list of {}", list.singular()), about))
        }
        fault => absent(call, fault, &about),
    }
}

/// `GET /chatrooms/{roomName}/{affiliation}`
pub async fn list(call: Call) -> Result<Answer> {
    let list = list_of(&call)?;
    let state = call.state().await?;
    let (_, room) = room(&call, &state)?;
    let jids = room.affiliations.list(affiliation(list)).into_iter().map(|who| who.jid(call.hearth.domain())).collect();
    Ok(call.bytes(list.encode(jids, call.accept)))
}

/// `PUT /chatrooms/{roomName}/{affiliation}`
pub async fn replace(call: Call) -> Result<Answer> {
    many(call, true).await
}

/// `POST /chatrooms/{roomName}/{affiliation}`
pub async fn add(call: Call) -> Result<Answer> {
    many(call, false).await
}

async fn many(call: Call, replace: bool) -> Result<Answer> {
    let list = list_of(&call)?;
    let read = call.read_with(|body, format, limits| list.decode(body, format, limits))?;
    let entries = read.ok_or_else(|| ApiError::illegal(format!("No {}s were given", list.singular()), shown(call.param(0))))?;
    let giving = giving(&call, list, replace);
    let done = call.hearth.affiliate(&call.caller, place(&call), giving, &entries).await;
    done.map_err(|fault| map(fault, |fault| refused(&call, fault, list)))?;
    Ok(CREATED)
}

/// `POST /chatrooms/{roomName}/{affiliation}/{jid}`
pub async fn add_one(call: Call) -> Result<Answer> {
    let list = list_of(&call)?;
    let entry = [call.param(2).to_owned()];
    let done = call.hearth.affiliate(&call.caller, place(&call), giving(&call, list, false), &entry).await;
    done.map_err(|fault| map(fault, |fault| refused(&call, fault, list)))?;
    Ok(CREATED)
}

/// `POST /chatrooms/{roomName}/{affiliation}/group/{groupname}`
pub async fn add_group(call: Call) -> Result<Answer> {
    let list = list_of(&call)?;
    let done = call.hearth.affiliate_group(&call.caller, place(&call), giving(&call, list, false), call.param(2)).await;
    done.map_err(|fault| map(fault, |fault| refused(&call, fault, list)))?;
    Ok(CREATED)
}

/// The answers of rooms.md §6.5.
fn kept(call: &Call, fault: &Fault) -> Option<ApiError> {
    match fault {
        Fault::Refused(Refusal::LastOwner | Refusal::NotAffiliated(_)) => Some(ApiError::conflict(NOT_ALLOWED, DELETE, call.param(2))),
        fault => absent(call, fault, &shown(call.param(0))),
    }
}

/// `DELETE /chatrooms/{roomName}/{affiliation}/{jid}`
pub async fn remove_one(call: Call) -> Result<Answer> {
    let affiliation = affiliation(list_of(&call)?);
    let done = call.hearth.disaffiliate(&call.caller, place(&call), affiliation, call.param(2)).await;
    done.map_err(|fault| map(fault, |fault| kept(&call, fault)))?;
    Ok(DONE)
}

/// `DELETE /chatrooms/{roomName}/{affiliation}/group/{groupname}`
pub async fn remove_group(call: Call) -> Result<Answer> {
    let affiliation = affiliation(list_of(&call)?);
    let done = call.hearth.disaffiliate_group(&call.caller, place(&call), affiliation, call.param(2)).await;
    done.map_err(|fault| map(fault, |fault| kept(&call, fault)))?;
    Ok(DONE)
}
