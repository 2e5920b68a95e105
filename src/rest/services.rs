//! Chat services (rooms.md §5.1, §5.2).

use crate::actions::{Fault, Invalid};
use crate::state::Refusal;
use crate::state::services::Service;

use super::call::{Answer, CREATED, Call};
use super::entities::{ChatService, ChatServices};
use super::error::{ApiError, Result, map};

/// What is said about a service of which nothing was said.
const DESCRIPTION: &str = "Public Chatrooms";
const CREATE: &str = "Could not create the chat service";

/// `GET /chatservices`
pub async fn list(call: Call) -> Result<Answer> {
    let state = call.state().await?;
    let mut services: Vec<ChatService> = state.services.iter().map(|(_, service)| entity(service)).collect();
    services.sort_by(|a, b| a.service_name.cmp(&b.service_name));
    Ok(call.entity(&ChatServices { services }))
}

/// `POST /chatservices`
pub async fn create(call: Call) -> Result<Answer> {
    let service = call.read::<ChatService>()?.ok_or_else(|| ApiError::illegal(CREATE, ""))?;
    let ChatService { service_name, description, hidden } = service;
    let given = service_name.clone().unwrap_or_default();
    let own = |fault: &Fault| match fault {
        Fault::Refused(Refusal::ServiceExists(_)) => Some(ApiError::conflict("AlreadyExistsException", CREATE, &given)),
        Fault::Refused(Refusal::TooMany(_)) => Some(ApiError::conflict("NotAllowedException", CREATE, &given)),
        Fault::Invalid(Invalid::Missing(_) | Invalid::ServiceName(_) | Invalid::TooLong { .. }) => {
            Some(ApiError::illegal(format!("{CREATE}: {fault}"), &given))
        }
        _ => None,
    };
    call.hearth.create_service(&call.caller, service_name, description, hidden).await.map_err(|fault| map(fault, own))?;
    Ok(CREATED)
}

fn entity(service: &Service) -> ChatService {
    ChatService {
        service_name: Some(service.name.clone()),
        description: Some(service.description.clone().unwrap_or_else(|| DESCRIPTION.to_owned())),
        hidden: service.hidden,
    }
}
