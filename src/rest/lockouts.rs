//! Lockouts (users.md §5).

use super::call::{Answer, CREATED, Call, DONE};
use super::error::{Result, map};
use super::users::{local, not_found, unknown};

/// `POST /lockouts/{username}`
pub async fn lock(call: Call) -> Result<Answer> {
    let name = local(&call, 0, unknown)?;
    call.hearth.lock_user(&call.caller, name).await.map_err(|fault| map(fault, |fault| not_found(fault, call.param(0))))?;
    Ok(CREATED)
}

/// `DELETE /lockouts/{username}`
pub async fn unlock(call: Call) -> Result<Answer> {
    let name = local(&call, 0, unknown)?;
    call.hearth.unlock_user(&call.caller, name).await.map_err(|fault| map(fault, |fault| not_found(fault, call.param(0))))?;
    Ok(DONE)
}
