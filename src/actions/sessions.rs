//! Sessions: ending them, and telling everybody something.

use crate::base::jid::Localpart;
use crate::state::Command;
use crate::state::sessions::Command as Session;

use super::{Caller, Fault, Hearth, Invalid, Saying};

/// How much of a message is kept in the audit log, in characters.
const NOTED_MAX: usize = 1000;

impl Hearth {
    /// Ends all sessions of a user for good. That there are none, or no such user, is fine.
    ///
    /// # Errors
    /// The cluster cannot answer.
    pub async fn kick_user(&self, caller: &Caller, username: Localpart) -> Result<(), Fault> {
        let saying = Saying::new(format!("closed session for address {username}@{}", self.domain()));
        self.act(caller, saying, Command::Sessions(Session::Kick(username))).await.map(drop)
    }

    /// Tells every bound session `body`.
    ///
    /// # Errors
    /// [`Invalid::Missing`] without a body, or the cluster cannot answer.
    pub async fn broadcast(&self, caller: &Caller, body: &str) -> Result<(), Fault> {
        if body.is_empty() {
            return Err(Invalid::Missing("body").into());
        }
        let mut noted: String = body.chars().take(NOTED_MAX).collect();
        if noted.len() < body.len() {
            noted.push_str("...");
        }
        let saying = Saying::with("send server message", format!("jid = all active\nmessage = {noted}"));
        self.act(caller, saying, Command::Sessions(Session::Broadcast(body.into()))).await.map(drop)
    }
}
