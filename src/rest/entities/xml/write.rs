//! Writes elements the way clients have always received them (system.md §9.3, §9.4).

use super::is_allowed;

/// What every document starts with, directly followed by the root element.
const PROLOG: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;

/// A growing XML document.
///
/// A start tag stays open until something is put into the element, so that an element without
/// content becomes `<name/>` and one with empty text `<name></name>`.
#[derive(Debug, Default)]
pub struct XmlWriter {
    out: String,
    tag_open: bool,
}

impl XmlWriter {
    /// A document with its declaration.
    pub fn document() -> Self {
        Self { out: PROLOG.to_owned(), tag_open: false }
    }

    /// A part of a document, without declaration.
    pub fn fragment() -> Self {
        Self::default()
    }

    /// Starts an element.
    pub fn open(&mut self, name: &str) {
        self.finish_tag();
        self.out.push('<');
        self.out.push_str(name);
        self.tag_open = true;
    }

    /// Adds an attribute to the element just started.
    pub fn attribute(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        value.chars().for_each(|c| self.attribute_char(c));
        self.out.push('"');
    }

    /// Adds text to the current element, the empty text included.
    pub fn text(&mut self, text: &str) {
        self.finish_tag();
        text.chars().for_each(|c| self.text_char(c));
    }

    /// Ends the element `name`.
    pub fn close(&mut self, name: &str) {
        if self.tag_open {
            self.out.push_str("/>");
            self.tag_open = false;
        } else {
            self.out.push_str("</");
            self.out.push_str(name);
            self.out.push('>');
        }
    }

    /// An element holding nothing but text.
    pub fn element(&mut self, name: &str, text: &str) {
        self.open(name);
        self.text(text);
        self.close(name);
    }

    /// Ends the start tag, if one is open: content follows.
    pub fn finish_tag(&mut self) {
        if self.tag_open {
            self.out.push('>');
            self.tag_open = false;
        }
    }

    /// The bytes written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.out.into_bytes()
    }

    fn attribute_char(&mut self, c: char) {
        match c {
            '"' => self.out.push_str("&quot;"),
            '\n' => self.out.push_str("&#10;"),
            c => self.text_char(c),
        }
    }

    fn text_char(&mut self, c: char) {
        match c {
            '&' => self.out.push_str("&amp;"),
            '<' => self.out.push_str("&lt;"),
            '>' => self.out.push_str("&gt;"),
            '\r' => self.out.push_str("&#13;"),
            c if is_allowed(c) => self.out.push(c),
            // No XML document may hold it, not even as a reference: left out.
            _ => {}
        }
    }
}
