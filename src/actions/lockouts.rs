//! Locking accounts out.

use crate::base::jid::Localpart;
use crate::state::Command;
use crate::state::lockouts::Command as Lockout;

use super::{Caller, Fault, Hearth, Saying};

impl Hearth {
    /// Locks an account from now on and ends its sessions.
    ///
    /// # Errors
    /// [`crate::state::Refusal::UserNotFound`], or the cluster cannot answer.
    pub async fn lock_user(&self, caller: &Caller, username: Localpart) -> Result<(), Fault> {
        let saying = Saying::with(format!("locked out user {username}"), "start time = now, end time = never");
        self.act(caller, saying, Command::Lockouts(Lockout::Lock(username))).await.map(drop)
    }

    /// Lifts the lock of an account.
    ///
    /// # Errors
    /// [`crate::state::Refusal::UserNotFound`], or the cluster cannot answer.
    pub async fn unlock_user(&self, caller: &Caller, username: Localpart) -> Result<(), Fault> {
        let saying = Saying::new(format!("unlocked user {username}"));
        self.act(caller, saying, Command::Lockouts(Lockout::Unlock(username))).await.map(drop)
    }
}
