//! OpenAPI's view of the entities, from the same descriptions as their bytes.

use utoipa::openapi::schema::{ArrayItems, Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::xml::{Xml, XmlBuilder};
use utoipa::openapi::{Ref, RefOr};

use super::place::{Form, Place};

/// An object schema, its XML root name told.
pub fn object(root: &'static str, description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Object).description(Some(sentence(description))).xml(Some(XmlBuilder::new().name(Some(root)).build()))
}

/// A reference to the schema of the entity `name`.
pub fn reference(name: &str) -> RefOr<Schema> {
    Ref::from_schema_name(name).into()
}

/// How a list looks in XML.
pub fn list(place: &Place) -> Xml {
    let wrapped = matches!(place.form, Form::Wrapped(_));
    XmlBuilder::new().name(Some(place.name)).wrapped(Some(wrapped)).build()
}

/// What a list holds; a string's element has its own name.
pub fn items(place: &Place, item: RefOr<Schema>) -> ArrayItems {
    let item = match item {
        RefOr::T(Schema::Object(object)) => RefOr::T(Schema::Object(named(object, place.item()))),
        other => other,
    };
    ArrayItems::RefOrSchema(Box::new(item))
}

fn named(mut object: Object, name: &'static str) -> Object {
    object.xml = Some(XmlBuilder::new().name(Some(name)).build());
    object
}

/// Marks a field that is an attribute in XML.
pub fn attribute() -> Xml {
    XmlBuilder::new().attribute(Some(true)).build()
}

/// A doc comment as a description: its lines joined, white space around it dropped.
pub fn sentence(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}
