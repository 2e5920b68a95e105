//! vCards (users.md §7).

use actix_web::http::StatusCode;
use bytes::Bytes;

use crate::base::jid::Localpart;
use crate::base::userref::{PathUser, path_user};

use super::call::{Answer, Call, DONE};
use super::entities::{Limits, vcard};
use super::error::{ApiError, Result, map};
use super::users::{not_found, unknown};

/// No vCard, and no error either.
const NONE: Answer = Answer::Empty(StatusCode::NO_CONTENT);

/// `GET /users/{username}/vcard`
pub async fn get(call: Call) -> Result<Answer> {
    let Some(name) = owner(&call)? else { return Ok(NONE) };
    let state = call.state().await?;
    let Some(stored) = state.vcards.get(&name) else { return Ok(NONE) };
    Ok(Answer::Body { status: StatusCode::OK, content_type: "application/xml", bytes: Bytes::copy_from_slice(stored.as_bytes()) })
}

/// `PUT /users/{username}/vcard`
pub async fn put(call: Call) -> Result<Answer> {
    let given = call.param(0);
    let name = owner(&call)?;
    let limits = &call.hearth.config().limits;
    let limits = Limits { depth: limits.depth, entries: limits.list_entries };
    let node = name.as_deref().unwrap_or(given);
    let vcard = vcard::read(&call.body, &limits).map_err(|_| ApiError::illegal("Could not parse the provided data as a vCard", node))?;
    let name = name.ok_or_else(|| unknown(given))?;
    call.hearth.set_vcard(&call.caller, name, vcard).await.map_err(|fault| map(fault, |fault| not_found(fault, given)))?;
    Ok(DONE)
}

/// `DELETE /users/{username}/vcard`
pub async fn delete(call: Call) -> Result<Answer> {
    let Some(name) = owner(&call)? else { return Ok(DONE) };
    call.hearth.delete_vcard(&call.caller, name).await.map_err(super::call::general)?;
    Ok(DONE)
}

/// Whose vCard it is; `None` for what can be nobody's.
fn owner(call: &Call) -> Result<Option<Localpart>> {
    match path_user(call.param(0), call.hearth.domain()) {
        PathUser::Local(name) => Ok(Some(name)),
        PathUser::Invalid => Ok(None),
        PathUser::Remote => {
            let message = "This service cannot be used for non-local users.";
            Err(ApiError::new(StatusCode::BAD_REQUEST, "UserNotFoundException", message, call.param(0)))
        }
    }
}
