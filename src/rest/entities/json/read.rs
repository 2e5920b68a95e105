//! Reads JSON into a small tree that remembers where things were and how numbers were spelled:
//! `12.50` sent for a string is the text `12.50`. Tokens are decoded by serde_json.

use crate::rest::entities::read::{BadBody, Fault, Limits};

/// A value and where it begins.
#[derive(Debug)]
pub struct Node {
    /// Offset in bytes.
    pub at: usize,
    /// The value.
    pub value: Json,
}

/// A JSON value.
#[derive(Debug)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as spelled.
    Number(String),
    /// A string, decoded.
    String(String),
    /// A list.
    List(Vec<Node>),
    /// Members in order; a key may occur more than once, and the last one counts.
    Object(Vec<(String, Node)>),
}

/// Parses one JSON text, or nothing: `None` when `text` is blank. Anything after the value is refused, and so
/// is what is deeper or larger than `limits`.
pub fn parse(text: &str, limits: &Limits) -> Result<Option<Node>, Fault> {
    Scan { text, at: 0, entries: 0, limits }.whole()
}

/// The text of a JSON body: UTF-8, a byte-order mark skipped.
pub fn decode(bytes: &[u8]) -> Result<&str, BadBody> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|_| Fault::new("The body is not valid UTF-8", 0).within(""))
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
    entries: usize,
    limits: &'a Limits,
}

impl Scan<'_> {
    fn whole(&mut self) -> Result<Option<Node>, Fault> {
        if self.peek().is_none() {
            return Ok(None);
        }
        let node = self.node(0)?;
        match self.peek() {
            None => Ok(Some(node)),
            Some(_) => Err(self.malformed()),
        }
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let blank = rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')).count();
        self.at += blank;
        rest.get(blank).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn node(&mut self, depth: usize) -> Result<Node, Fault> {
        let first = self.peek();
        let at = self.at;
        self.entries += 1;
        if depth > self.limits.depth {
            return Err(Fault::new("The body is nested too deeply", at));
        }
        if self.entries > self.limits.entries {
            return Err(Fault::new("The body holds too many entries", at));
        }
        let value = match first {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Json::String(self.string()?),
            _ => self.literal()?,
        };
        Ok(Node { at, value })
    }

    fn object(&mut self, depth: usize) -> Result<Json, Fault> {
        let mut members = Vec::new();
        self.at += 1;
        if self.take(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.malformed());
            }
            let key = self.string()?;
            if !self.take(b':') {
                return Err(self.malformed());
            }
            members.push((key, self.node(depth + 1)?));
            if self.take(b'}') {
                return Ok(Json::Object(members));
            }
            if !self.take(b',') {
                return Err(self.malformed());
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Json, Fault> {
        let mut items = Vec::new();
        self.at += 1;
        if self.take(b']') {
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.node(depth + 1)?);
            if self.take(b']') {
                return Ok(Json::List(items));
            }
            if !self.take(b',') {
                return Err(self.malformed());
            }
        }
    }

    fn string(&mut self) -> Result<String, Fault> {
        let rest = self.text.as_bytes().get(self.at + 1..).unwrap_or_default();
        let mut escaped = false;
        let inside = rest.iter().position(|&b| {
            let ends = b == b'"' && !escaped;
            escaped = b == b'\\' && !escaped;
            ends
        });
        let token = inside.and_then(|length| self.text.get(self.at..=self.at + 1 + length));
        let token = token.ok_or_else(|| self.malformed())?;
        let string = serde_json::from_str(token).map_err(|_| self.malformed())?;
        self.at += token.len();
        Ok(string)
    }

    fn literal(&mut self) -> Result<Json, Fault> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '+' | '.'));
        let token = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let value = match token {
            "null" => Json::Null,
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            // A number too large for a double is still a number here.
            token if is_number(token) => Json::Number(token.to_owned()),
            _ => return Err(self.malformed()),
        };
        self.at += token.len();
        Ok(value)
    }

    fn malformed(&self) -> Fault {
        Fault::new("The body is not well-formed JSON", self.at)
    }
}

/// Whether `token` is a number in JSON's grammar (RFC 8259 §6).
fn is_number(token: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let token = token.strip_prefix('-').unwrap_or(token);
    let (mantissa, exponent) = match token.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (token, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let exponent = exponent.map(|e| e.strip_prefix(['+', '-']).unwrap_or(e));
    digits(whole) && (whole == "0" || !whole.starts_with('0')) && fraction.is_none_or(digits) && exponent.is_none_or(digits)
}
