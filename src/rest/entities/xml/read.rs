//! Reads a document into a small tree, bounded in depth and in the number of elements.

use std::borrow::Cow;
use std::ops::Range;

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

use super::{decode::decode, is_allowed};
use crate::rest::entities::read::{BadBody, Fault, Limits};

/// One element: what it directly holds.
#[derive(Debug, Default)]
pub struct Element {
    /// Local name.
    pub name: String,
    /// Whether it is in no namespace; all elements of the API are.
    pub plain: bool,
    /// Where its start tag begins, in bytes of the decoded text.
    pub at: usize,
    /// Attributes in no namespace, values normalized.
    pub attributes: Vec<(String, String)>,
    /// All text directly inside, references resolved, not trimmed.
    pub text: String,
    /// Child elements in order.
    pub children: Vec<Element>,
}

impl Element {
    /// The plain children called `name`, in order.
    pub fn children_named(&self, name: &str) -> impl Iterator<Item = &Element> {
        self.children.iter().filter(move |child| child.plain && child.name == name)
    }
}

/// A whole document.
#[derive(Debug)]
pub struct Document<'a> {
    /// The decoded text.
    pub text: Cow<'a, str>,
    /// Where the root element lies in it.
    pub span: Range<usize>,
    /// The namespace of the root element, empty for none.
    pub namespace: String,
    /// The root element.
    pub root: Element,
}

/// Parses a document. Refused are document types, unknown entities, characters XML forbids, and what
/// is deeper or larger than `limits`.
pub fn parse<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Document<'a>, BadBody> {
    let text = decode(bytes).map_err(|fault| fault.within(""))?;
    if let Some((at, _)) = text.char_indices().find(|&(_, c)| !is_allowed(c)) {
        return Err(Fault::new("The body holds a character that XML forbids", at).within(&text));
    }
    let mut tree = Tree::new(limits);
    match tree.read(&text) {
        Ok((root, namespace, span)) => Ok(Document { text, span, namespace, root }),
        Err(fault) => Err(fault.within(&text)),
    }
}

struct Tree<'l> {
    limits: &'l Limits,
    elements: usize,
    open: Vec<Element>,
    namespace: String,
    done: Option<(Element, Range<usize>)>,
}

impl<'l> Tree<'l> {
    fn new(limits: &'l Limits) -> Self {
        Self { limits, elements: 0, open: Vec::new(), namespace: String::new(), done: None }
    }

    fn read(&mut self, text: &str) -> Result<(Element, String, Range<usize>), Fault> {
        let mut reader = NsReader::from_str(text);
        reader.config_mut().enable_all_checks(true);
        loop {
            let at = position(reader.buffer_position());
            let event = reader.read_event().map_err(|_| malformed(at))?;
            let end = position(reader.buffer_position());
            match event {
                Event::Eof => return self.finish(end),
                Event::Start(tag) => self.start(&reader, &tag, at)?,
                Event::Empty(tag) => {
                    self.start(&reader, &tag, at)?;
                    self.end(end)?;
                }
                Event::End(_) => self.end(end)?,
                Event::Text(part) if part.contains("]]>") => return Err(malformed(at)),
                Event::Text(part) => self.text(&part.xml10_content(), at)?,
                Event::CData(_) if self.open.is_empty() => return Err(malformed(at)),
                Event::CData(part) => self.text(&part.xml10_content(), at)?,
                Event::GeneralRef(reference) => self.reference(&reference, at)?,
                Event::DocType(_) => {
                    return Err(Fault::new("A document type is not allowed", at));
                }
                Event::Decl(_) if at != 0 => return Err(malformed(at)),
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            }
        }
    }

