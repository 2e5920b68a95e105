//! XML as the API speaks it: no namespaces, no indentation, no document type.

mod decode;
mod read;
mod write;

pub use read::{Element, parse};
pub use write::XmlWriter;

/// Whether XML 1.0 allows `c` in a document at all (XML 1.0 §2.2).
pub fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}
