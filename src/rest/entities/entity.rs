//! An entity: one description from which its struct, its bytes in both formats, its readers and its
//! OpenAPI schema come.

use utoipa::openapi::{RefOr, Schema};

use super::json::{self, Json, JsonWriter, Node};
use super::place::Place;
use super::read::{BadBody, Fault, Limits};
use super::xml::{self, Element, XmlWriter};

/// The two representations the API speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `application/xml`, the default.
    Xml,
    /// `application/json`
    Json,
}

impl Format {
    /// The value of the Content-Type header, without parameters (system.md §2.7).
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Xml => "application/xml",
            Self::Json => "application/json",
        }
    }
}

/// A thing the API sends.
pub trait Entity: Default {
    /// The name of its root element.
    const XML_ROOT: &'static str;
    /// Other root elements it is read under.
    const OTHER_ROOTS: &'static [&'static str];
    /// Its name among OpenAPI's schemas.
    const NAME: &'static str;
    /// Its fields, in the order of XML.
    const PLACES: &'static [Place];

    /// Writes it as an element called `name`.
    fn write_xml_as(&self, name: &str, out: &mut XmlWriter);
    /// Writes it as an object.
    fn write_json(&self, out: &mut JsonWriter);
    /// Reads its fields from an element, whatever its name. Unknown elements are ignored.
    fn read_xml(element: &Element) -> Result<Self, Fault>;
    /// Reads its fields from an object. Unknown keys are ignored.
    fn read_json(node: &Node) -> Result<Self, Fault>;
    /// Its schema.
    fn schema() -> RefOr<Schema>;

    /// Writes it as root element.
    fn write_xml(&self, out: &mut XmlWriter) {
        self.write_xml_as(Self::XML_ROOT, out);
    }

    /// A reference to its schema.
    fn reference() -> RefOr<Schema> {
        super::schema::reference(Self::NAME)
    }
}

/// The bytes of an entity as a whole body.
pub fn encode<E: Entity>(entity: &E, format: Format) -> Vec<u8> {
    match format {
        Format::Xml => {
            let mut out = XmlWriter::document();
            entity.write_xml(&mut out);
            out.into_bytes()
        }
        Format::Json => {
            let mut out = JsonWriter::default();
            entity.write_json(&mut out);
            out.into_bytes()
        }
    }
}

/// A thing the API accepts.
pub trait Readable: Sized {
    /// Reads an XML body. An empty body is malformed.
    fn from_xml(bytes: &[u8], limits: &Limits) -> Result<Self, BadBody>;

    /// Reads a JSON body; `None` when it is empty, blank or `null`.
    fn from_json(bytes: &[u8], limits: &Limits) -> Result<Option<Self>, BadBody>;

    /// Reads a body in `format`.
    fn decode(bytes: &[u8], format: Format, limits: &Limits) -> Result<Option<Self>, BadBody> {
        match format {
            Format::Xml => Self::from_xml(bytes, limits).map(Some),
            Format::Json => Self::from_json(bytes, limits),
        }
    }
}

/// Parses an XML body and reads its root element with `read`.
pub fn read_document<T>(
    bytes: &[u8],
    limits: &Limits,
    read: impl FnOnce(&Element) -> Result<T, Fault>,
) -> Result<T, BadBody> {
    let document = xml::parse(bytes, limits)?;
    if !document.root.plain {
        let fault = Fault::new(
            "The root element must not be in a namespace",
            document.root.at,
        );
        return Err(fault.within(&document.text));
    }
    read(&document.root).map_err(|fault| fault.within(&document.text))
}

/// Parses a JSON body and reads its value with `read`, unless it is null.
pub fn read_value<T>(
    bytes: &[u8],
    limits: &Limits,
    read: impl FnOnce(&Node) -> Result<T, Fault>,
) -> Result<Option<T>, BadBody> {
    let text = json::decode(bytes)?;
    let read = |node: Node| match node.value {
        Json::Null => Ok(None),
        _ => read(&node).map(Some),
    };
    let parsed = json::parse(text, limits);
    parsed
        .and_then(|node| node.map_or(Ok(None), read))
        .map_err(|fault| fault.within(text))
}

/// Reads an entity from the root element of a document.
pub fn read_root<E: Entity>(root: &Element) -> Result<E, Fault> {
    if root.name == E::XML_ROOT || E::OTHER_ROOTS.contains(&root.name.as_str()) {
        return E::read_xml(root);
    }
    Err(Fault::new(
        format!("The root element must be \"{}\"", E::XML_ROOT),
        root.at,
    ))
}

/// Reads an entity from a whole JSON text: an object; for a list resource also the list alone.
pub fn read_top<E: Entity>(node: &Node) -> Result<E, Fault> {
    let node = without_root::<E>(node);
    match node.value {
        Json::Object(_) => E::read_json(node),
        Json::List(_) if matches!(E::PLACES, [only] if only.is_bare()) => E::read_json(node),
        _ => Err(Fault::new("The body must be an object", node.at)),
    }
}

