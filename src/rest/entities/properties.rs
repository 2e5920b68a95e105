//! System properties, and the properties of users (system.md §4, users.md §2).

use super::describe::{entity, list, readable};

entity! {
    /// A key with a value. A missing value is not an empty one: written, it deletes the key.
    pub struct Property("property") {
        /// The key.
        key: Option<String> => attribute("key").or("@key"),
        /// The value.
        value: Option<String> => attribute("value").or("@value"),
    }
}

list! {
    /// System properties.
    pub struct Properties("properties") {
        /// The properties.
        property: Vec<Property> => bare("property", "property")
    } of Property
}

readable!(Property);
