//! The ten things that can be asked (users.md §9.6).

use crate::actions::rosters::{Item, Unnamed};
use crate::actions::users::Account;
use crate::actions::{Caller, Fault, Hearth};
use crate::base::escape::legacy_username;
use crate::base::jid::{BareJid, Localpart};
use crate::base::secrets::Secret;
use crate::state::Refusal;

use super::parameters::Parameters;
use super::words::{Said, Word};

/// Does what `type` says.
pub(super) async fn act(hearth: &Hearth, caller: &Caller, asked: &Parameters) -> Result<Said, Said> {
    let kind = asked.get("type");
    if kind == Some("grouplist") {
        let state = hearth.read().await?;
        return Ok(Said::groups(state.groups.iter().map(|(name, _)| &**name)));
    }
    let illegal = || Said::from(Word::Illegal);
    let username = asked.get("username").ok_or_else(illegal)?;
    let kind = kind.ok_or_else(illegal)?;
    let username = legacy_username(username).map_err(|_| illegal())?;
    match kind {
        "add" => add(hearth, caller, username, asked).await?,
        "delete" => hearth.delete_user(caller, username).await?,
        "disable" => hearth.lock_user(caller, username).await?,
        "enable" => hearth.unlock_user(caller, username).await?,
        "update" => update(hearth, caller, username, asked).await?,
        "add_roster" => {
            let (jid, item) = contact(asked)?;
            hearth.add_contact(caller, &username, Some(jid.to_string()), item).await?;
        }
        "update_roster" => {
            let (jid, item) = contact(asked)?;
            hearth.update_contact(caller, &username, jid, Some(item), Unnamed::Goes).await?;
        }
        "delete_roster" => {
            let (jid, _) = contact(asked)?;
            remove(hearth, caller, &username, jid).await?;
        }
        "usergrouplist" => return groups_of(hearth, &username).await,
        _ => return Err(illegal()),
    }
    Ok(Said::done())
}

fn account(username: &Localpart, asked: &Parameters) -> Account {
    Account {
        username: Some(username.to_string()),
        password: asked.get("password").map(Secret::new),
        name: asked.text("name"),
        email: asked.text("email"),
        properties: None,
    }
}

/// COMPAT(openfire): the user stays even if its groups cannot be had.
async fn add(hearth: &Hearth, caller: &Caller, username: Localpart, asked: &Parameters) -> Result<(), Fault> {
    hearth.create_users(caller, vec![account(&username, asked)]).await?;
    match asked.list("groups") {
        Some(groups) if !groups.is_empty() => hearth.join_groups(&caller.nth(1), &hearth.jid(&username), groups).await,
        _ => Ok(()),
    }
}

async fn update(hearth: &Hearth, caller: &Caller, username: Localpart, asked: &Parameters) -> Result<(), Fault> {
    hearth.update_user(caller, username.clone(), account(&username, asked)).await?;
    match asked.list("groups") {
        Some(groups) => hearth.join_only_groups(&caller.nth(1), &hearth.jid(&username), groups).await,
        None => Ok(()),
    }
}

/// The contact that is meant, and what it is to be.
fn contact(asked: &Parameters) -> Result<(BareJid, Item), Said> {
    let illegal = || Said::from(Word::Illegal);
    let jid = asked.get("item_jid").ok_or_else(illegal)?;
    let subscription = match asked.get("subscription") {
        None => 0,
        Some(text @ ("-1" | "0" | "1" | "2" | "3")) => text.parse().map_err(|_| illegal())?,
        Some(_) => return Err(illegal()),
    };
    let jid = BareJid::parse(jid).map_err(|_| illegal())?;
    Ok((jid, Item { nickname: asked.text("name"), groups: asked.list("groups"), subscription }))
}

/// COMPAT(openfire): removing what is not there is fine.
async fn remove(hearth: &Hearth, caller: &Caller, username: &Localpart, jid: BareJid) -> Result<(), Fault> {
    match hearth.remove_contact(caller, username, jid).await {
        Err(Fault::Refused(Refusal::ContactNotFound(_))) => Ok(()),
        removed => removed,
    }
}

async fn groups_of(hearth: &Hearth, username: &Localpart) -> Result<Said, Said> {
    let state = hearth.read().await?;
    if !state.users.contains(username) {
        return Err(Word::UserNotFound.into());
    }
    Ok(Said::groups(state.groups.of(&hearth.jid(username)).map(|name| &**name)))
}
