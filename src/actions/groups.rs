//! Groups and who is in them.

use crate::base::jid::{BadJid, BareJid};
use crate::base::userref::user_reference;
use crate::state::groups::{Command as Group, Shape};
use crate::state::{Command, Refusal};

use super::{Caller, Fault, Hearth, Invalid, Saying};

/// Longest group name kept, in characters (users.md §1.10).
pub const NAME_MAX: usize = 50;
/// Longest description of a group kept, in characters.
pub const DESCRIPTION_MAX: usize = 255;
/// Longest JID of somebody in a group, in characters.
pub const MEMBER_MAX: usize = 100;
/// How much of a list the audit log shows, in characters.
const SHOWN: usize = 1000;

/// A group as a client describes it. `None` means that the client said nothing.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// What it is for.
    pub description: Option<String>,
    /// Whether its people see each other.
    pub shared: bool,
    /// User references of those who lead it.
    pub admins: Option<Vec<String>>,
    /// User references of those who do not.
    pub members: Option<Vec<String>>,
}

impl Hearth {
    /// Creates a group.
    ///
    /// # Errors
    /// See users.md §8.3.
    pub async fn create_group(&self, caller: &Caller, name: String, group: Description) -> Result<(), Fault> {
        check_name(&name)?;
        let shape = self.shape(&name, group)?;
        let saying = Saying::with(format!("created new group {name}"), said(&shape));
        self.act(caller, saying, Command::Groups(Group::Create { name, shape })).await.map(drop)
    }

    /// Gives a group another description and sharing, and those of its two lists that are given.
    ///
    /// # Errors
    /// See users.md §8.4.
    pub async fn update_group(&self, caller: &Caller, name: String, group: Description) -> Result<(), Fault> {
        let checked = self.shape(&name, group);
        let shape =
            self.after(checked, |state| if state.groups.contains(&name) { Ok(()) } else { Err(Refusal::GroupNotFound(name.clone())) }).await?;
        let saying = Saying::with(format!("edited group {name}"), said(&shape));
        self.act(caller, saying, Command::Groups(Group::Update { name, shape })).await.map(drop)
    }

    /// Deletes a group.
    ///
    /// # Errors
    /// [`Refusal::GroupNotFound`], or the cluster cannot answer.
    pub async fn delete_group(&self, caller: &Caller, name: String) -> Result<(), Fault> {
        let saying = Saying::new(format!("deleted group {name}"));
        self.act(caller, saying, Command::Groups(Group::Delete(name))).await.map(drop)
    }

    /// Makes a user, by reference, a member of groups, creating those that are missing.
    ///
    /// # Errors
    /// [`Invalid::GroupName`] and [`Invalid::TooLong`] about a group, then [`Invalid::Username`]; or a group is full.
    pub async fn join_groups(&self, caller: &Caller, user: &str, groups: Vec<String>) -> Result<(), Fault> {
        groups.iter().try_for_each(|name| check_name(name))?;
        let jid = self.member(user)?;
        let saying = Saying::with(format!("added group member to {}", shown(&groups)), format!("username = {jid}"));
        self.act(caller, saying, Command::Groups(Group::Join { jid, groups })).await.map(drop)
    }

    /// Makes a user, by reference, a member of these groups and, where not an admin, of no others.
    ///
    /// # Errors
    /// As [`Hearth::join_groups`].
    pub async fn join_only_groups(&self, caller: &Caller, user: &str, groups: Vec<String>) -> Result<(), Fault> {
        groups.iter().try_for_each(|name| check_name(name))?;
        let jid = self.member(user)?;
        let saying = Saying::with(format!("updated group membership for {jid}"), format!("groups = {}", shown(&groups)));
        self.act(caller, saying, Command::Groups(Group::JoinOnly { jid, groups })).await.map(drop)
    }

