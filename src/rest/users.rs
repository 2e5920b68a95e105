//! Users (users.md §3).

use actix_web::http::StatusCode;

use crate::actions::users::Account;
use crate::actions::{Fault, Invalid};
use crate::base::jid::Localpart;
use crate::base::secrets::Secret;
use crate::base::userref::{PathUser, path_user};
use crate::state::Refusal;
use crate::state::users::User as Stored;

use super::call::{Answer, CREATED, Call, DONE};
use super::entities::{self, NewUsers, Property};
use super::error::{ApiError, Result, map};

const NOT_FOUND: &str = "UserNotFoundException";
const EXISTS: &str = "UserAlreadyExistsException";
const GET: &str = "Could not get user";
const CREATE: &str = "Could not create new user";

/// The local account that a path names; `absent` is what the endpoint answers when it names none (users.md §1.10 R).
pub fn local(call: &Call, n: usize, absent: impl FnOnce(&str) -> ApiError) -> Result<Localpart> {
    match path_user(call.param(n), call.hearth.domain()) {
        PathUser::Local(name) => Ok(name),
        PathUser::Remote | PathUser::Invalid => Err(absent(call.param(n))),
    }
}

/// 404 about a user.
pub fn unknown(given: &str) -> ApiError {
    ApiError::not_found(NOT_FOUND, GET, given)
}

/// `GET /users`
pub async fn list(call: Call) -> Result<Answer> {
    let state = call.state().await?;
    let search = call.query.get("search").unwrap_or_default().to_lowercase();
    let property = call.query.get("propertyKey").map(|key| (key.to_owned(), call.query.get("propertyValue").map(str::to_owned)));
    let wanted = move |name: &Localpart, user: &Stored| match &property {
        Some((key, value)) => user.properties.iter().any(|(k, v)| k == key && value.as_ref().is_none_or(|value| v == value)),
        None => name.contains(&search),
    };
    Ok(super::listing::users(state, call.accept, wanted))
}

/// `GET /users/{username}`
pub async fn get(call: Call) -> Result<Answer> {
    let state = call.state().await?;
    let name = local(&call, 0, unknown)?;
    let user = state.users.get(&name).ok_or_else(|| unknown(call.param(0)))?;
    Ok(call.entity(&entity(&name, user)))
}

/// `POST /users`
pub async fn create(call: Call) -> Result<Answer> {
    let accounts = match call.read::<NewUsers>()? {
        None => return Err(ApiError::illegal(CREATE, "users")),
        Some(NewUsers::One(user)) => vec![account(user)],
        Some(NewUsers::Many(users)) if users.is_empty() => return Err(ApiError::illegal(CREATE, "users")),
        Some(NewUsers::Many(users)) => users.into_iter().map(account).collect(),
    };
    call.hearth.create_users(&call.caller, accounts).await.map_err(|fault| map(fault, creation))?;
    Ok(CREATED)
}

/// `PUT /users/{username}`
pub async fn update(call: Call) -> Result<Answer> {
    let Some(body) = call.read::<NewUsers>()? else { return Ok(DONE) };
    let user = body.single().ok_or_else(|| ApiError::illegal("Could not update user", call.param(0)))?;
    let renames = user.username.as_deref().is_some_and(|new| Localpart::parse(new).ok() != path_name(&call));
    let mut account = account(user);
    // COMPAT(openfire): properties that are not named are gone (Q8).
    account.properties.get_or_insert_default();
    if renames { rename(&call, account).await } else { change(&call, account).await }
}

fn path_name(call: &Call) -> Option<Localpart> {
    local(call, 0, unknown).ok()
}

async fn change(call: &Call, account: Account) -> Result<Answer> {
    let given = call.param(0);
    let own = |fault: &Fault| match fault {
        Fault::Refused(Refusal::UserNotFound(_)) => Some(unknown(given)),
        Fault::Invalid(_) => Some(ApiError::illegal("Could not update user", given)),
        _ => None,
    };
    let name = local(call, 0, unknown)?;
    call.hearth.update_user(&call.caller, name, account).await.map_err(|fault| map(fault, own))?;
    Ok(DONE)
}

async fn rename(call: &Call, account: Account) -> Result<Answer> {
    let given = call.param(0);
    let absent = |given: &str| ApiError::not_found(NOT_FOUND, "Could not find user", given);
    let new = account.username.clone().unwrap_or_default();
    let own = |fault: &Fault| match fault {
        Fault::Refused(Refusal::UserNotFound(_)) => Some(absent(given)),
        Fault::Invalid(_) => Some(ApiError::illegal(CREATE, new.clone())),
        fault => creation(fault),
    };
    let from = local(call, 0, absent)?;
    call.hearth.rename_user(&call.caller, from, account).await.map_err(|fault| map(fault, own))?;
    Ok(DONE)
}

/// `DELETE /users/{username}`
pub async fn delete(call: Call) -> Result<Answer> {
    let name = local(&call, 0, unknown)?;
    call.hearth.delete_user(&call.caller, name).await.map_err(|fault| map(fault, |fault| not_found(fault, call.param(0))))?;
    Ok(DONE)
}

/// The answer to a user that is not there.
pub fn not_found(fault: &Fault, given: &str) -> Option<ApiError> {
    matches!(fault, Fault::Refused(Refusal::UserNotFound(_))).then(|| unknown(given))
}

/// The answers of users.md §3.3.
fn creation(fault: &Fault) -> Option<ApiError> {
    match fault {
        Fault::Refused(Refusal::UserExists(given)) => Some(ApiError::conflict(EXISTS, CREATE, given)),
        Fault::Invalid(Invalid::Missing(_)) => Some(ApiError::illegal(CREATE, "users")),
        Fault::Invalid(Invalid::Password(given)) => {
            Some(ApiError::new(StatusCode::BAD_REQUEST, "PasswordIsNull", "Could not create new user, because password is null", given))
        }
        Fault::Invalid(Invalid::Twice(given)) => Some(ApiError::conflict(EXISTS, CREATE, given)),
        Fault::Invalid(Invalid::Username(given) | Invalid::Property(given) | Invalid::TooLong { of: given, .. }) => {
            Some(ApiError::illegal(CREATE, given))
        }
        _ => None,
    }
}

fn account(user: entities::User) -> Account {
    let entities::User { username, name, email, password, properties } = user;
    let properties = properties.map(|list| list.into_iter().map(|Property { key, value }| (key, value)).collect());
    Account { username, password: password.map(|password| Secret::new(password.into_exposed())), name, email, properties }
}

/// An account as the API shows it: never a password, always a name.
pub fn entity(username: &Localpart, user: &Stored) -> entities::User {
    let property = |(key, value): &(String, String)| Property { key: Some(key.clone()), value: Some(value.clone()) };
    entities::User {
        username: Some(username.to_string()),
        name: Some(user.name.as_deref().unwrap_or_default().to_owned()),
        email: user.email.as_deref().map(str::to_owned),
        password: None,
        properties: Some(user.properties.iter().map(property).collect()),
    }
}
