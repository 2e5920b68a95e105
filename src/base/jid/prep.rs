//! The stringprep profiles of RFC 3920 (Nodeprep, Resourceprep) and the preparation of domains.
//!
//! The profiles come from the `stringprep` crate. Two things are added to it. Its normalisation tables are of today's
//! Unicode, so a code point younger than Unicode 3.2 can turn into an older one before the crate looks for unassigned
//! code points; we look before as well. And canonical text must be its own canonical form, because it is a map key and
//! is prepared again when a client sends it back; text for which this does not hold is refused.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use stringprep::tables::unassigned_code_point;

use super::BadJid;

/// The longest part of a JID, in bytes of prepared UTF-8 (RFC 3920 §3.1).
pub const MAX_PART_BYTES: usize = 1023;

/// What a domain may hold beside letters, digits, hyphen and dot: the underscore alone.
const DENIED_IN_DOMAIN: AsciiDenyList = AsciiDenyList::new(true, "!\"#$%&'()*+,/:;<=>?@[\\]^`{|}~");

type Profile = fn(&str) -> Result<Cow<'_, str>, stringprep::Error>;

/// Prepares the part before the `@`.
pub(super) fn node(text: &str) -> Result<Cow<'_, str>, BadJid> {
    if text.bytes().all(is_plain_node_byte) {
        return bounded(Cow::Borrowed(text), BadJid::EmptyLocalpart, BadJid::LocalpartTooLong);
    }
    // COMPAT(openfire): its preparation works on UTF-16 units and so refuses every astral character.
    if text.chars().any(|c| c > '\u{FFFF}') {
        return Err(BadJid::ForbiddenInLocalpart);
    }
    let prepared = apply(text, stringprep::nodeprep).ok_or(BadJid::ForbiddenInLocalpart)?;
    bounded(prepared, BadJid::EmptyLocalpart, BadJid::LocalpartTooLong)
}

/// Prepares the part after the `/`.
pub(super) fn resource(text: &str) -> Result<Cow<'_, str>, BadJid> {
    let prepared = apply(text, stringprep::resourceprep).ok_or(BadJid::ForbiddenInResource)?;
    bounded(prepared, BadJid::EmptyResource, BadJid::ResourceTooLong)
}

/// Prepares a domain: its ASCII (`xn--`) form in lower case by UTS 46, or an IP address as it stands.
///
/// The dot of the DNS root at the end is dropped (RFC 7622 §3.2).
pub(super) fn domain(text: &str) -> Result<Cow<'_, str>, BadJid> {
    if text.is_empty() {
        return Err(BadJid::EmptyDomain);
    }
    if let Some(address) = ip_address(text) {
        return Ok(address);
    }
    let rootless = text.strip_suffix('.').unwrap_or(text);
    let uts46 = Uts46::new();
    let ascii = uts46.to_ascii(rootless.as_bytes(), DENIED_IN_DOMAIN, Hyphens::Allow, DnsLength::Verify).map_err(|_| BadJid::IllegalDomain)?;
    let again = uts46.to_ascii(ascii.as_bytes(), DENIED_IN_DOMAIN, Hyphens::Allow, DnsLength::Verify);
    match again {
        Ok(again) if again == ascii => Ok(ascii),
        _ => Err(BadJid::IllegalDomain),
    }
}

fn ip_address(text: &str) -> Option<Cow<'_, str>> {
    if text.parse::<Ipv4Addr>().is_ok() {
        return Some(Cow::Borrowed(text));
    }
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    let address: Ipv6Addr = inner.parse().ok()?;
    Some(Cow::Owned(format!("[{address}]")))
}

/// ASCII that Nodeprep leaves as it is.
fn is_plain_node_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'!' | b'#'..=b'%' | b'('..=b'.' | b';' | b'=' | b'?' | b'['..=b'`' | b'{'..=b'~')
}

fn apply(text: &str, profile: Profile) -> Option<Cow<'_, str>> {
    if text.is_ascii() {
        return profile(text).ok();
    }
    if text.chars().any(unassigned_code_point) {
        return None;
    }
    let once = profile(text).ok()?;
    let twice = profile(&once).ok()?;
    (once == twice).then_some(once)
}

fn bounded(text: Cow<'_, str>, empty: BadJid, too_long: BadJid) -> Result<Cow<'_, str>, BadJid> {
    match text.len() {
        0 => Err(empty),
        1..=MAX_PART_BYTES => Ok(text),
        _ => Err(too_long),
    }
}
