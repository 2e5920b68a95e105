//! How much a user has missed (system.md §10.4).

use crate::base::jid::BareJid;

use super::call::{Answer, Call};
use super::entities::UnreadMessages;
use super::error::{ApiError, Result};

/// `GET /archive/messages/unread/{jid}`
pub async fn unread(call: Call) -> Result<Answer> {
    let given = call.param(0);
    let jid = BareJid::parse(given).map_err(|_| ApiError::illegal("Illegal JID", given))?;
    let state = call.state().await?;
    let waiting = jid.local_user(call.hearth.domain()).map_or(0, |name| state.messages.count(&name));
    Ok(call.entity(&UnreadMessages { jid: Some(given.to_owned()), count: i32::try_from(waiting).unwrap_or(i32::MAX) }))
}
