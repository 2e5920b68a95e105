//! Many rooms at once (rooms.md §5.5), and the room that is really named `bulk`.

use crate::actions::{Fault, Invalid};
use crate::rest::call::{Answer, Call};
use crate::rest::entities::{ChatRooms, RoomResult, RoomResults};
use crate::rest::error::{ApiError, Result};
use crate::state::Refusal;

use super::{CREATE, wire};

/// `POST /chatrooms/bulk`
pub async fn create(call: Call) -> Result<Answer> {
    let rooms = call.read::<ChatRooms>()?.ok_or_else(|| ApiError::illegal(CREATE, ""))?;
    let forms: Vec<_> = rooms.chat_rooms.unwrap_or_default().into_iter().map(wire::form).collect();
    let names: Vec<_> = forms.iter().map(crate::actions::rooms::Form::shown_name).collect();
    let (service, invite) = (super::place::service(&call), call.query.flag("sendInvitations"));
    let outcomes = call.hearth.put_rooms(&call.caller, service, forms, invite).await.map_err(crate::rest::call::general)?;
    let mut results = RoomResults::default();
    for (room_name, outcome) in names.into_iter().zip(outcomes) {
        match outcome {
            Ok(()) => results.success.push(result(room_name, "Success", "Room was successfully created".into())),
            Err(fault) => results.failure.push(result(room_name, "Failure", format!("Room creation failed due to {}", reason(&fault)))),
        }
    }
    Ok(call.entity(&results))
}

fn result(room_name: Option<String>, kind: &str, message: String) -> RoomResult {
    RoomResult { room_name, result_type: Some(kind.to_owned()), message: Some(message) }
}

/// Why a room could not be made, in Openfire's words where it has any.
fn reason(fault: &Fault) -> String {
    match fault {
        Fault::Refused(Refusal::AffiliatesTwice(who)) => {
            format!("ConflictException: The requested room defines duplicate affiliations for the following entities: {}", who.join(", "))
        }
        Fault::Refused(Refusal::LastOwner) => "ConflictException: null".to_owned(),
        Fault::Refused(Refusal::RoomForbidden(_)) => "NotAllowedException: null".to_owned(),
        Fault::Refused(Refusal::NotAnEntity(entry)) | Fault::Invalid(Invalid::Jid(entry)) => {
            format!("IllegalArgumentException: Unable to parse value as jid: {entry}")
        }
        Fault::Invalid(invalid) => format!("IllegalArgumentException: {invalid}"),
        other => other.to_string(),
    }
}

fn bulk(call: Call) -> Call {
    Call { params: vec!["bulk".to_owned()], ..call }
}

/// `GET /chatrooms/bulk`
pub async fn get(call: Call) -> Result<Answer> {
    super::get(bulk(call)).await
}

/// `PUT /chatrooms/bulk`
pub async fn update(call: Call) -> Result<Answer> {
    super::update(bulk(call)).await
}

/// `DELETE /chatrooms/bulk`
pub async fn delete(call: Call) -> Result<Answer> {
    super::delete(bulk(call)).await
}