    fn start(&mut self, reader: &NsReader<&[u8]>, tag: &BytesStart, at: usize) -> Result<(), Fault> {
        self.elements += 1;
        if self.open.len() >= self.limits.depth {
            return Err(Fault::new("The body is nested too deeply", at));
        }
        if self.elements > self.limits.entries {
            return Err(Fault::new("The body holds too many entries", at));
        }
        if self.done.is_some() {
            return Err(malformed(at));
        }
        let (namespace, local) = reader.resolver().resolve_element(tag.name());
        let namespace = match namespace {
            ResolveResult::Unbound => "",
            ResolveResult::Bound(Namespace(name)) => name,
            ResolveResult::Unknown(_) => return Err(malformed(at)),
        };
        if !is_name(local.as_ref()) {
            return Err(malformed(at));
        }
        if self.open.is_empty() {
            namespace.clone_into(&mut self.namespace);
        }
        self.open.push(Element {
            name: local.as_ref().to_owned(),
            plain: namespace.is_empty(),
            at,
            attributes: attributes(reader, tag, at)?,
            ..Element::default()
        });
        Ok(())
    }

    fn end(&mut self, end: usize) -> Result<(), Fault> {
        let element = self.open.pop().ok_or_else(|| malformed(end))?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => {
                let span = element.at..end;
                self.done = Some((element, span));
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &str, at: usize) -> Result<(), Fault> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim_matches(['\u{FEFF}', ' ', '\t', '\r', '\n']).is_empty() => {}
            None => return Err(malformed(at)),
        }
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef, at: usize) -> Result<(), Fault> {
        let element = self.open.last_mut().ok_or_else(|| malformed(at))?;
        match reference.resolve_char_ref().map_err(|_| malformed(at))? {
            Some(c) if is_allowed(c) => element.text.push(c),
            Some(_) => return Err(malformed(at)),
            None => {
                let text = resolve_predefined_entity(reference).ok_or_else(|| malformed(at))?;
                element.text.push_str(text);
            }
        }
        Ok(())
    }

    fn finish(&mut self, end: usize) -> Result<(Element, String, Range<usize>), Fault> {
        match self.done.take() {
            Some((root, span)) if self.open.is_empty() => Ok((root, std::mem::take(&mut self.namespace), span)),
            _ => Err(malformed(end)),
        }
    }
}

/// The attributes of `tag` that are in no namespace; all of them must be well-formed.
fn attributes(reader: &NsReader<&[u8]>, tag: &BytesStart, at: usize) -> Result<Vec<(String, String)>, Fault> {
    let mut found = Vec::new();
    let mut rest = tag.attributes_raw();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|_| malformed(at))?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| malformed(at))?;
        rest = after_attribute(rest).ok_or_else(|| malformed(at))?;
        let (namespace, local) = reader.resolver().resolve_attribute(attribute.key);
        let known = !matches!(namespace, ResolveResult::Unknown(_));
        if !known || !is_name(local.as_ref()) || attribute.value.contains('<') || !value.chars().all(is_allowed) {
            return Err(malformed(at));
        }
        if attribute.key.prefix().is_none() && local.as_ref() != "xmlns" {
            found.push((local.as_ref().to_owned(), value.into_owned()));
        }
    }
    Ok(found)
}

/// What follows the next attribute, which white space must go before: quick-xml does without.
fn after_attribute(text: &str) -> Option<&str> {
    let spaced = text.strip_prefix([' ', '\t', '\r', '\n'])?;
    let value = spaced.get(spaced.find(['"', '\''])?..)?;
    let quote = value.chars().next()?;
    value.get(1..)?.split_once(quote).map(|(_, rest)| rest)
}

/// Whether `name` looks like a name without prefix (XML 1.0 §2.3): quick-xml takes almost anything.
fn is_name(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_' || (!c.is_ascii() && !matches!(c, '\u{80}'..='\u{BF}' | '×' | '÷'));
    let later = |c: char| first(c) || c.is_ascii_digit() || matches!(c, '-' | '.' | '·');
    name.starts_with(first) && name.chars().all(later)
}

fn malformed(at: usize) -> Fault {
    Fault::new("The body is not well-formed XML", at)
}

fn position(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
