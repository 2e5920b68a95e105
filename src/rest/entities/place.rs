//! Where a field of an entity lives on the wire: its name, its form in XML, its other names.

use super::json::{Json, Node};
use super::xml::Element;

/// The form a field takes in XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An attribute of the entity's element.
    Attribute,
    /// A child element.
    Element,
    /// A child element wrapping one element per item, of this name.
    Wrapped(&'static str),
    /// One child element per item, of this name, without wrapper: what list resources are.
    Bare(&'static str),
}

/// Name and form of a field. The name is the JSON key and, unless bare, the name in XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name written.
    pub name: &'static str,
    /// The form in XML.
    pub form: Form,
    /// Another name taken when reading; `name` wins where both occur.
    pub alias: Option<&'static str>,
}

/// A field that is an attribute in XML.
pub const fn attribute(name: &'static str) -> Place {
    Place { name, form: Form::Attribute, alias: None }
}

/// A field that is a child element in XML.
pub const fn element(name: &'static str) -> Place {
    Place { name, form: Form::Element, alias: None }
}

/// A list with a wrapper element `name` around elements `item`.
pub const fn wrapped(name: &'static str, item: &'static str) -> Place {
    Place { name, form: Form::Wrapped(item), alias: None }
}

/// A list without wrapper: elements `item` in XML, the key `name` in JSON.
pub const fn bare(name: &'static str, item: &'static str) -> Place {
    Place { name, form: Form::Bare(item), alias: None }
}

impl Place {
    /// The same, also read under the name `alias`.
    pub const fn or(self, alias: &'static str) -> Self {
        Self { alias: Some(alias), ..self }
    }

    /// The name of an item's element; of a scalar, its own name.
    pub const fn item(&self) -> &'static str {
        match self.form {
            Form::Wrapped(item) | Form::Bare(item) => item,
            Form::Attribute | Form::Element => self.name,
        }
    }

    /// The last child element for this field: a repeated element replaces the one before.
    pub fn in_xml<'e>(&self, parent: &'e Element) -> Option<&'e Element> {
        let last = |name: &str| parent.children_named(name).last();
        last(self.name).or_else(|| last(self.alias?))
    }

    /// The value for this field in an object, or the list itself where a list stands for the entity
    /// that has nothing but this list. A repeated key replaces the one before.
    pub fn in_json<'j>(&self, parent: &'j Node) -> Option<&'j Node> {
        match &parent.value {
            Json::Object(members) => {
                let last = |name: &str| members.iter().rfind(|(key, _)| key == name);
                let found = last(self.name).or_else(|| self.other_names().find_map(last));
                found.map(|(_, value)| value)
            }
            Json::List(_) => Some(parent),
            _ => None,
        }
    }

    /// Names that clients of older versions of the API use for this field in JSON.
    fn other_names(&self) -> impl Iterator<Item = &'static str> {
        let singular = match self.form {
            Form::Bare(item) => Some(item),
            _ => None,
        };
        self.alias.into_iter().chain(singular)
    }

    /// Whether this is the one list that a list resource consists of.
    pub const fn is_bare(&self) -> bool {
        matches!(self.form, Form::Bare(_))
    }
}
