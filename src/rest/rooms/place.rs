//! Which room a request is about, and what is answered when it is not there (rooms.md §3).

use std::sync::Arc;

use crate::actions::rooms::{Place, address, missing};
use crate::actions::{Fault, Invalid, services};
use crate::rest::call::Call;
use crate::rest::error::{ApiError, Result};
use crate::state::rooms::{Address, Room};
use crate::state::{Refusal, State};

/// The service that the query names.
pub fn service(call: &Call) -> &str {
    call.query.get("servicename").unwrap_or(services::DEFAULT)
}

/// The room that the path names.
pub fn place(call: &Call) -> Place<'_> {
    Place { service: service(call), room: call.param(0) }
}

/// The room that the path names, and where it is.
pub fn room<'s>(call: &Call, state: &'s State) -> Result<(Address, &'s Arc<Room>)> {
    let found = address(place(call), call.hearth.domain()).and_then(|address| {
        let room = state.rooms.get(&address.service, &address.room)?;
        Some((address, room))
    });
    found.ok_or_else(|| gone(service(call), &missing(state, place(call), call.hearth.domain())))
}

/// 404 about a chat service.
pub fn no_service(given: &str) -> ApiError {
    ApiError::not_found("MUCServiceNotFoundException", "Chat service does not exist or is not accessible.", given)
}

fn gone(service: &str, refusal: &Refusal) -> ApiError {
    match refusal {
        Refusal::RoomNotFound(name) => ApiError::not_found("RoomNotFoundException", "Chat room does not exist or is not accessible.", name),
        _ => no_service(service),
    }
}

/// The answers to what is not there, and to entries that name nobody; `about` is the room's name as errors show it.
pub fn absent(call: &Call, fault: &Fault, about: &str) -> Option<ApiError> {
    match fault {
        Fault::Refused(refusal @ (Refusal::ServiceNotFound(_) | Refusal::RoomNotFound(_))) => Some(gone(service(call), refusal)),
        Fault::Refused(Refusal::GroupNotFound(name)) => Some(ApiError::not_found("GroupNotFoundException", "Could not find group", name)),
        Fault::Refused(Refusal::NotAnEntity(entry)) | Fault::Invalid(Invalid::Jid(entry)) => {
            Some(ApiError::illegal(format!("Unable to parse value as jid: {entry}"), about))
        }
        Fault::Invalid(Invalid::TooLong { .. }) => Some(ApiError::illegal(fault.to_string(), about)),
        _ => None,
    }
}
