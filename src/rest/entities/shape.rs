//! The kinds of values fields have, each with its XML, its JSON and its schema.

use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};

use super::date::Date;
use super::json::{Json, JsonWriter, Node};
use super::place::{Form, Place};
use super::read::{self, Expected, Fault, INTEGER};
use super::secret::Secret;
use super::xml::{Element, XmlWriter};

/// A field's value: absent or present, single or a list.
pub trait Shape: Sized {
    /// Whether the field is in every answer.
    const ALWAYS: bool;
    /// Writes the field into the open element, if it is present.
    fn write_xml(&self, place: &Place, out: &mut XmlWriter);
    /// Writes key and value into the open object, if the field is present.
    fn write_json(&self, place: &Place, out: &mut JsonWriter);
    /// Reads the field from the element of its entity.
    fn read_xml(place: &Place, parent: &Element) -> Result<Self, Fault>;
    /// Reads the field from the object of its entity.
    fn read_json(place: &Place, parent: &Node) -> Result<Self, Fault>;
    /// The type, for OpenAPI.
    fn schema(place: &Place, description: &str) -> RefOr<Schema>;
}

/// A value that is one text in XML and one scalar in JSON.
pub trait Scalar: Sized {
    /// The text in XML; `None` leaves the field out.
    fn to_text(&self) -> Option<String>;
    /// Appends the JSON value.
    fn to_json(&self, out: &mut JsonWriter);
    /// Reads text; `None` is absent.
    fn from_text(text: &str) -> Result<Option<Self>, Expected>;
    /// Reads a JSON value; `None` is absent.
    fn from_json(value: &Json) -> Result<Option<Self>, Expected>;
    /// The type, for OpenAPI.
    fn kind() -> ObjectBuilder;
}

impl<T: Scalar> Shape for Option<T> {
    const ALWAYS: bool = false;

    fn write_xml(&self, place: &Place, out: &mut XmlWriter) {
        let Some(text) = self.as_ref().and_then(Scalar::to_text) else {
            return;
        };
        match place.form {
            Form::Attribute => out.attribute(place.name, &text),
            _ => out.element(place.name, &text),
        }
    }

    fn write_json(&self, place: &Place, out: &mut JsonWriter) {
        if let Some(value) = self {
            out.key(place.name);
            value.to_json(out);
        }
    }

    fn read_xml(place: &Place, parent: &Element) -> Result<Self, Fault> {
        let (text, at) = match place.form {
            Form::Attribute => {
                let found = parent.attributes.iter().rfind(|(name, _)| name == place.name);
                (found.map(|(_, value)| value), parent.at)
            }
            _ => {
                let found = place.in_xml(parent);
                (found.map(|child| &child.text), found.map_or(parent.at, |child| child.at))
            }
        };
        let Some(text) = text else { return Ok(None) };
        T::from_text(text).map_err(|expected| unexpected(place, expected, at))
    }

    fn read_json(place: &Place, parent: &Node) -> Result<Self, Fault> {
        let Some(node) = place.in_json(parent) else {
            return Ok(None);
        };
        T::from_json(&node.value).map_err(|expected| unexpected(place, expected, node.at))
    }

    fn schema(place: &Place, description: &str) -> RefOr<Schema> {
        let kind = T::kind().description(Some(super::schema::sentence(description)));
        match place.form {
            Form::Attribute => kind.xml(Some(super::schema::attribute())).into(),
            _ => kind.into(),
        }
    }
}

/// The message names the field and what it must be, never what was sent.
pub fn unexpected(place: &Place, expected: Expected, at: usize) -> Fault {
    Fault::new(format!("\"{}\" must be {expected}", place.name), at)
}

impl Scalar for String {
    fn to_text(&self) -> Option<String> {
        Some(self.clone())
    }

    fn to_json(&self, out: &mut JsonWriter) {
        out.string(self);
    }

