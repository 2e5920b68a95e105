//! What reading a body has in common: its limits, its errors, and how loosely scalars are taken.
//!
//! One rule serves every entity and both formats (system.md §9.5, users.md §1.4 and §1.5): what means the
//! same is taken, what is empty is absent, and anything else is refused rather than guessed at.

use std::fmt;

use super::json::Json;

/// How much of a body is taken apart before it is refused. Its size in bytes is bounded elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Deepest nesting of elements, or of objects and lists.
    pub depth: usize,
    /// Most elements, or most values.
    pub entries: usize,
}

impl Default for Limits {
    /// 32 deep; 200,000 entries.
    fn default() -> Self {
        Self { depth: 32, entries: 200_000 }
    }
}

/// Why a body could not be read. Tells where and what, never the values found there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (line {line}, column {column})")]
pub struct BadBody {
    /// A sentence without full stop.
    pub message: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// A [`BadBody`] in the making: a message and an offset into the text.
#[derive(Debug)]
pub struct Fault {
    message: String,
    at: usize,
}

impl Fault {
    /// A fault `at` a byte of the text.
    pub fn new(message: impl Into<String>, at: usize) -> Self {
        Self { message: message.into(), at }
    }

    /// The same, told in lines and columns of `text`.
    pub fn within(self, text: &str) -> BadBody {
        let before = text.as_bytes().get(..self.at).unwrap_or(text.as_bytes());
        let line_start = before.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        let is_start_of_char = |b: &&u8| (**b & 0b1100_0000) != 0b1000_0000;
        BadBody {
            message: self.message,
            line: 1 + before.iter().filter(|&&b| b == b'\n').count(),
            column: 1 + before.iter().skip(line_start).filter(is_start_of_char).count(),
        }
    }
}

/// What a scalar must look like; the words end the message of a [`BadBody`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected(pub &'static str);

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A boolean or an integer in words.
pub const BOOLEAN: Expected = Expected("true or false");
/// A 32-bit or 64-bit integer, by field.
pub const INTEGER: Expected = Expected("an integer in range");
/// A string.
pub const TEXT: Expected = Expected("a string");

/// A boolean written as text: `true`, `false` in any case, `1`, `0`; empty is absent.
pub fn boolean_text(text: &str) -> Result<Option<bool>, Expected> {
    match text.trim().to_ascii_lowercase().as_str() {
        "" => Ok(None),
        "true" | "1" => Ok(Some(true)),
        "false" | "0" => Ok(Some(false)),
        _ => Err(BOOLEAN),
    }
}

/// A boolean in JSON: itself, its text, or an integer (zero is false).
pub fn boolean_json(value: &Json) -> Result<Option<bool>, Expected> {
    match value {
        Json::Null => Ok(None),
        Json::Bool(value) => Ok(Some(*value)),
        Json::String(text) => boolean_text(text),
        Json::Number(text) if text.contains(['.', 'e', 'E']) => Err(BOOLEAN),
        Json::Number(text) => Ok(Some(text.bytes().any(|b| matches!(b, b'1'..=b'9')))),
        Json::List(_) | Json::Object(_) => Err(BOOLEAN),
    }
}

/// An integer written as text: optional sign, white space around it; empty is absent.
pub fn integer_text(text: &str) -> Result<Option<i64>, Expected> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| INTEGER),
    }
}

/// An integer in JSON: a number, its fraction dropped, or the text of an integer.
pub fn integer_json(value: &Json) -> Result<Option<i64>, Expected> {
    match value {
        Json::Null => Ok(None),
        Json::String(text) => integer_text(text),
        Json::Number(text) => integer_number(text).map(Some),
        Json::Bool(_) | Json::List(_) | Json::Object(_) => Err(INTEGER),
    }
}

fn integer_number(text: &str) -> Result<i64, Expected> {
    if let Ok(integer) = text.parse() {
        return Ok(integer);
    }
    if !text.contains(['.', 'e', 'E']) {
        return Err(INTEGER);
    }
    let number: f64 = text.parse().map_err(|_| INTEGER)?;
    // Beyond 2^53 a double no longer tells integers apart.
    if number.abs() > 9_007_199_254_740_992.0 {
        return Err(INTEGER);
    }
    #[allow(clippy::cast_possible_truncation)]
    Ok(number.trunc() as i64)
}

/// A string in JSON: itself, or the spelling of a number or boolean.
pub fn text_json(value: &Json) -> Result<Option<String>, Expected> {
    match value {
        Json::Null => Ok(None),
        Json::String(text) | Json::Number(text) => Ok(Some(text.clone())),
        Json::Bool(value) => Ok(Some(value.to_string())),
        Json::List(_) | Json::Object(_) => Err(TEXT),
    }
}
