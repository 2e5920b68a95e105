//! What every entity can do: become bytes in both formats, be read from them, tell its OpenAPI schema.

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
pub fn read_document<T>(bytes: &[u8], limits: &Limits, read: impl FnOnce(&Element) -> Result<T, Fault>) -> Result<T, BadBody> {
    let document = xml::parse(bytes, limits)?;
    if !document.root.plain {
        let fault = Fault::new("The root element must not be in a namespace", document.root.at);
        return Err(fault.within(&document.text));
    }
    read(&document.root).map_err(|fault| fault.within(&document.text))
}

/// Parses a JSON body and reads its value with `read`, unless it is null.
pub fn read_value<T>(bytes: &[u8], limits: &Limits, read: impl FnOnce(&Node) -> Result<T, Fault>) -> Result<Option<T>, BadBody> {
    let text = json::decode(bytes)?;
    let read = |node: Node| match node.value {
        Json::Null => Ok(None),
        _ => read(&node).map(Some),
    };
    let parsed = json::parse(text, limits);
    parsed.and_then(|node| node.map_or(Ok(None), read)).map_err(|fault| fault.within(text))
}

/// Reads an entity from the root element of a document.
pub fn read_root<E: Entity>(root: &Element) -> Result<E, Fault> {
    if root.name == E::XML_ROOT || E::OTHER_ROOTS.contains(&root.name.as_str()) {
        return E::read_xml(root);
    }
    Err(Fault::new(format!("The root element must be \"{}\"", E::XML_ROOT), root.at))
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
