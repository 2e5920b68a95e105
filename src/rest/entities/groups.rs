//! Groups (users.md §2, §8).

use super::describe::{entity, list, readable};

entity! {
    /// A group of users. In a listing of groups, admins and members are left out.
    pub struct Group("group") {
        /// The name: any text, case-sensitive.
        name: Option<String> => element("name"),
        /// What the group is for.
        description: Option<String> => element("description"),
        /// Members who lead the group, as bare JIDs.
        admins: Option<Vec<String>> => wrapped("admins", "admin"),
        /// Members who do not, as bare JIDs.
        members: Option<Vec<String>> => wrapped("members", "member"),
        /// Whether the group is in the rosters of its members.
        shared: Option<bool> => element("shared").or("isshared"),
    }
}

list! {
    /// Many groups.
    pub struct Groups("groups") {
        /// The groups.
        groups: Vec<Group> => bare("groups", "group")
    } of Group
}

readable!(Group);
