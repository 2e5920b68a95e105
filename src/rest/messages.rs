//! Messages to everybody who is connected (system.md §7).

use crate::actions::{Fault, Invalid};

use super::call::{Answer, CREATED, Call};
use super::entities::Message;
use super::error::{ApiError, Result, map};

/// `POST /messages/users`
pub async fn broadcast(call: Call) -> Result<Answer> {
    let Message { body } = call.read()?.unwrap_or_default();
    let own = |fault: &Fault| {
        let missing = matches!(fault, Fault::Invalid(Invalid::Missing(_)));
        missing.then(|| ApiError::illegal("Message content/body is null or empty", ""))
    };
    call.hearth.broadcast(&call.caller, &body.unwrap_or_default()).await.map_err(|fault| map(fault, own))?;
    Ok(CREATED)
}
