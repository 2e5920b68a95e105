//! Which proxies may name the address of a client.

use serde::{Deserialize, Serialize};

use crate::base::addresses::{AddressList, Forwarding};

/// Whose `X-Forwarded-For` is believed. By default nobody's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Proxies {
    /// Addresses and ranges (`10.0.0.0/8`) of the proxies in front of this node.
    pub trusted: Vec<String>,
    /// Believe the header of any peer, as Openfire does. Anyone can then pass for an allowed address.
    pub trust_forwarded_unsafe: bool,
}

impl Proxies {
    /// The rule in the form that finds a client's address.
    pub fn forwarding(&self) -> Forwarding {
        Forwarding { trusted: AddressList::parse(&self.trusted.join(",")), trust_anyone: self.trust_forwarded_unsafe }
    }
}
