//! How the texts by which clients name users are understood. One rule for each place, so that no endpoint differs.

use super::groupjid;
use super::jid::{BadJid, BareJid, Domain, Jid, Localpart};

/// A "user reference", as in the members of a group: a JID of any domain when it holds an `@` (its resource is
/// dropped), else the name of a user of `domain`.
///
/// # Errors
/// When the text cannot be prepared as what it looks like.
pub fn user_reference(text: &str, domain: &Domain) -> Result<BareJid, BadJid> {
    if text.contains('@') { BareJid::parse(text) } else { local_user(text, domain) }
}

/// The JID of the user of `domain` with this name.
///
/// # Errors
/// When the name cannot be prepared.
pub fn local_user(name: &str, domain: &Domain) -> Result<BareJid, BadJid> {
    Ok(BareJid::new(Some(&Localpart::parse(name)?), domain))
}

/// What a user name in a path means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathUser {
    /// A user of this server, by the prepared name.
    Local(Localpart),
    /// A JID of another domain: such a user is never found here.
    Remote,
    /// Not a name and not a JID. Also never found; for creation it is a bad request.
    Invalid,
}

impl PathUser {
    /// The name, when the user is one of this server's.
    pub fn local(self) -> Option<Localpart> {
        match self {
            Self::Local(name) => Some(name),
            Self::Remote | Self::Invalid => None,
        }
    }
}

/// Reads the user name in a path: with an `@` a JID, whose node counts when the domain is ours; else a name.
pub fn path_user(text: &str, domain: &Domain) -> PathUser {
    let Ok(jid) = user_reference(text, domain) else {
        return PathUser::Invalid;
    };
    if jid.domain() != domain.as_str() {
        return PathUser::Remote;
    }
    jid.localpart().map_or(PathUser::Invalid, PathUser::Local)
}

/// An entry of a list that may name users and groups, as far as it is understood without looking up groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// A user by JID (the resource is dropped), or a service.
    Jid(BareJid),
    /// A group, because the text was a group JID.
    Group(String),
    /// If a group has exactly this name, that group; else see [`local_user`] or [`listed_name`].
    GroupOrName(String),
}

/// Reads an entry: a group JID is that group; any other text with exactly one `@` is a JID; the rest is a name.
///
/// # Errors
/// When the text holds one `@` and is not a JID, or is empty.
pub fn reference(text: &str) -> Result<Reference, BadJid> {
    if text.is_empty() {
        return Err(BadJid::Empty);
    }
    if text.matches('@').count() != 1 {
        return Ok(Reference::GroupOrName(text.to_owned()));
    }
    let jid = Jid::parse(text)?;
    Ok(groupjid::decode(&jid).map_or_else(|| Reference::Jid(jid.into_bare()), Reference::Group))
}

/// What a name that is no group's means in the lists of a room body: with a dot a domain, else a local user.
///
/// # Errors
/// When it cannot be prepared as such.
pub fn listed_name(name: &str, domain: &Domain) -> Result<BareJid, BadJid> {
    if name.contains('.') { BareJid::parse(name) } else { local_user(name, domain) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn ours() -> Domain {
        Domain::parse("example.org").unwrap()
    }

    #[test]
    fn a_user_reference_is_a_jid_or_a_local_name() {
        let read = |text| user_reference(text, &ours()).map(|jid| jid.to_string());
        assert_eq!(read("MIRA").as_deref(), Ok("mira@example.org"));
        assert_eq!(read("Mira@Other.org/phone").as_deref(), Ok("mira@other.org"));
        assert_eq!(read("mira@"), Err(BadJid::EmptyDomain));
        assert_eq!(read("ann lee"), Err(BadJid::ForbiddenInLocalpart));
    }

    #[test]
    fn a_path_names_a_local_user_or_nobody() {
        let name = |text| path_user(text, &ours());
        let mira = PathUser::Local(Localpart::parse("mira").unwrap());
        assert_eq!(name("MIRA"), mira);
        assert_eq!(name("mira@EXAMPLE.org/phone"), mira);
        assert_eq!(name("mira@other.org"), PathUser::Remote);
        for text in ["", "ann lee", "@example.org", "a@b@c", "example.org/a@b"] {
            assert_eq!(name(text), PathUser::Invalid, "{text}");
        }
    }

    #[test]
    fn entries_of_lists_are_jids_groups_or_names() {
        let group = groupjid::encode("Some", &ours()).to_string();
        assert_eq!(reference(&group), Ok(Reference::Group("Some".into())));
        assert_eq!(reference("Ann@example.org/x"), Ok(Reference::Jid(BareJid::parse("ann@example.org").unwrap())));
        for name in ["ann", "Night Shift", "a@b@c"] {
            assert_eq!(reference(name), Ok(Reference::GroupOrName(name.into())));
        }
        assert_eq!(reference("@b"), Err(BadJid::EmptyLocalpart));
        assert_eq!(reference(""), Err(BadJid::Empty));
    }

    #[test]
    fn a_listed_name_with_a_dot_is_a_domain() {
        let read = |text| listed_name(text, &ours()).map(|jid| jid.to_string());
        assert_eq!(read("Jane").as_deref(), Ok("jane@example.org"));
        assert_eq!(read("chat.example.org").as_deref(), Ok("chat.example.org"));
        assert_eq!(read("a@b@c"), Err(BadJid::ForbiddenInLocalpart));
    }
}
