//! Jabber identifiers (RFC 3920 §3, RFC 7622): `localpart@domain/resource`, always in canonical (prepared) form.
//!
//! A value of these types that came from [`Localpart::parse`] and its like is prepared, so comparing text compares
//! identities. Deserialising trusts the stored text: what is stored was prepared once, and a newer version must not
//! refuse what an older one accepted.

mod bare;
mod full;
mod prep;
#[cfg(test)]
mod tests;
mod text;

pub use bare::BareJid;
pub use full::Jid;
pub use prep::MAX_PART_BYTES;
pub use text::{Domain, Localpart, Resource};

/// Why a text is not a JID or not the part of one that was wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadJid {
    /// There is no text at all.
    #[error("the JID is empty")]
    Empty,
    /// Nothing before the `@`, or nothing left of it after preparation.
    #[error("the name before the @ is empty")]
    EmptyLocalpart,
    /// A character that Nodeprep prohibits, or a mix of writing directions that it does not allow.
    #[error("the name holds a character that is not allowed in a JID")]
    ForbiddenInLocalpart,
    /// More than [`MAX_PART_BYTES`] after preparation.
    #[error("the name is longer than 1023 bytes")]
    LocalpartTooLong,
    /// Nothing after the `@`, or nothing before the `/`.
    #[error("the domain is empty")]
    EmptyDomain,
    /// Not a domain name (UTS 46, RFC 1035 lengths) and not an IP address.
    #[error("the domain is not a legal domain name")]
    IllegalDomain,
    /// A `/` with nothing after it.
    #[error("the resource after the / is empty")]
    EmptyResource,
    /// A character that Resourceprep prohibits.
    #[error("the resource holds a character that is not allowed in a JID")]
    ForbiddenInResource,
    /// More than [`MAX_PART_BYTES`] after preparation.
    #[error("the resource is longer than 1023 bytes")]
    ResourceTooLong,
}
