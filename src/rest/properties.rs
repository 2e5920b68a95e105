//! System properties (system.md §4).

use crate::actions::{Fault, Invalid, properties};
use crate::state::{Refusal, State};

use super::call::{Answer, CREATED, Call, DONE, general};
use super::entities::{Properties, Property};
use super::error::{ApiError, Result, map};
use super::listing;

const NOT_FOUND: &str = "PropertyNotFoundException";

/// `GET /system/properties`
pub async fn list(call: Call) -> Result<Answer> {
    let (state, mask) = (call.state().await?, masks(&call));
    let keys = properties::keys(&state).into_iter();
    Ok(listing::items::<Properties>(call.accept, keys.map(move |key| entity(&state, &key, mask))))
}

/// `GET /system/properties/{propertyKey}`
pub async fn get(call: Call) -> Result<Answer> {
    let (state, key) = (call.state().await?, call.param(0));
    if !properties::exists(&state, key) {
        return Err(unknown(key));
    }
    Ok(call.entity(&entity(&state, key, masks(&call))))
}

/// `POST /system/properties`
pub async fn create(call: Call) -> Result<Answer> {
    let Property { key, value } = call.read()?.unwrap_or_default();
    let key = key.unwrap_or_default();
    let hearth = &call.hearth;
    match value {
        // COMPAT(openfire): where it is so configured, no value means deletion.
        None if deletes(&call) && !key.is_empty() => hearth.delete_property(&call.caller, &key, true).await,
        None if key.is_empty() => Err(Invalid::Missing("Property key").into()),
        None => Err(Invalid::Missing("Property value").into()),
        Some(value) => hearth.set_property(&call.caller, &key, value).await,
    }
    .map_err(|fault| map(fault, |fault| refused(fault, &key)))?;
    Ok(CREATED)
}

/// `PUT /system/properties/{propertyKey}`
pub async fn update(call: Call) -> Result<Answer> {
    let key = call.param(0);
    let Property { key: named, value } = call.read()?.ok_or_else(|| mismatch(key))?;
    // The body is looked at only for a property that exists, which is decided with the change where the body is good: so that a
    // refusal, too, is remembered under the request's key.
    let absent = || ApiError { resource: named.clone(), ..ApiError::not_found(NOT_FOUND, "Could not find property for update", "") };
    let (fits, says) = (named.as_deref() == Some(key), value.is_some() || deletes(&call));
    if !(fits && says) {
        if !properties::exists(&*call.hearth.read().await.map_err(general)?, key) {
            return Err(absent());
        }
        if !fits {
            return Err(mismatch(key));
        }
    }
    let own = |fault: &Fault| match fault {
        Fault::Refused(Refusal::PropertyNotFound(_)) => Some(absent()),
        fault => refused(fault, key),
    };
    let hearth = &call.hearth;
    match value {
        None if deletes(&call) => hearth.delete_property(&call.caller, key, properties::is_listed(key)).await,
        None => Err(Invalid::Missing("Property value").into()),
        Some(value) => hearth.update_property(&call.caller, key, value).await,
    }
    .map_err(|fault| map(fault, own))?;
    Ok(DONE)
}

/// `DELETE /system/properties/{propertyKey}`
pub async fn delete(call: Call) -> Result<Answer> {
    let key = call.param(0);
    let own = |fault: &Fault| matches!(fault, Fault::Refused(Refusal::PropertyNotFound(_))).then(|| unknown(key));
    call.hearth.delete_property(&call.caller, key, false).await.map_err(|fault| map(fault, own))?;
    Ok(DONE)
}

fn masks(call: &Call) -> bool {
    call.hearth.config().rest.mask_secrets
}

fn deletes(call: &Call) -> bool {
    call.hearth.config().rest.null_property_deletes
}

fn entity(state: &State, key: &str, mask: bool) -> Property {
    Property { key: Some(key.to_owned()), value: properties::shown(state, key, mask) }
}

fn unknown(key: &str) -> ApiError {
    ApiError::not_found(NOT_FOUND, "Could not find property", key)
}

fn mismatch(key: &str) -> ApiError {
    ApiError::illegal("Path property name and entity property name doesn't match", key)
}

/// What is wrong with a key or a value.
fn refused(fault: &Fault, key: &str) -> Option<ApiError> {
    match fault {
        Fault::Invalid(Invalid::Missing("Property key")) => Some(ApiError::illegal("Property key is missing", "")),
        Fault::Invalid(invalid @ (Invalid::Missing(_) | Invalid::TooLong { .. } | Invalid::Masked(_))) => {
            Some(ApiError::illegal(invalid.to_string(), key))
        }
        Fault::Refused(Refusal::TooManyProperties) => Some(ApiError::conflict("NotAllowedException", "Too many properties are stored", key)),
        _ => None,
    }
}
