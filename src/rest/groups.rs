//! Groups (users.md §8) and the groups of a user (users.md §4).

use std::sync::Arc;

use actix_web::http::StatusCode;

use crate::actions::groups::Description;
use crate::actions::{Fault, Invalid};
use crate::base::jid::BareJid;
use crate::base::userref::{PathUser, path_user};
use crate::state::Refusal;
use crate::state::groups::{Group, Role};

use super::call::{Answer, CREATED, Call, DONE};
use super::entities::{Group as Entity, Groups, UserGroups};
use super::error::{ApiError, Result, map};
use super::listing;
use super::users::unknown;

const CREATE: &str = "Could not create new group";
const UPDATE: &str = "Could not update new group";
const ADD: &str = "Could not add user to groups";
const REMOVE: &str = "Could not remove user from groups";
/// What is said about a group when nothing is known of it.
const NAMELESS: &str = "groups";

/// `GET /groups`
pub async fn list(call: Call) -> Result<Answer> {
    let state = call.state().await?;
    let mut after: Option<Arc<str>> = None;
    let next = move || {
        let (name, group) = state.groups.after(after.as_ref()).next()?;
        after = Some(Arc::clone(name));
        Some(summary(name, group))
    };
    Ok(listing::items::<Groups>(call.accept, std::iter::from_fn(next)))
}

/// `GET /groups/{groupName}`
pub async fn get(call: Call) -> Result<Answer> {
    let state = call.state().await?;
    let name = call.param(0);
    let group = state.groups.get(name).ok_or_else(|| unknown_group(name))?;
    let people = |role| Some(group.with(role).map(ToString::to_string).collect());
    Ok(call.entity(&Entity { admins: people(Role::Admin), members: people(Role::Member), ..summary(name, group) }))
}

/// `POST /groups`
pub async fn create(call: Call) -> Result<Answer> {
    let nameless = || ApiError::illegal(CREATE, NAMELESS);
    let group = call.read::<Entity>()?.ok_or_else(nameless)?;
    let name = group.name.clone().ok_or_else(nameless)?;
    let given = Description {
        admins: Some(group.admins.unwrap_or_default()),
        members: Some(group.members.unwrap_or_default()),
        ..described(group.description, group.shared)
    };
    let own = |fault: &Fault| match fault {
        Fault::Refused(Refusal::GroupExists(_)) => Some(ApiError::conflict("GroupAlreadyExistsException", "Could not create a group", &name)),
        fault => shape(fault, CREATE, &name),
    };
    call.hearth.create_group(&call.caller, name.clone(), given).await.map_err(|fault| map(fault, own))?;
    Ok(CREATED)
}

/// `PUT /groups/{groupName}`
pub async fn update(call: Call) -> Result<Answer> {
    let nameless = || ApiError::illegal(UPDATE, NAMELESS);
    let group = call.read::<Entity>()?.ok_or_else(nameless)?;
    let name = call.param(0);
    match group.name.as_deref() {
        Some("") => return Err(nameless()),
        Some(other) if other != name => {
            let message = "Could not update the group. The group name is different to the payload group name.";
            return Err(ApiError::illegal(message, format!("{name} != {other}")));
        }
        _ => {}
    }
    let given = Description { admins: group.admins, members: group.members, ..described(group.description, group.shared) };
    let own = |fault: &Fault| absent(fault).or_else(|| shape(fault, UPDATE, name));
    call.hearth.update_group(&call.caller, name.into(), given).await.map_err(|fault| map(fault, own))?;
    Ok(DONE)
}

/// `DELETE /groups/{groupName}`
pub async fn delete(call: Call) -> Result<Answer> {
    call.hearth.delete_group(&call.caller, call.param(0).into()).await.map_err(|fault| map(fault, absent))?;
    Ok(DONE)
}

