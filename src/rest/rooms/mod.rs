//! Chat rooms (rooms.md §5).

mod bulk;
mod place;
mod wire;

use actix_web::http::StatusCode;

use crate::actions::{Fault, Invalid};
use crate::base::jid::Localpart;
use crate::state::Refusal;
use crate::state::rooms::Room;
use crate::state::services::domain_of;

use super::call::{Answer, CREATED, Call, DONE};
pub use super::entities::ChatRoom as Entity;
use super::error::{ApiError, Result, map};
use super::listing;

pub use bulk::{create as create_many, delete as delete_bulk, get as get_bulk, update as update_bulk};
pub use place::{absent, place, room};
pub use wire::entity;

const CREATE: &str = "Could not create the channel";
const UPDATE: &str = "Could not update the channel";
const DIFFERENT: &str = "Could not update the channel. The room name is different to the entity room name.";
const NOT_ALLOWED: &str = "NotAllowedException";

/// Which rooms are listed.
struct Wanted {
    all: bool,
    none: bool,
    /// What the room's name is to contain, if that can be part of one.
    name: Option<String>,
    /// What the natural name is to contain, in lower case.
    natural: Option<String>,
}

impl Wanted {
    fn of(call: &Call) -> Self {
        let kind = call.query.get("type").unwrap_or("public");
        let search = call.query.get("search").filter(|search| !search.is_empty());
        Self {
            all: kind == "all",
            none: !["all", "public"].contains(&kind),
            // What is illegal in a name can still be part of a natural name (Q16).
            name: search.and_then(|search| Localpart::parse(search).ok()).map(|name| name.to_string()),
            natural: search.map(str::to_lowercase),
        }
    }

    fn fits(&self, name: &str, room: &Room) -> bool {
        let Some(natural) = &self.natural else { return !self.none && (self.all || room.settings.public) };
        let named = || self.name.as_ref().is_some_and(|search| name.contains(search.as_str()));
        let naturally = || room.settings.natural_name.as_ref().is_some_and(|name| name.to_lowercase().contains(natural.as_str()));
        !self.none && (self.all || room.settings.public) && (named() || naturally())
    }
}

/// `GET /chatrooms`
pub async fn list(call: Call) -> Result<Answer> {
    let state = call.state().await?;
    let given = place::service(&call);
    let service = domain_of(given, call.hearth.domain()).filter(|service| state.services.get(service).is_some());
    let service = service.ok_or_else(|| place::no_service(given))?;
    let (wanted, expand) = (Wanted::of(&call), call.query.flag("expandGroups"));
    Ok(listing::rooms(state, call.accept, service, expand, move |name, room| wanted.fits(name, room)))
}

/// `POST /chatrooms`
pub async fn create(call: Call) -> Result<Answer> {
    let room = call.read::<Entity>()?.ok_or_else(|| ApiError::illegal(CREATE, ""))?;
    let form = wire::form(room);
    let about = form.shown_name().unwrap_or_default();
    put(&call, form, CREATE, &about).await?;
    Ok(CREATED)
}

/// `GET /chatrooms/{roomName}`
pub async fn get(call: Call) -> Result<Answer> {
    let state = call.state().await?;
    let (address, room) = place::room(&call, &state)?;
    Ok(call.entity(&wire::entity(&state, &address.room, room, call.query.flag("expandGroups"))))
}

/// `PUT /chatrooms/{roomName}`
pub async fn update(call: Call) -> Result<Answer> {
    let about = shown(call.param(0));
    let room = call.read::<Entity>()?.ok_or_else(|| ApiError::illegal(UPDATE, &about))?;
    let form = wire::form(room);
    let same = Localpart::parse(call.param(0)).is_ok() && form.shown_name().as_ref() == Some(&about);
    if !same {
        return Err(ApiError::illegal(DIFFERENT, about));
    }
    put(&call, form, UPDATE, &about).await?;
    Ok(DONE)
}

/// `DELETE /chatrooms/{roomName}`
pub async fn delete(call: Call) -> Result<Answer> {
    call.hearth.destroy_room(&call.caller, place(&call)).await.map_err(|fault| map(fault, |fault| absent(&call, fault, call.param(0))))?;
    Ok(DONE)
}

/// A room's name as errors show it: prepared, where it is a name.
pub fn shown(given: &str) -> String {
    Localpart::parse(given).map_or_else(|_| given.to_owned(), |name| name.to_string())
}

async fn put(call: &Call, form: crate::actions::rooms::Form, message: &'static str, about: &str) -> Result<()> {
    let (service, invite) = (place::service(call), call.query.flag("sendInvitations"));
    let put = call.hearth.put_room(&call.caller, service, form, invite).await;
    put.map_err(|fault| map(fault, |fault| refused(call, fault, message, about)))
}

/// The answers of rooms.md §5.4.
fn refused(call: &Call, fault: &Fault, message: &'static str, about: &str) -> Option<ApiError> {
    match fault {
        Fault::Refused(Refusal::RoomForbidden(_)) => Some(ApiError::new(StatusCode::FORBIDDEN, NOT_ALLOWED, message, about)),
        Fault::Refused(Refusal::AffiliatesTwice(_) | Refusal::LastOwner | Refusal::TooMany(_)) => {
            Some(ApiError::conflict(NOT_ALLOWED, message, about))
        }
        Fault::Invalid(Invalid::ServiceName(given)) => Some(ApiError::illegal(format!("{message}: {fault}"), given)),
        Fault::Invalid(Invalid::Missing(_) | Invalid::RoomName(_) | Invalid::Role(_)) => {
            Some(ApiError::illegal(format!("{message}: {fault}"), about))
        }
        fault => absent(call, fault, about),
    }
}
