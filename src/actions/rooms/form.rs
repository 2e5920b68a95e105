//! A room as a client describes it, and what of it can be checked without the state.

use crate::actions::Invalid;
use crate::base::clock::Timestamp;
use crate::base::groupjid;
use crate::base::jid::{BareJid, Domain, Jid, Localpart};
use crate::base::userref::{listed_name, local_user};
use crate::state::affiliations::Affiliation;
use crate::state::rooms::{Address, AllowPm, Entry, Named, Password, Role, Settings};

/// Longest natural name and password kept, in characters.
pub const NAME_MAX: usize = 1_000;
/// Longest description, subject and reason kept, in characters.
pub const TEXT_MAX: usize = 4_000;

/// Those who are to have one affiliation.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// Users, by JID or name.
    pub users: Vec<String>,
    /// Groups, by name.
    pub groups: Vec<String>,
}

/// A room as a client describes it. What is left out becomes false, 0 or nothing (rooms.md Q7).
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// Its name.
    pub name: Option<String>,
    /// Settings that need no check; names, password, limit, roles and private messages are taken from below.
    pub switches: Settings,
    /// See [`Settings::natural_name`].
    pub natural_name: Option<String>,
    /// See [`Settings::description`].
    pub description: Option<String>,
    /// See [`Settings::password`].
    pub password: Option<Password>,
    /// See [`Settings::max_users`]; negative is no limit either.
    pub max_users: i32,
    /// See [`Settings::broadcast`].
    pub broadcast: Vec<String>,
    /// See [`Settings::allow_pm`].
    pub allow_pm: Option<String>,
    /// What is talked about.
    pub subject: Option<String>,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// When it last changed.
    pub modified: Option<Timestamp>,
    /// Owners; without a user among them, the account `admin` is the one.
    pub owners: Listed,
    /// Admins.
    pub admins: Listed,
    /// Members.
    pub members: Listed,
    /// The banned.
    pub outcasts: Listed,
}

/// A form with everything checked that can be checked without the state.
pub(super) struct Checked {
    pub address: Address,
    pub settings: Settings,
    pub subject: Option<Box<str>>,
    pub created: Option<Timestamp>,
    pub modified: Option<Timestamp>,
    pub entries: Vec<Entry>,
}

impl Form {
    /// The form with the room's name prepared, as answers show it; one that is no name stays as it is.
    pub fn shown_name(&self) -> Option<String> {
        self.name.as_ref().map(|name| Localpart::parse(name).map_or_else(|_| name.clone(), |name| name.to_string()))
    }

    /// Checks the form, for a room on the service of this name and domain (`None`: no legal one).
    pub(super) fn check(self, service: (&str, Option<&Domain>), server: &Domain) -> Result<Checked, Invalid> {
        let entries = self.entries(server)?;
        let domain = service.1.ok_or_else(|| Invalid::ServiceName(service.0.to_owned()))?;
        let name = self.name.ok_or(Invalid::Missing("roomName"))?;
        let room = Localpart::parse(&name).map_err(|_| Invalid::RoomName(name))?;
        let text = |text: Option<String>, what, most| bounded(text, what, most, &room);
        let settings = Settings {
            natural_name: text(self.natural_name, "naturalName", NAME_MAX)?,
            description: text(self.description, "description", TEXT_MAX)?,
            password: password(self.password, &room)?,
            max_users: u32::try_from(self.max_users).unwrap_or(0),
            broadcast: roles(&self.broadcast)?,
            allow_pm: self.allow_pm.as_deref().map_or_else(AllowPm::default, AllowPm::from_name),
            ..self.switches
        };
        let subject = text(self.subject, "subject", TEXT_MAX)?;
        let address = Address { service: domain.clone(), room };
        Ok(Checked { address, settings, subject, created: self.created, modified: self.modified, entries })
    }

    /// All affiliations in the order in which they count: of each list the users, then the groups.
    fn entries(&self, server: &Domain) -> Result<Vec<Entry>, Invalid> {
        let mut entries = Vec::new();
        let lists = [&self.owners, &self.admins, &self.members, &self.outcasts];
        for (affiliation, listed) in Affiliation::ALL.into_iter().zip(lists) {
            if affiliation == Affiliation::Owner && listed.users.is_empty() {
                entries.push(Entry { affiliation, name: Named::Jid(default_owner(server)?.into()), once: true });
            }
            for user in &listed.users {
                entries.push(Entry { affiliation, name: in_body(user, server)?, once: true });
            }
            for group in &listed.groups {
                entries.push(Entry { affiliation, name: named(group, server)?, once: false });
            }
        }
        Ok(entries)
    }
}

/// Who owns a room that names no owner, whether or not there is such an account (rooms.md §2).
fn default_owner(server: &Domain) -> Result<BareJid, Invalid> {
    local_user("admin", server).map_err(|_| Invalid::Jid("admin".into()))
}

/// A user or group in the lists of a room's body: a bare name with a dot is a domain (rooms.md Q12).
fn in_body(text: &str, server: &Domain) -> Result<Named, Invalid> {
    read(text, |name| listed_name(name, server).ok())
}

/// A user or group wherever else one may be named: with one `@` a JID, else a group, else a local user (rooms.md §2).
///
/// # Errors
/// [`Invalid::Jid`] with the text as given.
pub fn named(text: &str, server: &Domain) -> Result<Named, Invalid> {
    read(text, |name| local_user(name, server).ok())
}