    /// Takes a user, by reference, out of groups, whatever the role.
    ///
    /// # Errors
    /// [`Refusal::GroupNotFound`] with the first that is missing, then [`Invalid::Username`]; nothing changes then.
    pub async fn leave_groups(&self, caller: &Caller, user: &str, groups: Vec<String>) -> Result<(), Fault> {
        let missing = |state: &crate::state::State| groups.iter().find(|name| !state.groups.contains(name)).cloned();
        let jid = self.after(self.member(user), |state| missing(state).map_or(Ok(()), |name| Err(Refusal::GroupNotFound(name)))).await?;
        let saying = Saying::with(format!("updated group membership for {}", shown(&groups)), format!("removed username = {jid}"));
        self.act(caller, saying, Command::Groups(Group::Leave { jid, groups })).await.map(drop)
    }

    fn member(&self, user: &str) -> Result<BareJid, Fault> {
        reference(self, user).map_err(|_| Invalid::Username(user.into()).into())
    }

    fn shape(&self, name: &str, group: Description) -> Result<Shape, Fault> {
        let Description { description, shared, admins, members } = group;
        if description.as_ref().is_some_and(|text| text.chars().count() > DESCRIPTION_MAX) {
            return Err(Invalid::TooLong { what: "description", most: DESCRIPTION_MAX, of: name.into() }.into());
        }
        let people = |given: Option<Vec<String>>, bad: fn(String) -> Invalid| {
            let one = |text: String| reference(self, &text).map_err(|_| bad(text));
            given.map(|list| list.into_iter().map(one).collect::<Result<Vec<_>, _>>()).transpose()
        };
        let members = people(members, Invalid::Member)?;
        let admins = people(admins, Invalid::Admin)?;
        Ok(Shape { description: description.map(Into::into), shared, admins, members })
    }
}

fn reference(hearth: &Hearth, text: &str) -> Result<BareJid, BadJid> {
    let jid = user_reference(text, hearth.domain())?;
    if jid.chars().count() > MEMBER_MAX { Err(BadJid::LocalpartTooLong) } else { Ok(jid) }
}

fn check_name(name: &str) -> Result<(), Fault> {
    if name.trim().is_empty() {
        return Err(Invalid::GroupName.into());
    }
    if name.chars().count() > NAME_MAX {
        return Err(Invalid::TooLong { what: "group name", most: NAME_MAX, of: name.into() }.into());
    }
    Ok(())
}

fn said(shape: &Shape) -> String {
    let list = |jids: &Option<Vec<BareJid>>| jids.as_ref().map_or_else(|| "(unchanged)".into(), |jids| shown(jids));
    let description = shape.description.as_deref().unwrap_or_default();
    format!("description = {description}\nshared = {}, admins = {}, members = {}", shape.shared, list(&shape.admins), list(&shape.members))
}

/// A list as the audit log shows it: its beginning, if it is long.
fn shown(items: &[impl AsRef<str>]) -> String {
    let mut text = String::new();
    for (n, item) in items.iter().enumerate() {
        if text.len() > SHOWN {
            return format!("{text} and {} more", items.len() - n);
        }
        text.push_str(if n == 0 { "" } else { ", " });
        text.push_str(item.as_ref());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_shown_in_part() {
        assert_eq!(shown(&["a", "b"]), "a, b");
        assert_eq!(shown(&[""; 0]), "");
        let many = vec!["x".repeat(500); 2000];
        let text = shown(&many);
        assert!(text.ends_with(" and 1998 more") && text.len() < 2000, "{}", text.len());
    }

    #[test]
    fn names_of_groups_are_not_blank_and_not_long() {
        let bad = |name: &str| check_name(name).err();
        assert_eq!(bad("Night Shift"), None);
        assert_eq!(bad(&"é".repeat(50)), None);
        assert_eq!(bad(" \t"), Some(Invalid::GroupName.into()));
        assert!(matches!(bad(&"x".repeat(51)), Some(Fault::Invalid(Invalid::TooLong { .. }))));
    }
}
