//! Writes compact JSON with the escapes clients have always received (system.md §9.4).

use std::fmt::Write;

/// A growing JSON text.
#[derive(Debug, Default)]
pub struct JsonWriter {
    out: String,
}

impl JsonWriter {
    /// Continues a list that already has items.
    pub fn after_item() -> Self {
        Self { out: ",".to_owned() }
    }

    /// Starts an object or, within one or within a list, the next one.
    pub fn begin_object(&mut self) {
        self.separate();
        self.out.push('{');
    }

    /// Ends the object.
    pub fn end_object(&mut self) {
        self.out.push('}');
    }

    /// Starts a list.
    pub fn begin_list(&mut self) {
        self.separate();
        self.out.push('[');
    }

    /// Ends the list.
    pub fn end_list(&mut self) {
        self.out.push(']');
    }

    /// Writes a key; its value follows.
    pub fn key(&mut self, key: &str) {
        self.string(key);
        self.out.push(':');
    }

    /// Writes a number or a boolean, given as its JSON text.
    pub fn literal(&mut self, text: &str) {
        self.separate();
        self.out.push_str(text);
    }

    /// Writes a string.
    pub fn string(&mut self, text: &str) {
        self.separate();
        self.out.push('"');
        text.chars().for_each(|c| self.escaped(c));
        self.out.push('"');
    }

    /// The bytes written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.out.into_bytes()
    }

    /// A comma, unless the next thing is the first of its kind.
    fn separate(&mut self) {
        if !matches!(self.out.as_bytes().last(), None | Some(b'{' | b'[' | b':' | b',')) {
            self.out.push(',');
        }
    }

    fn escaped(&mut self, c: char) {
        match c {
            '"' => self.out.push_str("\\\""),
            '\\' => self.out.push_str("\\\\"),
            '\n' => self.out.push_str("\\n"),
            '\r' => self.out.push_str("\\r"),
            '\t' => self.out.push_str("\\t"),
            '\u{8}' => self.out.push_str("\\b"),
            '\u{C}' => self.out.push_str("\\f"),
            // COMPAT(openfire): characters above U+FFFF are written as escaped surrogate pairs.
            '\0'..='\u{1F}' | '\u{10000}'.. => self.units(c),
            c => self.out.push(c),
        }
    }

    fn units(&mut self, c: char) {
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(self.out, "\\u{unit:04X}");
        }
    }
}