fn read(text: &str, user: impl FnOnce(&str) -> Option<BareJid>) -> Result<Named, Invalid> {
    if text.is_empty() {
        return Err(Invalid::Jid(text.to_owned()));
    }
    // The JID of a service with a resource has no `@` of its own, and the resource of any JID may hold one.
    if text.matches('@').count() != 1 {
        return Ok(Named::Either(text.to_owned(), user(text)));
    }
    let jid = Jid::parse(text).map_err(|_| Invalid::Jid(text.to_owned()))?;
    Ok(groupjid::decode(&jid).map_or_else(|| Named::Jid(jid), Named::Group))
}

/// The roles of these names, each once.
fn roles(names: &[String]) -> Result<Vec<Role>, Invalid> {
    let mut roles = Vec::new();
    for name in names {
        let role = Role::from_name(name).ok_or_else(|| Invalid::Role(name.clone()))?;
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
    Ok(roles)
}

fn password(password: Option<Password>, room: &Localpart) -> Result<Option<Password>, Invalid> {
    if password.as_ref().is_some_and(|password| password.expose().chars().count() > NAME_MAX) {
        return Err(Invalid::TooLong { what: "password", most: NAME_MAX, of: room.to_string() });
    }
    Ok(password)
}

/// A text that is not too long for what is kept of it.
pub(super) fn bounded(text: Option<String>, what: &'static str, most: usize, of: &str) -> Result<Option<Box<str>>, Invalid> {
    if text.as_ref().is_some_and(|text| text.chars().count() > most) {
        return Err(Invalid::TooLong { what, most, of: of.to_owned() });
    }
    Ok(text.map(Into::into))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn server() -> Domain {
        Domain::parse("example.org").unwrap()
    }

    fn jid(text: &str) -> Named {
        Named::Jid(Jid::parse(text).unwrap())
    }

    #[test]
    fn who_is_named() {
        let either = |name: &str, user: Option<&str>| Ok(Named::Either(name.into(), user.map(|user| BareJid::parse(user).unwrap())));
        let some = groupjid::encode("Some", &server()).to_string();
        let bad = |text: &str| Err(Invalid::Jid(text.into()));
        for (text, in_list, elsewhere) in [
            ("Ann", either("Ann", Some("ann@example.org")), either("Ann", Some("ann@example.org"))),
            ("Ann@Other.org/desk", Ok(jid("ann@other.org/desk")), Ok(jid("ann@other.org/desk"))),
            (&some, Ok(Named::Group("Some".into())), Ok(Named::Group("Some".into()))),
            ("Night Shift", either("Night Shift", None), either("Night Shift", None)),
            ("other.org", either("other.org", Some("other.org")), either("other.org", Some("other.org@example.org"))),
            ("a@b@c", either("a@b@c", None), either("a@b@c", None)),
            ("", bad(""), bad("")),
            ("@b", bad("@b"), bad("@b")),
            ("a@", bad("a@"), bad("a@")),
        ] {
            assert_eq!(in_body(text, &server()), in_list, "{text:?}");
            assert_eq!(named(text, &server()), elsewhere, "{text:?}");
        }
    }

    fn check(form: Form) -> Result<Checked, Invalid> {
        let domain = Domain::parse("conference.example.org").unwrap();
        form.check(("conference", Some(&domain)), &server())
    }

    fn form() -> Form {
        Form { name: Some("Tea".into()), ..Form::default() }
    }

    #[test]
    fn admin_owns_what_nobody_owns() {
        let checked = check(Form { owners: Listed { users: vec![], groups: vec!["Crew".into()] }, ..form() }).map_err(|_| ()).unwrap();
        assert_eq!(checked.address.room, "tea");
        let owners: Vec<_> = checked.entries.into_iter().map(|entry| (entry.affiliation, entry.name, entry.once)).collect();
        let crew = Named::Either("Crew".into(), Some(BareJid::parse("crew@example.org").unwrap()));
        assert_eq!(owners, [(Affiliation::Owner, jid("admin@example.org"), true), (Affiliation::Owner, crew, false)]);
    }

    #[test]
    fn what_is_wrong_is_told_in_order() {
        let long = Some("x".repeat(NAME_MAX + 1));
        let too_long = |what| Invalid::TooLong { what, most: NAME_MAX, of: "tea".into() };
        let cases = [
            (Form { members: Listed { users: vec!["@b".into()], groups: vec![] }, ..Form::default() }, Invalid::Jid("@b".into())),
            (Form::default(), Invalid::Missing("roomName")),
            (Form { name: Some("a b".into()), ..form() }, Invalid::RoomName("a b".into())),
            (Form { name: Some(String::new()), ..form() }, Invalid::RoomName(String::new())),
            (Form { natural_name: long.clone(), ..form() }, too_long("naturalName")),
            (Form { password: long.map(Password::new), ..form() }, too_long("password")),
            (Form { broadcast: vec!["Moderator".into()], ..form() }, Invalid::Role("Moderator".into())),
        ];
        for (form, why) in cases {
            assert_eq!(check(form).err(), Some(why));
        }
        assert_eq!(form().check(("a b", None), &server()).err(), Some(Invalid::ServiceName("a b".into())));
    }

    #[test]
    fn odd_values_become_plain_ones() {
        let odd = Form { max_users: -3, allow_pm: Some("MODERATORS".into()), broadcast: vec!["visitor".into(), "visitor".into()], ..form() };
        let settings = check(odd).map_err(|_| ()).unwrap().settings;
        assert_eq!((settings.max_users, settings.allow_pm, settings.broadcast), (0, AllowPm::Moderators, vec![Role::Visitor]));
        let junk = check(Form { allow_pm: Some("junk".into()), ..form() }).map_err(|_| ()).unwrap();
        assert_eq!(junk.settings.allow_pm, AllowPm::Anyone);
    }
}
