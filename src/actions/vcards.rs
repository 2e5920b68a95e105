//! vCards.

use crate::base::jid::Localpart;
use crate::state::Command;
use crate::state::vcards::Command as Vcard;

use super::{Caller, Fault, Hearth, Saying};

impl Hearth {
    /// Replaces the vCard of an account. `vcard` is a `vCard` element.
    ///
    /// # Errors
    /// [`crate::state::Refusal::UserNotFound`], or the cluster cannot answer.
    pub async fn set_vcard(&self, caller: &Caller, username: Localpart, vcard: String) -> Result<(), Fault> {
        let saying = Saying::with(format!("edited user {username}"), "set vCard");
        self.act(caller, saying, Command::Vcards(Vcard::Set { username, vcard: vcard.into() })).await.map(drop)
    }

    /// Removes the vCard of an account, if there is one.
    ///
    /// # Errors
    /// The cluster cannot answer.
    pub async fn delete_vcard(&self, caller: &Caller, username: Localpart) -> Result<(), Fault> {
        let saying = Saying::with(format!("edited user {username}"), "deleted vCard");
        self.act(caller, saying, Command::Vcards(Vcard::Delete(username))).await.map(drop)
    }
}
