//! A JID with or without a resource.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{BadJid, BareJid, Domain, Localpart, Resource};

/// A whole JID: a bare one and perhaps a resource. Ordered and printed as the text `bare/resource`.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Jid {
    /// The part before the `/`.
    pub bare: BareJid,
    /// The part after the `/`.
    pub resource: Option<Resource>,
}

impl Jid {
    /// Parses `node@domain/resource`: the first `/` begins the resource, the first `@` before it ends the node.
    ///
    /// # Errors
    /// When the text, the domain, a node before an `@` or a resource after a `/` is empty, or when a part cannot be
    /// prepared.
    pub fn parse(text: &str) -> Result<Self, BadJid> {
        if text.is_empty() {
            return Err(BadJid::Empty);
        }
        let (bare, resource) = match text.split_once('/') {
            Some((bare, resource)) => (bare, Some(Resource::parse(resource)?)),
            None => (text, None),
        };
        let (node, domain) = match bare.split_once('@') {
            Some((node, domain)) => (Some(Localpart::parse(node)?), domain),
            None => (None, bare),
        };
        let bare = BareJid::new(node.as_ref(), &Domain::parse(domain)?);
        Ok(Self { bare, resource })
    }

    /// Joins prepared parts.
    pub fn new(bare: BareJid, resource: Option<Resource>) -> Self {
        Self { bare, resource }
    }

    /// Drops the resource.
    pub fn into_bare(self) -> BareJid {
        self.bare
    }

    /// The part before the `@`, if there is one.
    pub fn node(&self) -> Option<&str> {
        self.bare.node()
    }

    /// The domain.
    pub fn domain(&self) -> &str {
        self.bare.domain()
    }

    fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        let resource = self.resource.as_deref();
        let slash = resource.map(|_| b'/');
        self.bare.bytes().chain(slash).chain(resource.unwrap_or_default().bytes())
    }
}

impl From<BareJid> for Jid {
    fn from(bare: BareJid) -> Self {
        Self { bare, resource: None }
    }
}

impl FromStr for Jid {
    type Err = BadJid;
    fn from_str(text: &str) -> Result<Self, BadJid> {
        Self::parse(text)
    }
}

impl Ord for Jid {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes().cmp(other.bytes())
    }
}

impl PartialOrd for Jid {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Jid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.bare)?;
        match &self.resource {
            Some(resource) => write!(f, "/{resource}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Jid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}
