//! List resources written item by item, however long.

use std::marker::PhantomData;

use super::entity::{Entity, Format, encode};
use super::json::JsonWriter;
use super::list::Item;
use super::place::Place;
use super::xml::XmlWriter;

/// An entity that is nothing but a list.
pub trait List: Entity {
    /// What it lists.
    type Item: Item;
    /// Where the list is.
    const ITEMS: Place;
}

/// Writes a list resource item by item, the same bytes as the whole list at once.
///
/// Every method returns the next bytes of the body, so that a long list need never be in memory.
#[derive(Debug)]
pub struct ListWriter<L> {
    format: Format,
    items: usize,
    list: PhantomData<fn() -> L>,
}

impl<L: List> ListWriter<L> {
    /// A body in `format`, nothing written yet.
    pub fn new(format: Format) -> Self {
        Self { format, items: 0, list: PhantomData }
    }

    /// The bytes of the next item, with whatever must go before it.
    pub fn item(&mut self, item: &L::Item) -> Vec<u8> {
        let first = self.items == 0;
        self.items += 1;
        match self.format {
            Format::Xml => {
                let mut out = self.xml(first);
                item.write_xml_item(L::ITEMS.item(), &mut out);
                out.into_bytes()
            }
            Format::Json => {
                let mut out = self.json(first);
                item.write_json_item(&mut out);
                out.into_bytes()
            }
        }
    }

    /// The last bytes of the body.
    pub fn finish(self) -> Vec<u8> {
        match (self.format, self.items) {
            (Format::Xml, 0) => encode(&L::default(), Format::Xml),
            (Format::Xml, _) => format!("</{}>", L::XML_ROOT).into_bytes(),
            (Format::Json, 0) => format!("{{\"{}\":[]}}", L::ITEMS.name).into_bytes(),
            (Format::Json, _) => b"]}".to_vec(),
        }
    }

    fn xml(&self, first: bool) -> XmlWriter {
        if !first {
            return XmlWriter::fragment();
        }
        let mut out = XmlWriter::document();
        out.open(L::XML_ROOT);
        out.finish_tag();
        out
    }

    fn json(&self, first: bool) -> JsonWriter {
        if !first {
            return JsonWriter::after_item();
        }
        let mut out = JsonWriter::default();
        out.begin_object();
        out.key(L::ITEMS.name);
        out.begin_list();
        out
    }
}
