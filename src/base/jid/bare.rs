//! A JID without a resource.

use super::text::canonical_text;
use super::{BadJid, Domain, Jid, Localpart};

canonical_text! {
    /// `localpart@domain`, or a domain alone.
    BareJid
}

impl BareJid {
    /// Joins prepared parts.
    pub fn new(localpart: Option<&Localpart>, domain: &Domain) -> Self {
        match localpart {
            Some(localpart) => Self(format!("{localpart}@{domain}").into()),
            None => Self(domain.as_str().into()),
        }
    }

    /// Parses a JID (see [`Jid::parse`]) and drops its resource.
    ///
    /// # Errors
    /// As [`Jid::parse`].
    pub fn parse(text: &str) -> Result<Self, BadJid> {
        Ok(Jid::parse(text)?.into_bare())
    }

    /// The part before the `@`, if there is one.
    pub fn node(&self) -> Option<&str> {
        self.0.split_once('@').map(|(node, _)| node)
    }

    /// As [`node`](Self::node), as a name of its own.
    pub fn localpart(&self) -> Option<Localpart> {
        self.node().map(Localpart::trusted)
    }

    /// The part after the `@`, or all of it.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or(&self.0, |(_, domain)| domain)
    }

    /// As [`domain`](Self::domain), as a name of its own.
    pub fn to_domain(&self) -> Domain {
        Domain::trusted(self.domain())
    }

    /// The user's name when the JID is a user of `domain`.
    pub fn local_user(&self, domain: &Domain) -> Option<Localpart> {
        let (node, own) = self.0.split_once('@')?;
        (own == domain.as_str()).then(|| Localpart::trusted(node))
    }
}
