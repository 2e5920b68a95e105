//! Accounts: create, change, rename, delete.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::base::jid::Localpart;
use crate::base::secrets::{Secret, Verifier};
use crate::state::users::{Changes, Command as User, NewUser, Property};
use crate::state::{Command, Refusal, State};

use super::{Caller, Fault, Hearth, Invalid, Saying};

/// Longest username kept, in characters (users.md §1.10).
pub const USERNAME_MAX: usize = 64;
/// Longest display name and mail address kept, in characters.
pub const NAME_MAX: usize = 100;
/// Longest property key kept, in characters.
pub const KEY_MAX: usize = 100;
/// Longest property value kept, in characters.
pub const VALUE_MAX: usize = 4000;

/// An account as a client describes it. `None` means that the client said nothing.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Its name.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
    /// Display name; blank unsets.
    pub name: Option<String>,
    /// Mail address; blank unsets.
    pub email: Option<String>,
    /// Properties: key and value, either of which may be missing.
    pub properties: Option<Vec<(Option<String>, Option<String>)>>,
}

/// An account with everything checked that can be checked without the state.
struct Checked {
    username: Localpart,
    given: String,
    password: Secret,
    name: Option<Box<str>>,
    email: Option<Box<str>>,
    properties: Vec<Property>,
}

impl Hearth {
    /// Creates all of `accounts`, or none.
    ///
    /// # Errors
    /// The first account that cannot be created decides, by the checks of users.md §3.3 in their order.
    pub async fn create_users(&self, caller: &Caller, accounts: Vec<Account>) -> Result<(), Fault> {
        let mut names = BTreeSet::new();
        let mut checked = Vec::with_capacity(accounts.len());
        for account in accounts {
            let account = check(account)?;
            if !names.insert(account.username.clone()) {
                return Err(Invalid::Twice(account.given).into());
            }
            checked.push(account);
        }
        let saying = creation(&checked);
        let hashed = checked.into_iter().map(async |account| {
            let Checked { username, given, password, name, email, properties } = account;
            let verifier = self.verifier(password).await?;
            Ok::<_, Fault>(NewUser { username, given, name, email, verifier, properties })
        });
        let new = stream::iter(hashed).buffered(self.parts.hasher.cores()).try_collect().await?;
        self.act(caller, saying, Command::Users(User::Create(new))).await.map(drop)
    }

    /// Changes whatever of an account `account` names; its properties, if named, are all it has from then on.
    ///
    /// # Errors
    /// See users.md §3.4.
    pub async fn update_user(&self, caller: &Caller, username: Localpart, account: Account) -> Result<(), Fault> {
        let saying = edit(&username, &account);
        let changes = self.changes(&username, account, Blank::Unsets).await;
        let changes = self.after(changes, |state| known(state, &username)).await?;
        self.act(caller, saying, Command::Users(User::Update { username, changes })).await.map(drop)
    }

    /// Gives an account the name `account` has, with everything that belongs to it, and changes it.
    ///
    /// # Errors
    /// See users.md §3.4.
    pub async fn rename_user(&self, caller: &Caller, from: Localpart, account: Account) -> Result<(), Fault> {
        let given = account.username.clone().unwrap_or_default();
        let to = self.after(username(&given), |state| known(state, &from)).await?;
        let saying = Saying::with(format!("edited user {from}"), format!("renamed to {to}"));
        let changes = self.changes(&from, account, Blank::Keeps).await;
        let changes = self.after(changes, |state| known(state, &from)).await?;
        self.act(caller, saying, Command::Users(User::Rename { from, to, given, changes })).await.map(drop)
    }

    /// Deletes an account and everything that belongs to it.
    ///
    /// # Errors
    /// [`crate::state::Refusal::UserNotFound`], or the cluster cannot answer.
    pub async fn delete_user(&self, caller: &Caller, username: Localpart) -> Result<(), Fault> {
        let saying = Saying::with(format!("deleted user {username}"), format!("full jid was {username}@{}", self.domain()));
        self.act(caller, saying, Command::Users(User::Delete(username))).await.map(drop)
    }

    async fn verifier(&self, password: Secret) -> Result<Verifier, Fault> {
        self.parts.hasher.derive(password, self.scram_iterations()).await
    }