/// `GET /users/{username}/groups`
pub async fn of_user(call: Call) -> Result<Answer> {
    let given = call.param(0);
    let name = match path_user(given, call.hearth.domain()) {
        PathUser::Local(name) => name,
        PathUser::Remote => {
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "GroupNotFoundException", "This service cannot be used for non-local users.", given));
        }
        PathUser::Invalid => return Err(unknown(given)),
    };
    let state = call.state().await?;
    if !state.users.contains(&name) {
        return Err(unknown(if given.contains('@') { &name } else { given }));
    }
    let jid = BareJid::new(Some(&name), call.hearth.domain());
    let groupnames = state.groups.of(&jid).map(ToString::to_string).collect();
    Ok(call.entity(&UserGroups { groupnames: Some(groupnames) }))
}

/// `POST /users/{username}/groups`
pub async fn join_many(call: Call) -> Result<Answer> {
    let Some(groups) = call.read::<UserGroups>()? else { return Ok(CREATED) };
    let groups = groups.groupnames.ok_or_else(|| ApiError::illegal(ADD, call.param(0)))?;
    join(&call, groups).await
}

/// `POST /users/{username}/groups/{groupName}`
pub async fn join_one(call: Call) -> Result<Answer> {
    join(&call, vec![call.param(1).to_owned()]).await
}

async fn join(call: &Call, groups: Vec<String>) -> Result<Answer> {
    let user = call.param(0);
    let own = |fault: &Fault| match fault {
        Fault::Invalid(Invalid::Username(_)) => Some(ApiError::illegal(ADD, user)),
        Fault::Refused(Refusal::GroupFull(group)) => Some(full(group)),
        fault => shape(fault, CREATE, NAMELESS),
    };
    call.hearth.join_groups(&call.caller, user, groups).await.map_err(|fault| map(fault, own))?;
    Ok(CREATED)
}

/// `DELETE /users/{username}/groups`
pub async fn leave_many(call: Call) -> Result<Answer> {
    let Some(groups) = call.read::<UserGroups>()? else { return Ok(DONE) };
    let groups = groups.groupnames.ok_or_else(|| ApiError::illegal(REMOVE, call.param(0)))?;
    leave(&call, groups).await
}

/// `DELETE /users/{username}/groups/{groupName}`
pub async fn leave_one(call: Call) -> Result<Answer> {
    leave(&call, vec![call.param(1).to_owned()]).await
}

async fn leave(call: &Call, groups: Vec<String>) -> Result<Answer> {
    let user = call.param(0);
    let own = |fault: &Fault| match fault {
        Fault::Invalid(_) => Some(ApiError::illegal(REMOVE, user)),
        fault => absent(fault),
    };
    call.hearth.leave_groups(&call.caller, user, groups).await.map_err(|fault| map(fault, own))?;
    Ok(DONE)
}

/// 404 about a group.
fn unknown_group(name: &str) -> ApiError {
    ApiError::not_found("GroupNotFoundException", "Could not find group", name)
}

fn absent(fault: &Fault) -> Option<ApiError> {
    match fault {
        Fault::Refused(Refusal::GroupNotFound(name)) => Some(unknown_group(name)),
        _ => None,
    }
}

fn full(name: &str) -> ApiError {
    ApiError::conflict("NotAllowedException", "The group holds as many people as it may", name)
}

/// What is wrong with the description of a group.
fn shape(fault: &Fault, message: &'static str, group: &str) -> Option<ApiError> {
    match fault {
        Fault::Invalid(Invalid::GroupName) => Some(ApiError::illegal(message, NAMELESS)),
        Fault::Invalid(Invalid::TooLong { of, .. }) => Some(ApiError::illegal(message, of)),
        Fault::Invalid(Invalid::Member(value)) => Some(ApiError::illegal(format!("Cannot parse a member value as a JID: {value}"), group)),
        Fault::Invalid(Invalid::Admin(value)) => Some(ApiError::illegal(format!("Cannot parse a admin value as a JID: {value}"), group)),
        Fault::Refused(Refusal::GroupFull(group)) => Some(full(group)),
        _ => None,
    }
}

fn described(description: Option<String>, shared: Option<bool>) -> Description {
    Description { description, shared: shared.unwrap_or_default(), ..Description::default() }
}

/// A group without its people, as listings show it.
pub fn summary(name: &str, group: &Group) -> Entity {
    Entity {
        name: Some(name.to_owned()),
        description: group.description.as_deref().map(str::to_owned),
        admins: None,
        members: None,
        shared: Some(group.shared),
    }
}