/// COMPAT(openfire): some documented examples wrap the object in the name of the XML root.
fn without_root<E: Entity>(node: &Node) -> &Node {
    let is_field = |name: &str| E::PLACES.iter().any(|place| place.name == name);
    match &node.value {
        Json::Object(members) => match members.as_slice() {
            [(name, inner)] if name == E::XML_ROOT && !is_field(name) => match inner.value {
                Json::Object(_) => inner,
                _ => node,
            },
            _ => node,
        },
        _ => node,
    }
}

/// Lets entities be read as whole bodies.
macro_rules! readable {
    ($($entity:ty),+ $(,)?) => {$(
        impl $crate::rest::entities::entity::Readable for $entity {
            fn from_xml(
                bytes: &[u8],
                limits: &$crate::rest::entities::Limits,
            ) -> Result<Self, $crate::rest::entities::BadBody> {
                use $crate::rest::entities::entity::{read_document, read_root};
                read_document(bytes, limits, read_root::<Self>)
            }

            fn from_json(
                bytes: &[u8],
                limits: &$crate::rest::entities::Limits,
            ) -> Result<Option<Self>, $crate::rest::entities::BadBody> {
                use $crate::rest::entities::entity::{read_top, read_value};
                read_value(bytes, limits, read_top::<Self>)
            }
        }
    )+};
}

/// Describes an entity.
///
/// ```text
/// entity! {
///     /// What it is.
///     pub struct Occupant("occupant") {
///         /// What the field is: these words are in the OpenAPI document too.
///         jid: Option<String> => element("jid"),
///         role: Option<String> => element("role"),
///     }
///     json { role, jid }
/// }
/// ```
///
/// Fields stand in the order of XML, attributes first; `json` gives the order of JSON where it differs.
/// More root names, for reading, follow the first.
macro_rules! entity {
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident($root:literal $(, $other:literal)*) {
            $(
                $(#[doc = $field_doc:literal])+
                $field:ident: $type:ty => $place:expr
            ),* $(,)?
        }
    ) => {
        $crate::rest::entities::entity::entity! {
            $(#[doc = $doc])+
            pub struct $name($root $(, $other)*) {
                $($(#[doc = $field_doc])+ $field: $type => $place,)*
            }
            json { $($field),* }
        }
    };
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident($root:literal $(, $other:literal)*) {
            $(
                $(#[doc = $field_doc:literal])+
                $field:ident: $type:ty => $place:expr
            ),* $(,)?
        }
        json { $($ordered:ident),* $(,)? }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[doc = $field_doc])+ pub $field: $type,)*
        }

        const _: () = {
            use $crate::rest::entities::entity::Entity;
            use $crate::rest::entities::json::{JsonWriter, Node};
            use $crate::rest::entities::place::Place;
            use $crate::rest::entities::read::Fault;
            use $crate::rest::entities::schema;
            use $crate::rest::entities::shape::Shape;
            use $crate::rest::entities::xml::{Element, XmlWriter};

            /// The places by field name.
            #[allow(non_upper_case_globals)]
            mod places {
                #[allow(unused_imports)]
                use $crate::rest::entities::place::{Place, attribute, bare, element, wrapped};
                $(pub const $field: Place = $place;)*
            }

            impl Entity for $name {
                const XML_ROOT: &'static str = $root;
                const OTHER_ROOTS: &'static [&'static str] = &[$($other),*];
                const NAME: &'static str = stringify!($name);
                const PLACES: &'static [Place] = &[$(places::$field),*];

                fn write_xml_as(&self, name: &str, out: &mut XmlWriter) {
                    out.open(name);
                    $(self.$field.write_xml(&places::$field, out);)*
                    out.close(name);
                }

                fn write_json(&self, out: &mut JsonWriter) {
                    out.begin_object();
                    $(self.$ordered.write_json(&places::$ordered, out);)*
                    out.end_object();
                }

                fn read_xml(element: &Element) -> Result<Self, Fault> {
                    Ok(Self { $($field: Shape::read_xml(&places::$field, element)?,)* })
                }

                fn read_json(node: &Node) -> Result<Self, Fault> {
                    Ok(Self { $($field: Shape::read_json(&places::$field, node)?,)* })
                }

                fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                    let object = schema::object($root, concat!($($doc, "\n"),+));
                    $(
                        let described = concat!($($field_doc, "\n"),+);
                        let kind = <$type as Shape>::schema(&places::$field, described);
                        let object = object.property(places::$field.name, kind);
                        let object = match <$type as Shape>::ALWAYS {
                            true => object.required(places::$field.name),
                            false => object,
                        };
                    )*
                    object.into()
                }
            }
        };
    };
}

/// Describes a resource that is a list: its one field and how to write it item by item.
macro_rules! list {
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident($root:literal) {
            $(#[doc = $field_doc:literal])+
            $field:ident: $type:ty => $place:expr
        } of $item:ty
    ) => {
        $crate::rest::entities::entity::entity! {
            $(#[doc = $doc])+
            pub struct $name($root) {
                $(#[doc = $field_doc])+
                $field: $type => $place
            }
        }

        impl $crate::rest::entities::List for $name {
            type Item = $item;
            const ITEMS: $crate::rest::entities::place::Place = {
                #[allow(unused_imports)]
                use $crate::rest::entities::place::bare;
                $place
            };
        }
    };
}

pub(crate) use {entity, list, readable};