    async fn changes(&self, username: &Localpart, account: Account, blank: Blank) -> Result<Changes, Fault> {
        let properties = account.properties.map(|given| properties(given, username)).transpose()?;
        let name = blank.of(bounded(account.name, "name", username)?);
        let email = blank.of(bounded(account.email, "email", username)?);
        let verifier = match account.password {
            Some(password) if password.is_empty() => return Err(Invalid::Password(username.to_string()).into()),
            Some(password) => Some(self.verifier(password).await?),
            None => None,
        };
        Ok(Changes { verifier, name, email, properties })
    }
}

/// Whether there is such an account.
pub(super) fn known(state: &State, username: &Localpart) -> Result<(), Refusal> {
    if state.users.contains(username) { Ok(()) } else { Err(Refusal::UserNotFound(username.to_string())) }
}

/// What a blank text means.
#[derive(Clone, Copy)]
enum Blank {
    Unsets,
    Keeps,
}

impl Blank {
    fn of(self, text: Option<String>) -> Option<Option<Box<str>>> {
        match (self, text) {
            (_, None) => None,
            (Self::Keeps, Some(text)) if text.trim().is_empty() => None,
            (_, Some(text)) => Some(set(text)),
        }
    }
}

fn check(account: Account) -> Result<Checked, Fault> {
    let given = account.username.filter(|name| !name.is_empty()).ok_or(Invalid::Missing("username"))?;
    let password = account.password.filter(|password| !password.is_empty()).ok_or_else(|| Invalid::Password(given.clone()))?;
    let username = username(&given)?;
    let name = bounded(account.name, "name", &given)?.and_then(set);
    let email = bounded(account.email, "email", &given)?.and_then(set);
    let properties = properties(account.properties.unwrap_or_default(), &given)?;
    Ok(Checked { username, given, password, name, email, properties })
}

/// A name for a new account.
fn username(given: &str) -> Result<Localpart, Fault> {
    let name = Localpart::parse(given).map_err(|_| Invalid::Username(given.into()))?;
    if name.chars().count() > USERNAME_MAX {
        return Err(Invalid::TooLong { what: "username", most: USERNAME_MAX, of: given.into() }.into());
    }
    Ok(name)
}

/// A blank text is an unset one.
fn set(text: String) -> Option<Box<str>> {
    if text.trim().is_empty() { None } else { Some(text.into()) }
}

fn bounded(text: Option<String>, what: &'static str, of: &str) -> Result<Option<String>, Fault> {
    if text.as_ref().is_some_and(|text| text.chars().count() > NAME_MAX) {
        return Err(Invalid::TooLong { what, most: NAME_MAX, of: of.into() }.into());
    }
    Ok(text)
}

fn properties(given: Vec<(Option<String>, Option<String>)>, of: &str) -> Result<Vec<Property>, Fault> {
    let bad = || Fault::from(Invalid::Property(of.into()));
    let one = |(key, value): (Option<String>, Option<String>)| {
        let key = key.ok_or_else(bad)?;
        let value = value.unwrap_or_default();
        if key.is_empty() || key.chars().count() > KEY_MAX || value.chars().count() > VALUE_MAX { Err(bad()) } else { Ok((key, value)) }
    };
    given.into_iter().map(one).collect()
}

fn creation(accounts: &[Checked]) -> Saying {
    let line = |account: &Checked| {
        format!("name = {}, email = {}, admin = false", account.name.as_deref().unwrap_or_default(), account.email.as_deref().unwrap_or_default())
    };
    match accounts {
        [one] => Saying::with(format!("created new user {}", one.username), line(one)),
        many => {
            let lines: Vec<String> = many.iter().map(|account| format!("{}: {}", account.username, line(account))).collect();
            Saying::with(format!("created {} new users", many.len()), lines.join("\n"))
        }
    }
}

fn edit(username: &Localpart, account: &Account) -> Saying {
    let said = |text: &Option<String>| text.clone().unwrap_or_else(|| "(unchanged)".into());
    let password = if account.password.is_some() { ", set password" } else { "" };
    Saying::with(format!("edited user {username}"), format!("set name = {}, email = {}{password}", said(&account.name), said(&account.email)))
}
