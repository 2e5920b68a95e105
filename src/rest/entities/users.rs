//! Users (users.md §2, §3).

use super::describe::{entity, list, readable};
use super::entity::{Readable, read_document, read_root, read_top, read_value};
use super::json::{Json, Node};
use super::properties::Property;
use super::read::{BadBody, Fault, Limits};
use super::secret::Secret;

entity! {
    /// A user account. In answers the password is never told, name and properties always are.
    pub struct User("user") {
        /// The localpart of the user's JID.
        username: Option<String> => element("username"),
        /// The name people read.
        name: Option<String> => element("name"),
        /// An email address.
        email: Option<String> => element("email"),
        /// The password; taken, never told.
        password: Option<Secret> => element("password"),
        /// Free key and value pairs.
        properties: Option<Vec<Property>> => wrapped("properties", "property"),
    }
}

list! {
    /// Many users.
    pub struct Users("users") {
        /// The users.
        users: Option<Vec<User>> => bare("users", "user")
    } of User
}

list! {
    /// Names of the groups a user is in.
    pub struct UserGroups("groups") {
        /// The names.
        groupnames: Option<Vec<String>> => bare("groupnames", "groupname")
    } of String
}

readable!(User, Users, UserGroups);

/// What creating users takes: one user, or many at once (users.md §3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewUsers {
    /// A user by itself.
    One(User),
    /// A list of users, possibly empty.
    Many(Vec<User>),
}

impl Readable for NewUsers {
    fn from_xml(bytes: &[u8], limits: &Limits) -> Result<Self, BadBody> {
        read_document(bytes, limits, |root| {
            if root.name == "users" {
                return Ok(Self::many(read_root(root)?));
            }
            read_root(root).map(Self::One)
        })
    }

    fn from_json(bytes: &[u8], limits: &Limits) -> Result<Option<Self>, BadBody> {
        read_value(bytes, limits, Self::read)
    }
}

impl NewUsers {
    /// The user, if it is just one: COMPAT(openfire): the documented form of many is also sent where
    /// one belongs.
    pub fn single(self) -> Option<User> {
        match self {
            Self::One(user) => Some(user),
            Self::Many(mut users) if users.len() == 1 => users.pop(),
            Self::Many(_) => None,
        }
    }

    fn read(node: &Node) -> Result<Self, Fault> {
        let is_list = match &node.value {
            Json::Object(members) => members.iter().any(|(key, _)| key == "users" || key == "user"),
            Json::List(_) => true,
            _ => false,
        };
        if is_list {
            return Ok(Self::many(read_top(node)?));
        }
        read_top(node).map(Self::One)
    }

    fn many(users: Users) -> Self {
        Self::Many(users.users.unwrap_or_default())
    }
}
