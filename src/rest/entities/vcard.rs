//! vCards: not an entity but a document of their own, kept as the client sent it (users.md §7).

use super::read::{BadBody, Fault, Limits};
use super::xml;

/// The namespace of vCards (XEP-0054).
const NAMESPACE: &str = "vcard-temp";

/// Checks that `bytes` are a vCard and returns its element as sent, without XML declaration and whatever
/// else stands around it. Refused are malformed documents, document types, and any other root element.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<String, BadBody> {
    let document = xml::parse(bytes, limits)?;
    if document.root.name != "vCard" || document.namespace != NAMESPACE {
        let fault = Fault::new("The root element must be a vCard in vcard-temp", document.root.at);
        return Err(fault.within(&document.text));
    }
    let element = document.text.get(document.span);
    Ok(element.unwrap_or_default().to_owned())
}
