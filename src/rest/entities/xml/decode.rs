//! From bytes to text: the byte-order mark and the XML declaration say how.

use std::borrow::Cow;

use crate::rest::entities::read::Fault;

/// Decodes a document: UTF-8 unless a byte-order mark or the declaration says UTF-16, US-ASCII or
/// ISO-8859-1. Any other declared encoding is refused.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Fault> {
    if let [0xFE, 0xFF, rest @ ..] = bytes {
        return utf16(rest, u16::from_be_bytes);
    }
    if let [0xFF, 0xFE, rest @ ..] = bytes {
        return utf16(rest, u16::from_le_bytes);
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match declared(bytes).as_deref() {
        None | Some("utf-8" | "utf8" | "us-ascii") => utf8(bytes),
        Some("iso-8859-1" | "latin1") => Ok(bytes.iter().map(|&b| char::from(b)).collect()),
        Some(_) => Err(Fault::new("The declared character encoding is not supported", 0)),
    }
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, Fault> {
    std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| Fault::new("The body is not valid UTF-8", 0))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'_, str>, Fault> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|&pair| unit(pair)).collect();
    match (String::from_utf16(&units), rest) {
        (Ok(text), []) => Ok(Cow::Owned(text)),
        _ => Err(Fault::new("The body is not valid UTF-16", 0)),
    }
}

/// The `encoding` of the XML declaration in lower case, if there is one.
fn declared(bytes: &[u8]) -> Option<String> {
    let rest = bytes.strip_prefix(b"<?xml")?;
    let end = rest.windows(2).position(|pair| pair == b"?>")?;
    let declaration = std::str::from_utf8(rest.get(..end)?).ok()?;
    let (_, after) = declaration.split_once("encoding")?;
    let value = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (name, _) = value.get(1..)?.split_once(quote)?;
    Some(name.to_ascii_lowercase())
}