    fn from_text(text: &str) -> Result<Option<Self>, Expected> {
        Ok(Some(text.to_owned()))
    }

    fn from_json(value: &Json) -> Result<Option<Self>, Expected> {
        read::text_json(value)
    }

    fn kind() -> ObjectBuilder {
        ObjectBuilder::new().schema_type(Type::String)
    }
}

impl Scalar for Secret {
    fn to_text(&self) -> Option<String> {
        Some(self.expose().to_owned())
    }

    fn to_json(&self, out: &mut JsonWriter) {
        out.string(self.expose());
    }

    fn from_text(text: &str) -> Result<Option<Self>, Expected> {
        Ok(Some(text.into()))
    }

    fn from_json(value: &Json) -> Result<Option<Self>, Expected> {
        Ok(read::text_json(value)?.map(Self::from))
    }

    fn kind() -> ObjectBuilder {
        String::kind().format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
    }
}

impl Scalar for bool {
    fn to_text(&self) -> Option<String> {
        Some(self.to_string())
    }

    fn to_json(&self, out: &mut JsonWriter) {
        out.literal(if *self { "true" } else { "false" });
    }

    fn from_text(text: &str) -> Result<Option<Self>, Expected> {
        read::boolean_text(text)
    }

    fn from_json(value: &Json) -> Result<Option<Self>, Expected> {
        read::boolean_json(value)
    }

    fn kind() -> ObjectBuilder {
        ObjectBuilder::new().schema_type(Type::Boolean)
    }
}

impl Scalar for Date {
    fn to_text(&self) -> Option<String> {
        self.to_xml()
    }

    fn to_json(&self, out: &mut JsonWriter) {
        out.literal(&self.0.to_string());
    }

    fn from_text(text: &str) -> Result<Option<Self>, Expected> {
        Self::from_xml(text)
    }

    fn from_json(value: &Json) -> Result<Option<Self>, Expected> {
        Self::from_json(value)
    }

    fn kind() -> ObjectBuilder {
        i64::kind()
    }
}

/// Integers of one size.
macro_rules! integer {
    ($type:ty, $format:ident) => {
        impl Scalar for $type {
            fn to_text(&self) -> Option<String> {
                Some(self.to_string())
            }

            fn to_json(&self, out: &mut JsonWriter) {
                out.literal(&self.to_string());
            }

            fn from_text(text: &str) -> Result<Option<Self>, Expected> {
                read::integer_text(text)?.map(Self::try_from).transpose().map_err(|_| INTEGER)
            }

            fn from_json(value: &Json) -> Result<Option<Self>, Expected> {
                read::integer_json(value)?.map(Self::try_from).transpose().map_err(|_| INTEGER)
            }

            fn kind() -> ObjectBuilder {
                let format = SchemaFormat::KnownFormat(KnownFormat::$format);
                ObjectBuilder::new().schema_type(Type::Integer).format(Some(format))
            }
        }
    };
}

integer!(i32, Int32);
integer!(i64, Int64);

/// Scalars that are always written, and that are their default when absent.
macro_rules! always {
    ($($type:ty),*) => {$(
        impl Shape for $type {
            const ALWAYS: bool = true;

            fn write_xml(&self, place: &Place, out: &mut XmlWriter) {
                Some(*self).write_xml(place, out);
            }

            fn write_json(&self, place: &Place, out: &mut JsonWriter) {
                Some(*self).write_json(place, out);
            }

            fn read_xml(place: &Place, parent: &Element) -> Result<Self, Fault> {
                Option::read_xml(place, parent).map(Option::unwrap_or_default)
            }

            fn read_json(place: &Place, parent: &Node) -> Result<Self, Fault> {
                Option::read_json(place, parent).map(Option::unwrap_or_default)
            }

            fn schema(place: &Place, description: &str) -> RefOr<Schema> {
                Option::<Self>::schema(place, description)
            }
        }
    )*};
}

always!(bool, i32, i64);
