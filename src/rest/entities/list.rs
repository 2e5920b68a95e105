//! Lists within entities: their items, and the forms lists have had over the years.

use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{RefOr, Schema};

use super::entity::Entity;
use super::json::{Json, JsonWriter, Node};
use super::place::{Form, Place};
use super::read::{self, Expected, Fault};
use super::shape::{Scalar, Shape, unexpected};
use super::xml::{Element, XmlWriter};

/// What a list holds: strings or entities.
pub trait Item: Sized {
    /// Writes the item as an element called `name`.
    fn write_xml_item(&self, name: &str, out: &mut XmlWriter);
    /// Writes the item as a JSON value.
    fn write_json_item(&self, out: &mut JsonWriter);
    /// Reads the item from its element.
    fn read_xml_item(element: &Element) -> Result<Self, Fault>;
    /// Reads the item from a JSON value.
    fn read_json_item(place: &Place, node: &Node) -> Result<Self, Fault>;
    /// Whether `value`, where a list belongs, is a list of one.
    fn stands_alone(value: &Json) -> bool;
    /// The type, for OpenAPI.
    fn item_schema() -> RefOr<Schema>;
}

impl Item for String {
    fn write_xml_item(&self, name: &str, out: &mut XmlWriter) {
        out.element(name, self);
    }

    fn write_json_item(&self, out: &mut JsonWriter) {
        out.string(self);
    }

    fn read_xml_item(element: &Element) -> Result<Self, Fault> {
        Ok(element.text.clone())
    }

    /// A null item counts as an empty string, which every endpoint refuses in its own words.
    fn read_json_item(place: &Place, node: &Node) -> Result<Self, Fault> {
        let text = read::text_json(&node.value);
        text.map(Option::unwrap_or_default).map_err(|_| unexpected(place, Expected("a list of strings"), node.at))
    }

    fn stands_alone(value: &Json) -> bool {
        matches!(value, Json::String(_) | Json::Number(_) | Json::Bool(_))
    }

    fn item_schema() -> RefOr<Schema> {
        String::kind().into()
    }
}

impl<E: Entity> Item for E {
    fn write_xml_item(&self, name: &str, out: &mut XmlWriter) {
        self.write_xml_as(name, out);
    }

    fn write_json_item(&self, out: &mut JsonWriter) {
        self.write_json(out);
    }

    fn read_xml_item(element: &Element) -> Result<Self, Fault> {
        E::read_xml(element)
    }

    fn read_json_item(place: &Place, node: &Node) -> Result<Self, Fault> {
        match node.value {
            Json::Null => Ok(E::default()),
            Json::Object(_) => E::read_json(node),
            _ => Err(unexpected(place, Expected("a list of objects"), node.at)),
        }
    }

    fn stands_alone(value: &Json) -> bool {
        matches!(value, Json::Object(_))
    }

    fn item_schema() -> RefOr<Schema> {
        E::reference()
    }
}

fn write_xml<T: Item>(items: &[T], place: &Place, out: &mut XmlWriter) {
    let wrapper = matches!(place.form, Form::Wrapped(_));
    if wrapper {
        out.open(place.name);
    }
    items.iter().for_each(|item| item.write_xml_item(place.item(), out));
    if wrapper {
        out.close(place.name);
    }
}

fn write_json<T: Item>(items: &[T], place: &Place, out: &mut JsonWriter) {
    out.key(place.name);
    out.begin_list();
    items.iter().for_each(|item| item.write_json_item(out));
    out.end_list();
}

/// A list that can be absent, which is not the same as empty.
impl<T: Item> Shape for Option<Vec<T>> {
    const ALWAYS: bool = false;

    fn write_xml(&self, place: &Place, out: &mut XmlWriter) {
        if let Some(items) = self {
            write_xml(items, place, out);
        }
    }

    fn write_json(&self, place: &Place, out: &mut JsonWriter) {
        if let Some(items) = self {
            write_json(items, place, out);
        }
    }

    fn read_xml(place: &Place, parent: &Element) -> Result<Self, Fault> {
        let holder = match place.form {
            Form::Bare(_) => Some(parent),
            _ => place.in_xml(parent),
        };
        let Some(holder) = holder else {
            return Ok(None);
        };
        let items = holder.children_named(place.item()).map(T::read_xml_item);
        let items: Vec<T> = items.collect::<Result<_, _>>()?;
        // Without a wrapper an empty list cannot be told from none.
        Ok(Some(items).filter(|items| !place.is_bare() || !items.is_empty()))
    }

    fn read_json(place: &Place, parent: &Node) -> Result<Self, Fault> {
        match place.in_json(parent) {
            Some(node) => read_list(place, node),
            None => Ok(None),
        }
    }

    fn schema(place: &Place, description: &str) -> RefOr<Schema> {
        let xml = super::schema::list(place);
        ArrayBuilder::new()
            .items(super::schema::items(place, T::item_schema()))
            .description(Some(super::schema::sentence(description)))
            .xml(Some(xml))
            .into()
    }
}

/// A list in JSON: a list, or what stands for one. Null and the empty string are no list at all.
///
/// COMPAT(openfire): before 1.3.0 a list was an object holding the name of its items, and a list of one
/// was that one alone.
fn read_list<T: Item>(place: &Place, node: &Node) -> Result<Option<Vec<T>>, Fault> {
    match &node.value {
        Json::Null => Ok(None),
        Json::String(text) if text.is_empty() => Ok(None),
        Json::List(items) => read_items(place, items).map(Some),
        Json::Object(members) if members.is_empty() => Ok(Some(Vec::new())),
        Json::Object(members) => match members.iter().rfind(|(key, _)| key == place.item()) {
            Some((_, inner)) => read_older(place, inner).map(Some),
            None => read_one(place, node).map(Some),
        },
        _ => read_one(place, node).map(Some),
    }
}

fn read_older<T: Item>(place: &Place, node: &Node) -> Result<Vec<T>, Fault> {
    match &node.value {
        Json::Null => Ok(Vec::new()),
        Json::List(items) => read_items(place, items),
        _ => read_one(place, node),
    }
}

fn read_one<T: Item>(place: &Place, node: &Node) -> Result<Vec<T>, Fault> {
    if T::stands_alone(&node.value) {
        return Ok(vec![T::read_json_item(place, node)?]);
    }
    Err(unexpected(place, Expected("a list"), node.at))
}

fn read_items<T: Item>(place: &Place, items: &[Node]) -> Result<Vec<T>, Fault> {
    items.iter().map(|item| T::read_json_item(place, item)).collect()
}

/// A list that is in every answer; absent, it is empty.
impl<T: Item> Shape for Vec<T> {
    const ALWAYS: bool = true;

    fn write_xml(&self, place: &Place, out: &mut XmlWriter) {
        write_xml(self, place, out);
    }

    fn write_json(&self, place: &Place, out: &mut JsonWriter) {
        write_json(self, place, out);
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
